"""The pages of holds: what a spreadsheet gets, who is told what, and that a rehearsal places nothing."""

import csv
from io import StringIO

import pytest
from django.urls import reverse
from tests.integration.web.staged import FILMED_AT, stage, text

from tabard.kernel.clock import now
from tabard.people.rules import Role
from tabard.retention import holds
from tabard.retention.holds import OfficerPeriod
from tabard.retention.models import Hold


@pytest.fixture
def staged(db):
    return stage()


@pytest.fixture
def manager(staged):
    return staged.client(Role.RECORDS_MANAGER)


@pytest.fixture
def recording(staged):
    return staged.record()


def place(staged, on, **more):
    viewer = staged.viewer(Role.PROFESSIONAL_STANDARDS)
    sent = {"kind": "complaint", "reason": "Complaint 7"} | more
    return holds.place(on=on, **sent, viewer=viewer, at=now())


def days(staged):
    return OfficerPeriod(staged.barrow, FILMED_AT.date(), FILMED_AT.date())


def rows(content):
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"))))


def test_the_sheet_has_every_hold_and_no_formula(staged, recording, manager):
    place(staged, recording, reason="=HYPERLINK(1)")
    content = manager.get(reverse("hold-list-csv")).content
    assert content.startswith("\ufeff".encode()), "spreadsheets read accents by it"
    lines = rows(content)
    assert [(line["Kind"], line["Recordings"], line["Reason"]) for line in lines] == [
        ("Complaint", "1", "'=HYPERLINK(1)")
    ]
    assert rows(manager.get(reverse("hold-list-csv"), {"kind": "iopc"}).content) == []


def test_a_rehearsal_names_what_is_gone_and_places_nothing(staged, recording, manager):
    type(recording).objects.filter(pk=recording.pk).update(disposed_at=now())
    sent = {
        "scope": "officer",
        "officer": staged.barrow.shoulder_number,
        "from_date": f"{FILMED_AT:%d/%m/%Y}",
        "to_date": f"{FILMED_AT:%d/%m/%Y}",
        "kind": "iopc",
        "reason": "Referral 7",
    }
    seen = text(manager.post(reverse("hold-place"), sent | {"act": "rehearse"}))
    assert "1 recording that it would cover was disposed of" in seen
    assert not Hold.objects.exists()
    assert manager.post(reverse("hold-place"), sent | {"act": "place"}).status_code == 302
    assert Hold.objects.get().scope == "officer"


def test_an_owner_who_lost_the_role_shows_until_somebody_takes_over(staged, recording, manager):
    hold = place(staged, recording)
    page = reverse("hold", args=[hold.id])
    assert "No longer here" not in text(manager.get(page))
    hold.owner.grants.all().delete()
    assert "No longer here" in text(manager.get(page))
    assert "1 hold has an owner who is no longer here" in text(manager.get("/"))
    heir = staged.account(Role.RECORDS_MANAGER)
    sent = {"owner-owner": heir.username, "owner-reason": "She left"}
    assert manager.post(reverse("hold-hand-over", args=[hold.id]), sent).status_code == 302
    assert "No longer here" not in text(manager.get(page))


def test_whom_a_hold_is_about_finds_no_page_of_it_and_no_count(staged, recording, manager):
    hold = place(staged, days(staged), kind="iopc")
    assert "1 hold." in text(manager.get(reverse("hold-list")))
    theirs = staged.client(Role.RECORDS_MANAGER, officer=staged.barrow)
    assert "Nothing is held" in text(theirs.get(reverse("hold-list")))
    assert theirs.get(reverse("hold", args=[hold.id])).status_code == 404
    assert "IOPC hold" not in text(theirs.get(reverse("retention")))
    assert "IOPC hold" in text(manager.get(reverse("retention")))
    assert "Complaint 7" not in text(theirs.get(reverse("recording", args=[recording.id])))
