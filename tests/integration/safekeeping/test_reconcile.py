"""Database, store A, store B and the log are compared, and whatever disagrees is named."""

from datetime import timedelta

import pytest
from django.db import connection

from tabard.custody.actors import Actor
from tabard.custody.models import Event
from tabard.kernel.clock import now
from tabard.retention.selectors import recordings_of
from tabard.safekeeping.errors import NotSweepable
from tabard.safekeeping.reconcile import UNDER_WAY_FOR, reconcile
from tabard.safekeeping.scrub import scrub
from tabard.safekeeping.sweep import check_sweepable, sweep
from tabard.vault import services as vault
from tabard.vault.errors import ObjectSwept
from tabard.vault.models import Damage, SealedObject, Swept
from tabard.vault.stores import configured_stores

pytestmark = pytest.mark.django_db
BY = Actor.system("test")
NEXT_WEEK = now() + timedelta(days=7)  # when nothing made by a test is under way any more


def compared(*, at=NEXT_WEEK, with_keys=True):
    found = []
    outcome = reconcile(
        by=BY,
        at=at,
        belonging=recordings_of,
        report=found.append,
        progress=lambda _what, _number: None,
        with_keys=with_keys,
    )
    assert outcome.findings == {
        code: sum(each.code == code for each in found) for code in {each.code for each in found}
    }
    return outcome, found


def only(found):
    assert len(found) == 1, found
    return found[0]


@pytest.fixture
def held(stores, world):
    """Two recordings of one segment each, in both stores."""
    recordings = [world.recording(b"one" * 1000), world.recording(b"two" * 1000)]
    stores.copy_all()
    return [recording.segments.get().object for recording in recordings]


def test_what_agrees_is_counted_and_logged(held):
    outcome, found = compared()
    assert (outcome.ok, found) == (True, [])
    assert (outcome.objects, outcome.listed) == (2, {"a": 2, "b": 2})
    event = Event.objects.select_related("particulars").get(kind="store.reconciled")
    assert event.particulars.details["objects"] == 2
    assert event.subject_id == outcome.id


@pytest.mark.parametrize("store", ["a", "b"])
def test_an_object_that_a_store_lost_is_named_with_its_recording(held, stores, store):
    stores.path(held[0], store).unlink()
    _, found = compared()
    one = only(found)
    assert (one.code, one.object_id, one.store) == ("missing", held[0].id, store)
    assert one.recording_id == held[0].segment.recording_id
    assert one.words == f"Store {store} does not hold it."


def test_a_copy_that_was_not_made_yet_is_awaited_for_a_day_and_then_missing(held, stores):
    stores.path(held[0], "b").unlink()
    outcome, found = compared(at=held[0].sealed_at + timedelta(hours=1))
    assert (found, outcome.under_way["being_copied"]) == ([], 1)
    _, found = compared(at=held[0].sealed_at + UNDER_WAY_FOR + timedelta(hours=1))
    assert only(found).code == "missing"


def test_a_copy_that_was_verified_once_is_missing_at_once(held, stores):
    stores.path(held[0], "b").unlink()
    held[0].copies.create(store="b", verified_at=held[0].sealed_at)
    _, found = compared(at=held[0].sealed_at + timedelta(hours=1))
    assert only(found).code == "missing"


def test_an_object_of_the_wrong_size_is_named_and_so_is_that_the_stores_differ(held, stores):
    path = stores.path(held[1], "b")
    path.write_bytes(path.read_bytes()[:-1])
    _, found = compared()
    assert {each.code: each.object_id for each in found} == {
        "wrong_size": held[1].id,
        "stores_differ": held[1].id,
    }
    size = held[1].sealed_size_bytes
    assert f"Store b holds {size - 1} bytes; {size} were sealed." in [each.words for each in found]


