"""What becomes of a copy found good, damaged or mended? A row, and the event that says so, in one transaction.

An object is secured when the last configured store gets a verified copy of it; that is logged once, and again only
should a store be added. Damage is logged when it is found and when it is put right, once each.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Greatest

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import TabardError
from tabard.vault.errors import ObjectLost
from tabard.vault.models import Damage, SealedObject, StoredCopy, StoreName
from tabard.vault.stores import configured_urls

_MOST_WORDS = 500


def record_damage(*, object_id: UUID, store: str, error: TabardError, by: Actor, at: datetime) -> bool:
    """The damage to the copy in `store` is on record, and in the log, until it is repaired.

    Returns:
        True if this call recorded it; False where it was known, the object was disposed of meanwhile, or the copy is
        merely not made yet.
    """
    with transaction.atomic():
        obj = _readable(object_id)
        if obj is None or _is_yet_to_be_made(object_id, store, error) or _open_damages(object_id, store):
            return False
        Damage.objects.create(
            object=obj, store=store, code=error.code, words=error.message[:_MOST_WORDS], found_at=at
        )
        _append(EventKind.OBJECT_DAMAGED, obj, {"store": store, "code": error.code}, by, at)
    return True


def record_good(*, object_id: UUID, stores: Iterable[str], by: Actor, at: datetime) -> bool:
    """That these copies were read back and hashed right at `at` is on record; the last one needed is logged.

    Returns:
        False where the object was disposed of meanwhile; then nothing was recorded.
    """
    with transaction.atomic():
        obj = _readable(object_id)
        if obj is None:
            return False
        was_whole = _is_whole(object_id)
        for store in stores:
            StoredCopy.objects.update_or_create(object=obj, store=store, defaults={"verified_at": at})
        if _is_whole(object_id) and not was_whole:
            copies = StoredCopy.objects.filter(object=obj, store__in=configured_urls())
            times = {copy.store: copy.verified_at.isoformat() for copy in copies.order_by("store")}
            _append(EventKind.OBJECT_SECURED, obj, {"stores": times}, by, at)
    return True


def record_repair(*, object_id: UUID, store: str, source: str, by: Actor, at: datetime) -> bool:
    """The copy in `store` is on record as good again, made from the one in `source` (empty: found good as it is).

    Returns:
        False where no damage was open there; then nothing was recorded.
    """
    with transaction.atomic():
        obj = _readable(object_id)
        # It may have been found while the repair was under way, or by a machine whose clock is ahead.
        mended_at = Greatest(Value(at), F("found_at"))
        if obj is None or not _open_damages(object_id, store).update(repaired_at=mended_at):
            return False
        StoredCopy.objects.update_or_create(object=obj, store=store, defaults={"verified_at": at})
        _append(EventKind.OBJECT_REPAIRED, obj, {"store": store, "source": source}, by, at)
    return True


def _readable(object_id: UUID) -> SealedObject | None:
    """The object with its row locked until the transaction ends; None once its key is destroyed."""
    return (
        SealedObject.objects.select_for_update().filter(pk=object_id, key_destroyed_at__isnull=True).first()
    )


def _is_yet_to_be_made(object_id: UUID, store: str, error: TabardError) -> bool:
    if store == StoreName.A or not isinstance(error, ObjectLost):
        return False  # what was sealed stood in the first store before there was a row
    return not StoredCopy.objects.filter(object_id=object_id, store=store).exists()


def _is_whole(object_id: UUID) -> bool:
    names = configured_urls().keys()
    return StoredCopy.objects.filter(object_id=object_id, store__in=names).count() == len(names)


def _open_damages(object_id: UUID, store: str) -> QuerySet[Damage]:
    return Damage.objects.filter(object_id=object_id, store=store, repaired_at__isnull=True)


def _append(kind: EventKind, obj: SealedObject, details: dict[str, object], by: Actor, at: datetime) -> None:
    subject = Subject("object", obj.id)
    custody.append(kind=kind, subject=subject, at=at, by=by, sha256=bytes(obj.sha256), details=details)
