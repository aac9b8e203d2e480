"""The pages, operations and command of notices before disposal: who is shown what, and what an answer does."""

import json
from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.urls import reverse
from tests.disposals import noticed
from tests.integration.web.staged import FILMED_AT, stage, text

from tabard.cli.commands import notices as command
from tabard.incidents.models import Link
from tabard.people.rules import Role
from tabard.recordings.models import Recording
from tabard.retention.models import Notice, ScheduledDisposal
from tabard.retention.services import adopt_policy


@pytest.fixture
def staged(db):
    adopt_policy()
    return stage()


@pytest.fixture
def told(staged):
    """Two recordings of Barrow's, and the incident of which they were told."""
    incident, recordings = staged.incident("4821/26"), [staged.record("first"), staged.record("second")]
    return [noticed(recording, incident) for recording in recordings]


@pytest.fixture
def officer(staged, told):
    return staged.client(Role.OFFICER, staged.barrow)


def answer(client, notice, **sent):
    return client.post(reverse("notice-answer", args=[notice.incident_id]), sent)


def test_a_refused_answer_names_what_is_missing_and_keeps_what_was_ticked(officer, told):
    first, second = told
    seen = answer(officer, first, act="link")
    assert seen.status_code == 400
    assert seen.context["form"].errors == {"recordings": ["Choose a recording."]}
    assert "checked" not in seen.content.decode()
    seen = answer(officer, first, act="categorise", recordings=[str(second.recording_id)])
    assert seen.context["form"].errors == {"category": ["Choose what they are."]}
    assert [each.is_chosen for each in seen.context["cards"]] == [
        each.card.recording == second.recording for each in seen.context["cards"]
    ]
    assert answer(officer, first).context["form"].non_field_errors() == ["Choose what to do with them."]
    assert not Link.objects.exists()


def test_one_is_answered_by_its_own_button_whatever_is_ticked(officer, told):
    first, second = told
    ticked = [str(first.recording_id), str(second.recording_id)]
    seen = answer(officer, first, not_of_it=str(first.recording_id), recordings=ticked)
    assert seen["Location"] == reverse("notice", args=[first.incident_id])
    assert set(Notice.objects.filter(dismissed_at__isnull=True)) == {second}
    seen = answer(officer, first, not_of_it=str(first.recording_id))
    assert "answered in the meantime" in text(seen), "its notice is no longer there"


def test_several_are_categorised_and_the_page_leads_home(officer, told):
    ids = [str(notice.recording_id) for notice in told]
    seen = answer(officer, told[0], act="categorise", category="crime", recordings=ids)
    assert seen["Location"] == reverse("home")
    assert "2 recordings are categorised." in text(officer.get("/"))
    assert set(Recording.objects.values_list("category", flat=True)) == {"crime"}
    assert "Nothing waits" in text(officer.get(reverse("notice", args=[told[0].incident_id])))
    assert "No notice waits" in text(officer.get(reverse("notice-list")))


def test_what_keeps_nothing_is_said_so(staged, officer, told):
    ScheduledDisposal.objects.update(executes_at=FILMED_AT + timedelta(days=40))
    sent = {"act": "categorise", "category": "not-evidential", "recordings": [str(told[0].recording_id)]}
    answer(officer, told[0], **sent)
    assert "1 of them goes on its day nevertheless" in text(officer.get("/"))


def test_an_incident_that_the_officer_may_not_see_is_not_betrayed(staged, told, officer):
    told[0].incident.unit = staged.hackney
    told[0].incident.save(update_fields=["unit"])
    for address in (reverse("home"), reverse("recording", args=[told[0].recording_id])):
        assert told[0].incident.reference not in text(officer.get(address))
    assert officer.get(reverse("notice", args=[told[0].incident_id])).status_code == 403
    assert not Notice.objects.filter(seen_at__isnull=False).exists()


def test_a_program_finds_and_dismisses_them(staged, officer, told):
    found = officer.get("/api/v1/notices", {"mine": "true"}).json()
    assert {(each["recording_id"], each["officer"], each["is_certain"]) for each in found} == {
        (str(notice.recording_id), staged.barrow.shoulder_number, False) for notice in told
    }
    assert officer.get("/api/v1/notices", {"mine": "true"}).json()[0]["seen_at"]
    sent = {"recording_ids": [str(told[0].recording_id)]}
    address = f"/api/v1/incidents/{told[0].incident_id}/notices/dismiss"
    said = officer.post(address, sent, content_type="application/json")
    assert (said.status_code, said.json()) == (200, {"dismissed": 1})
    assert officer.post(address, sent, content_type="application/json").status_code == 409
    [unit] = officer.get("/api/v1/notices/units", {"within_days": 366}).json()
    assert (unit["unit"], unit["recordings"], unit["unseen"]) == ("Lambeth", 1, 0)


def test_the_command_counts_them_by_unit(staged, told, monkeypatch, capsys):
    monkeypatch.setattr(command, "database", nullcontext)
    monkeypatch.setattr(command, "viewer_as", lambda username: staged.viewer(Role.RECORDS_MANAGER))
    command.notices("rosa", within=3, json=True)
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (said["recordings"], [each["unit"] for each in said["units"]]) == (2, ["Lambeth"])
