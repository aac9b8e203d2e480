"""How is an object sealed, opened and disposed of?

The order of writes is the design. Sealing: bytes durable in the store first, then the row with the key, in
the caller's transaction beside its custody event; a crash between leaves ciphertext that nobody can read and
no row. Disposal: the key is destroyed in the caller's transaction, and only after that is committed are the
bytes removed; a crash between leaves ciphertext that nobody can read, and `remove` is repeated.
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.db.models.expressions import RawSQL

from tabard.kernel.errors import Unavailable
from tabard.kernel.ids import array_of, made_at, new_id
from tabard.sealing import KeyRing, SealedFacts, SealedReader, Sealer, WrappedKey
from tabard.vault import reading
from tabard.vault.errors import (
    AlreadyRecorded,
    KeyStillHeld,
    NotSealedYet,
    ObjectSwept,
    SealedObjectUnknown,
    StoreFailed,
)
from tabard.vault.models import SealedObject, StoredCopy, Swept
from tabard.vault.ports import ObjectStore
from tabard.vault.reading import ObjectReader
from tabard.vault.stores import configured_key_ring, configured_store, configured_stores

KEYS_LOCK = 0x6B65_7972_696E  # "keyrin": held shared by who records a wrapped key, alone by who retires a key

REMOVED_AT_ONCE = 8  # a store in a cloud takes many deletions in the time of one

MAYBE_SWEPT_AFTER = timedelta(hours=12)  # well before anything is swept, should clocks differ


logger = logging.getLogger(__name__)


class Pending:
    """An object of ours that no row stands for yet; `facts` is set once it is whole and durable in the store."""

    def __init__(
        self,
        *,
        store: ObjectStore,
        key_ring: KeyRing,
        object_id: UUID,
        data_key: bytes,
        wrapped_key: WrappedKey,
    ) -> None:
        self.object_id = object_id
        self.store_key = store_key(object_id)
        self.facts: SealedFacts | None = None
        self.wrapped_key = wrapped_key
        self.recorded_on: object = None
        self._store = store
        self._recorded = False
        self._key_ring = key_ring
        self._data_key = data_key

    def abort(self) -> None:
        """Nothing of the object remains in the store, whether it was sealed or not.

        Raises:
            AlreadyRecorded: the object was given to `record`.
        """
        if self._recorded:
            raise AlreadyRecorded("A recorded object cannot be abandoned.", object_id=self.object_id)
        if self.facts is not None:
            self.facts = None  # from here on it cannot be recorded: a row would stand for nothing
            self._store.delete(self.store_key)

    def mark_recorded(self, on: object) -> SealedFacts:
        """From here on `abort` refuses; the facts for the row are returned. `on` is the connection that has the row."""
        if self.facts is None:
            raise NotSealedYet("The object is not sealed yet.", object_id=self.object_id)
        self._recorded, self.recorded_on = True, on
        return self.facts

    def mark_rolled_back(self) -> None:
        """The row is surely not there: `abort` may be called again."""
        self._recorded, self.recorded_on = False, None

    def wrap_again(self) -> WrappedKey:
        """The data key under the key that is current now; an upload may outlive the key it began under."""
        if self.wrapped_key.key_id != self._key_ring.current_key_id:
            self.wrapped_key = self._key_ring.wrap(self._data_key, self.object_id)
        return self.wrapped_key


class PendingObject(Pending):
    """One object being sealed. A context manager: leaving it before `seal`, or by an error, abandons the object.

    Touches no database but when left by an error, so any thread may drive it, one at a time.
    """

    def __init__(self, *, store: ObjectStore, key_ring: KeyRing, object_id: UUID) -> None:
        data_key = key_ring.new_data_key()
        super().__init__(
            store=store,
            key_ring=key_ring,
            object_id=object_id,
            data_key=data_key,
            wrapped_key=key_ring.wrap(data_key, object_id),
        )
        self._writer = store.create(self.store_key)
        self._sealer = Sealer(object_id, data_key, self.wrapped_key.key_id, self._writer.write)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """All of `data` is hashed and on its way; the caller may reuse its memory.

        Raises:
            StoreFull, StoreFailed: the object is lost and nothing of it will become visible.
        """
        self._sealer.update(data)

    def seal(self) -> SealedFacts:
        """The object is complete and durable in the store; it still needs `record` to be kept.

        Raises:
            StoreFull, StoreFailed: nothing of the object is visible.
        """
        facts = self._sealer.finish()
        self._writer.commit()
        self.facts = facts
        return facts

    def abort(self) -> None:
        """Nothing of the object remains in the store, whether it was sealed or not.

        Raises:
            AlreadyRecorded: the object was given to `record`.
        """
        if not self._recorded:
            self._writer.abort()
        super().abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Half an object never remains; a whole one neither, where what should have recorded it failed."""
        self._writer.abort()
        if kind is not None:
            give_up(self)


