"""After a restore: what the log says happened since the backup, and must hold again although its rows are lost.

What was disposed of is disposed of again. What was held or linked since is held, as nobody can say any more by what;
a person releases that hold once it is known.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from tabard.custody.kinds import EventKind
from tabard.recordings.models import Recording
from tabard.retention.models import Hold
from tabard.retention.services import Ground, make_unreadable
from tabard.safekeeping.restore import LaterEvent, Reapplied

RULE = "restored"
_REASON = (
    "Disposed of after the backup was made; the log says so, and it was done again when that was restored."
)
_KEPT = "The log says that something kept it after the backup was made; what, was lost with the database."
_KEEPS = (EventKind.HOLD_PLACED, EventKind.INCIDENT_LINKED)


def reapply(later: Sequence[LaterEvent]) -> Reapplied:
    """The recordings that the later events dispose of or keep are so in the caller's transaction."""
    disposed = _latest(later, (EventKind.RECORDING_DISPOSED,))
    kept = {each: at for each, at in _latest(later, _KEEPS).items() if each not in disposed}
    return Reapplied(
        disposed=[
            recording.id for recording in _there(disposed) if _dispose(recording, disposed[recording.id])
        ],
        held=[recording.id for recording in _there(kept) if _hold(recording, kept[recording.id])],
    )


def _latest(later: Iterable[LaterEvent], kinds: Iterable[EventKind]) -> Mapping[UUID, datetime]:
    wanted = {kind.value for kind in kinds}
    return {event.subject_id: event.at for event in later if event.kind in wanted}


def _there(ids: Iterable[UUID]) -> list[Recording]:
    return list(Recording.objects.select_for_update().filter(id__in=list(ids), disposed_at__isnull=True))


def _dispose(recording: Recording, at: datetime) -> bool:
    make_unreadable(recording=recording, ground=Ground(RULE, _REASON, at, {}), at=at)
    return True


def _hold(recording: Recording, at: datetime) -> bool:
    Hold.objects.create(recording=recording, kind=Hold.Kind.RESTORED, reason=_KEPT, placed_at=at)
    return True
