"""Sealing, recording, opening and disposing of objects, with the database."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from obstore.store import MemoryStore

from tabard.sealing.errors import ChunkDamaged, KeyNotUnwrapped
from tabard.vault import reading, services
from tabard.vault.adapters.cloud import CloudStore
from tabard.vault.errors import (
    AlreadyRecorded,
    FactsDiffer,
    KeyDestroyed,
    KeyStillHeld,
    NotSealedYet,
    ObjectLost,
    SealedObjectUnknown,
    StoreUrlInvalid,
)
from tabard.vault.models import SealedObject
from tabard.vault.stores import configured_store, store_from_url

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = AT + timedelta(days=31)
PLAIN = bytes(range(256)) * 4000  # four chunks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.TABARD_HOME = tmp_path
    settings.TABARD_STORE_URL = ""
    return tmp_path


def sealed(plain=PLAIN):
    with services.start() as pending:
        pending.write(plain)
        pending.seal()
    return services.record(pending=pending, at=AT)


def keys(store):
    return [entry.key for entry in store.entries()]


def stored_path(home, obj):
    return home / "vault" / obj.store_key


def test_footage_is_sealed_recorded_and_opened():
    obj = sealed()
    obj.refresh_from_db()
    assert bytes(obj.sha256) == hashlib.sha256(PLAIN).digest()
    assert (obj.size_bytes, obj.chunk_size, obj.sealed_at) == (len(PLAIN), 256 * 1024, AT)
    assert obj.is_readable
    reader = services.open_object(obj=obj)
    assert b"".join(reader.read()) == PLAIN
    assert reader.verify() == bytes(obj.sha256)


def test_nothing_of_the_footage_or_its_key_stands_in_the_store(home):
    obj = sealed(b"the words spoken on the doorstep" * 10)
    stored = stored_path(home, obj).read_bytes()
    assert len(stored) == obj.sealed_size_bytes
    assert b"doorstep" not in stored
    assert obj.key.blob not in stored


def test_the_bytes_are_durable_before_there_is_a_row():
    with services.start() as pending:
        pending.write(PLAIN)
        facts = pending.seal()
        assert configured_store().size(pending.store_key) == facts.sealed_size_bytes
        assert not SealedObject.objects.exists()


def test_zero_bytes_are_footage_too():
    obj = sealed(b"")
    assert obj.size_bytes == 0
    assert services.open_object(obj=obj).verify() == hashlib.sha256().digest()


def test_an_object_left_unsealed_leaves_nothing():
    with services.start() as pending:
        pending.write(PLAIN)
    assert keys(configured_store()) == []
    with pytest.raises(NotSealedYet):
        services.record(pending=pending, at=AT)


def test_a_sealed_object_can_still_be_abandoned_but_a_recorded_one_cannot():
    with services.start() as pending:
        pending.seal()
    pending.abort()
    pending.abort()
    assert keys(configured_store()) == []
    with services.start() as pending:
        pending.seal()
    obj = services.record(pending=pending, at=AT)
    with pytest.raises(AlreadyRecorded):
        pending.abort()
    assert keys(configured_store()) == [obj.store_key]


def test_a_crash_before_the_row_leaves_ciphertext_that_no_one_can_open():
    def seal_and_crash():
        with transaction.atomic():
            sealed()
            raise InterruptedError

    with pytest.raises(InterruptedError):
        seal_and_crash()
    assert not SealedObject.objects.exists()
    assert len(keys(configured_store())) == 1


def test_after_disposal_nobody_opens_it_and_the_row_stays(home):
    obj = sealed()
    assert services.destroy_key(object_id=obj.id, at=LATER) is True
    obj.refresh_from_db()
    assert (obj.wrapped_key, obj.key, obj.key_destroyed_at) == (None, None, LATER)
    assert stored_path(home, obj).exists()  # even with the bytes still there
    with pytest.raises(KeyDestroyed) as caught:
        services.open_object(obj=obj)
    assert caught.value.code == "disposed"
    assert services.remove(object_id=obj.id, at=LATER) is True
    obj.refresh_from_db()
    assert obj.removed_at == LATER
    assert bytes(obj.sha256) == hashlib.sha256(PLAIN).digest()
    assert not stored_path(home, obj).exists()


def test_destroying_and_removing_twice_changes_nothing():
    obj = sealed()
    services.destroy_key(object_id=obj.id, at=LATER)
    services.remove(object_id=obj.id, at=LATER)
    much_later = LATER + timedelta(days=1)
    assert services.destroy_key(object_id=obj.id, at=much_later) is False
    assert services.remove(object_id=obj.id, at=much_later) is False
    obj.refresh_from_db()
    assert (obj.key_destroyed_at, obj.removed_at) == (LATER, LATER)


def test_a_removal_broken_off_after_the_bytes_went_is_completed_by_repeating_it():
    obj = sealed()
    services.destroy_key(object_id=obj.id, at=LATER)
    configured_store().delete(obj.store_key)
    assert services.remove(object_id=obj.id, at=LATER) is True


def test_bytes_are_not_removed_while_their_key_is_held(home):
    obj = sealed()
    with pytest.raises(KeyStillHeld):
        services.remove(object_id=obj.id, at=LATER)
    assert stored_path(home, obj).exists()


@pytest.mark.django_db(transaction=True)
def test_bytes_are_not_removed_inside_a_transaction_that_could_roll_back(home):
    obj = sealed()

    @transaction.atomic
    def dispose_all_at_once():
        services.destroy_key(object_id=obj.id, at=LATER)
        services.remove(object_id=obj.id, at=LATER)

    with pytest.raises(RuntimeError, match="durable"):
        dispose_all_at_once()
    assert stored_path(home, obj).exists()
    obj.refresh_from_db()
    assert b"".join(services.open_object(obj=obj).read()) == PLAIN


def test_an_unknown_object_is_not_found():
    for call in (services.destroy_key, services.remove):
        with pytest.raises(SealedObjectUnknown):
            call(object_id=UUID(int=1), at=LATER)


def test_damage_in_the_store_is_an_integrity_error(home):
    obj = sealed()
    path = stored_path(home, obj)
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[300_000] ^= 1
    path.write_bytes(data)
    with pytest.raises(ChunkDamaged):
        services.open_object(obj=obj).verify()


def test_an_object_lost_from_the_store_is_an_integrity_error(home):
    obj = sealed()
    stored_path(home, obj).unlink()
    with pytest.raises(ObjectLost):
        services.open_object(obj=obj)


def test_a_row_changed_behind_our_back_is_an_integrity_error():
    obj = sealed()
    obj.sha256 = bytes(32)
    with pytest.raises(FactsDiffer):
        services.open_object(obj=obj)


def test_a_key_moved_to_another_row_opens_nothing():
    one, two = sealed(b"one"), sealed(b"two")
    one.wrapped_key = two.wrapped_key
    with pytest.raises(KeyNotUnwrapped):
        services.open_object(obj=one)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"wrapped_key": None}, "vault_key_held_or_destroyed"),
        ({"key_destroyed_at": LATER}, "vault_key_held_or_destroyed"),
        ({"removed_at": LATER}, "vault_removed_after_key_destroyed"),
        (
            {"wrapped_key": None, "key_destroyed_at": LATER, "removed_at": AT},
            "vault_removed_after_key_destroyed",
        ),
        ({"sha256": bytes(31)}, "vault_sha256_has_32_bytes"),
        ({"sealed_size_bytes": 10}, "vault_sizes_fit"),
    ],
)
def test_the_database_itself_refuses_what_cannot_be(changes, constraint):
    obj = sealed()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        SealedObject.objects.filter(pk=obj.pk).update(**changes)


def test_the_store_follows_the_setting(settings, tmp_path):
    settings.TABARD_STORE_URL = (tmp_path / "a folder with spaces").as_uri()
    obj = sealed()
    assert (tmp_path / "a folder with spaces" / obj.store_key).exists()
    settings.TABARD_STORE_URL = ""
    with pytest.raises(ObjectLost):
        services.open_object(obj=obj)


def test_a_cloud_store_keeps_footage_the_same_way(monkeypatch):
    store = CloudStore(MemoryStore())
    monkeypatch.setattr(services, "configured_store", lambda: store)
    monkeypatch.setattr(reading, "configured_stores", lambda: {"a": store})
    obj = sealed()
    assert services.open_object(obj=obj).verify() == hashlib.sha256(PLAIN).digest()
    assert keys(store) == [obj.store_key]


def test_a_bucket_url_makes_a_cloud_store(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-west-2")
    assert isinstance(store_from_url("s3://footage/vault"), CloudStore)


@pytest.mark.parametrize(
    "url", ["", "nope://bucket", "file://elsewhere/folder", "file:", "a/folder", "memory:///", "s3:"]
)
def test_a_store_that_we_do_not_know_is_refused(url):
    with pytest.raises(StoreUrlInvalid):
        store_from_url(url)


def test_cleaning_removes_what_a_killed_process_left(home):
    sealed()
    (home / "vault" / ".partial" / "abandoned").write_bytes(b"half")
    assert services.clean() == 1
