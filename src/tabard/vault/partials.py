"""How does an object grow over many requests, and go on after any death at the last byte that was acknowledged?

Its file in the spool holds whole sealed chunks, as they will stand in the object; its row holds the wrapped data key,
how many plain bytes are durable, and, sealed, those that make no chunk yet. Order of writes: bytes synced, then the
row, then the answer. So the row is always true, and what the file holds beyond it was promised to nobody.

A data key lives as long as the one sealer that uses it, in the memory of one process. After its death, whoever goes on
authenticates what the row vouches for and seals it again, under a new object id and a new key, into a new file; then
the row changes hands, and the old file goes. Nothing is ever cut off and written over, so nothing that was torn,
refused or sent again with other bytes can meet its key a second time (docs/adr/0025-resumable-sealing.md).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.db import connection, transaction

from tabard.kernel.errors import Integrity
from tabard.kernel.ids import new_id
from tabard.sealing import KeyRing, WrappedKey
from tabard.sealing.format import DEFAULT_CHUNK_BYTES
from tabard.sealing.growing import GrowingSealer, read_whole_chunks
from tabard.vault.errors import (
    PartialDamaged,
    PartialElsewhere,
    PartialLost,
    PartialOvertaken,
    PartialUnknown,
)
from tabard.vault.models import PartialObject
from tabard.vault.services import Pending, keep_keys
from tabard.vault.spool import Spool, SpoolFile
from tabard.vault.stores import configured_key_ring, configured_spool, configured_store

_NONCE_BYTES = 12
_TAIL_CONTEXT = b"tabard partial object tail"


@dataclass(frozen=True, slots=True)
class Mark:
    """How far an object had grown: so many plain bytes, of which `tail`, sealed, holds those after the last chunk."""

    offset_bytes: int
    tail: bytes | None


class GrowingObject:
    """One growing object in the hands of this process: its file, locked while it is written to, and its sealer.

    Touches no database, so any thread may drive it, one at a time.
    """

    def __init__(self, *, partial_id: UUID, size_bytes: int, spool: Spool, key_ring: KeyRing) -> None:
        self.partial_id = partial_id
        self.object_id = new_id()
        self.size_bytes = size_bytes
        self._spool = spool
        self._key_ring = key_ring
        self._data_key = key_ring.new_data_key()
        self.wrapped_key: WrappedKey = key_ring.wrap(self._data_key, self.object_id)
        self._file = spool.create(self.object_id)
        self._is_findable = False
        self._sealer = GrowingSealer(
            self.object_id,
            key=self._data_key,
            key_reference=self.wrapped_key.key_id,
            size_bytes=size_bytes,
            sink=self._file.write,
        )

    @property
    def offset_bytes(self) -> int:
        """How many plain bytes it was given."""
        return self._sealer.taken_bytes

    @property
    def sha256(self) -> bytes:
        """Of the plain bytes so far."""
        return self._sealer.digest()

    def write(self, data: bytes | memoryview) -> None:
        """All of `data` is hashed and on its way; the caller may reuse its memory.

        Raises:
            StoreFull, StoreFailed: this object is of no use any more; `resume` begins where the row says.
        """
        self._sealer.update(data)

    def mark(self, *, whole_chunks: bool = False) -> Mark:
        """How far it has grown, for `acknowledge` once `sync` has returned; with `whole_chunks` without the tail."""
        tail = self._sealer.tail
        if whole_chunks or not tail:
            return Mark(self.offset_bytes - len(tail), None)
        return Mark(self.offset_bytes, _seal_tail(self._data_key, self.object_id, tail))

    def sync(self) -> None:
        """Every whole chunk written before this call would survive a power cut."""
        self._file.sync()
        if not self._is_findable:
            self._spool.sync_names()
            self._is_findable = True

    def seal(self) -> "GrownObject":
        """The object is whole and durable in the store; it still needs `record` to be kept, and then `remove`.

        Raises:
            StoreFull, StoreFailed: nothing of it is visible.
        """
        facts = self._sealer.finish()
        self._file.sync()
        grown = GrownObject(
            store=configured_store(),
            key_ring=self._key_ring,
            object_id=self.object_id,
            data_key=self._data_key,
            wrapped_key=self.wrapped_key,
        )
        configured_store().adopt(grown.store_key, self._file.path)
        grown.facts, grown.sha256 = facts, facts.sha256
        return grown

    def lock(self) -> None:
        """It is ours to write to; another process that had gone on with it would show at `acknowledge`.

        Raises:
            PartialInUse: somebody else is writing to it.
        """
        self._file.lock()

    def unlock(self) -> None:
        """Another process may go on with it."""
        self._file.unlock()

    def close(self) -> None:
        """It is no longer in the hands of this process; what was acknowledged stays."""
        self._file.close()

    def remove(self) -> None:
        """Its file is gone: it was recorded, or no row stands for it."""
        self._file.remove()
        self._file.close()


class GrownObject(Pending):
    """A whole object that grew in the spool and stands in the store; `sha256` is of its plain bytes."""

    sha256: bytes


def start(*, partial_id: UUID, size_bytes: int, at: datetime) -> GrowingObject:
    """A new growing object, locked for the caller, with its row in the caller's transaction.

    If that fails, the caller calls `remove`.
    """
    spool = configured_spool()
    growing = GrowingObject(
        partial_id=partial_id, size_bytes=size_bytes, spool=spool, key_ring=configured_key_ring()
    )
    keep_keys()
    PartialObject.objects.create(
        id=partial_id,
        object_id=growing.object_id,
        spool=spool.id,
        size_bytes=size_bytes,
        key_id=growing.wrapped_key.key_id,
        wrapped_key=growing.wrapped_key.blob,
        touched_at=at,
    )
    return growing


def acknowledge(*, growing: GrowingObject, mark: Mark, at: datetime) -> None:
    """Once the caller's transaction commits, so many bytes may be said to be durable; `sync` has returned before.

    Raises:
        PartialOvertaken: another process has gone on with it, or it has ended.
    """
    held = PartialObject.objects.filter(
        pk=growing.partial_id, object_id=growing.object_id, offset_bytes__lte=mark.offset_bytes
    )
    if not held.update(offset_bytes=mark.offset_bytes, tail=mark.tail, touched_at=at):
        raise PartialOvertaken("Somebody else has gone on with this.", partial_id=growing.partial_id)


def find(partial_id: UUID) -> PartialObject:
    """The row of a growing object.

    Raises:
        PartialUnknown: it has ended, or a restored backup does not know it.
    """
    row = PartialObject.objects.filter(pk=partial_id).first()
    if row is None:
        raise PartialUnknown("Nothing of this is here any more.", partial_id=partial_id)
    return row


def resume(*, partial_id: UUID) -> GrowingObject:
    """The growing object, in our hands and locked, at the offset that its row says. Not inside a transaction.

    Reads back all that had arrived: two gigabytes a second at best.

    Raises:
        PartialUnknown, PartialInUse, PartialOvertaken: it ended; somebody else is writing to it, or was just now.
        PartialElsewhere: it grows in the spool of another machine.
        PartialLost, PartialDamaged: what was acknowledged is not there, or not what it was.
        StoreFull, StoreFailed.
    """
    row, spool = find(partial_id), configured_spool()
    if row.spool != spool.id:
        raise PartialElsewhere("This upload is at another door.", partial_id=partial_id)
    old = _held(row, spool)
    try:
        growing = GrowingObject(
            partial_id=partial_id, size_bytes=row.size_bytes, spool=spool, key_ring=configured_key_ring()
        )
        try:
            _refill(growing, row, old)
            growing.sync()
            _take_over(growing, row)
        except BaseException:
            growing.remove()
            raise
        if old is not None:
            old.remove()
    finally:
        if old is not None:
            old.close()
    return growing


def end(*, partial_id: UUID, object_id: UUID) -> None:
    """Once the caller's transaction commits, nobody can go on with it; its file may go.

    Raises:
        PartialOvertaken: another process has gone on with it, or it has ended.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM vault_partialobject WHERE id = %s AND object_id = %s", [partial_id, object_id]
        )
        is_ended = cursor.rowcount == 1
    if not is_ended:
        raise PartialOvertaken("Somebody else has gone on with this.", partial_id=partial_id)


