"""Disposal: keys first, then bytes; whoever needs the footage in time keeps it."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction
from tests.disposals import dispose
from tests.world import BY, DAY_ONE, World

from tabard.custody import sequencer
from tabard.custody.adapters import log_signer
from tabard.custody.models import Event
from tabard.custody.verify import verify_log
from tabard.incidents import services as incidents
from tabard.incidents.log_reading import history_for
from tabard.kernel.errors import Conflict, Denied, Invalid
from tabard.people.rules import Role
from tabard.recordings.models import Bookmark, Recording, Track
from tabard.retention import hold_views, holds, removal, runs, selectors
from tabard.retention.models import Disposal
from tabard.vault import services as vault
from tabard.vault.adapters.local import LocalStore
from tabard.vault.errors import KeyDestroyed, StoreFailed
from tabard.vault.models import SealedObject

LATER = DAY_ONE + timedelta(days=60)


def run(at=LATER):
    return dispose(at)


@pytest.mark.django_db(transaction=True)
def test_what_is_due_is_unreadable_at_once_and_gone_soon_after():
    world = World()
    recording = world.recording([b"first", b"second"])
    Bookmark.objects.create(recording=recording, start_at=recording.started_at, text="said something")
    Track.objects.create(recording=recording, points=[[0, 0, 0]])

    assert run() == [recording.id]

    objects = list(SealedObject.objects.filter(segment__recording=recording))
    for sealed in objects:
        with pytest.raises(KeyDestroyed):
            vault.open_object(obj=sealed)
    assert not Bookmark.objects.exists()
    assert not Track.objects.exists()
    event = Event.objects.get(kind="recording.disposed")
    assert event.subject_id == recording.id
    assert Disposal.objects.get().removed_at is None

    assert removal.remove_waiting(at=LATER) == 2
    assert all(sealed.removed_at for sealed in SealedObject.objects.all())
    assert Disposal.objects.get().removed_at == LATER
    assert removal.remove_waiting(at=LATER) == 0


@pytest.mark.django_db(transaction=True)
def test_an_object_that_a_store_keeps_holds_up_no_other_and_is_asked_for_again(monkeypatch):
    monkeypatch.setattr(removal, "REMOVED_AT_ONCE", 2)
    world = World()
    stuck, *_ = [world.recording([name.encode()]) for name in ("stuck", "second", "third", "fourth")]
    run()
    key = SealedObject.objects.get(segment__recording=stuck).store_key
    real = LocalStore.delete

    def delete(store, wanted):
        if wanted == key:
            raise StoreFailed("Kept by the store.")
        real(store, wanted)

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "delete", delete)
        with pytest.raises(StoreFailed):
            removal.remove_waiting(at=LATER)
    assert Disposal.objects.get(removed_at=None).recording_id == stuck.id
    assert removal.remove_waiting(at=LATER) == 1
    assert not Disposal.objects.filter(removed_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_store_that_lets_go_of_nothing_is_not_asked_for_all_of_it(monkeypatch):
    monkeypatch.setattr(removal, "REMOVED_AT_ONCE", 2)
    world, asked = World(), []
    for name in ("first", "second", "third", "fourth"):
        world.recording([name.encode()])
    run()

    def delete(_, key):
        asked.append(key)
        raise StoreFailed("The store does not answer.")

    monkeypatch.setattr(LocalStore, "delete", delete)
    with pytest.raises(StoreFailed):
        removal.remove_waiting(at=LATER)
    assert len(asked) == 2
    assert Disposal.objects.filter(removed_at=None).count() == 4


def test_what_the_camera_noted_is_erased_from_rows_and_log_and_no_proof_breaks(world):
    recording = world.recording()
    Recording.objects.update(metadata={"TriggerOnLocation": "somewhere"})
    recording.segments.update(metadata={"StartLocation": "somewhere"})
    run()
    assert Recording.objects.get().metadata == {}
    assert recording.segments.get().metadata == {}
    sealed = Event.objects.select_related("particulars").get(kind="recording.sealed")
    assert (sealed.particulars.details, sealed.particulars.details_salt) == (None, None)
    assert sealed.particulars.actor_name == BY.name
    disposed = Event.objects.select_related("particulars").get(kind="recording.disposed")
    assert disposed.particulars.details["rule"] == "uncategorised"
    sequencer.sequence()
    sequencer.sign_checkpoint(at=LATER, signer=log_signer())
    assert verify_log(log_signer().vkey, dated_within=None).ok


def test_the_row_and_its_proofs_stay(world):
    recording = world.recording()
    run()
    kept = Recording.objects.get(id=recording.id)
    assert kept.disposed_at == LATER
    assert kept.officer_id == recording.officer_id
    assert bytes(kept.segments.get().object.sha256) == bytes(recording.segments.get().object.sha256)


def test_a_run_repeated_disposes_of_nothing_twice(world):
    world.recording()
    assert len(run()) == 1
    assert run() == []
    assert Event.objects.filter(kind="recording.disposed").count() == 1


def test_what_is_not_due_stays(world):
    recording = world.recording()
    assert run(recording.started_at + timedelta(days=30)) == []


def test_a_link_an_exhibit_and_a_hold_each_keep(world):
    linked, held = world.recording(), world.recording()
    viewer = world.viewer("bailey")
    incident = incidents.record(
        kind="crime_report",
        reference="CRIS 1",
        title="Theft",
        start_at=DAY_ONE,
        end_at=None,
        place="",
        unit=world.units["LX"],
        viewer=viewer,
        at=LATER,
    )
    incidents.link(incident=incident, recording=linked, viewer=viewer, at=LATER)
    manager = world.anyone(Role.RECORDS_MANAGER)
    hold = holds.place(on=held, kind="complaint", reason="Complaint 12", viewer=manager, at=LATER)
    assert run() == []
    assert "linked to CRIS 1" in selectors.decision(manager, linked, LATER).reason

    holds.release(hold=hold, reason="Resolved", viewer=manager, at=LATER)
    assert run() == [held.id]


def test_a_wearer_learns_that_it_is_held_and_not_why(world):
    recording = world.recording()
    manager, wearer = world.anyone(Role.RECORDS_MANAGER), world.viewer("bailey")
    holds.place(on=recording, kind="iopc", reason="Referral 7", viewer=manager, at=LATER)
    assert "IOPC hold" in selectors.decision(manager, recording, LATER).reason
    assert hold_views.of_recording(manager, recording).count() == 1
    assert "IOPC" not in selectors.decision(wearer, recording, LATER).reason
    assert "on hold" in selectors.decision(wearer, recording, LATER).reason
    assert not hold_views.of_recording(wearer, recording).exists()
    assert "hold.placed" not in set(history_for(wearer, [recording.id]).values_list("kind", flat=True))
    assert "hold.placed" in set(history_for(manager, [recording.id]).values_list("kind", flat=True))


def test_a_hold_needs_a_right_a_kind_and_a_reason(world):
    recording = world.recording()
    manager = world.anyone(Role.RECORDS_MANAGER)
    with pytest.raises(Denied):
        holds.place(on=recording, kind="complaint", reason="x", viewer=world.viewer("bailey"), at=LATER)
    with pytest.raises(Invalid):
        holds.place(on=recording, kind="because", reason="x", viewer=manager, at=LATER)
    with pytest.raises(Invalid):
        holds.place(on=recording, kind="complaint", reason=" ", viewer=manager, at=LATER)


def test_what_was_disposed_of_can_be_neither_held_nor_linked(world):
    recording = world.recording()
    run()
    with pytest.raises(Conflict):
        holds.place(
            on=recording,
            kind="complaint",
            reason="late",
            viewer=world.anyone(Role.RECORDS_MANAGER),
            at=LATER,
        )


def test_a_run_does_not_look_into_the_future(world):
    with pytest.raises(Invalid):
        runs.run(as_of=LATER + timedelta(seconds=1), by=BY, at=LATER)


def test_when_the_event_cannot_be_written_nothing_is_disposed_of(world, monkeypatch):
    recording = world.recording()

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the log is full")

    monkeypatch.setattr("tabard.retention.disposing.custody.append_many", broken)
    with pytest.raises(RuntimeError):
        run()
    assert Recording.objects.get(id=recording.id).disposed_at is None
    assert b"".join(vault.open_object(obj=recording.segments.get().object).read()) == b"not really video 1"


@pytest.mark.django_db(transaction=True)
def test_a_hold_placed_while_a_run_waits_for_the_row_wins():
    world = World()
    recording = world.recording()
    manager = world.anyone(Role.RECORDS_MANAGER)
    holding = Barrier(2)
    reports = []

    def dispose() -> None:
        try:
            holding.wait(10)
            reports.append(run())
        finally:
            connection.close()

    runner = Thread(target=dispose)
    runner.start()
    with transaction.atomic():
        holds.place(on=recording, kind="iopc", reason="Referral", viewer=manager, at=LATER)
        holding.wait(10)
        runner.join(1.0)
    runner.join(10)
    assert reports == [[]]
    assert Recording.objects.get(id=recording.id).disposed_at is None
