"""The page of one recording: everything known of it in one place, with the forms for what may be done to it.

A form that was refused comes back on the same page with what was typed; the others are fresh.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from tabard.custody.actors import Subject
from tabard.custody.kinds import EventKind
from tabard.custody.selectors import EventLine, lines
from tabard.disclosure.event_words import said, words_of
from tabard.disclosure.history import subject_ids
from tabard.incidents import selectors as incidents
from tabard.incidents.log_reading import history_for
from tabard.kernel.clock import now
from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action, Relation, reach
from tabard.recordings.models import Clip, Recording, Track
from tabard.recordings.selectors import standing_of
from tabard.recordings.viewing import record_view
from tabard.retention import hold_views, notice_views
from tabard.retention import selectors as retention
from tabard.retention.chain import chain
from tabard.retention.models import Disposal
from tabard.web.forms.clips import ClipForm
from tabard.web.forms.recordings import CategoryForm, HoldForm, LinkForm, ReleaseForm, UnlinkForm
from tabard.web.reasons import reason_for, shown_with
from tabard.web.views.recording_cards import flag_tags
from tabard.web.views.recording_sheet import SegmentSheet, marks, segment_sheets, table_points

_LOOKS = (
    EventKind.RECORDING_VIEWED,
    EventKind.RECORDING_PLAYED,
    EventKind.CLIP_PLAYED,
    EventKind.EXHIBIT_VIEWED,
)
_HAS_RECEIPT_FOR_ALL = ("recording", "segment", "clip", "exhibit")
Forms = Mapping[str, BaseForm]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One event: `words` says what happened, `said` its details, `has_receipt` whether its proof may be taken."""

    line: EventLine
    said: str
    words: str
    has_receipt: bool


@dataclass(frozen=True, slots=True)
class History:
    """Events about a recording and all that was made from it; `looks` are counted but not shown.

    `last_look` is None for who may not read the log: to them, `looks` are their own.
    """

    shown: list[HistoryLine]
    looks: int
    last_look: EventLine | None


@dataclass(frozen=True, slots=True)
class May:
    """What the person may do to this recording; screens show only that, services enforce it again."""

    play: bool
    download: bool
    categorise: bool
    cut: bool
    link: bool
    produce: bool
    hold: bool
    ask_early: bool
    see_disposals: bool
    see_incidents: bool
    see_exhibits: bool
    see_fleet: bool
    export_history: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which segment the player shows, and from where on."""

    sheet: SegmentSheet | None
    from_s: float | None = None
    sheets: list[SegmentSheet] = field(default_factory=list)

    @property
    def src(self) -> str:
        """Where the playable bytes are, from the chosen moment on (Media Fragments URI 1.0)."""
        if self.sheet is None or not self.sheet.src or self.from_s is None:
            return self.sheet.src if self.sheet else ""
        return f"{self.sheet.src}#t={self.from_s:.2f}"


def show(
    request: HttpRequest, viewer: Viewer, recording: Recording, typed: Forms | None = None
) -> HttpResponse:
    """The page, with its view in the log; `typed` holds the forms that were refused."""
    item = Subject("recording", recording.id)
    reason = reason_for(request, item)
    record_view(recording=recording, viewer=viewer, at=now(), reason=reason)
    forms = typed or {}
    status = 400 if any(form.errors for form in forms.values()) else 200
    context = {
        **_context(request, viewer, recording),
        **shown_with(request, item, reason),
        **forms,
        "typed": list(forms.values()),
    }
    return render(request, "recordings/recording.html", context, status=status)


def clip_form(viewer: Viewer, sheet: SegmentSheet, data: Any = None) -> ClipForm | None:
    """The form to cut from a segment; None where nothing can be cut or the viewer may not."""
    if sheet.segment.recording.disposed_at or not can(viewer, Action.CLIP_CUT, sheet.segment):
        return None
    return ClipForm(data, duration_s=sheet.duration_s, prefix="clip")


def clips_context(viewer: Viewer, recording: Recording) -> dict[str, Any]:
    """What the list of a recording's clips shows, newest first."""
    found = Clip.objects.filter(segment__recording=recording).select_related("segment", "object")
    kept = recording.disposed_at is None
    return {
        "clips": list(found.order_by("-requested_at")),
        "is_cutting": kept and found.filter(state=Clip.State.REQUESTED).exists(),
        "may_produce": kept and can(viewer, Action.EXHIBIT_PRODUCE, recording),
    }


def produce_url(recording: Recording, clip: Clip | None = None) -> str:
    """Where the recording, or a clip of it, is produced as an exhibit."""
    asked = {"recording": str(recording.id)} | ({"clip": str(clip.id)} if clip else {})
    return f"{reverse('exhibit-produce')}?{urlencode(asked)}"


