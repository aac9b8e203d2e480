"""Does every store hold every object again? After a restore, what one store lacks is copied from another that has it.

Copies are authenticated on the way and read back; a kill leaves whole copies, and the next call goes on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tabard.custody.actors import Actor
from tabard.kernel.errors import Integrity, NotFound
from tabard.safekeeping.copies import copy_object
from tabard.safekeeping.damages import record_good
from tabard.vault.errors import ObjectMissing
from tabard.vault.models import SealedObject
from tabard.vault.ports import ObjectStore
from tabard.vault.stores import configured_stores

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Refill:
    """How many objects were looked for, how many copies made, and which objects no store holds whole."""

    objects: int = 0
    copied: int = 0
    missing: list[UUID] = field(default_factory=list)


def refill(*, by: Actor, at: datetime, progress: Progress | None = None) -> Refill:
    """Every readable object stands in every configured store when this returns, but for those in `missing`.

    Raises:
        Unavailable: a store or the key ring cannot serve now; run it again.
    """
    stores, report = configured_stores(), Refill()
    held = SealedObject.objects.filter(wrapped_key__isnull=False).order_by("id")
    count = held.count()
    for sealed in held.iterator(500):
        report.objects += 1
        _refill_one(sealed, stores, report, by, at)
        if progress is not None:
            progress(report.objects, count)
    return report


def _refill_one(
    sealed: SealedObject, stores: Mapping[str, ObjectStore], report: Refill, by: Actor, at: datetime
) -> None:
    lacking = {name for name, store in stores.items() if not _is_there(store, sealed.store_key)}
    sources = [name for name in stores if name not in lacking]
    if not sources:
        report.missing.append(sealed.id)
        return
    try:
        for name in sorted(lacking):
            copy_object(obj=sealed, source=stores[sources[0]], target=stores[name])
            record_good(object_id=sealed.id, stores=[name], by=by, at=at)
            report.copied += 1
    except (Integrity, NotFound):  # the one copy there is is damaged: a scrub says how
        report.missing.append(sealed.id)


def _is_there(store: ObjectStore, key: str) -> bool:
    try:
        store.size(key)
    except ObjectMissing:
        return False
    return True
