"""Recordings: which there are, and the page of each."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tabard.custody.actors import Subject
from tabard.disclosure.history import HistoryForm, export_history
from tabard.kernel.clock import now
from tabard.kernel.errors import NotFound
from tabard.people.authorisation import Viewer
from tabard.people.rules import Action
from tabard.recordings import selectors
from tabard.recordings.models import Track
from tabard.recordings.viewing import record_search
from tabard.web.forms.recordings import RecordingFilterForm
from tabard.web.pages import page
from tabard.web.playback_events import log_view
from tabard.web.reasons import reason_for
from tabard.web.views.recording_cards import cards
from tabard.web.views.recording_page import clips_context, show
from tabard.web.views.recording_sheet import segment_sheets, track_feature


@page(Action.RECORDING_VIEW)
@require_safe
def listed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The recordings of the filter that the viewer may see, newest first; a search is in the log."""
    form = RecordingFilterForm(request.GET, viewer=viewer)
    asked = form.asked()
    if asked:
        record_search(viewer=viewer, asked=asked, at=now())
    cursor = request.GET.get("before") or request.GET.get("after") or ""
    found = selectors.page(viewer, form.wanted(), cursor=cursor)
    context = {
        "filter_form": form,
        "cards": cards(found.recordings),
        "newer_url": _beside(request, "after", found.newer),
        "older_url": _beside(request, "before", found.older),
        "is_filtered": bool(asked),
    }
    return render(request, "recordings/list.html", context)


@page(Action.RECORDING_VIEW)
@require_safe
def shown(request: HttpRequest, viewer: Viewer, recording_id: UUID) -> HttpResponseBase:
    """One recording; the look at it is logged."""
    return show(request, viewer, selectors.get(viewer, recording_id))


@page(Action.RECORDING_VIEW)
@require_safe
def clips(request: HttpRequest, viewer: Viewer, recording_id: UUID) -> HttpResponseBase:
    """The list of a recording's clips by itself; its page asks again while one is being cut."""
    recording = selectors.get(viewer, recording_id)
    reason_for(request, Subject("recording", recording.id))
    context = {"recording": recording, **clips_context(viewer, recording)}
    return render(request, "recordings/clips.html", context)


@page(Action.RECORDING_VIEW)
@require_safe
def track(request: HttpRequest, viewer: Viewer, recording_id: UUID) -> HttpResponseBase:
    """Where the camera was, as GeoJSON, its offsets counted from the segment that the address names."""
    recording = selectors.get(viewer, recording_id)
    reason = reason_for(request, Subject("recording", recording.id))
    log_view(recording, viewer, now(), reason)
    found = Track.objects.filter(recording=recording).first()
    if found is None or not found.points:
        raise NotFound("This recording has no track.", recording=str(recording_id))
    begins = {str(sheet.number): sheet.begins_s for sheet in segment_sheets(recording)}
    feature: dict[str, Any] = track_feature(found, begins.get(request.GET.get("segment", ""), 0.0))
    return JsonResponse(feature, content_type="application/geo+json")


@page(Action.HISTORY_EXPORT)
@require_safe
def history(request: HttpRequest, viewer: Viewer, recording_id: UUID, form: str) -> HttpResponseBase:
    """The recording's history as a document to take away, for a court or a spreadsheet; that it was taken is logged."""
    recording = selectors.get(viewer, recording_id, Action.HISTORY_EXPORT)
    reason = reason_for(request, Subject("recording", recording.id))
    made = export_history(recording=recording, form=HistoryForm(form), viewer=viewer, at=now(), reason=reason)
    disposition = f'attachment; filename="{made.filename}"'
    return HttpResponse(made.content, made.content_type, headers={"Content-Disposition": disposition})


def _beside(request: HttpRequest, name: str, cursor: str | None) -> str:
    """The address of the page beside this one, with the same filter; empty where there is none."""
    if cursor is None:
        return ""
    kept = [(key, value) for key, value in request.GET.items() if key not in ("before", "after") and value]
    return "?" + urlencode([*kept, (name, cursor)])
