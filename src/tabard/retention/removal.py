"""When are the unreadable bytes gone? After the disposal is committed; whatever stops it, the next call goes on.

A disposal's row says that its bytes are removed only once every store has let go of every object of the recording. An
object that a store will not let go of keeps no other waiting; a store that lets go of nothing is not asked further.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from itertools import chain
from uuid import UUID

from tabard.retention.among import among
from tabard.retention.matter import objects_of
from tabard.retention.models import Disposal
from tabard.vault import selectors, services
from tabard.vault.errors import StoreFailed

REMOVED_AT_ONCE = 500


def remove_waiting(*, at: datetime, progress: Callable[[int], None] = lambda _: None) -> int:
    """The bytes of everything that was disposed of are gone from every store; returns how many objects went.

    Args:
        at: Now.
        progress: Told after each batch how many objects are gone.

    Raises:
        StoreFailed: a store may still hold some, the others are gone; what waits is tried again when this is called
            again.
    """
    removed, kept = 0, set[UUID]()
    failed: StoreFailed | None = None
    while waiting := _waiting(kept):
        gone, left, failure = _remove(waiting, at)
        removed += gone
        kept |= left
        failed = failure or failed
        progress(removed)
        if failure is not None and not gone:
            break
    if failed is not None:
        raise failed
    return removed


def _waiting(kept: Collection[UUID]) -> list[UUID]:
    """The next that wait, but for those that a store kept just now."""
    # As the index has them; a night's are all of one instant, and are not sorted further.
    rows = Disposal.objects.filter(removed_at__isnull=True).order_by("executed_at")
    return list(rows.exclude(pk__in=among(kept)).values_list("recording_id", flat=True)[:REMOVED_AT_ONCE])


def _remove(recordings: Sequence[UUID], at: datetime) -> tuple[int, set[UUID], StoreFailed | None]:
    """Remove the bytes of these: how many objects went, the recordings of which a store kept some, and its error."""
    objects = objects_of(recordings)
    every = list(chain.from_iterable(objects.values()))
    before = selectors.not_removed(every)
    failure = None
    try:
        services.remove_many(object_ids=every, at=at)
    except StoreFailed as error:
        failure = error
    still = selectors.not_removed(every)
    kept = {each for each in recordings if not still.isdisjoint(objects.get(each, ()))}
    gone = among(set(recordings) - kept)
    Disposal.objects.filter(recording__in=gone, removed_at__isnull=True).update(removed_at=at)
    return len(before) - len(still), kept, failure
