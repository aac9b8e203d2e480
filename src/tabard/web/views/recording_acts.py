"""What a person does to a recording from its page: each view is one act, and leads back to the page."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from tabard.incidents import selectors as incidents
from tabard.incidents import services as links
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer
from tabard.people.rules import Action
from tabard.recordings import clips, selectors
from tabard.recordings.models import Recording
from tabard.recordings.services import categorise
from tabard.retention import hold_views, holds
from tabard.web.forms.clips import ClipForm
from tabard.web.forms.recordings import CategoryForm, HoldForm, LinkForm, ReleaseForm, UnlinkForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.pages import page
from tabard.web.views.recording_page import show
from tabard.web.views.recording_sheet import segment_sheets


@dataclass(frozen=True, slots=True)
class Act:
    """One form of the page: its name there, what doing it does (in words), and the tab and query to come back to."""

    name: str
    form: Form
    do: Callable[[], str]
    tab: str
    query: str = ""


@page(Action.RECORDING_CATEGORISE)
@require_POST
def category(request: HttpRequest, viewer: Viewer, recording_id: UUID) -> HttpResponseBase:
    """The recording is in the chosen category."""
    recording = selectors.get(viewer, recording_id, Action.RECORDING_CATEGORISE)
    form = CategoryForm(request.POST, prefix="category")

    def do() -> str:
        categorise(recording=recording, **form.cleaned_data, viewer=viewer, at=now())
        return f"The recording is categorised: {recording.category}."

    return _done(request, viewer, recording, Act("category_form", form, do, "about"))


@page(Action.INCIDENT_LINK)
@require_POST
def link(request: HttpRequest, viewer: Viewer, recording_id: UUID) -> HttpResponseBase:
    """The recording is linked to the incident of that reference."""
    recording = selectors.get(viewer, recording_id, Action.INCIDENT_LINK)
    form = LinkForm(request.POST, prefix="link")

    def do() -> str:
        reference, reason = form.cleaned_data["reference"], form.cleaned_data["reason"]
        incident = incidents.incident_by_reference(viewer, reference)
        if incident is None:
            raise Invalid("No incident that you may see has this reference.", field="reference")
        links.link(incident=incident, recording=recording, viewer=viewer, at=now(), reason=reason)
        return f"The recording is linked to {incident.reference}."

    return _done(request, viewer, recording, Act("link_form", form, do, "incidents"))


@page(Action.INCIDENT_LINK)
@require_POST
def unlink(request: HttpRequest, viewer: Viewer, recording_id: UUID) -> HttpResponseBase:
    """The recording is no longer linked to the incident; that it was stays in the log."""
    recording = selectors.get(viewer, recording_id, Action.INCIDENT_LINK)
    linked = {str(incident.id): incident for incident in incidents.incidents_of(viewer, recording.id)}
    form = UnlinkForm(request.POST, prefix="unlink", incidents=linked.values())

    def do() -> str:
        incident = linked[form.cleaned_data["incident"]]
        reason = form.cleaned_data["reason"]
        links.unlink(incident=incident, recording=recording, viewer=viewer, at=now(), reason=reason)
        return f"The recording is no longer linked to {incident.reference}."

    return _done(request, viewer, recording, Act("unlink_form", form, do, "incidents"))


@page(Action.HOLD_PLACE)
@require_POST
def hold(request: HttpRequest, viewer: Viewer, recording_id: UUID) -> HttpResponseBase:
    """The recording is held from disposal."""
    recording = selectors.get(viewer, recording_id, Action.HOLD_PLACE)
    form = HoldForm(request.POST, prefix="hold")

    def do() -> str:
        placed = holds.place(on=recording, **form.cleaned_data, viewer=viewer, at=now())
        return f"The recording is held: {placed.get_kind_display()}."

    return _done(request, viewer, recording, Act("hold_form", form, do, "retention"))


@page(Action.HOLD_PLACE)
@require_POST
def hold_release(request: HttpRequest, viewer: Viewer, recording_id: UUID) -> HttpResponseBase:
    """One hold no longer keeps the recording."""
    recording = selectors.get(viewer, recording_id, Action.HOLD_PLACE)
    active = hold_views.of_recording(viewer, recording).filter(recording=recording, released_at__isnull=True)
    in_force = {str(hold.id): hold for hold in active}
    form = ReleaseForm(request.POST, prefix="release", holds=in_force.values())

    def do() -> str:
        released = in_force[form.cleaned_data["hold"]]
        holds.release(hold=released, reason=form.cleaned_data["reason"], viewer=viewer, at=now())
        return "The hold is released."

    return _done(request, viewer, recording, Act("release_form", form, do, "retention"))


@page(Action.CLIP_CUT)
@require_POST
def clip(request: HttpRequest, viewer: Viewer, recording_id: UUID) -> HttpResponseBase:
    """A clip of the segment that the address names is asked for; the worker cuts it."""
    recording = selectors.get(viewer, recording_id, Action.CLIP_CUT)
    sheets = {str(sheet.number): sheet for sheet in segment_sheets(recording)}
    sheet = sheets.get(request.GET.get("segment", "1"))
    if sheet is None:
        raise Conflict("This recording has no footage to cut from.", recording=str(recording_id))
    form = ClipForm(request.POST, prefix="clip", duration_s=sheet.duration_s)

    def do() -> str:
        clips.request(segment=sheet.segment, **form.cleaned_data, viewer=viewer, at=now())
        return "The clip is being cut."

    return _done(request, viewer, recording, Act("clip_form", form, do, "clips", f"?segment={sheet.number}"))


def _done(request: HttpRequest, viewer: Viewer, recording: Recording, act: Act) -> HttpResponse:
    """Back to the page with what was done in words; or the page again with the form and why it was refused."""
    if act.form.is_valid():
        try:
            words = act.do()
        except (Invalid, Conflict) as error:
            show_refusal(act.form, error)
        else:
            messages.success(request, words)
            return redirect(f"{reverse('recording', args=[recording.id])}{act.query}#{act.tab}")
    return show(request, viewer, selectors.get(viewer, recording.id), {act.name: act.form})