def _context(request: HttpRequest, viewer: Viewer, recording: Recording) -> dict[str, Any]:
    chosen = _chosen(request, recording)
    number = chosen.sheet.number if chosen.sheet else 1
    track = Track.objects.filter(recording=recording).first()
    return {
        "recording": recording,
        "may": _may(viewer, recording),
        "chosen": chosen,
        "marks": marks(recording, chosen.sheets),
        "points": table_points(recording, track) if track else [],
        "track_url": f"{reverse('recording-track', args=[recording.id])}?segment={number}",
        "player_src": chosen.src,
        "produce_url": produce_url(recording),
        "flags": flag_tags(recording),
        "standing": standing_of(recording) if recording.disposed_at is None else None,
        "attachments": recording.attachments.select_related("object"),
        "encrypted_files": recording.encrypted_files.select_related("ciphertext", "segment", "attachment"),
        **clips_context(viewer, recording),
        "exhibits": incidents.exhibits_of(viewer, recording.id),
        "decision": retention.decision(viewer, recording, now()),
        "chain": [
            (line, words_of(line.kind), said(line.details)) for line in chain(viewer, recording, now())
        ],
        "disposal": Disposal.objects.filter(recording=recording).first(),
        "overlaps": notice_views.of_recording(viewer, recording),
        "history": history_of(viewer, recording, everything=request.GET.get("history") == "all"),
        **_forms(viewer, recording, chosen),
    }


def _forms(viewer: Viewer, recording: Recording, chosen: Chosen) -> dict[str, Any]:
    """A fresh form for everything that can be done, and the lists that some choose from."""
    linked = list(incidents.incidents_of(viewer, recording.id))
    holds = list(hold_views.of_recording(viewer, recording))
    active = [hold for hold in holds if hold.is_in_force and hold.recording_id is not None]
    return {
        "incidents": linked,
        "holds": holds,
        "category_form": CategoryForm(initial={"category": recording.category_id}, prefix="category"),
        "link_form": LinkForm(prefix="link"),
        "unlink_form": UnlinkForm(prefix="unlink", incidents=linked) if linked else None,
        "hold_form": HoldForm(prefix="hold"),
        "release_form": ReleaseForm(prefix="release", holds=active) if active else None,
        "clip_form": clip_form(viewer, chosen.sheet) if chosen.sheet else None,
    }


def _chosen(request: HttpRequest, recording: Recording) -> Chosen:
    """The segment that the address names by number; the first where it names none that there is."""
    sheets = segment_sheets(recording)
    number = request.GET.get("segment", "")
    sheet = next((sheet for sheet in sheets if str(sheet.number) == number), sheets[0] if sheets else None)
    return Chosen(sheet, _seconds(request.GET.get("t", "")), sheets)


def _seconds(text: str) -> float | None:
    """A plain number of seconds; None for anything else, so that nothing else reaches the player's address."""
    return float(text) if text.replace(".", "", 1).isdecimal() and text.isascii() and len(text) < 12 else None


def _may(viewer: Viewer, recording: Recording) -> May:
    kept = recording.disposed_at is None

    def may(action: Action) -> bool:
        return kept and can(viewer, action, recording)

    return May(
        play=may(Action.RECORDING_PLAY),
        download=may(Action.RECORDING_DOWNLOAD),
        categorise=may(Action.RECORDING_CATEGORISE),
        cut=may(Action.CLIP_CUT),
        link=may(Action.INCIDENT_LINK),
        produce=may(Action.EXHIBIT_PRODUCE),
        hold=may(Action.HOLD_PLACE),
        ask_early=may(Action.EARLY_DISPOSAL_REQUEST),
        see_disposals=can(viewer, Action.EARLY_DISPOSAL_VIEW, recording),
        see_incidents=bool(reach(viewer.roles, Action.INCIDENT_VIEW)),
        see_exhibits=bool(reach(viewer.roles, Action.EXHIBIT_VIEW)),
        see_fleet=Relation.FORCE in reach(viewer.roles, Action.FLEET_VIEW),
        export_history=can(viewer, Action.HISTORY_EXPORT, recording),
    )


def history_of(viewer: Viewer, recording: Recording, *, everything: bool = False) -> History:
    """What happened to the recording and to all that came with it or was made from it, newest first.

    Looks are counted, not listed, unless `everything` is asked for: they would drown what was done. Whoever may not
    read the log is shown their own alone.
    """
    events = history_for(viewer, subject_ids(recording)).reverse()
    looks = events.filter(kind__in=_LOOKS)
    shown = lines(events if everything else events.exclude(kind__in=_LOOKS))
    sees_log = can(viewer, Action.LOG_VIEW)
    return History(
        [
            HistoryLine(
                line, said(line.details), words_of(line.kind), _may_take_receipt(line, sees_log=sees_log)
            )
            for line in shown
        ],
        0 if everything else looks.count(),
        next(iter(lines(looks[:1])), None) if sees_log else None,
    )


def _may_take_receipt(line: EventLine, *, sees_log: bool) -> bool:
    return line.is_covered and (sees_log or line.subject_type in _HAS_RECEIPT_FOR_ALL)
