"""Which objects are safe? Those of which every configured store holds a copy that was read back and hashed right."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.expressions import RawSQL

from tabard.kernel.ids import array_of
from tabard.vault.models import Damage, SealedObject, StoredCopy
from tabard.vault.stores import configured_urls

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """How some objects stand together: the fewest verified copies that any of them has, of how many wanted."""

    copies: int
    wanted: int
    damaged: bool

    @property
    def is_safe(self) -> bool:
        """Whether every configured store holds a good copy of each."""
        return self.copies == self.wanted and not self.damaged


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """What one store is known to hold of the readable objects."""

    verified: int
    verified_bytes: int
    waiting: int
    damaged: int
    oldest_verified_at: datetime | None


@dataclass(frozen=True, slots=True)
class VaultStatus:
    """All readable objects: how many are safe, wait for a verified copy, or have a copy that is damaged now."""

    objects: int
    size_bytes: int
    safe: int
    waiting: int
    waiting_bytes: int
    damaged: int
    stores: dict[str, StoreStatus]


def is_safe(*, object_id: UUID) -> bool:
    """Whether every configured store holds a verified copy of the object and no damage to one is open.

    An object whose key is destroyed is not safe: there is nothing left to keep.
    """
    return SealedObject.objects.filter(_whole(), pk=object_id).exists()


def count_safe(*, object_ids: Collection[UUID]) -> int:
    """How many of these objects are safe, as `is_safe` says of one."""
    ids = list(object_ids)
    batches = (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))
    return sum(SealedObject.objects.filter(_whole(), pk__in=batch).count() for batch in batches)


def standing(*, object_ids: Collection[UUID]) -> Standing:
    """How these objects stand together; without any, nothing is safe."""
    names = list(configured_urls())
    readable = SealedObject.objects.filter(pk__in=object_ids, key_destroyed_at__isnull=True)
    counted = readable.annotate(
        held=Count("copies", filter=Q(copies__store__in=names), distinct=True),
        open_damages=Count("damages", filter=_open("damages__", names), distinct=True),
    ).values_list("held", "open_damages")
    found = list(counted)
    if len(found) < len(set(object_ids)) or not found:
        return Standing(0, len(names), damaged=False)
    return Standing(min(held for held, _ in found), len(names), any(damages for _, damages in found))


def waiting(*, since: UUID | None = None, stores: Collection[str] | None = None) -> Iterator[UUID]:
    """The readable objects that are not safe, oldest first.

    Args:
        since: Only those with this id or a later one.
        stores: Only those that wait for a copy in one of these stores, whatever the others hold.
    """
    found = SealedObject.objects.filter(~_whole(stores), key_destroyed_at__isnull=True)
    if since is not None:
        found = found.filter(pk__gte=since)
    return found.order_by("pk").values_list("pk", flat=True).iterator(_BATCH)


def not_removed(object_ids: Collection[UUID]) -> set[UUID]:
    """Those whose bytes may still be in a store."""
    wanted = RawSQL("SELECT unnest(%s::uuid[])", (array_of(object_ids),))
    return set(
        SealedObject.objects.filter(pk__in=wanted, removed_at__isnull=True).values_list("pk", flat=True)
    )


def status() -> VaultStatus:
    """How the whole vault stands now; counts, so it takes a second or two where there are millions."""
    readable = SealedObject.objects.filter(key_destroyed_at__isnull=True)
    names = list(configured_urls())
    all_of_them = _counted(readable)
    not_safe = _counted(readable.filter(~_whole()))
    damaged = readable.filter(Exists(_open_damages(names))).count()
    return VaultStatus(
        objects=all_of_them[0],
        size_bytes=all_of_them[1],
        safe=all_of_them[0] - not_safe[0],
        waiting=not_safe[0],
        waiting_bytes=not_safe[1],
        damaged=damaged,
        stores={name: _store_status(name, all_of_them[0]) for name in names},
    )


def _store_status(name: str, objects: int) -> StoreStatus:
    copies = StoredCopy.objects.filter(store=name, object__key_destroyed_at__isnull=True)
    verified = copies.aggregate(number=Count("pk"), size=Sum("object__size_bytes"))
    oldest = copies.order_by("verified_at").values_list("verified_at", flat=True).first()
    damaged = Damage.objects.filter(_open("", [name]), object__key_destroyed_at__isnull=True).count()
    number = verified["number"]
    return StoreStatus(number, verified["size"] or 0, objects - number, damaged, oldest)


def _counted(objects: QuerySet[SealedObject]) -> tuple[int, int]:
    found = objects.aggregate(number=Count("pk"), size=Sum("size_bytes"))
    return found["number"], found["size"] or 0


def _whole(stores: Collection[str] | None = None) -> Q:
    """Readable, a verified copy in each of the stores (default every one), and none of them found damaged since."""
    names = list(configured_urls() if stores is None else stores)
    wanted = Q(key_destroyed_at__isnull=True) & ~Q(Exists(_open_damages(names)))
    for name in names:
        wanted &= Q(Exists(StoredCopy.objects.filter(object=OuterRef("pk"), store=name)))
    return wanted


def _open_damages(names: list[str]) -> QuerySet[Damage]:
    return Damage.objects.filter(_open("", names), object=OuterRef("pk"))


def _open(path: str, names: list[str]) -> Q:
    """Damage in these stores that nothing has put right yet."""
    return Q(**{f"{path}repaired_at__isnull": True, f"{path}store__in": names})
