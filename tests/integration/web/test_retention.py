"""The page of retention: what falls due, what is held, what went, and under which policy."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from tests.disposals import dispose
from tests.integration.web.staged import FILMED_AT, events, stage, text

from tabard.incidents.services import link
from tabard.people.rules import Role
from tabard.recordings.models import Recording
from tabard.retention import holds
from tabard.retention.models import Hold

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
UNCATEGORISED = timedelta(days=31)


@pytest.fixture
def staged(db, monkeypatch):
    monkeypatch.setattr("tabard.web.views.retention.now", lambda: NOW)
    return stage()


@pytest.fixture
def manager(staged):
    return staged.client(Role.RECORDS_MANAGER)


def shown(client):
    return client.get(reverse("retention"))


def received(staged, name, at):
    return staged.record(name, started_at=at - timedelta(hours=8), received_at=at)


def test_nothing_due_is_said_in_words(manager):
    seen = text(shown(manager))
    assert "Nothing falls due within 7 days" in seen
    assert "Nothing has been disposed of yet" in seen


def test_due_now_and_within_the_week_stand_apart(staged, manager):
    late = received(staged, "late", NOW - UNCATEGORISED)
    soon = received(staged, "soon", NOW - UNCATEGORISED + timedelta(days=7))
    received(staged, "later", NOW - UNCATEGORISED + timedelta(days=7, seconds=1))
    page = shown(manager)
    found = [(line.recording, line.is_due) for line in page.context["due"]]
    assert found == [(late, True), (soon, False)]
    assert (page.context["due_now_count"], page.context["due_soon_count"]) == (1, 1)
    assert page.context["due_now_bytes"] == late.size_bytes
    uncategorised = page.context["rules"][0]
    assert (uncategorised.due_now, uncategorised.due_soon) == (1, 1)


def test_the_page_lists_what_a_run_would_take(staged, manager):
    for days in (29, 31, 33):
        received(staged, f"{days} days", NOW - timedelta(days=days))
    listed = [line.recording.id for line in shown(manager).context["due"] if line.is_due]
    disposed = dispose(NOW)
    assert sorted(disposed) == sorted(listed)


def test_what_is_held_is_counted_by_what_holds_it_and_not_due(staged, manager):
    recordings = [received(staged, str(number), NOW - UNCATEGORISED) for number in range(3)]
    investigator = staged.viewer(Role.INVESTIGATOR)
    for reference in ("1/26", "2/26"):
        link(
            incident=staged.incident(reference),
            recording=recordings[0],
            viewer=investigator,
            at=FILMED_AT,
        )
    staged.exhibit(recordings[1])
    hold = holds.place(
        on=recordings[2],
        kind=Hold.Kind.COMPLAINT,
        reason="Complaint 12",
        viewer=investigator,
        at=FILMED_AT,
    )
    page = shown(manager)
    assert page.context["held"] == [
        ("Linked to an incident", 1),
        ("Produced as an exhibit", 1),
        ("Complaint hold", 1),
    ]
    assert page.context["due"] == []
    holds.release(hold=hold, reason="Withdrawn", viewer=investigator, at=FILMED_AT)
    assert shown(manager).context["held"][2:] == []


def test_disposals_are_listed_with_their_reason(staged, manager):
    recording = staged.record(started_at=NOW - timedelta(days=40))
    dispose(NOW)
    assert Recording.objects.get(id=recording.id).disposed_at is not None
    seen = text(shown(manager))
    assert "kept for 31 days from its receipt" in seen
    assert "Unreadable, being removed" in seen


def test_the_policy_is_shown_with_its_sources(manager):
    seen = text(shown(manager))
    assert "England and Wales, version" in seen
    assert "Metropolitan Police, Privacy and body-worn video" in seen
    assert "Without end, then review" in seen


def test_looking_changes_nothing(staged, manager):
    recording = staged.record(started_at=NOW - timedelta(days=40))
    shown(manager)
    assert manager.post(reverse("retention")).status_code == 405
    assert Recording.objects.get(id=recording.id).disposed_at is None
    assert events("recording.disposed") == []


def test_who_may_not_view_retention_is_refused(staged):
    assert shown(staged.client(Role.INVESTIGATOR)).status_code == 403


def test_the_dashboard_says_where_everything_stands_and_what_went(staged, manager):
    gone = received(staged, "gone", NOW - timedelta(days=60))
    dispose(NOW)
    late = received(staged, "late", NOW - UNCATEGORISED)
    later = received(staged, "later", NOW - timedelta(days=1))
    page = shown(manager)
    assert (page.context["kept_count"], page.context["due_now_count"]) == (2, 1)
    assert page.context["stored_bytes"] == late.size_bytes + later.size_bytes
    assert [(line.rule, line.count, line.size_bytes) for _, line in page.context["gone"]] == [
        ("uncategorised", 1, gone.size_bytes)
    ]
    assert "TABARD_STORAGE_PRICE_PER_TB_MONTH" in text(page)


def test_storage_is_shown_in_money_where_the_price_is_set(staged, manager, settings):
    settings.TABARD_STORAGE_PRICE_PER_TB_MONTH = 20.0
    Recording.objects.filter(id=received(staged, "one", NOW - timedelta(days=1)).id).update(
        size_bytes=3_000_000_000_000
    )
    page = shown(manager)
    assert page.context["storage"][0].pounds == 60.0
    assert "£60.00" in text(page)
    sheet = manager.get(reverse("retention-storage-csv")).content.decode("utf-8-sig").splitlines()
    assert sheet[1] == "2026-05-01,3000000000000,3000000000000,0,60.00"
