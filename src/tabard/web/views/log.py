"""The custody log: for people, who may read whom and what it names; for machines, what it proves.

The tiles hold hashes and leaves without personal data, so anyone may fetch them (C2SP tlog-tiles). Names and details
are shown only to who may view the log, and looking at them is itself logged. A receipt and its leaf hold no personal
data either; they are also given to whoever may see the recording, segment, clip or exhibit that the event is about,
so that a person who is shown an item's history can take the proof of it away.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from tabard.custody import selectors
from tabard.custody.adapters import log_signer
from tabard.custody.covering import covered_events
from tabard.custody.errors import NotYetSequenced
from tabard.custody.selectors import EventLine, LogPage
from tabard.custody.signing.history import key_history
from tabard.disclosure.event_words import said, words_of
from tabard.disclosure.history_csv import entries_csv
from tabard.disclosure.item_names import ItemName, item_names
from tabard.disclosure.log_entries import entries
from tabard.incidents.log_reading import record_log_view, take_leaf, take_receipt
from tabard.kernel.clock import now
from tabard.kernel.errors import Invalid, NotFound
from tabard.merkle.tiles import InvalidTilePath
from tabard.merkle.tlog_proof import FILE_SUFFIX
from tabard.people.authorisation import Viewer
from tabard.people.rules import Action
from tabard.web.forms.log import LogFilterForm, asked_of, without_paging
from tabard.web.pages import Open, page, public_page

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
FOR_EVER = "public, max-age=31536000, immutable"
FOR_SECONDS = "public, max-age=2"
ITEM_PAGES = ("recording", "clip", "incident", "exhibit", "camera")


@page(Action.LOG_VIEW)
@require_safe
def listed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The events of the filter, newest first; the look at them is logged."""
    form = LogFilterForm(request.GET)
    asked = asked_of(request.GET)
    record_log_view(viewer=viewer, asked=asked, at=now())
    found = _page(request, form)
    context = {
        "filter_form": form,
        "events": found.events,
        "rows": _rows(found.events),
        "csv_url": f"{reverse('log-csv')}?{request.GET.urlencode()}",
        "newer_url": _beside(request, "after", found.newer),
        "older_url": _beside(request, "before", found.older),
        "checkpoint": selectors.latest_checkpoint(),
        "is_filtered": bool(asked),
    }
    return render(request, "log/list.html", context)