def hold(row: PartialObject) -> SpoolFile | None:
    """The file of a growing object, locked, so that nobody writes to it; None where there is none (any more).

    Raises:
        PartialInUse: somebody is writing to it.
        PartialElsewhere: it grows in the spool of another machine.
    """
    spool = configured_spool()
    if row.spool != spool.id:
        raise PartialElsewhere("This upload is at another door.", partial_id=row.pk)
    try:
        return spool.open(row.object_id)
    except PartialLost:
        return None


def clean() -> int:
    """Files in our spool that no row stands for are gone, but for those being written. Returns how many."""
    return configured_spool().clean(lambda found: PartialObject.objects.filter(object_id=found).exists())


def _held(row: PartialObject, spool: Spool) -> SpoolFile | None:
    """The locked file that the row vouches for; none is needed where nothing was acknowledged."""
    try:
        old = spool.open(row.object_id)
    except PartialLost:
        if row.offset_bytes:
            raise
        return None
    try:
        row.refresh_from_db()
    except PartialObject.DoesNotExist as error:
        old.close()
        raise PartialUnknown("Nothing of this is here any more.", partial_id=row.pk) from error
    if old.path.name != str(row.object_id):
        old.close()
        raise PartialOvertaken("Somebody else has gone on with this.", partial_id=row.pk)
    return old


