"""Which key-encryption keys are there, and how does a new one take over without touching footage?

Rotation has three steps, each safe to be killed in and found again by the next call: a new key is current and durable
in the ring; the log says so; every object's data key is wrapped anew, a batch at a time. Readers go on: until its
batch commits an object opens under the old key, afterwards under the new one. A key is retired only when nothing is
wrapped by it, under a lock that whoever records an object shares, so that no upload that began before the rotation
can come in under a key that is gone.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import connection, transaction
from django.db.models import Count

from tabard.custody import selectors as log
from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import Integrity, NotFound, Unavailable
from tabard.safekeeping.errors import KeyStillNeeded
from tabard.safekeeping.models import KeyBackup
from tabard.sealing import ManagedKeyRing, WrappedKey
from tabard.vault.errors import KeyInUse, KeyNotHeld
from tabard.vault.models import PartialObject, SealedObject
from tabard.vault.services import KEYS_LOCK
from tabard.vault.stores import configured_key_ring

BATCH_OBJECTS = 1_000
_FIRST = UUID(int=0)
Progress = Callable[[int, int], None]

_WRAP_ANEW = """
    UPDATE vault_sealedobject AS kept SET wrapped_key = fresh.blob, key_id = %s
      FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[]) AS fresh (id, old_blob, blob)
     WHERE kept.id = fresh.id AND kept.wrapped_key = fresh.old_blob
"""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One key-encryption key: whether the ring holds it, how many objects need it, which live copies hold it."""

    key_id: str
    is_current: bool
    is_held: bool
    objects: int
    backups: tuple[KeyBackup, ...] = ()


@dataclass(frozen=True, slots=True)
class NotWrapped:
    """An object whose data key could not be taken out of its wrapping, and why."""

    object_id: UUID
    code: str
    words: str


@dataclass(slots=True)
class RotationReport:
    """What a rotation did; `went_on` when it finished an earlier one and made no key of its own."""

    key_id: str
    went_on: bool
    wrapped: int = 0
    left: list[NotWrapped] = field(default_factory=list)


def key_uses() -> list[KeyUse]:
    """Every key that the ring holds or that an object needs, the oldest first, keys that are missing last."""
    ring = configured_key_ring()
    counted = SealedObject.objects.filter(wrapped_key__isnull=False).values("key_id").annotate(n=Count("id"))
    needed = dict(counted.values_list("key_id", "n"))
    backups = list(live_backups())
    held = ring.key_ids
    return [
        KeyUse(
            key_id=key_id,
            is_current=key_id == ring.current_key_id,
            is_held=key_id in held,
            objects=needed.get(key_id, 0),
            backups=tuple(each for each in backups if key_id in each.key_ids),
        )
        for key_id in (*held, *sorted(set(needed) - set(held)))
    ]


def live_backups(key_id: str = "") -> list[KeyBackup]:
    """The copies of the keys that are not pruned, soonest to expire first; with `key_id`, those that hold it."""
    alive = KeyBackup.objects.filter(pruned_at__isnull=True).order_by("expires_at")
    return list(alive.filter(key_ids__contains=[key_id]) if key_id else alive)


def rotate(*, by: Actor, at: datetime, progress: Progress | None = None) -> RotationReport:
    """Every object's data key is wrapped by the current key when this returns, but for those in `left`.

    Where objects are still under an older key, an earlier rotation was cut short: it is finished, and no new key made.

    Args:
        by: Who rotates.
        at: Now, aware.
        progress: Told after each batch how many objects are done, of how many.
    """
    ring = configured_key_ring()
    waiting = _under_other_keys(ring.current_key_id)
    went_on = waiting > 0
    if not went_on:
        ring.rotate()
        waiting = _under_other_keys(ring.current_key_id)
    announce(by=by, at=at)
    report = RotationReport(ring.current_key_id, went_on)
    _wrap_all(ring, report, waiting, progress)
    return report


def announce(*, by: Actor, at: datetime) -> bool:
    """The log names the current key, if it took over from another; says whether this call wrote it."""
    ring = configured_key_ring()
    key_id, others = ring.current_key_id, [each for each in ring.key_ids if each != ring.current_key_id]
    with transaction.atomic():
        _lock_keys()
        known = log.history([subject_of(key_id).id]).filter(kind=EventKind.KEY_RING_ROTATED.value)
        if not others or known.exists():
            return False
        details = {"key": key_id, "replaces": others[-1]}
        custody.append(
            kind=EventKind.KEY_RING_ROTATED, subject=subject_of(key_id), at=at, by=by, details=details
        )
    return True


