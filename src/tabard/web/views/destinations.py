"""Body-worn systems: who is let in at the Axis door, with which file, what they told, and what never ended."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tabard.intake import issuing, selectors, services
from tabard.intake.axis.protocol import value
from tabard.intake.destinations import revoke_destination
from tabard.intake.issuing import Issued, Wanted
from tabard.intake.selectors import Transfer
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer
from tabard.people.rules import Action
from tabard.web.forms.destinations import DestinationForm, EndTransferForm, RenewForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.pages import page


@page(Action.FLEET_MANAGE)
@require_safe
def listed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The body-worn systems that are let in, and those that were."""
    context = {
        **_around("destinations"),
        "destinations": selectors.destinations(viewer),
        "unknown": selectors.unknown_devices(viewer),
    }
    return render(request, "destinations/list.html", context)


@page(Action.FLEET_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def opened(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The form that lets a system in; it answers with the connection file, once."""
    form = DestinationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        wanted = Wanted(encrypt=said["encrypt"])
        try:
            issued = issuing.issue(
                name=said["name"], username=said["username"], wanted=wanted, by=viewer.actor, at=now()
            )
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            return _file(issued)
    context = {"form": form, **_door()}
    return render(request, "destinations/open.html", context, status=400 if form.errors else 200)


@page(Action.FLEET_MANAGE)
@require_safe
def shown(request: HttpRequest, viewer: Viewer, destination_id: UUID) -> HttpResponseBase:
    """One body-worn system: when it was last heard of, and what it told of itself, its users and its cameras."""
    return _shown(request, viewer, destination_id, RenewForm())


@page(Action.FLEET_MANAGE)
@require_POST
def renewed(request: HttpRequest, viewer: Viewer, destination_id: UUID) -> HttpResponseBase:
    """A new connection file, once; the old one is good until the new one is first used."""
    form = RenewForm(request.POST)
    form.is_valid()
    destination = selectors.destination(viewer, destination_id)
    wanted = Wanted(encrypt=form.cleaned_data.get("encrypt", False))
    try:
        return _file(issuing.renew(destination=destination, wanted=wanted, by=viewer.actor, at=now()))
    except (Invalid, Conflict) as error:
        show_refusal(form, error)
        return _shown(request, viewer, destination_id, form)


@page(Action.FLEET_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def revoked(request: HttpRequest, viewer: Viewer, destination_id: UUID) -> HttpResponseBase:
    """Asks once more, then shuts the system out at once."""
    destination = selectors.destination(viewer, destination_id)
    if request.method == "POST":
        revoke_destination(destination=destination, by=viewer.actor, at=now())
        messages.success(request, f"{destination.name} is shut out. What it sent stays.")
        return redirect("destination", destination_id)
    return render(request, "destinations/revoke.html", {"destination": destination})


@page(Action.FLEET_MANAGE)
@require_safe
def unfinished(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The transfers that were silent for too long."""
    found = selectors.unfinished(viewer, as_of=now())
    context = {**_around("unfinished"), "transfers": found, "silence_h": settings.TABARD_SILENCE_H}
    return render(request, "destinations/unfinished.html", context)


@page(Action.FLEET_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def ended(request: HttpRequest, viewer: Viewer, container_id: UUID) -> HttpResponseBase:
    """Makes a recording of what came of a transfer, with the reason why it is not waited for any longer."""
    transfer = selectors.transfer(viewer, container_id)
    form = EndTransferForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            recording = services.end_transfer(
                container=transfer.container, reason=form.cleaned_data["reason"], viewer=viewer, at=now()
            )
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, "It is a recording now, flagged as incomplete.")
            return redirect("recording", recording.id)
    context = {"form": form, "transfer": transfer, "container": transfer.container}
    return render(request, "destinations/end.html", context, status=400 if form.errors else 200)


@page(Action.FLEET_MANAGE)
@require_safe
def rejected(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """What systems sent though they could make no recording of it themselves."""
    rows = [_rejection(transfer) for transfer in selectors.rejected(viewer)]
    return render(request, "destinations/rejected.html", {**_around("rejected"), "rows": rows})


def _shown(request: HttpRequest, viewer: Viewer, destination_id: UUID, form: RenewForm) -> HttpResponseBase:
    sheet = selectors.destination_sheet(viewer, destination_id)
    context = {"sheet": sheet, "destination": sheet.destination, "form": form, **_door()}
    return render(request, "destinations/shown.html", context, status=400 if form.errors else 200)


def _file(issued: Issued) -> HttpResponse:
    """The connection file as a download; it holds a key, so nothing on the way may keep it."""
    response = HttpResponse(issued.content, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{issued.file_name}"'
    response["Cache-Control"] = "no-store"
    return response


def _rejection(transfer: Transfer) -> Mapping[str, Any]:
    said = transfer.container.metadata
    return {
        "transfer": transfer,
        "original": value(said, "RejectedContentOriginalContainer"),
        "at": value(said, "RejectedContentTime"),
        "reason": value(said, "RejectedContentReason"),
    }


def _door() -> Mapping[str, Any]:
    """Where the connection file leads, and whether in the clear."""
    return {
        "door_url": settings.TABARD_DOOR_URL,
        "is_plain": not settings.TABARD_DOOR_URL.startswith("https:"),
    }


def _around(current: str) -> Mapping[str, Any]:
    """The section's own navigation."""
    pages = [
        ("destinations", "Systems"),
        ("unfinished", "Unfinished transfers"),
        ("rejected", "Rejected content"),
    ]
    return {
        "sections": [
            {"label": label, "url": reverse(route), "current": route == current} for route, label in pages
        ]
    }
