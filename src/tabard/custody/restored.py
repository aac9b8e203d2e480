"""Which events lost who did them and their details when a backup was restored?

A restore places later events from a copy of the log, which holds leaves alone. Its own event, `backup.restored`, says
from which position on and how many; that event is checked like any other.
"""

from collections.abc import Sequence

from tabard.custody.kinds import EventKind
from tabard.custody.models import Event


def restored_gaps() -> tuple[range, ...]:
    """The positions that restores filled from leaves alone."""
    found = Event.objects.filter(kind=EventKind.BACKUP_RESTORED.value, particulars__details__isnull=False)
    details = found.values_list("particulars__details", flat=True)
    said = [each for each in details if each is not None]
    return tuple(range(each["events"], each["events"] + each["replayed"]) for each in said)


def is_in(position: int | None, gaps: Sequence[range]) -> bool:
    """Whether a restore filled this position."""
    return position is not None and any(position in gap for gap in gaps)
