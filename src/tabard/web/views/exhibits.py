"""Exhibits: which there are, how one is produced, and the evidence packs made of it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tabard.custody.actors import Subject
from tabard.custody.selectors import lines
from tabard.disclosure import packs
from tabard.disclosure.models import Pack
from tabard.disclosure.selectors import packs_of
from tabard.incidents import exhibits, selectors
from tabard.incidents.log_reading import history_for
from tabard.incidents.models import Exhibit, ExhibitSeries
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid, NotFound
from tabard.people.authorisation import Viewer, can
from tabard.people.models import Officer
from tabard.people.rules import Action
from tabard.recordings import selectors as recordings
from tabard.recordings.models import Clip, Recording
from tabard.web.forms.exhibits import ExhibitFilter, ProduceForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.pages import page
from tabard.web.reasons import reason_for, shown_with


@page(Action.EXHIBIT_VIEW)
@require_safe
def listed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The exhibits that the viewer may see, newest first."""
    form = ExhibitFilter(request.GET)
    form.is_valid()
    found = list(selectors.exhibits(viewer, form.cleaned_data.get("words", ""))[: selectors.LIST_ROWS + 1])
    context = {
        "filter_form": form,
        "exhibits": found[: selectors.LIST_ROWS],
        "has_more": len(found) > selectors.LIST_ROWS,
        "is_filtered": any(request.GET.values()),
    }
    return render(request, "exhibits/list.html", context)


@page(Action.EXHIBIT_PRODUCE)
@require_http_methods(["GET", "HEAD", "POST"])
def produce(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The form that makes a recording, or a clip from it, an exhibit under the producer's next reference."""
    recording = recordings.get(viewer, _id(request.GET.get("recording", "")), Action.EXHIBIT_PRODUCE)
    form = _form(request, viewer, recording)
    if request.method == "POST" and form.is_valid():
        try:
            made = exhibits.produce(recording=recording, **form.cleaned_data, viewer=viewer, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"Produced as exhibit {made.reference}.")
            return redirect("exhibit", made.id)
    context = {"form": form, "recording": recording, "next_reference": _next_reference(_own_officer(viewer))}
    return render(request, "exhibits/produce.html", context, status=400 if form.errors else 200)


@page(Action.EXHIBIT_VIEW)
@require_safe
def shown(request: HttpRequest, viewer: Viewer, exhibit_id: UUID) -> HttpResponseBase:
    """One exhibit: what it is, its hashes, its history and its packs; the look at it is logged."""
    exhibit = selectors.exhibit(viewer, exhibit_id)
    item = Subject("exhibit", exhibit.id)
    reason = reason_for(request, item)
    exhibits.record_view(exhibit=exhibit, viewer=viewer, at=now(), reason=reason)
    subjects = [exhibit.id, exhibit.clip_id, *exhibit.packs.values_list("id", flat=True)]
    context = {
        "files": _files(exhibit),
        "may_play": can(viewer, Action.RECORDING_PLAY, exhibit.recording),
        "history": lines(
            history_for(viewer, [subject for subject in subjects if subject is not None]).reverse()
        ),
        **_packs(viewer, exhibit),
        **shown_with(request, item, reason),
    }
    return render(request, "exhibits/exhibit.html", context)


@page(Action.EXHIBIT_VIEW)
@require_safe
def packs_shown(request: HttpRequest, viewer: Viewer, exhibit_id: UUID) -> HttpResponseBase:
    """The packs of one exhibit by themselves; the exhibit's page asks again while one is being built."""
    exhibit = selectors.exhibit(viewer, exhibit_id)
    reason_for(request, Subject("exhibit", exhibit.id))
    return render(request, "exhibits/packs.html", _packs(viewer, exhibit))


@page(Action.PACK_BUILD)
@require_POST
def pack_request(request: HttpRequest, viewer: Viewer, exhibit_id: UUID) -> HttpResponseBase:
    """Asks for an evidence pack of the exhibit; the worker builds it."""
    exhibit = selectors.exhibit(viewer, exhibit_id)
    packs.request(exhibit=exhibit, viewer=viewer, at=now())
    messages.success(request, f"An evidence pack for {exhibit.reference} is being built.")
    return redirect(reverse("exhibit", args=[exhibit_id]) + "#packs")


@dataclass(frozen=True, slots=True)
class ExhibitFile:
    """One file that the exhibit consists of, by its name and hash."""

    name: str
    size_bytes: int
    sha256: bytes


def _id(text: str) -> UUID:
    """The id in an address.

    Raises:
        NotFound: when it is none, so that there can be no such recording.
    """
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("There is no such recording.", recording=text) from error


def _form(request: HttpRequest, viewer: Viewer, recording: Recording) -> ProduceForm:
    """The form with the recording's clips and incidents; what the address names is chosen already."""
    own = _own_officer(viewer)
    chosen = {
        "producer": own.shoulder_number if own else "",
        "clip": request.GET.get("clip", ""),
        "incident": request.GET.get("incident", ""),
    }
    return ProduceForm(
        request.POST if request.method == "POST" else None,
        initial=chosen,
        clips=Clip.objects.filter(segment__recording=recording, state=Clip.State.CUT).select_related(
            "object"
        ),
        incidents=selectors.incidents_of(viewer, recording.id),
    )


def _own_officer(viewer: Viewer) -> Officer | None:
    return Officer.objects.filter(id=viewer.officer_id).first() if viewer.officer_id else None


def _next_reference(producer: Officer | None) -> str:
    """The reference that the producer's next exhibit gets, without taking it; empty where nobody is the default."""
    if producer is None:
        return ""
    series = ExhibitSeries.objects.filter(officer=producer).first()
    return f"{producer.initials}/{series.last_number + 1 if series else 1}"


def _files(exhibit: Exhibit) -> list[ExhibitFile]:
    """The sealed files that the exhibit consists of: the clip, or every segment of the recording."""
    if exhibit.clip is not None and exhibit.clip.object is not None:
        sealed = exhibit.clip.object
        return [ExhibitFile(str(exhibit.clip), sealed.size_bytes, bytes(sealed.sha256))]
    return [
        ExhibitFile(segment.name, segment.object.size_bytes, bytes(segment.object.sha256))
        for segment in exhibit.recording.segments.select_related("object")
    ]


def _packs(viewer: Viewer, exhibit: Exhibit) -> dict[str, Any]:
    """What the list of packs shows: each pack, whether one is being built, and what the viewer may do."""
    made = list(packs_of(viewer, exhibit.id))
    return {
        "exhibit": exhibit,
        "packs": made,
        "is_building": any(pack.state == Pack.State.REQUESTED for pack in made),
        "may_build": can(viewer, Action.PACK_BUILD, exhibit),
        "may_download": can(viewer, Action.PACK_DOWNLOAD, exhibit),
    }
