"""After a restore: what the log says happened since the backup, and must hold again although its rows are lost.

What was disposed of is disposed of again. What was held, linked, categorised or reviewed since is held, as nobody can
say any more by what or as what; a person releases that hold once it is known. Of some of what keeps footage the log
says only that it happened: a hold on an officer's footage, so that nobody learns whose; an exhibit, but not from which
recording; another policy, but not what it says. Until a person has done that again and says so, everything is held.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from tabard.custody.kinds import EventKind
from tabard.incidents.models import Incident
from tabard.recordings.models import Recording
from tabard.retention.disposing import Ground, make_unreadable
from tabard.retention.models import Hold
from tabard.safekeeping.restore import LaterEvent, Reapplied

RULE = "restored"
_REASON = (
    "Disposed of after the backup was made; the log says so, and it was done again when that was restored."
)
_KEPT = "The log says that something kept it after the backup was made; what, was lost with the database."
_KEPT_ALL = (
    "The log says that footage was held or produced, or a policy adopted, after the backup was made; which, was lost "
    "with the database. Do that again, then release this one."
)
_KEEPS_ONE = (
    EventKind.INCIDENT_LINKED,
    EventKind.RECORDING_CATEGORISED,
    EventKind.RECORDING_REVIEWED,
    EventKind.RECORDING_REVIEW_REFUSED,
)
_KEEPS_WHO_KNOWS_WHAT = (EventKind.EXHIBIT_PRODUCED, EventKind.POLICY_ADOPTED)


def reapply(later: Sequence[LaterEvent]) -> Reapplied:
    """The recordings that the later events dispose of or keep are so in the caller's transaction."""
    disposed = _at(event for event in later if event.kind == EventKind.RECORDING_DISPOSED)
    placed = [event for event in later if event.kind == EventKind.HOLD_PLACED]
    kept_one = [event for event in later if event.kind in _KEEPS_ONE]
    items = _at((event for event in placed if event.subject_type == "recording"), kept_one)
    kept = {each: at for each, at in items.items() if each not in disposed}
    _hold_much(placed, later)
    return Reapplied(
        disposed=[
            recording.id for recording in _there(disposed) if _dispose(recording.id, disposed[recording.id])
        ],
        held=[recording.id for recording in _there(kept) if _hold(recording, kept[recording.id])],
    )


def _hold_much(placed: Sequence[LaterEvent], later: Sequence[LaterEvent]) -> None:
    """Hold what shows incidents that were held or ended since, and everything if anything else was and still is."""
    ended = [event for event in later if event.kind == EventKind.INCIDENT_OUTCOME_STATED]
    incidents = _at((event for event in placed if event.subject_type == "incident"), ended)
    for incident in Incident.objects.filter(id__in=list(incidents)):
        _place(incidents[incident.id], _KEPT, scope=Hold.Scope.INCIDENT, incident=incident)
    others = _at(
        (event for event in placed if event.subject_type == "hold"),
        (event for event in later if event.kind in _KEEPS_WHO_KNOWS_WHAT),
    )
    over = {event.subject_id for event in later if event.kind == EventKind.HOLD_RELEASED}
    if still := others.keys() - over:
        _place(min(others[each] for each in still), _KEPT_ALL, scope=Hold.Scope.EVERYTHING)


def _at(*events: Iterable[LaterEvent]) -> dict[UUID, datetime]:
    return {event.subject_id: event.at for event in chain(*events)}


def _place(at: datetime, reason: str, **covers: Any) -> None:
    Hold.objects.create(kind=Hold.Kind.RESTORED, reason=reason, placed_at=at, **covers)


def _there(ids: Iterable[UUID]) -> list[Recording]:
    return list(Recording.objects.select_for_update().filter(id__in=list(ids), disposed_at__isnull=True))


def _dispose(recording_id: UUID, at: datetime) -> bool:
    make_unreadable(grounds={recording_id: Ground(RULE, _REASON, at, {})}, at=at)
    return True


def _hold(recording: Recording, at: datetime) -> bool:
    _place(at, _KEPT, recording=recording)
    return True
