"""How do bytes go that were sealed but never recorded? Only what `reconcile` found, old enough, and surely ours.

A process that dies between sealing and recording leaves ciphertext whose key nobody has. The order of writes: that the
object is swept, with its event, is committed while nobody can record it; then the bytes go, from every store. A kill
between leaves bytes that the next reconcile finds again, and the next sweep removes without a second event.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import Integrity
from tabard.kernel.ids import made_at
from tabard.safekeeping.errors import NotSweepable
from tabard.safekeeping.reconcile import UNDER_WAY_FOR
from tabard.sealing.errors import SealingParameter
from tabard.sealing.format import HEADER_BYTES, parse_header
from tabard.vault.errors import ObjectMissing
from tabard.vault.models import SealedObject, Swept
from tabard.vault.ports import ObjectStore
from tabard.vault.services import hold_fate, store_key
from tabard.vault.stores import configured_stores


def check_sweepable(*, object_id: UUID, at: datetime) -> dict[str, int]:
    """The stores that hold the object, with its size in bytes in each, only if it may be swept.

    Raises:
        NotSweepable: it has a row, is younger than a day, or what stands there is not this object as we seal it.
        StoreFailed: a store cannot answer.
    """
    if made_at(object_id) > at - UNDER_WAY_FOR:
        raise NotSweepable("It is younger than a day; it may still be recorded.", object_id=object_id)
    if SealedObject.objects.filter(pk=object_id).exists():
        raise NotSweepable("It is recorded.", object_id=object_id)
    key = store_key(object_id)
    return {
        name: size
        for name, store in configured_stores().items()
        if (size := _size_of_ours(store, key, object_id)) is not None
    }


def sweep(*, object_id: UUID, by: Actor, at: datetime) -> bool:
    """The object is in no store any more and can never be recorded; True if this call removed bytes.

    Call outside any transaction: bytes cannot be rolled back (Django refuses a durable block inside another).

    Raises:
        NotSweepable, StoreFailed: as `check_sweepable`.
    """
    held = check_sweepable(object_id=object_id, at=at)
    if not held:
        return False
    with transaction.atomic(durable=True):
        hold_fate(object_id)
        if SealedObject.objects.filter(pk=object_id).exists():
            raise NotSweepable("It is recorded.", object_id=object_id)
        _record(object_id, held, by, at)
    for name in held:
        configured_stores()[name].delete(store_key(object_id))
    return True


def _record(object_id: UUID, held: Mapping[str, int], by: Actor, at: datetime) -> None:
    key = store_key(object_id)
    _, is_new = Swept.objects.get_or_create(object_id=object_id, defaults={"store_key": key, "swept_at": at})
    if is_new:
        custody.append(
            kind=EventKind.OBJECT_SWEPT,
            subject=Subject("object", object_id),
            at=at,
            by=by,
            details={"size_bytes": dict(held)},
        )


def _size_of_ours(store: ObjectStore, key: str, object_id: UUID) -> int | None:
    """The size of what stands under the key; None where nothing does."""
    try:
        size_bytes, head = store.size(key), store.read(key, 0, HEADER_BYTES)
    except ObjectMissing:
        return None
    try:
        is_it = parse_header(head).object_id == object_id
    except (Integrity, SealingParameter) as error:
        raise NotSweepable("It is not what we seal; look at it yourself.", object_id=object_id) from error
    if not is_it:
        raise NotSweepable("Another object stands under its key.", object_id=object_id)
    return size_bytes
