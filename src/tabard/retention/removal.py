"""When are the unreadable bytes gone? After the disposal is committed; whatever stops it, the next call goes on.

A disposal's row says that its bytes are removed only once every store has let go of every object of the recording.
"""

from collections.abc import Callable
from datetime import datetime
from itertools import chain

from tabard.retention.matter import objects_of
from tabard.retention.models import Disposal
from tabard.vault import services as vault

REMOVED_AT_ONCE = 500


def remove_waiting(*, at: datetime, progress: Callable[[int], None] = lambda _: None) -> int:
    """The bytes of everything that was disposed of are gone from every store; returns how many objects went.

    Args:
        at: Now.
        progress: Told after each batch how many objects are gone.

    Raises:
        StoreFailed: a store may still hold some; what waits is tried again when this is called again.
    """
    removed = 0
    # As the index has them; a night's are all of one instant, and are not sorted further.
    rows = Disposal.objects.filter(removed_at__isnull=True).order_by("executed_at")
    while waiting := list(rows.values_list("recording_id", flat=True)[:REMOVED_AT_ONCE]):
        objects = list(chain.from_iterable(objects_of(waiting).values()))
        removed += vault.remove_many(object_ids=objects, at=at)
        Disposal.objects.filter(recording__in=waiting, removed_at__isnull=True).update(removed_at=at)
        progress(removed)
    return removed