def test_what_no_row_knows_is_unexpected(held, stores):
    (stores.home / "store-a" / "stray.txt").write_text("who put this here?")
    one = only(compared()[1])
    assert (one.code, one.key, one.object_id, one.store) == ("unexpected", "stray.txt", None, "a")


def test_a_known_damage_is_named_until_it_is_repaired(held):
    damage = Damage.objects.create(
        object=held[0], store="b", code="sealed_chunk", words="Chunk 0 is damaged.", found_at=NEXT_WEEK
    )
    one = only(compared()[1])
    assert (one.code, one.store) == ("damaged", "b")
    assert "Chunk 0 is damaged." in one.words
    damage.repaired_at = NEXT_WEEK
    damage.save()
    assert compared()[1] == []


def dispose(obj, at):
    vault.destroy_key(object_id=obj.id, at=at)


def test_bytes_of_a_disposed_object_are_awaited_to_go_and_then_named(held, stores):
    recording = held[0].segment.recording
    destroyed_at = NEXT_WEEK
    dispose(held[0], destroyed_at)
    log_disposal(recording, destroyed_at)
    outcome, found = compared(at=destroyed_at + timedelta(hours=1))
    assert (found, outcome.under_way["being_removed"]) == ([], 2)
    _, found = compared(at=destroyed_at + timedelta(days=2))
    assert {(each.code, each.store) for each in found} == {
        ("disposed_present", "a"),
        ("disposed_present", "b"),
    }
    for store in "ab":
        stores.path(held[0], store).unlink()
    assert compared(at=destroyed_at + timedelta(days=2))[1] == []


def log_disposal(recording, at):
    from django.db import transaction

    from tabard.custody.actors import Subject
    from tabard.custody.kinds import EventKind
    from tabard.custody.services import append

    with transaction.atomic():
        append(kind=EventKind.RECORDING_DISPOSED, subject=Subject("recording", recording.id), at=at, by=BY)


def test_a_key_destroyed_without_a_disposal_in_the_log_is_named(held, stores):
    dispose(held[0], NEXT_WEEK)
    for store in "ab":
        stores.path(held[0], store).unlink()
    one = only(compared(at=NEXT_WEEK + timedelta(days=2))[1])
    assert (one.code, one.object_id, one.recording_id) == (
        "disposed_unlogged",
        held[0].id,
        held[0].segment.recording_id,
    )


def test_a_row_without_its_event_is_named(held, stores):
    with vault.start() as pending:
        pending.write(b"slipped in")
        pending.seal()
        slipped = vault.record(pending=pending, at=now())
    stores.copy_all()
    one = only(compared()[1])
    assert (one.code, one.object_id) == ("unlogged", slipped.id)


def test_an_event_without_its_row_is_named(held, stores):
    gone = held[0].id
    with connection.cursor() as cursor:  # as a database administrator would
        cursor.execute("DELETE FROM recordings_segment WHERE object_id = %s", [gone])
        cursor.execute("DELETE FROM vault_sealedobject WHERE id = %s", [gone])
    found = {each.code: each for each in compared()[1]}
    assert set(found) == {"row_missing", "unexpected"}
    assert found["row_missing"].object_id == gone
    assert "recording.sealed" in found["row_missing"].words


def test_another_hash_than_the_logged_one_is_named(held):
    SealedObject.objects.filter(pk=held[0].pk).update(sha256=bytes(32))
    one = only(compared()[1])
    assert (one.code, one.object_id) == ("hash_differs", held[0].id)
    assert bytes(held[0].sha256).hex() in one.words


def test_a_hash_that_was_put_right_again_is_no_finding_though_damage_was_logged_under_the_wrong_one(held):
    right = bytes(held[0].sha256)
    SealedObject.objects.filter(pk=held[0].pk).update(sha256=bytes(32))
    scrub(store="a", by=BY, clock=now)
    SealedObject.objects.filter(pk=held[0].pk).update(sha256=right)
    scrub(store="a", by=BY, clock=now)
    scrub(store="b", by=BY, clock=now)
    assert compared()[1] == []


