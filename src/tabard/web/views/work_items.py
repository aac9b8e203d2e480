"""Work items: footage that came in with questions, what to do about each, and how it was settled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tabard.custody.actors import Subject
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action
from tabard.recordings import selectors, work_items
from tabard.recordings.models import Attachment, Recording
from tabard.recordings.viewing import record_search, record_view
from tabard.recordings.work_items import WorkItem
from tabard.web.forms.refusals import show_refusal
from tabard.web.forms.work_items import AttributionForm, SettleForm, WorkItemFilterForm
from tabard.web.next_steps import NEXT_STEPS
from tabard.web.pages import page
from tabard.web.reasons import reason_for
from tabard.web.views.recording_cards import FlagTag, flag_tags


@dataclass(frozen=True, slots=True)
class Question:
    """An open flag of a recording with what to do about it."""

    tag: FlagTag
    next_step: str


@page(Action.WORK_ITEM_VIEW)
@require_safe
def listed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """What waits, by question, newest footage first; a search is in the log."""
    form = WorkItemFilterForm(request.GET)
    asked = form.asked()
    if asked:
        record_search(viewer=viewer, asked=asked, at=now())
    found = work_items.page(viewer, form.wanted(), cursor=request.GET.get("cursor", ""))
    context = {
        "filter_form": form,
        "counts": [
            {"flag": flag, "number": number, "next_step": NEXT_STEPS[flag]}
            for flag, number in work_items.counts(viewer).items()
        ],
        "items": [{"item": item, "questions": _questions(item)} for item in found.items],
        "older_url": _beside(request, found.older),
        "newer_url": _beside(request, found.newer),
        "is_filtered": bool(asked),
        "is_settled": form.wanted().settled,
    }
    return render(request, "work_items/list.html", context)


@page(Action.WORK_ITEM_VIEW)
@require_safe
def shown(request: HttpRequest, viewer: Viewer, recording_id: UUID) -> HttpResponseBase:
    """One work item: what the camera said beside what we know, and what contradicts it; the look is logged."""
    return _shown(request, viewer, _recording(viewer, recording_id, Action.WORK_ITEM_VIEW))


@page(Action.WORK_ITEM_SETTLE)
@require_POST
def attributed(request: HttpRequest, viewer: Viewer, recording_id: UUID) -> HttpResponseBase:
    """Says whose recording it is, or which camera's."""
    recording = _recording(viewer, recording_id, Action.WORK_ITEM_SETTLE)
    form = AttributionForm(request.POST, prefix="attribute")
    if form.is_valid():
        try:
            work_items.attribute(recording=recording, **form.cleaned_data, viewer=viewer, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, "The recording is attributed. What the camera said stays.")
            return redirect("work-item", recording_id)
    return _shown(request, viewer, recording, attribute_form=form)


@page(Action.WORK_ITEM_SETTLE)
@require_POST
def settled(request: HttpRequest, viewer: Viewer, recording_id: UUID) -> HttpResponseBase:
    """Accepts a flag as explained."""
    recording = _recording(viewer, recording_id, Action.WORK_ITEM_SETTLE)
    form = SettleForm(request.POST, prefix="settle", flags=work_items.get(viewer, recording).flags)
    if form.is_valid():
        try:
            work_items.settle(recording=recording, **form.cleaned_data, viewer=viewer, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(
                request, "It is settled. Who settled it, when and why stays beside the recording."
            )
            return redirect("work-item", recording_id)
    return _shown(request, viewer, recording, settle_form=form)


def _recording(viewer: Viewer, recording_id: UUID, action: Action) -> Recording:
    return selectors.get(viewer, recording_id, action)


def _shown(request: HttpRequest, viewer: Viewer, recording: Recording, **refused: Form) -> HttpResponseBase:
    record_view(
        recording=recording,
        viewer=viewer,
        at=now(),
        reason=reason_for(request, Subject("recording", recording.id)),
    )
    item = work_items.get(viewer, recording)
    forms = {
        "attribute_form": AttributionForm(prefix="attribute"),
        "settle_form": SettleForm(prefix="settle", flags=item.flags),
        **refused,
    }
    context = {
        **forms,
        "form": next(iter(refused.values()), None),
        "item": item,
        "recording": item.recording,
        "questions": _questions(item),
        "copies": [_copy(each) for each in (item.recording, *item.conflicts)],
        "beside": Attachment.objects.filter(recording=item.recording, kind__in=("conflict", "late")),
        "may_settle": can(viewer, Action.WORK_ITEM_SETTLE, item.recording),
    }
    return render(request, "work_items/shown.html", context, status=400 if refused else 200)


def _questions(item: WorkItem) -> list[Question]:
    return [
        Question(tag, NEXT_STEPS[flag])
        for flag, tag in zip(item.flags, flag_tags(item.recording), strict=True)
    ]


def _copy(recording: Recording) -> Mapping[str, Any]:
    """One of the copies that contradict each other, with the hash of each of its files."""
    files = recording.segments.select_related("object")
    return {"recording": recording, "files": [(each.name, bytes(each.object.sha256)) for each in files]}


def _beside(request: HttpRequest, cursor: str | None) -> str:
    if cursor is None:
        return ""
    kept = {name: value for name, value in request.GET.items() if name != "cursor" and value}
    return "?" + urlencode({**kept, "cursor": cursor})
