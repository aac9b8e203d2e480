"""Who may read what of the custody log? The log itself, an item's history, and the proof of one event.

Custody knows no people, so the rule stands here: below every edge, above every item that an event can be about. A
receipt and its leaf hold no personal data: they are given to who may view the log, and to whoever may see the
recording, segment, clip or exhibit that the event is about. Who else looked at an item, and that it is held, is not
shown to everybody who may see the item, because it could tell an officer of an inquiry into their own conduct.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from tabard.custody import receipts, selectors, services
from tabard.custody.actors import ActorKind
from tabard.custody.adapters import whole
from tabard.custody.kinds import CLASS_OF, EventKind, Section62
from tabard.incidents.selectors import exhibit
from tabard.people.authorisation import Viewer, can, check_can
from tabard.people.rules import Action
from tabard.recordings import selectors as recordings

LOOKS = tuple(kind.value for kind, section in CLASS_OF.items() if section is Section62.CONSULTATION)
HOLDS = tuple(kind.value for kind in EventKind if kind.value.startswith("hold."))
_SEE: Mapping[str, Callable[[Viewer, UUID], object]] = {
    "recording": recordings.get,
    "segment": lambda viewer, item: recordings.segment(viewer, item, Action.RECORDING_VIEW),
    "clip": lambda viewer, item: recordings.clip(viewer, item, Action.RECORDING_VIEW),
    "exhibit": exhibit,
}


def history_for(viewer: Viewer, subject_ids: Iterable[UUID]) -> QuerySet[Any]:
    """The events about items that the viewer may see, oldest first.

    Other people's looks are in it only for readers of the log, holds only for them and for those who place holds.
    """
    events = selectors.history(subject_ids)
    if can(viewer, Action.LOG_VIEW):
        return events
    if not can(viewer, Action.HOLD_PLACE):
        events = events.exclude(kind__in=HOLDS)
    own = Q(particulars__actor_kind=ActorKind.ACCOUNT.value, particulars__actor_id=str(viewer.account_id))
    return events.filter(own | ~Q(kind__in=LOOKS))


def check_may_take_proof(viewer: Viewer, event_id: UUID) -> None:
    """Return only if the viewer may view the log, or the item that the event is about.

    Raises:
        NotFound: when there is no such event.
        Denied: when the viewer may view neither.
    """
    if can(viewer, Action.LOG_VIEW):
        return
    line = selectors.sheet(event_id).line
    see = _SEE.get(line.subject_type)
    if see is None:
        check_can(viewer, Action.LOG_VIEW)
    else:
        see(viewer, line.subject_id)


def take_receipt(*, viewer: Viewer, event_id: UUID, at: datetime) -> bytes:
    """The event's receipt as a file; that the viewer took it is in the log when this returns.

    Raises:
        NotFound: when there is no such event.
        Denied: when the viewer may view neither the log nor what the event is about.
        NotYetSequenced: when no checkpoint covers the event yet.
    """
    check_may_take_proof(viewer, event_id)
    return receipts.take_receipt(event_id=event_id, by=viewer.actor, at=at)


def take_leaf(*, viewer: Viewer, event_id: UUID, at: datetime) -> bytes:
    """The exact bytes that the receipt proves; that the viewer took them is in the log when this returns.

    Raises:
        NotFound: when there is no such event.
        Denied: when the viewer may view neither the log nor what the event is about.
    """
    check_may_take_proof(viewer, event_id)
    return receipts.take_leaf(event_id=event_id, by=viewer.actor, at=at)


def record_log_view(*, viewer: Viewer, asked: Mapping[str, object], at: datetime) -> None:
    """The viewer's look into the log is in the log, with what was asked for, when this returns.

    Raises:
        Denied: when the viewer may not view the log.
    """
    check_can(viewer, Action.LOG_VIEW)
    with transaction.atomic():
        services.append(
            kind=EventKind.LOG_VIEWED, subject=whole("log"), at=at, by=viewer.actor, details=asked
        )