def _refill(growing: GrowingObject, row: PartialObject, old: SpoolFile | None) -> None:
    if old is None or not row.offset_bytes:
        return
    key = configured_key_ring().unwrap(WrappedKey(row.key_id, bytes(row.wrapped_key)), row.object_id)
    whole = row.offset_bytes - row.offset_bytes % DEFAULT_CHUNK_BYTES
    try:
        for piece in read_whole_chunks(old.read, row.object_id, key, whole) if whole else ():
            growing.write(piece)
        if row.tail is not None:
            growing.write(_open_tail(key, row.object_id, bytes(row.tail)))
    except Integrity as error:
        raise PartialDamaged("What had arrived is damaged.", partial_id=row.pk) from error
    if growing.offset_bytes != row.offset_bytes:
        raise PartialDamaged("What had arrived is not all there.", partial_id=row.pk)


@transaction.atomic
def _take_over(growing: GrowingObject, row: PartialObject) -> None:
    """The row is ours, if it still is what was read."""
    keep_keys()
    held = PartialObject.objects.filter(pk=row.pk, object_id=row.object_id, offset_bytes=row.offset_bytes)
    changed = held.update(
        object_id=growing.object_id,
        key_id=growing.wrapped_key.key_id,
        wrapped_key=growing.wrapped_key.blob,
        tail=growing.mark().tail,
    )
    if not changed:
        raise PartialOvertaken("Somebody else has gone on with this.", partial_id=row.pk)


def _seal_tail(data_key: bytes, object_id: UUID, tail: bytes) -> bytes:
    """The bytes under a key of their own, derived, and a fresh random nonce: one object may have many tails."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _tail_cipher(data_key).encrypt(nonce, tail, object_id.bytes)


def _open_tail(data_key: bytes, object_id: UUID, sealed: bytes) -> bytes:
    try:
        return _tail_cipher(data_key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], object_id.bytes)
    except InvalidTag as error:
        raise PartialDamaged("The tail of what had arrived is damaged.", object_id=object_id) from error


def _tail_cipher(data_key: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, None, _TAIL_CONTEXT).derive(data_key))