@page(Action.LOG_VIEW)
@require_safe
def listed_csv(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The page of events that the same address without `.csv` shows, as CSV; that it was taken is logged."""
    form = LogFilterForm(request.GET)
    record_log_view(viewer=viewer, asked={**asked_of(request.GET), "form": "csv"}, at=now())
    found = covered_events([line.id for line in _page(request, form).events])
    return _file(entries_csv(entries(found)), "custody-log.csv", "text/csv; charset=utf-8")


@page(Action.LOG_VIEW)
@require_safe
def shown(request: HttpRequest, viewer: Viewer, event_id: UUID) -> HttpResponseBase:
    """One event: its leaf, what its commitments hide, and how it leads to the signed root; the look is logged."""
    sheet = selectors.sheet(event_id)
    record_log_view(viewer=viewer, asked={"event": str(event_id)}, at=now())
    try:
        walk = selectors.proof_walk(event_id)
    except NotYetSequenced:
        walk = None
    context = {
        "sheet": sheet,
        "row": _rows([sheet.line])[0],
        "leaf": _pretty(json.loads(sheet.leaf)),
        "details": _pretty(sheet.details.value) if sheet.details else "",
        "item_url": _item_url(sheet.line.subject_type, sheet.line.subject_id),
        "walk": walk,
    }
    return render(request, "log/event.html", context)


@page(Open.TO_SIGNED_IN)
@require_safe
def receipt(request: HttpRequest, viewer: Viewer, event_id: UUID) -> HttpResponseBase:  # noqa: ARG001 - a view's shape
    """The event's C2SP tlog-proof, for who may view the log or the item of the event; that it was taken is logged."""
    taken = take_receipt(viewer=viewer, event_id=event_id, at=now())
    return _file(taken, f"{event_id}{FILE_SUFFIX}", TEXT)


@page(Open.TO_SIGNED_IN)
@require_safe
def leaf(request: HttpRequest, viewer: Viewer, event_id: UUID) -> HttpResponseBase:  # noqa: ARG001 - a view's shape
    """The exact bytes that the tree commits to, for who may take the receipt over them; this too is logged."""
    taken = take_leaf(viewer=viewer, event_id=event_id, at=now())
    return _file(taken, f"{event_id}.leaf.json", "application/json")


@public_page
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponseBase:
    """The newest signed tree head, with the cosignatures it has so far."""
    head = selectors.latest_checkpoint()
    if head is None:
        return HttpResponse("No checkpoint is signed yet.\n", TEXT, status=404)
    return _published(request, selectors.published_note(head), TEXT, FOR_SECONDS)


@public_page
@gzip_page
@require_safe
def tile(request: HttpRequest, path: str) -> HttpResponseBase:
    """A hash tile or an entry bundle of the published log."""
    try:
        content = selectors.published(f"tile/{path}")
    except (InvalidTilePath, NotFound) as error:
        return HttpResponse(f"{error.message}\n", TEXT, status=404)
    return _published(request, content, BYTES, FOR_EVER)


@public_page
@require_safe
def vkey(request: HttpRequest) -> HttpResponseBase:
    """The current verifier key of the log, as C2SP signed-note writes it."""
    return _published(request, f"{log_signer().vkey}\n", TEXT, FOR_SECONDS)


@public_page
@require_safe
def vkeys(request: HttpRequest) -> HttpResponseBase:
    """Every verifier key that the log ever had, newest first, with the first and last checkpoint of each."""
    spans = key_history(log_signer().keys())
    return _published(request, "".join(span.encode() for span in spans), TEXT, FOR_SECONDS)


def _published(request: HttpRequest, content: str | bytes, content_type: str, cached: str) -> HttpResponse:
    """What is the same for everyone; the sign-in middleware looked at the session, these bytes do not depend on it."""
    request.session.accessed = False
    return HttpResponse(content, content_type, headers={"Cache-Control": cached})


@dataclass(frozen=True, slots=True)
class Row:
    """One event as the list shows it: in words, with what its item was called then, and where that is."""

    line: EventLine
    words: str
    said: str
    item: ItemName
    item_url: str


def _rows(events: Sequence[EventLine]) -> list[Row]:
    names = item_names(events)
    return [
        Row(
            line,
            words_of(line.kind),
            said(line.details),
            names[line.id],
            _item_url(line.subject_type, line.subject_id),
        )
        for line in events
    ]


def _page(request: HttpRequest, form: LogFilterForm) -> LogPage:
    return selectors.log_page(form.wanted(), before=_id(request, "before"), after=_id(request, "after"))


def _id(request: HttpRequest, name: str) -> UUID | None:
    """The id that the address names under `name`, if it names one."""
    text = request.GET.get(name)
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise Invalid("That page address is not one that Tabard gave.", field=name) from error


def _beside(request: HttpRequest, name: str, event_id: UUID | None) -> str:
    """The address of the page before or after an event, with the same filter; empty where there is none."""
    if event_id is None:
        return ""
    kept = without_paging(request.GET)
    kept[name] = str(event_id)
    return f"?{kept.urlencode()}"


def _item_url(subject_type: str, subject_id: UUID) -> str:
    """The page of what the event is about; empty where it has none."""
    return reverse(subject_type, args=[subject_id]) if subject_type in ITEM_PAGES else ""


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _file(content: bytes, name: str, content_type: str) -> HttpResponse:
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(content, content_type, headers={"Content-Disposition": disposition})
