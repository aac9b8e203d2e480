"""The page of what will be disposed of: what keeps a recording on the list, and what kept one that came off it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from tests.disposals import dispose, put_on_the_list, stopped_run
from tests.integration.web.staged import stage, text

from tabard.people.rules import Role
from tabard.retention import holds, runs
from tabard.retention.models import DisposalRun, ScheduledDisposal

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def staged(db, monkeypatch):
    monkeypatch.setattr("tabard.web.views.disposal_runs.now", lambda: NOW)
    return stage()


@pytest.fixture
def listed(staged):
    """A recording on the list."""
    recording = staged.record(started_at=NOW - timedelta(days=40))
    assert put_on_the_list(NOW) == [recording.pk]
    return recording


def hold(staged, on):
    return holds.place(
        on=on, kind="complaint", reason="C/12", viewer=staged.viewer(Role.PROFESSIONAL_STANDARDS), at=NOW
    )


def seen(client):
    return text(client.get(reverse("disposal-run-list")))


def test_the_list_says_what_keeps_a_recording_before_its_turn_and_what_did_after_it(staged, listed):
    manager = staged.client(Role.RECORDS_MANAGER)
    assert "Not categorised" in seen(manager)
    assert "Kept now" not in seen(manager)
    hold(staged, listed)
    assert "Comes off the list when its turn comes: Complaint hold" in seen(manager)
    assert "Came off the list lately" not in seen(manager)
    assert dispose(NOW) == []
    after = seen(manager)
    assert "Nothing is on the list" in after
    assert "Came off the list lately" in after
    assert "Held: Complaint hold. Without that: Not categorised" in after
    run = DisposalRun.objects.latest("pk")
    assert "Held: Complaint hold" in text(manager.get(reverse("disposal-run", args=[run.pk])))
    (said,) = manager.get("/api/v1/spared-disposals", {"disposal_run_id": run.pk}).json()
    assert (said["recording_id"], said["run_id"]) == (str(listed.pk), str(run.pk))


def test_what_went_is_not_said_to_have_come_off(staged, listed):
    assert dispose(NOW) == [listed.pk]
    manager = staged.client(Role.RECORDS_MANAGER)
    assert "Came off the list" not in seen(manager)
    assert manager.get("/api/v1/spared-disposals").json() == []


def test_a_hold_on_an_officers_days_is_not_told_to_that_officer(staged, listed):
    manager = staged.client(Role.RECORDS_MANAGER, staged.barrow)
    day = listed.started_at.date()
    hold(staged, holds.OfficerPeriod(staged.barrow, day, day))
    assert "Kept now" not in seen(manager)
    ScheduledDisposal.objects.update(scheduled_at=NOW, executes_at=NOW)
    assert runs.run(as_of=NOW, by=runs.Actor.system("test"), at=NOW).spared == 1
    assert "Complaint" not in seen(manager)
    assert manager.get("/api/v1/spared-disposals").json() == []
    assert "Complaint hold" in seen(staged.client(Role.AUDITOR))


def test_a_run_that_stopped_is_told_on_home_to_those_who_may_agree_to_it_until_they_did(staged):
    run = stopped_run()
    said = text(staged.client(Role.RECORDS_MANAGER).get(reverse("home")))
    assert "The last disposal run stopped itself" in said
    assert run.stop_reason in said
    assert "stopped itself" not in text(staged.client(Role.OFFICER).get(reverse("home")))
    DisposalRun.objects.update(state=DisposalRun.State.COMPLETE)
    assert "stopped itself" not in text(staged.client(Role.RECORDS_MANAGER).get(reverse("home")))


def test_everything_on_the_list_can_be_come_to_page_by_page(staged, listed, monkeypatch):
    monkeypatch.setattr("tabard.web.numbered.PAGE_ROWS", 1)
    later = staged.record("second", started_at=NOW - timedelta(days=28))
    assert put_on_the_list(NOW) == [listed.pk, later.pk]
    manager, address = staged.client(Role.RECORDS_MANAGER), reverse("disposal-run-list")
    first, second = (manager.get(address, {"page": number}).content.decode() for number in (1, 2))
    assert "?page=2" in first
    assert (str(listed.pk) in first, str(later.pk) in first) == (True, False)
    assert (str(listed.pk) in second, str(later.pk) in second) == (False, True)
