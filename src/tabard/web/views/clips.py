"""The page of one clip: what was asked for, what was cut, and how to produce it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tabard.custody.actors import Subject
from tabard.incidents import selectors as incidents
from tabard.kernel.clock import now
from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action
from tabard.recordings import selectors
from tabard.recordings.models import Clip
from tabard.recordings.viewing import record_view
from tabard.web.pages import page
from tabard.web.reasons import reason_for, shown_with
from tabard.web.views.recording_page import produce_url
from tabard.web.views.recording_sheet import SegmentSheet, segment_sheets


@page(Action.RECORDING_VIEW)
@require_safe
def shown(request: HttpRequest, viewer: Viewer, clip_id: UUID) -> HttpResponseBase:
    """One clip; the look at it is logged as a look at its recording."""
    clip = selectors.clip(viewer, clip_id, Action.RECORDING_VIEW)
    recording = selectors.get(viewer, clip.segment.recording_id)
    item = Subject("recording", recording.id)
    reason = reason_for(request, item)
    record_view(recording=recording, viewer=viewer, at=now(), reason=reason)
    sheet = next(sheet for sheet in segment_sheets(recording) if sheet.id == clip.segment_id)
    kept = recording.disposed_at is None
    context: dict[str, Any] = {
        "clip": clip,
        "recording": recording,
        "sheet": sheet,
        "player": _player(clip, sheet) if kept and can(viewer, Action.RECORDING_PLAY, recording) else None,
        "filmed_at": _filmed_at(clip, sheet),
        "may_play": can(viewer, Action.RECORDING_PLAY, recording),
        "produce_url": produce_url(recording, clip),
        "may_produce": kept and can(viewer, Action.EXHIBIT_PRODUCE, recording),
        "exhibits": incidents.exhibits_of(viewer, recording.id).filter(clip=clip),
        **shown_with(request, item, reason),
    }
    return render(request, "clips/clip.html", context)


@dataclass(frozen=True, slots=True)
class ClipPlayer:
    """What shows the clip: itself, or the same stretch of the original's viewing copy where browsers cannot play it."""

    src: str
    content_type: str
    started_at: datetime
    is_copy: bool


def _player(clip: Clip, sheet: SegmentSheet) -> ClipPlayer | None:
    if clip.state != Clip.State.CUT:
        return None
    if clip.container == "mp4" and sheet.is_playable_as_mp4:
        return ClipPlayer(f"/play/clips/{clip.id}", "video/mp4", _filmed_at(clip, sheet), is_copy=False)
    if not sheet.src:
        return None
    # Media Fragments URI 1.0: the player begins and stops there.
    stretch = f"#t={clip.actual_start_s:.2f},{clip.actual_end_s:.2f}"
    return ClipPlayer(f"{sheet.src}{stretch}", sheet.content_type, sheet.started_at, is_copy=True)


def _filmed_at(clip: Clip, sheet: SegmentSheet) -> datetime:
    """When the clip's first frame was filmed, by the camera's clock."""
    start_s = clip.start_s if clip.actual_start_s is None else clip.actual_start_s
    return sheet.started_at + timedelta(seconds=start_s)