def store_key(object_id: UUID) -> str:
    """Where an object stands in a store: spread over 65,536 folders by the random end of its id."""
    digits = object_id.hex
    return f"{digits[-2:]}/{digits[-4:-2]}/{object_id}"


def start() -> PendingObject:
    """A new object, ready to be written, with an id and a data key of its own.

    Raises:
        StoreFull, StoreFailed, KeyRingUnsafe.
    """
    return PendingObject(store=configured_store(), key_ring=configured_key_ring(), object_id=new_id())


def record(*, pending: Pending, at: datetime) -> SealedObject:
    """The object's row, with its key, is inserted in the caller's transaction, beside its custody event.

    Raises:
        NotSealedYet: `pending.seal()` has not returned.
        ObjectSwept: it took a day or more, and a sweep took the bytes for abandoned ones.
    """
    facts = pending.mark_recorded(connection.connection)
    if at - made_at(facts.object_id) > MAYBE_SWEPT_AFTER:
        _check_not_swept(facts.object_id)
    keep_keys()
    wrapped = pending.wrap_again()
    return SealedObject.objects.create(
        id=facts.object_id,
        store_key=pending.store_key,
        size_bytes=facts.size_bytes,
        sealed_size_bytes=facts.sealed_size_bytes,
        sha256=facts.sha256,
        chunk_size=facts.chunk_size,
        wrapped_key=wrapped.blob,
        key_id=wrapped.key_id,
        sealed_at=at,
    )


def give_up(pending: Pending) -> None:
    """Nothing of the object remains in the store, unless a row stands for it or may do so.

    Call after the transaction that should have recorded it failed, outside that. Where its connection was lost nobody
    knows whether it committed: the bytes stay. Whatever stays without a row, `sweep` removes when it is old enough.
    """
    if pending.recorded_on is not None:
        if not _surely_rolled_back(pending):
            return
        pending.mark_rolled_back()
    try:
        pending.abort()
    except Unavailable:
        logger.exception("An object that was given up could not be removed: %s", pending.store_key)


def _surely_rolled_back(pending: Pending) -> bool:
    """Whether the very connection that inserted the row still lives and no longer sees it."""
    if connection.connection is None or connection.connection is not pending.recorded_on:
        return False
    try:
        return not SealedObject.objects.filter(pk=pending.object_id).exists()
    except DatabaseError:
        return False


def keep_keys() -> None:
    """No key-encryption key is retired until the caller's transaction ends; many may ask for that at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [KEYS_LOCK])


def hold_fate(object_id: UUID) -> None:
    """Whether the object is recorded or swept is for the caller's transaction alone to decide, until it ends."""
    with connection.cursor() as cursor:
        number = int.from_bytes(object_id.bytes[8:], signed=True)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def _check_not_swept(object_id: UUID) -> None:
    hold_fate(object_id)
    if Swept.objects.filter(pk=object_id).exists():
        raise ObjectSwept("The bytes were removed as abandoned; send them again.", object_id=object_id)


def open_object(*, obj: SealedObject) -> ObjectReader:
    """A reader of the object from whichever copy is good; as `reading.open_object` says."""
    return reading.open_object(obj=obj)


def open_copy(*, obj: SealedObject, store: ObjectStore) -> SealedReader:
    """A reader of the copy in this store alone; as `reading.open_copy` says. Touches no database."""
    return reading.open_copy(obj=obj, store=store, data_key=reading.data_key_of(obj))


