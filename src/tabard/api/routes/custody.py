"""The custody log as people read it. What machines read of it, tiles and checkpoints, is public under `/log/`.

Names and details are shown only to who may view the log, and looking at them is itself logged. A receipt and its leaf
hold no personal data; they are also given to whoever may see the recording, segment, clip or exhibit that the event is
about, so that a person who is shown an item's history can take the proof of it away.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from django.http import HttpResponse
from ninja import Query

from tabard.api.operations import Operations, SignedIn
from tabard.api.schemas.custody import EventSheetOut, EventsOut, EventsWanted
from tabard.api.viewers import Asked
from tabard.custody import selectors, services
from tabard.custody.actors import Subject
from tabard.custody.adapters import log_signer
from tabard.custody.kinds import EventKind
from tabard.custody.selectors import LogFilter, LogPage
from tabard.incidents import selectors as incidents
from tabard.kernel.clock import now
from tabard.people.authorisation import Viewer, can, check_can
from tabard.people.rules import Action
from tabard.recordings import selectors as recordings

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"

_MAY_SEE: Mapping[str, Callable[[Viewer, UUID], object]] = {
    "recording": recordings.get,
    "segment": lambda viewer, item: recordings.segment(viewer, item, Action.RECORDING_VIEW),
    "clip": lambda viewer, item: recordings.clip(viewer, item, Action.RECORDING_VIEW),
    "exhibit": incidents.exhibit,
}

custody = Operations("custody")


@custody.get("/events", access=Action.LOG_VIEW, answers=EventsOut)
def listed(request: Asked, wanted: Query[EventsWanted]) -> LogPage:
    """The events of the custody log, newest first; the look at them is in it too."""
    check_can(request.auth, Action.LOG_VIEW)
    _record_view(request.auth, wanted.model_dump(mode="json", exclude_defaults=True))
    asked = LogFilter(wanted.kind, wanted.subject_id, wanted.actor, wanted.since, wanted.until)
    return selectors.log_page(asked, before=wanted.before, after=wanted.after)


@custody.get("/events/{uuid:event_id}", access=Action.LOG_VIEW, answers=EventSheetOut)
def read(request: Asked, event_id: UUID) -> EventSheetOut:
    """One event with its exact leaf and what its commitments hide; the look is in the custody log."""
    check_can(request.auth, Action.LOG_VIEW)
    sheet = selectors.sheet(event_id)
    _record_view(request.auth, {"event": str(event_id)})
    return EventSheetOut.of(sheet)


@custody.get("/events/{uuid:event_id}/receipt", access=SignedIn.ANYONE, content_type="text/plain")
def receipt(request: Asked, event_id: UUID) -> HttpResponse:
    """The C2SP tlog-proof of an event, for who may view the log or the item that the event is about."""
    _check_may_take(request.auth, event_id)
    return HttpResponse(selectors.receipt(event_id).encode(), TEXT)


@custody.get("/events/{uuid:event_id}/leaf", access=SignedIn.ANYONE, content_type=JSON)
def leaf(request: Asked, event_id: UUID) -> HttpResponse:
    """The exact bytes that the tree commits to, for who may take the receipt over them."""
    _check_may_take(request.auth, event_id)
    return HttpResponse(selectors.sheet(event_id).leaf, JSON)


def _record_view(viewer: Viewer, asked: Mapping[str, Any]) -> None:
    """The viewer's look into the log is in the log, with what was asked for, when this returns."""
    subject = Subject("log", uuid5(NAMESPACE_URL, log_signer().origin))
    with transaction.atomic():
        services.append(
            kind=EventKind.LOG_VIEWED, subject=subject, at=now(), by=viewer.actor, details=dict(asked)
        )


def _check_may_take(viewer: Viewer, event_id: UUID) -> None:
    """Return only if the viewer may view the log, or the item that the event is about.

    Raises:
        NotFound: when there is no such event.
        Denied: when the viewer may view neither.
    """
    if can(viewer, Action.LOG_VIEW):
        return
    line = selectors.sheet(event_id).line
    see = _MAY_SEE.get(line.subject_type)
    if see is None:
        check_can(viewer, Action.LOG_VIEW)
    else:
        see(viewer, line.subject_id)