def test_keys_swapped_between_objects_are_named(held):
    first, second = (SealedObject.objects.get(pk=each.pk) for each in held)
    SealedObject.objects.filter(pk=first.pk).update(wrapped_key=bytes(second.wrapped_key))
    one = only(compared()[1])
    assert (one.code, one.object_id) == ("key_wrong", first.id)
    assert compared(with_keys=False)[1] == []


def test_a_key_that_was_taken_away_behind_the_constraint_is_named(held):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE vault_sealedobject DROP CONSTRAINT vault_key_held_or_destroyed")
        cursor.execute("UPDATE vault_sealedobject SET wrapped_key = NULL WHERE id = %s", [held[0].id])
    one = only(compared()[1])
    assert (one.code, one.object_id) == ("key_missing", held[0].id)


def test_what_was_sealed_and_recorded_while_stores_were_listed_is_no_finding(held, world, monkeypatch):
    """A recording comes in, and another goes, between the reading of the rows and the listing of the stores."""
    from tabard.safekeeping import inventory

    listed = inventory._listed

    def busy(name, store):
        if name == "a":
            world.recording(b"three" * 100)
        yield from listed(name, store)

    monkeypatch.setattr(inventory, "_listed", busy)
    assert compared(at=now())[1] == []


class TestSweep:
    @pytest.fixture
    def abandoned(self, held, stores):
        """Sealed, never recorded, in both stores."""
        with vault.start() as pending:
            pending.write(b"the process died here")
            pending.seal()
        stores.copy_all()
        return pending

    def test_it_is_left_alone_for_a_day_and_then_unexpected(self, abandoned):
        outcome, found = compared(at=now())
        assert (found, outcome.under_way["being_sealed"]) == ([], 2)
        with pytest.raises(NotSweepable):
            check_sweepable(object_id=abandoned.object_id, at=now())
        _, found = compared()
        assert {(each.code, each.object_id, each.store) for each in found} == {
            ("unexpected", abandoned.object_id, store) for store in "ab"
        }

    @pytest.mark.django_db(transaction=True)
    def test_it_goes_from_both_stores_with_one_event(self, abandoned):
        assert sweep(object_id=abandoned.object_id, by=BY, at=NEXT_WEEK)
        assert not sweep(object_id=abandoned.object_id, by=BY, at=NEXT_WEEK)
        assert compared()[1] == []
        event = Event.objects.get(kind="object.swept")
        assert event.subject_id == abandoned.object_id

    @pytest.mark.django_db(transaction=True)
    def test_killed_between_event_and_removal_it_goes_next_time_without_a_second_event(
        self, abandoned, stores
    ):
        Swept.objects.create(object_id=abandoned.object_id, store_key=abandoned.store_key, swept_at=NEXT_WEEK)
        assert sweep(object_id=abandoned.object_id, by=BY, at=NEXT_WEEK)
        assert not Event.objects.filter(kind="object.swept").exists()
        assert len(list(configured_stores()["b"].entries())) == 2

    def test_what_was_swept_is_never_recorded(self, abandoned):
        Swept.objects.create(object_id=abandoned.object_id, store_key=abandoned.store_key, swept_at=NEXT_WEEK)
        with pytest.raises(ObjectSwept):
            vault.record(pending=abandoned, at=NEXT_WEEK)

    def test_nothing_with_a_row_is_swept_and_nothing_foreign(self, held, abandoned, stores):
        with pytest.raises(NotSweepable, match="recorded"):
            sweep(object_id=held[0].id, by=BY, at=NEXT_WEEK)
        path = stores.home / "store-b" / abandoned.store_key
        path.write_bytes(b"something else that somebody put there" * 10)
        with pytest.raises(NotSweepable, match="not what we seal"):
            sweep(object_id=abandoned.object_id, by=BY, at=NEXT_WEEK)
        assert path.exists()
