"""Recordings: which there are, everything about one, and what a person says it is about."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from ninja import Query

from tabard.api.operations import Operations
from tabard.api.schemas.custody import EventOut
from tabard.api.schemas.recordings import (
    CategoryIn,
    CategoryOut,
    PointOut,
    RecordingOut,
    RecordingSheet,
    RecordingsOut,
    RecordingsWanted,
)
from tabard.api.viewers import Asked
from tabard.custody.selectors import lines
from tabard.disclosure.history import HistoryForm, export_history, subject_ids
from tabard.incidents import selectors as incidents
from tabard.incidents.log_reading import history_for
from tabard.kernel.clock import now
from tabard.people.authorisation import Viewer
from tabard.people.rules import Action
from tabard.people.selectors import subtree_ids
from tabard.recordings import selectors, services
from tabard.recordings.keyset import RecordingPage
from tabard.recordings.models import Category, Clip, Recording, Track
from tabard.recordings.selectors import RecordingFilter
from tabard.recordings.viewing import record_search, record_view

recordings = Operations("recordings")


@recordings.get("/recordings", access=Action.RECORDING_VIEW, answers=RecordingsOut)
def listed(request: Asked, wanted: Query[RecordingsWanted]) -> RecordingPage:
    """The recordings that you may see, newest first; a search is in the custody log."""
    asked = wanted.model_dump(mode="json", exclude_defaults=True, exclude={"cursor"})
    if asked:
        record_search(viewer=request.auth, asked=asked, at=now())
    return selectors.page(request.auth, _filter(wanted), cursor=wanted.cursor)


@recordings.get("/categories", access=Action.RECORDING_VIEW, answers=list[CategoryOut])
def categories(request: Asked) -> list[Category]:  # noqa: ARG001 - every operation is given its request
    """The categories that a recording may be given, by name."""
    return list(selectors.categories())


@recordings.get(
    "/recordings/{uuid:recording_id}",
    access=Action.RECORDING_VIEW,
    answers=RecordingSheet,
    takes_reason=True,
)
def read(request: Asked, recording_id: UUID) -> dict[str, Any]:
    """Everything that is known of one recording; the look at it is in the custody log."""
    return _sheet(request.auth, looked_at(request, recording_id))


@recordings.put(
    "/recordings/{uuid:recording_id}/category", access=Action.RECORDING_CATEGORISE, answers=RecordingOut
)
def categorise(request: Asked, recording_id: UUID, sent: CategoryIn) -> Recording:
    """Says what the recording is about, which decides how long it is kept."""
    recording = selectors.get(request.auth, recording_id, Action.RECORDING_CATEGORISE)
    services.categorise(
        recording=recording, category=sent.category, viewer=request.auth, at=now(), reason=sent.reason
    )
    return recording


@recordings.get(
    "/recordings/{uuid:recording_id}/history",
    access=Action.RECORDING_VIEW,
    answers=list[EventOut],
    takes_reason=True,
)
def history_of(request: Asked, recording_id: UUID) -> list[EventOut]:
    """Every event about the recording, what came with it, and what was made from it, oldest first."""
    recording = looked_at(request, recording_id)
    return EventOut.all_of(lines(history_for(request.auth, subject_ids(recording))))


@recordings.get(
    "/recordings/{uuid:recording_id}/history.pdf",
    access=Action.HISTORY_EXPORT,
    content_type="application/pdf",
    takes_reason=True,
)
def history_pdf(request: Asked, recording_id: UUID) -> HttpResponse:
    """The history as a PDF/A document for a court, with what it takes to check it; that it was taken is logged."""
    return _exported(request, recording_id, HistoryForm.PDF)


@recordings.get(
    "/recordings/{uuid:recording_id}/history.csv",
    access=Action.HISTORY_EXPORT,
    content_type="text/csv",
    takes_reason=True,
)
def history_csv(request: Asked, recording_id: UUID) -> HttpResponse:
    """The history as CSV, one row for each event; that it was taken is logged."""
    return _exported(request, recording_id, HistoryForm.CSV)


def _exported(request: Asked, recording_id: UUID, form: HistoryForm) -> HttpResponse:
    made = export_history(
        recording=selectors.get(request.auth, recording_id, Action.HISTORY_EXPORT),
        form=form,
        viewer=request.auth,
        at=now(),
        reason=request.reason,
    )
    disposition = f'attachment; filename="{made.filename}"'
    return HttpResponse(made.content, made.content_type, headers={"Content-Disposition": disposition})


def looked_at(request: Asked, recording_id: UUID) -> Recording:
    """The recording, with the viewer's look at it in the custody log.

    Raises:
        NotFound: when there is none.
        Denied: when the viewer may not see it.
    """
    recording = selectors.get(request.auth, recording_id)
    record_view(recording=recording, viewer=request.auth, at=now(), reason=request.reason)
    return recording


def _filter(wanted: RecordingsWanted) -> RecordingFilter:
    return RecordingFilter(
        words=wanted.words,
        category=wanted.category,
        officer_id=wanted.officer_id,
        since=wanted.since,
        until=wanted.until,
        flag=wanted.flag.value if wanted.flag else "",
        mine_only=wanted.mine_only,
        include_disposed=wanted.include_disposed,
        among=_among(wanted),
    )


def _among(wanted: RecordingsWanted) -> QuerySet[Recording, UUID] | None:
    """The ids that the filters which are no column of their own leave; None where there is no such filter."""
    rows = Recording.objects.all()
    if wanted.uncategorised:
        rows = rows.filter(category__isnull=True)
    if wanted.flagged:
        rows = rows.exclude(flags=[])
    if wanted.unit_id:
        rows = rows.filter(unit_id__in=subtree_ids(wanted.unit_id))
    if wanted.incident:
        rows = rows.filter(id__in=incidents.recordings_linked_to(wanted.incident))
    return rows.values_list("id", flat=True) if rows.query.has_filters() else None


def _sheet(viewer: Viewer, recording: Recording) -> dict[str, Any]:
    track = Track.objects.filter(recording=recording).first()
    return {
        "recording": recording,
        "stores": selectors.standing_of(recording),
        "segments": recording.segments.select_related("object"),
        "attachments": recording.attachments.select_related("object"),
        "bookmarks": recording.bookmarks.all(),
        "track": [
            PointOut(offset_s=s, longitude=x, latitude=y) for s, x, y in (track.points if track else [])
        ],
        "clips": Clip.objects.filter(segment__recording=recording).select_related("object"),
        "incidents": incidents.incidents_of(viewer, recording.id),
        "exhibits": incidents.exhibits_of(viewer, recording.id),
    }
