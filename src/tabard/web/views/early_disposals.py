"""Disposal before a period ends, on screen: asked for, read with what will be gone, confirmed twice, or refused."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tabard.custody.actors import Subject
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action
from tabard.recordings import selectors as recordings
from tabard.recordings.viewing import record_view
from tabard.retention import agreeing
from tabard.retention import early_disposal as early
from tabard.retention.models import EarlyDisposal
from tabard.retention.quorum import State
from tabard.web.forms.early_disposals import ApproveForm, CloseForm, RequestForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.pages import page
from tabard.web.playback_events import log_view
from tabard.web.reasons import reason_for, shown_with
from tabard.web.shared_decisions import acts

_Close = Callable[..., EarlyDisposal]


@page(Action.EARLY_DISPOSAL_VIEW)
@require_safe
def listed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The requests, those that wait for a decision first."""
    found = early.listed(viewer)
    context = {
        "waiting": [(asked, agreeing.still_missing(asked)) for asked in found if asked.is_open],
        "closed": [asked for asked in found if not asked.is_open],
    }
    return render(request, "early_disposals/list.html", context)


@page(Action.EARLY_DISPOSAL_REQUEST)
@require_http_methods(["GET", "HEAD", "POST"])
def asked_for(request: HttpRequest, viewer: Viewer, recording_id: UUID) -> HttpResponseBase:
    """The form that asks for a recording's early disposal, with what will be gone and what blocks it."""
    recording = recordings.get(viewer, recording_id, Action.EARLY_DISPOSAL_REQUEST)
    form = RequestForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = early.request(recording=recording, **form.cleaned_data, viewer=viewer, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, "The early disposal is asked for. Others have to approve it.")
            return redirect("early-disposal", made.id)
    log_view(recording, viewer, now(), reason_for(request, Subject("recording", recording.id)))
    context = {
        "form": form,
        "recording": recording,
        "grace_days": early.grace(now()).days,
        **_gone(recording),
    }
    return render(request, "early_disposals/request.html", context, status=400 if form.errors else 200)


@page(Action.EARLY_DISPOSAL_VIEW)
@require_safe
def shown(request: HttpRequest, viewer: Viewer, request_id: UUID) -> HttpResponseBase:
    """One request: what it is about, on what basis, who agreed, and what may be done; the look is logged."""
    asked = early.get(viewer, request_id)
    item = Subject("recording", asked.recording_id)
    reason = reason_for(request, item)
    record_view(recording=asked.recording, viewer=viewer, at=now(), reason=reason)
    return _shown(request, viewer, asked, {**shown_with(request, item, reason)})


@page(Action.EARLY_DISPOSAL_APPROVE)
@require_http_methods(["GET", "HEAD", "POST"])
def approve(request: HttpRequest, viewer: Viewer, request_id: UUID) -> HttpResponseBase:
    """The second confirmation; with the last approval the recording is disposed of."""
    asked = early.get(viewer, request_id, Action.EARLY_DISPOSAL_APPROVE)
    form = ApproveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            agreed = early.agree(request_id=request_id, viewer=viewer, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, _words_on(agreed))
            return redirect("early-disposal", request_id)
    log_view(asked.recording, viewer, now(), reason_for(request, Subject("recording", asked.recording_id)))
    context = {
        "form": form,
        "asked": asked,
        "is_last": agreeing.still_missing(asked) == 1,
        "grace_days": early.grace(now()).days,
        **_gone(asked.recording),
    }
    return render(request, "early_disposals/approve.html", context, status=400 if form.errors else 200)


@page(Action.EARLY_DISPOSAL_APPROVE)
@require_POST
def refuse(request: HttpRequest, viewer: Viewer, request_id: UUID) -> HttpResponseBase:
    """The request is refused."""
    asked = early.get(viewer, request_id, Action.EARLY_DISPOSAL_APPROVE)
    return _closed(request, viewer, asked, "refuse", early.refuse)


@page(Action.EARLY_DISPOSAL_REQUEST)
@require_POST
def withdraw(request: HttpRequest, viewer: Viewer, request_id: UUID) -> HttpResponseBase:
    """Who asked no longer does."""
    asked = early.get(viewer, request_id, Action.EARLY_DISPOSAL_REQUEST)
    return _closed(request, viewer, asked, "withdraw", early.withdraw)


def _closed(
    request: HttpRequest, viewer: Viewer, asked: EarlyDisposal, name: str, close: _Close
) -> HttpResponseBase:
    form = CloseForm(request.POST, prefix=name)
    if form.is_valid():
        try:
            closed = close(request_id=asked.id, reason=form.cleaned_data["reason"], viewer=viewer, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"The early disposal is {closed.state}.")
            return redirect("early-disposal", asked.id)
    return _shown(request, viewer, asked, {f"{name}_form": form, "typed": form}, status=400)


def _shown(
    request: HttpRequest, viewer: Viewer, asked: EarlyDisposal, more: dict[str, Any], status: int = 200
) -> HttpResponseBase:
    context = {
        "asked": asked,
        **acts(viewer, asked, approves=can(viewer, Action.EARLY_DISPOSAL_APPROVE, asked.recording)),
        **_gone(asked.recording),
        **more,
    }
    return render(request, "early_disposals/early_disposal.html", context, status=status)


def _words_on(agreed: EarlyDisposal) -> str:
    """What an approval has come to."""
    if agreed.state == State.EXECUTED:
        return "Approved. The recording is disposed of: its keys are destroyed."
    if agreed.state == State.APPROVED:
        return "Approved. The recording goes when the days of grace are over; until then it can be refused."
    return "Approved. Others have to approve too."


def _gone(recording: Any) -> dict[str, Any]:
    """What will be gone, and what blocks it."""
    if recording.disposed_at is not None:
        return {"gone": None, "kept_by": ()}
    return {"gone": early.gone(recording), "kept_by": early.keeps(recording)}
