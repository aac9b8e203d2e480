"""A new key takes over from an old one: footage is never encrypted anew, readers go on, a kill loses nothing."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from tests.world import BY, DAY_ONE, World, seal

from tabard.custody.models import Event
from tabard.safekeeping import keys
from tabard.safekeeping.errors import KeyStillNeeded
from tabard.safekeeping.models import KeyBackup
from tabard.sealing.errors import KeyNotUnwrapped
from tabard.vault import services as vault
from tabard.vault.errors import KeyInUse
from tabard.vault.models import SealedObject
from tabard.vault.stores import configured_key_ring


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.TABARD_HOME = tmp_path
    settings.TABARD_STORE_URL = ""
    return tmp_path


def sealed(count, at=DAY_ONE):
    with transaction.atomic():
        return [seal(f"{number}.mp4", b"plain %d" % number, at).object_id for number in range(count)]


def read(object_id):
    return b"".join(vault.open_object(obj=SealedObject.objects.get(id=object_id)).read())


def rotate():
    return keys.rotate(by=BY, at=DAY_ONE)


@pytest.mark.django_db
def test_every_object_is_wrapped_anew_and_not_one_byte_of_footage_is_touched(home, monkeypatch):
    monkeypatch.setattr(keys, "BATCH_OBJECTS", 3)
    ids = sealed(7)
    first = configured_key_ring().current_key_id
    stored = {path: path.read_bytes() for path in (home / "vault").rglob("*") if path.is_file()}
    told = []
    report = keys.rotate(by=BY, at=DAY_ONE, progress=lambda done, of: told.append((done, of)))
    assert (report.wrapped, report.left, report.went_on) == (7, [], False)
    assert told == [(3, 7), (6, 7), (7, 7)]
    assert set(SealedObject.objects.values_list("key_id", flat=True)) == {report.key_id}
    assert report.key_id == configured_key_ring().current_key_id != first
    assert [read(each) for each in ids] == [b"plain %d" % number for number in range(7)]
    assert {path: path.read_bytes() for path in (home / "vault").rglob("*") if path.is_file()} == stored
    event = Event.objects.select_related("particulars").get(kind="key_ring.rotated")
    assert event.particulars.details == {"key": report.key_id, "replaces": first}


@pytest.mark.django_db
@pytest.mark.parametrize("dies_in", ["announce", "_wrap_batch", "second batch"])
def test_killed_at_any_step_the_next_call_finishes_and_makes_no_further_key(monkeypatch, dies_in):
    monkeypatch.setattr(keys, "BATCH_OBJECTS", 2)
    ids = sealed(5)
    with monkeypatch.context() as patch:
        real, calls = keys._wrap_batch, []

        def die(*arguments, **named):
            calls.append(1)
            if dies_in == "second batch" and len(calls) == 1:
                return real(*arguments, **named)
            raise KeyboardInterrupt

        patch.setattr(keys, "_wrap_batch" if dies_in == "second batch" else dies_in, die)
        with pytest.raises(KeyboardInterrupt):
            rotate()
    assert [read(each) for each in ids] == [b"plain %d" % number for number in range(5)]
    report = rotate()
    assert report.went_on
    assert set(SealedObject.objects.values_list("key_id", flat=True)) == {report.key_id}
    assert len(configured_key_ring().key_ids) == 2
    assert Event.objects.filter(kind="key_ring.rotated").count() == 1
    assert [read(each) for each in ids] == [b"plain %d" % number for number in range(5)]


@pytest.mark.django_db
def test_what_is_disposed_of_meanwhile_stays_disposed(monkeypatch):
    (object_id,) = sealed(1)
    real = keys._wrap_batch

    def disposed_first(*arguments):
        vault.destroy_key(object_id=object_id, at=DAY_ONE + timedelta(days=1))
        return real(*arguments)

    monkeypatch.setattr(keys, "_wrap_batch", disposed_first)
    assert rotate().wrapped == 0
    assert SealedObject.objects.get().wrapped_key is None


@pytest.mark.django_db
def test_a_wrapped_key_that_was_tampered_with_is_named_and_the_others_go_on():
    first, second = sealed(2)
    blob = bytes(SealedObject.objects.get(id=first).wrapped_key)
    SealedObject.objects.filter(id=first).update(wrapped_key=blob[:-1] + bytes([blob[-1] ^ 1]))
    report = rotate()
    assert [(left.object_id, left.code) for left in report.left] == [(first, KeyNotUnwrapped.code)]
    assert report.wrapped == 1
    assert read(second) == b"plain 1"


@pytest.mark.django_db
def test_an_upload_that_began_before_the_rotation_comes_in_under_the_new_key():
    old = configured_key_ring().current_key_id
    with vault.start() as pending:
        pending.write(b"long upload")
        sealed(1)
        report = rotate()
        keys.retire(key_id=old, by=BY, at=DAY_ONE)
        pending.seal()
        row = vault.record(pending=pending, at=DAY_ONE)
    assert row.key_id == report.key_id
    assert read(row.id) == b"long upload"


@pytest.mark.django_db
def test_a_key_is_retired_only_when_nothing_needs_it():
    (object_id,) = sealed(1)
    ring = configured_key_ring()
    old = ring.current_key_id
    with pytest.raises(KeyInUse):
        keys.retire(key_id=old, by=BY, at=DAY_ONE)
    ring.rotate()
    with pytest.raises(KeyStillNeeded):
        keys.retire(key_id=old, by=BY, at=DAY_ONE)
    rotate()
    keys.retire(key_id=old, by=BY, at=DAY_ONE)
    assert old not in (home_keys := ring.key_ids)
    assert home_keys == (ring.current_key_id,)
    assert read(object_id) == b"plain 0"
    kinds = list(Event.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["key_ring.rotated", "key_ring.retired"]


@pytest.mark.django_db
def test_a_live_copy_of_the_keys_keeps_a_key_from_being_retired_by_one_person():
    sealed(1)
    old = configured_key_ring().current_key_id
    copy = KeyBackup.objects.create(
        made_at=DAY_ONE, expires_at=DAY_ONE + timedelta(days=30), place="/safe", key_ids=[old]
    )
    rotate()
    with pytest.raises(KeyStillNeeded):
        keys.retire(key_id=old, by=BY, at=DAY_ONE)
    assert [use.backups for use in keys.key_uses()] == [(copy,), ()]
    KeyBackup.objects.update(pruned_at=DAY_ONE)
    keys.retire(key_id=old, by=BY, at=DAY_ONE)


@pytest.mark.django_db(transaction=True)
def test_nobody_records_an_object_while_a_key_is_being_retired():
    """The retirer waits for a transaction that records: otherwise its object could come in under the lost key."""
    World()
    with transaction.atomic():
        vault.keep_keys()
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", [vault.KEYS_LOCK])
                assert cursor.fetchone() == (False,)
        finally:
            other.close()


@pytest.mark.django_db
def test_a_key_that_objects_need_and_the_ring_lacks_is_shown():
    (object_id,) = sealed(1)
    SealedObject.objects.filter(id=object_id).update(key_id="local-gone")
    uses = {use.key_id: use for use in keys.key_uses()}
    assert (uses["local-gone"].is_held, uses["local-gone"].objects) == (False, 1)
    assert isinstance(keys.subject_of("local-gone").id, UUID)