def check_unused(key_id: str) -> None:
    """Return only if no object needs the key and another one is current.

    Raises:
        NotFound: the ring does not hold it.
        KeyInUse: it is the current key.
        KeyStillNeeded: naming how many objects need it.
    """
    ring = configured_key_ring()
    if key_id not in ring.key_ids:
        raise NotFound("The key ring holds no such key; `tabard vault keys` lists them.", key_id=key_id)
    if key_id == ring.current_key_id:
        raise KeyInUse("This key is the current one; rotate first.", key_id=key_id)
    objects = SealedObject.objects.filter(wrapped_key__isnull=False, key_id=key_id).count()
    if objects:
        raise KeyStillNeeded(
            f"{objects} objects are still wrapped by this key; `tabard vault rotate-key` wraps them anew.",
            key_id=key_id,
            objects=objects,
        )
    partials = PartialObject.objects.filter(key_id=key_id).count()
    if partials:
        raise KeyStillNeeded(
            f"{partials} uploads that are under way are wrapped by this key; they end or expire by themselves.",
            key_id=key_id,
            partials=partials,
        )


def retire(*, key_id: str, by: Actor, at: datetime, agreed_by: tuple[str, ...] = ()) -> None:
    """The key is durably gone from the ring, and the log says so. Nothing that is kept needed it.

    The event is committed before the file changes: killed between, the key is still there and retiring is repeated.
    The other way round a key could vanish unlogged.

    Args:
        key_id: Which.
        by: Who retires it.
        at: Now, aware.
        agreed_by: The names of those who agreed, where a live copy of the keys made that necessary.

    Raises:
        NotFound, KeyInUse: there is no such key, or it is the current one.
        KeyStillNeeded: objects need it; or a copy of the keys holds it and nobody has agreed.
    """
    announce(by=by, at=at)
    alive = live_backups(key_id)
    if alive and not agreed_by:
        raise KeyStillNeeded(
            f"{len(alive)} copies of the keys still hold this key. Prune them, or ask others to agree.",
            key_id=key_id,
            backups=[str(each.id) for each in alive],
        )
    with _keys_alone():
        check_unused(key_id)
        with transaction.atomic():
            details = {
                "key": key_id,
                "backups": [str(each.id) for each in alive],
                "agreed_by": list(agreed_by),
            }
            custody.append(
                kind=EventKind.KEY_RING_RETIRED, subject=subject_of(key_id), at=at, by=by, details=details
            )
        configured_key_ring().retire(key_id)


def subject_of(key_id: str) -> Subject:
    """A key-encryption key as the log names it: an id worked out of its own, which tells nothing of the key."""
    return Subject("key", uuid5(NAMESPACE_URL, f"tabard key {key_id}"))


def _under_other_keys(current: str) -> int:
    return SealedObject.objects.filter(wrapped_key__isnull=False).exclude(key_id=current).count()


def _wrap_all(ring: ManagedKeyRing, report: RotationReport, waiting: int, progress: Progress | None) -> None:
    """Walk the objects by id; what cannot be unwrapped is passed over and named."""
    after, seen = _FIRST, 0
    while batch := _next_batch(report.key_id, after):
        after, seen = batch[-1][0], seen + len(batch)
        report.wrapped += _wrap_batch(ring, batch, report)
        if progress is not None:
            progress(seen, max(waiting, seen))


def _next_batch(current: str, after: UUID) -> list[tuple[UUID, str, bytes]]:
    rows = SealedObject.objects.filter(wrapped_key__isnull=False, id__gt=after).exclude(key_id=current)
    found = rows.order_by("id").values_list("id", "key_id", "wrapped_key")[:BATCH_OBJECTS]
    return [(object_id, key_id, bytes(blob or b"")) for object_id, key_id, blob in found]


def _wrap_batch(ring: ManagedKeyRing, batch: list[tuple[UUID, str, bytes]], report: RotationReport) -> int:
    """One statement, committed: rows still as they were read get their new wrapping; a disposed one stays so."""
    fresh: list[tuple[UUID, bytes, bytes]] = []
    for object_id, key_id, blob in batch:
        try:
            data_key = ring.unwrap(WrappedKey(key_id, blob), object_id)
        except (Integrity, Unavailable) as error:
            report.left.append(NotWrapped(object_id, error.code, error.message))
            continue
        fresh.append((object_id, blob, ring.wrap(data_key, object_id).blob))
    if ring.current_key_id != report.key_id:
        raise KeyNotHeld("Another rotation began meanwhile; run this again.", key_id=report.key_id)
    with transaction.atomic(), connection.cursor() as cursor:
        columns = [list(column) for column in zip(*fresh, strict=True)] or [[], [], []]
        cursor.execute(_WRAP_ANEW, [report.key_id, *columns])
        return int(cursor.rowcount)


def _lock_keys() -> None:
    """Until the caller's transaction ends nobody else changes the ring or records a wrapped key."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [KEYS_LOCK])


@contextmanager
def _keys_alone() -> Iterator[None]:
    """Nobody else changes the ring or records a wrapped key inside the block, which spans transactions."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [KEYS_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [KEYS_LOCK])
