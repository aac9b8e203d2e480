"""Which copies come next to be read back? Those never seen good, then those seen, the longest ago first."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, Sum

from tabard.vault.models import Damage, SealedObject, StoredCopy, StoreName

_BATCH = 200


def totals(store: str, cutoff: datetime) -> tuple[int, int]:
    """How many readable objects have no copy in the store that was seen good since, and their size in bytes."""
    seen = StoredCopy.objects.filter(object=OuterRef("pk"), store=store, verified_at__gte=cutoff)
    waiting = SealedObject.objects.filter(~Exists(seen), key_destroyed_at__isnull=True)
    found = waiting.aggregate(number=Count("pk"), size=Sum("size_bytes"))
    return found["number"], found["size"] or 0


def seen_again(*, objects: Iterable[UUID], store: str, at: datetime) -> set[UUID]:
    """The copies that were known to be good, and are again, say when; returns which. The rest needs more than that."""
    broken = Damage.objects.filter(object=OuterRef("object"), store=store, repaired_at__isnull=True)
    held = StoredCopy.objects.filter(~Exists(broken), object_id__in=list(objects), store=store)
    with transaction.atomic():
        known = set(held.select_for_update(of=("self",)).values_list("object_id", flat=True))
        StoredCopy.objects.filter(object_id__in=known, store=store).update(verified_at=at)
    return known


def unseen(store: str, cutoff: datetime) -> Iterator[SealedObject]:
    """The readable objects whose copy in the store was never seen good, then those seen before, longest ago first."""
    yield from _never_seen(store)
    copies = StoredCopy.objects.filter(
        store=store, verified_at__lt=cutoff, object__key_destroyed_at__isnull=True
    )
    ordered = copies.select_related("object").order_by("verified_at", "pk")
    page = list(ordered[:_BATCH])
    while page:
        yield from (copy.object for copy in page)
        at, last = page[-1].verified_at, page[-1].pk
        # By place, not from the top: what is being read just now is still on the list.
        page = list(ordered.filter(Q(verified_at__gt=at) | Q(verified_at=at, pk__gt=last))[:_BATCH])


def _never_seen(store: str) -> Iterator[SealedObject]:
    seen = StoredCopy.objects.filter(object=OuterRef("pk"), store=store)
    waiting = SealedObject.objects.filter(~Exists(seen), key_destroyed_at__isnull=True).order_by("pk")
    page = list(waiting[:_BATCH])
    while page:
        yield from page
        page = list(waiting.filter(pk__gt=page[-1].pk)[:_BATCH])


def is_awaited(object_id: UUID, store: str) -> bool:
    """Whether the second copy was not made yet, so that its absence is no damage; `reconcile` says so after a day."""
    return store != StoreName.A and not StoredCopy.objects.filter(object_id=object_id, store=store).exists()
