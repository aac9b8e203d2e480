"""A disposal run: the list, the days of grace, what stops it, and two people who let it go on."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from tests.disposals import put_on_the_list
from tests.world import BY, DAY_ONE

from tabard.custody.models import Event
from tabard.kernel.errors import Conflict, Denied, Invalid
from tabard.kernel.ids import new_id
from tabard.people.rules import Role
from tabard.recordings.models import Recording
from tabard.retention import batches, holds, policies, releases, runs, under_way
from tabard.retention.agreeing import NotAllowedNow
from tabard.retention.models import Disposal, DisposalRun, ScheduledDisposal

DUE = timedelta(days=31)
GRACE = timedelta(days=7)
DAY = timedelta(days=1)
PURGED = 98_119


def nightly(first, nights, **more):
    """A run each night, as the job makes them; returns the last."""
    done = None
    for night in range(nights):
        at = first + night * DAY
        done = runs.run(as_of=at, by=BY, at=at, **more)
    return done


def second(world):
    """Another records manager."""
    if "second" not in world.accounts:
        world.open("second", Role.RECORDS_MANAGER)
    return world.viewer("second")


def crowd(count, received_at):
    """So many recordings, as rows alone."""
    rows = [(new_id(), f"crowd-{number}") for number in range(count)]
    copied = "COPY recordings_recording (id, source, source_name, camera_serial, officer_reference, started_at, stopped_at, received_at, trigger, size_bytes, flags, metadata) FROM STDIN"  # noqa: E501
    when = received_at.isoformat()
    with connection.cursor() as cursor, cursor.cursor.copy(copied) as copy:
        for each, name in rows:
            copy.write_row((each, "test", name, "", "", when, when, when, "", 7, "{}", "{}"))
    return [each for each, _ in rows]


def test_what_is_due_goes_on_its_day_after_a_week_on_the_list(world):
    recording = world.recording()
    due_at = recording.received_at + DUE
    assert put_on_the_list(due_at - GRACE - DAY) == []
    assert nightly(due_at - GRACE, 7).disposed == 0
    listed = ScheduledDisposal.objects.get()
    assert (listed.recording_id, listed.executes_at) == (recording.id, due_at)
    assert runs.run(as_of=due_at, by=BY, at=due_at).disposed == 1
    assert not ScheduledDisposal.objects.exists()
    assert Disposal.objects.get().due_at == due_at


def test_what_was_overdue_still_stands_on_the_list_for_the_days_of_grace(world):
    recording = world.recording()
    late = recording.received_at + 3 * DUE
    assert nightly(late, 7).disposed == 0
    assert runs.run(as_of=late + GRACE, by=BY, at=late + GRACE).disposed == 1


def test_a_hold_on_the_list_keeps_it_and_takes_it_off(world):
    recording, manager = world.recording(), world.anyone(Role.RECORDS_MANAGER)
    late = recording.received_at + 2 * DUE
    nightly(late, 7)
    hold = holds.place(on=recording, kind="complaint", reason="C/1", viewer=manager, at=late + 6 * DAY)
    done = runs.run(as_of=late + GRACE, by=BY, at=late + GRACE)
    assert (done.disposed, done.spared) == (0, 1)
    assert not ScheduledDisposal.objects.exists()
    holds.release(hold=hold, reason="Over", viewer=manager, at=late + GRACE)
    again = late + GRACE + DAY
    assert nightly(again, 7).disposed == 0, "it stands on the list for a whole week again"
    assert runs.run(as_of=again + GRACE, by=BY, at=again + GRACE).disposed == 1


def test_its_event_is_the_certificate_and_holds_nothing_of_the_footage(world):
    recording = world.recording()
    late = recording.received_at + 2 * DUE
    done = nightly(late, 8)
    event = Event.objects.select_related("particulars").get(kind="recording.disposed")
    policy = policies.current(late)
    assert event.particulars.details == {
        "rule": "uncategorised",
        "policy": policy.version,
        "policy_sha256": policy.sha256.hex(),
        "due_at": (recording.received_at + DUE).isoformat(),
        "scheduled_at": late.isoformat(),
        "run": str(done.id),
        "objects": 1,
    }


def test_counts_by_rule_add_up(world):
    for _ in range(3):
        world.recording()
    done = nightly(DAY_ONE + 3 * DUE, 8)
    assert done.disposed_by_rule == {"uncategorised": 3}
    assert Disposal.objects.filter(rule="uncategorised").count() == done.disposed == 3


def test_the_purge_of_one_night_disposes_of_nothing_and_alarms(world):
    crowd(PURGED, DAY_ONE)
    at = DAY_ONE + DUE
    done = runs.run(as_of=at, by=BY, at=at)
    assert (done.state, done.stop, done.to_schedule) == ("stopped", "count", PURGED)
    assert "98,119 recordings; 100 are allowed" in done.stop_reason
    assert not ScheduledDisposal.objects.exists()
    assert not Disposal.objects.exists()
    assert Event.objects.get(kind="disposal_run.stopped").subject_id == done.id
    assert not Recording.objects.filter(disposed_at__isnull=False).exists()


def test_what_stopped_goes_on_once_two_people_agree_and_takes_no_more_than_they_saw(world):
    crowd(150, DAY_ONE)
    one, two = world.anyone(Role.RECORDS_MANAGER), second(world)
    at = DAY_ONE + 2 * DUE
    stopped = runs.run(as_of=at, by=BY, at=at)
    with pytest.raises(Invalid):
        releases.approve(run_id=stopped.id, reason=" ", viewer=one, at=at)
    releases.approve(run_id=stopped.id, reason="A year's backlog", viewer=one, at=at)
    with pytest.raises(NotAllowedNow):
        releases.approve(run_id=stopped.id, reason="", viewer=one, at=at)
    assert runs.run(as_of=at, by=BY, at=at).state == "stopped", "one person is not enough"
    newest = releases.stopped_now()
    with pytest.raises(Conflict):
        releases.approve(run_id=stopped.id, reason="", viewer=two, at=at)
    for viewer in (one, two):
        releases.approve(run_id=newest.id, reason="A year's backlog", viewer=viewer, at=at)
    gone_on = runs.run(as_of=at + DAY, by=BY, at=at + DAY)
    assert (gone_on.id, gone_on.state, gone_on.scheduled) == (newest.id, "complete", 150)
    done = nightly(at + 2 * DAY, 7)
    assert done.disposed == 150, "who agreed to the list agreed to what follows from it"


def test_more_than_was_agreed_to_stops_again(world):
    crowd(150, DAY_ONE)
    at = DAY_ONE + 2 * DUE
    stopped = runs.run(as_of=at, by=BY, at=at)
    for viewer in (world.anyone(Role.RECORDS_MANAGER), second(world)):
        releases.approve(run_id=stopped.id, reason="Seen", viewer=viewer, at=at)
    world.recording(received_at=DAY_ONE + DAY)
    again = runs.run(as_of=at, by=BY, at=at)
    assert (again.state, again.to_schedule) == ("stopped", 151)
    assert not ScheduledDisposal.objects.exists()


def test_whoever_may_not_approve_cannot_and_one_refusal_ends_it(world):
    crowd(101, DAY_ONE)
    at = DAY_ONE + DUE
    stopped, manager = runs.run(as_of=at, by=BY, at=at), world.anyone(Role.RECORDS_MANAGER)
    with pytest.raises(Denied):
        releases.approve(run_id=stopped.id, reason="x", viewer=world.viewer("bailey"), at=at)
    releases.approve(run_id=stopped.id, reason="Seen", viewer=manager, at=at)
    releases.refuse(run_id=stopped.id, reason="A typo", viewer=second(world), at=at)
    assert runs.run(as_of=at, by=BY, at=at).state == "stopped"


@pytest.mark.parametrize("years", [4, -1])
def test_a_clock_that_jumped_disposes_of_nothing(world, years):
    recording = world.recording()
    nightly(recording.received_at + DAY, 2)
    jumped = recording.received_at + timedelta(days=365 * years)
    done = runs.run(as_of=jumped, by=BY, at=jumped)
    assert not Disposal.objects.exists()
    assert not ScheduledDisposal.objects.exists()
    assert (done.state, done.stop) == (("stopped", "clock") if years > 0 else ("complete", ""))
    assert runs.run(as_of=jumped + DAY, by=BY, at=jumped + DAY).disposed == 0, (
        "the next night it is no better"
    )


def test_a_run_that_was_killed_is_gone_on_with_by_the_next(world, monkeypatch):
    ids = crowd(90, DAY_ONE)
    late = DAY_ONE + 2 * DUE
    nightly(late, 7)
    monkeypatch.setattr(batches, "DISPOSED_AT_ONCE", 40)
    real, allowed = batches._dispose_batch, iter(range(2))

    def killed(*args):
        if next(allowed, None) is None:
            raise KeyboardInterrupt
        return real(*args)

    at = late + GRACE
    with monkeypatch.context() as patch:
        patch.setattr(batches, "_dispose_batch", killed)
        with pytest.raises(KeyboardInterrupt):
            runs.run(as_of=at, by=BY, at=at)
    assert Disposal.objects.count() == 80
    assert under_way.state_of(DisposalRun.objects.get(state="running")) == "interrupted"
    states = []
    done = runs.run(as_of=at, by=BY, at=at, progress=lambda run: states.append(under_way.state_of(run)))
    assert set(states) == {"running"}
    assert (done.disposed, Disposal.objects.count()) == (10, 90)
    events = Event.objects.filter(kind="recording.disposed").values_list("subject_id", flat=True)
    assert sorted(events) == sorted(UUID(str(each)) for each in ids)
    assert DisposalRun.objects.filter(state="interrupted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_cannot_be():
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [under_way.LOCK])
    with pytest.raises(under_way.RunUnderWay):
        runs.run(as_of=DAY_ONE, by=BY, at=DAY_ONE)
    with other.cursor() as cursor:  # the server notices a closed connection a little later
        cursor.execute("SELECT pg_advisory_unlock(%s)", [under_way.LOCK])
    other.close()
    assert runs.run(as_of=DAY_ONE, by=BY, at=DAY_ONE).state == "complete"