def destroy_key(*, object_id: UUID, at: datetime) -> bool:
    """Once the caller's transaction commits, nobody can read the object again, here or in any copy.

    Returns:
        True if this call destroyed the key, False if it was destroyed before.

    Raises:
        SealedObjectUnknown.
    """
    held = SealedObject.objects.filter(pk=object_id, key_destroyed_at__isnull=True)
    if held.update(wrapped_key=None, key_destroyed_at=at):
        return True
    if not SealedObject.objects.filter(pk=object_id).exists():
        raise SealedObjectUnknown("There is no such sealed object.", object_id=object_id)
    return False


def destroy_keys(*, object_ids: Sequence[UUID], at: datetime) -> int:
    """`destroy_key` for many objects that there are, in one statement; returns how many keys this call destroyed."""
    # one array, as a parameter for each of thousands takes longer than the destruction
    these = RawSQL("SELECT unnest(%s::uuid[])", (array_of(object_ids),))
    held = SealedObject.objects.filter(pk__in=these, key_destroyed_at__isnull=True)
    return held.update(wrapped_key=None, key_destroyed_at=at)


def remove(*, object_id: UUID, at: datetime) -> bool:
    """The object's bytes are gone from every store and the row says so; repeated calls do no harm.

    Must be called outside any transaction: bytes cannot be rolled back, so the destruction of the key must be
    committed before they go (Django refuses a durable block inside another).

    Returns:
        True if this call removed it, False if it was removed before.

    Raises:
        SealedObjectUnknown.
        KeyStillHeld: the key is not destroyed.
        StoreFailed: a store may still hold it (the others were told to remove it all the same); try again.
    """
    with transaction.atomic(durable=True):
        obj = SealedObject.objects.select_for_update().filter(pk=object_id).first()
        if obj is None:
            raise SealedObjectUnknown("There is no such sealed object.", object_id=object_id)
        if obj.is_readable:
            raise KeyStillHeld("The key must be destroyed first.", object_id=object_id)
        if obj.removed_at is not None:
            return False
        _delete_everywhere(obj.store_key)
        StoredCopy.objects.filter(object_id=object_id).delete()
        SealedObject.objects.filter(pk=object_id).update(removed_at=at)
    return True


def remove_many(*, object_ids: Sequence[UUID], at: datetime) -> int:
    """`remove` for many objects, several at a time; returns how many this call removed.

    What a store kept from going stays, and is left for another time; the others are gone, and their rows say so.

    Raises:
        KeyStillHeld: the key of one is not destroyed; none is removed then.
        StoreFailed: a store may still hold some of them; try again.
    """
    with transaction.atomic(durable=True):
        waiting = dict(
            SealedObject.objects.select_for_update()
            .filter(pk__in=list(object_ids), removed_at__isnull=True)
            .order_by("pk")
            .values_list("pk", "store_key")
        )
        held = SealedObject.objects.filter(pk__in=list(waiting), key_destroyed_at__isnull=True).first()
        if held is not None:
            raise KeyStillHeld("The key must be destroyed first.", object_id=held.pk)
        failures = _delete_all(waiting)
        gone = [each for each in waiting if each not in failures]
        StoredCopy.objects.filter(object_id__in=gone).delete()
        SealedObject.objects.filter(pk__in=gone).update(removed_at=at)
    for failure in failures.values():
        raise failure
    return len(gone)


def clean() -> int:
    """What killed processes left half-written in the stores is gone; call it at start. Returns how many."""
    return sum(store.clean() for store in configured_stores().values())


def _delete_all(keys: Mapping[UUID, str]) -> dict[UUID, StoreFailed]:
    """Delete the objects under these keys, several at a time, as stores take time to answer; which failed, and how."""

    def failure(key: str) -> StoreFailed | None:
        try:
            _delete_everywhere(key)
        except StoreFailed as error:
            return error
        return None

    with ThreadPoolExecutor(REMOVED_AT_ONCE) as threads:
        failed = dict(zip(keys, threads.map(failure, keys.values()), strict=True))
    return {each: error for each, error in failed.items() if error is not None}


def _delete_everywhere(key: str) -> None:
    """A store that is down keeps no other from removing it.

    Raises:
        StoreFailed: of the last store that failed, once all were asked.
    """
    failed: StoreFailed | None = None
    for store in configured_stores().values():
        try:
            store.delete(key)
        except StoreFailed as error:
            failed = error
    if failed is not None:
        raise failed
