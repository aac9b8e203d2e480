"""The custody log as people read it. What machines read of it, tiles and checkpoints, is public under `/log/`.

Names and details are shown only to who may view the log, and looking at them is itself logged. A receipt and its leaf
hold no personal data; they are also given to whoever may see the recording, segment, clip or exhibit that the event is
about, so that a person who is shown an item's history can take the proof of it away.
"""

from collections.abc import Mapping
from uuid import UUID

from django.http import HttpResponse
from ninja import Query

from tabard.api.operations import Operations, SignedIn
from tabard.api.schemas.custody import (
    ConsistencyOut,
    ConsistencyWanted,
    EventSheetOut,
    EventsOut,
    EventsWanted,
)
from tabard.api.viewers import Asked
from tabard.custody import selectors
from tabard.custody.consistency import consistency
from tabard.custody.covering import covered_events
from tabard.custody.selectors import LogFilter, LogPage
from tabard.disclosure.history_csv import entries_csv
from tabard.disclosure.log_entries import entries
from tabard.incidents.log_items import items_named
from tabard.incidents.log_reading import record_log_view, take_leaf, take_receipt
from tabard.kernel.clock import now
from tabard.kernel.errors import NotFound
from tabard.people.authorisation import check_can
from tabard.people.rules import Action

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"

custody = Operations("custody")


@custody.get("/events", access=Action.LOG_VIEW, answers=EventsOut)
def listed(request: Asked, wanted: Query[EventsWanted]) -> EventsOut:
    """The events of the custody log, newest first; the look at them is in it too."""
    return EventsOut.of(_page(request, wanted, {}))


@custody.get("/events.csv", access=Action.LOG_VIEW, content_type="text/csv")
def listed_csv(request: Asked, wanted: Query[EventsWanted]) -> HttpResponse:
    """The same page of events as CSV; that it was taken is in the log."""
    found = covered_events([line.id for line in _page(request, wanted, {"form": "csv"}).events])
    return HttpResponse(entries_csv(entries(found)), "text/csv; charset=utf-8")


def _page(request: Asked, wanted: EventsWanted, how: Mapping[str, str]) -> LogPage:
    """The page that is asked for, with the look at it in the log.

    Raises:
        NotFound: when the item that is named is none.
    """
    check_can(request.auth, Action.LOG_VIEW)
    asked = wanted.model_dump(mode="json", exclude_defaults=True)
    record_log_view(viewer=request.auth, asked={**asked, **how}, at=now())
    named = tuple(items_named(wanted.item)) if wanted.item else None
    if named == ():
        raise NotFound("No item has this id or reference.", field="item")
    chosen = LogFilter(
        subject_id=wanted.subject_id,
        actor=wanted.actor,
        since=wanted.since,
        until=wanted.until,
        kinds=tuple(wanted.kind),
        sections=tuple(wanted.section),
        subject_ids=named,
    )
    return selectors.log_page(chosen, before=wanted.before, after=wanted.after)


@custody.get("/events/{uuid:event_id}", access=Action.LOG_VIEW, answers=EventSheetOut)
def read(request: Asked, event_id: UUID) -> EventSheetOut:
    """One event with its exact leaf and what its commitments hide; the look is in the custody log."""
    check_can(request.auth, Action.LOG_VIEW)
    sheet = selectors.sheet(event_id)
    record_log_view(viewer=request.auth, asked={"event": str(event_id)}, at=now())
    return EventSheetOut.of(sheet)


@custody.get("/events/{uuid:event_id}/receipt", access=SignedIn.ANYONE, content_type="text/plain")
def receipt(request: Asked, event_id: UUID) -> HttpResponse:
    """The C2SP tlog-proof of an event, for who may view the log or the item of the event; that is logged."""
    return HttpResponse(take_receipt(viewer=request.auth, event_id=event_id, at=now()), TEXT)


@custody.get("/events/{uuid:event_id}/leaf", access=SignedIn.ANYONE, content_type=JSON)
def leaf(request: Asked, event_id: UUID) -> HttpResponse:
    """The exact bytes that the tree commits to, for who may take the receipt over them; that is logged."""
    return HttpResponse(take_leaf(viewer=request.auth, event_id=event_id, at=now()), JSON)


@custody.get("/log/consistency", access=SignedIn.ANYONE, answers=ConsistencyOut)
def consistent(request: Asked, wanted: Query[ConsistencyWanted]) -> ConsistencyOut:  # noqa: ARG001 - ninja's shape
    """The proof that the log between two signed checkpoints only grew; it is public and its reading is not logged."""
    return ConsistencyOut.of(consistency(wanted.older, wanted.newer))
