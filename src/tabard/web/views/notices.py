"""Notices before disposal on screen: what waits for an answer, and the answers to all of an incident's in one go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tabard.incidents import outcomes
from tabard.incidents.models import Incident
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action
from tabard.recordings.models import Recording
from tabard.retention import notice_answers, notice_views, notices
from tabard.retention.models import Notice
from tabard.web.forms.notices import CATEGORISE, LINK, AnswerForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.pages import page
from tabard.web.views.recording_cards import RecordingCard, cards

SOON = timedelta(days=3)
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class NoticedCard:
    """A recording that a notice is about, when it goes, and whether it is among those to be answered for."""

    card: RecordingCard
    goes_at: datetime
    is_chosen: bool


@page(Action.RECORDING_CATEGORISE)
@require_safe
def listed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """What waits for the viewer's answer, by unit and by incident; that they saw their own is noted."""
    at = now()
    found = notice_views.overlaps(viewer, limit=_SHOWN + 1)
    units = notice_views.by_unit(viewer, at, SOON)
    notices.note_seen(incident_ids={each.incident.pk for each in found[:_SHOWN]}, viewer=viewer, at=at)
    words = f"Go within {SOON.days} days"
    context = {
        "overlaps": found[:_SHOWN],
        "has_more": len(found) > _SHOWN,
        "units": units if any(not each.is_mine for each in found) else [],
        "soon_label": words,
        "soon_heading": f"#{words}",
    }
    return render(request, "notices/list.html", context)


@page(Action.RECORDING_CATEGORISE)
@require_safe
def shown(request: HttpRequest, viewer: Viewer, incident_id: UUID) -> HttpResponseBase:
    """The recordings that overlap one incident, to be linked, categorised or said to be of something else."""
    incident, waiting = notice_views.of_incident(viewer, incident_id)
    return _shown(request, viewer, incident, waiting)


@page(Action.RECORDING_CATEGORISE)
@require_POST
def answered(request: HttpRequest, viewer: Viewer, incident_id: UUID) -> HttpResponseBase:
    """The chosen recordings are linked, categorised, or said to be not of the incident."""
    incident, waiting = notice_views.of_incident(viewer, incident_id)
    form = AnswerForm(request.POST, waiting=[notice.recording_id for notice in waiting])
    if form.is_valid():
        try:
            words = _answer(form, incident, viewer)
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, words)
            _, left = notice_views.of_incident(viewer, incident.pk)
            return redirect("notice", incident.pk) if left else redirect("home")
    return _shown(request, viewer, incident, waiting, form)


def _answer(form: AnswerForm, incident: Incident, viewer: Viewer) -> str:
    """Does what was answered, and says what came of it."""
    at, ids = now(), form.cleaned_data["recordings"]
    which = {"incident_id": incident.pk, "recording_ids": ids, "viewer": viewer, "at": at}
    if form.act == LINK:
        done, words = notice_answers.link_all(**which), f"linked to {incident.reference}"
    elif form.act == CATEGORISE:
        category = form.cleaned_data["category"]
        done, words = notice_answers.categorise_all(**which, category=category), "categorised"
    else:
        notice_answers.dismiss_all(**which)
        return f"Noted: it is not of {incident.reference}. It goes on its day."
    going = len(notice_answers.still_going(done, at))
    goes = "goes on its" if going == 1 else "go on their"
    kept = f" {going} of them {goes} day nevertheless: it keeps nothing any longer." if going else ""
    return f"{_count(done)} {words}.{kept}"


def _count(recordings: Sequence[Recording]) -> str:
    return "1 recording is" if len(recordings) == 1 else f"{len(recordings)} recordings are"


def _shown(
    request: HttpRequest,
    viewer: Viewer,
    incident: Incident,
    waiting: Sequence[Notice],
    typed: AnswerForm | None = None,
) -> HttpResponseBase:
    notices.note_seen(incident_ids=[incident.pk], viewer=viewer, at=now())
    form = typed or AnswerForm(waiting=[notice.recording_id for notice in waiting])
    recordings = [notice.recording for notice in waiting]
    context = {
        "incident": incident,
        "is_certain": all(notice.is_certain for notice in waiting),
        "is_open": outcomes.latest(incident) is None,
        "overlaps": [each for each in notice_views.overlaps(viewer) if each.incident == incident],
        "form": form,
        "cards": [
            NoticedCard(
                card,
                card.recording.scheduled_disposal.executes_at,
                str(card.recording.pk) in form.chosen,
            )
            for card in cards(recordings)
        ],
        "may_link": all(can(viewer, Action.INCIDENT_LINK, recording) for recording in recordings),
        "link_words": f"Link to {incident.reference}",
    }
    return render(request, "notices/notice.html", context, status=400 if typed else 200)
