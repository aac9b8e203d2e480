"""The life of a camera: how it comes, what is known of it, and how its state changes."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from tabard.fleet import lives, selectors, services
from tabard.fleet.models import Camera
from tabard.fleet.states import TRANSITIONS, State
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.web.fleet_sections import fleet_sections
from tabard.web.forms.fleet import ChangeForm, DescribeForm, ReceiveForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.pages import page
from tabard.web.views.fleet import camera_page, owned


@page(Action.FLEET_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def received(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """Receives one camera after another: what is the same for a whole box stays, and the next serial is scanned."""
    form, last = ReceiveForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            last = _receive(form.cleaned_data, viewer)
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            form = form.next()
    context = {**fleet_sections(viewer, "fleet-receive"), "form": form, "last": last}
    return render(request, "fleet/receive.html", context, status=400 if form.errors else 200)


def _receive(said: dict[str, Any], viewer: Viewer) -> Camera:
    state = said.pop("state")
    if state is State.ORDERED:
        return services.order_camera(**said, by=viewer.actor, at=now())
    return services.receive_camera(**said, state=state, by=viewer.actor, at=now())


@page(Action.FLEET_MANAGE)
@require_POST
def changed(request: HttpRequest, viewer: Viewer, camera_id: UUID) -> HttpResponseBase:
    """Changes the camera's state, as the table of states allows."""
    row = selectors.camera(viewer, camera_id).row
    check_can(viewer, Action.FLEET_MANAGE, owned(row))
    form = ChangeForm(request.POST, state=row.state, prefix="change")
    if form.is_valid():
        try:
            lives.change_state(camera=row.camera, **form.cleaned_data, by=viewer.actor, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            said = TRANSITIONS[form.cleaned_data["change"]].words
            messages.success(request, f"Camera {row.camera.serial} {said}.")
            return redirect("camera", camera_id)
    return camera_page(request, viewer, camera_id, change_form=form)


@page(Action.FLEET_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def described(request: HttpRequest, viewer: Viewer, camera_id: UUID) -> HttpResponseBase:
    """Says anew what is known of the camera."""
    row = selectors.camera(viewer, camera_id).row
    check_can(viewer, Action.FLEET_MANAGE, owned(row))
    if request.method != "POST":
        return _described(request, row.camera, DescribeForm.of(row.camera))
    form = DescribeForm(request.POST)
    if form.is_valid():
        try:
            lives.describe_camera(camera=row.camera, told=form.told(), by=viewer.actor, at=now())
        except Invalid as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"What is known of camera {row.camera.serial} is corrected.")
            return redirect("camera", camera_id)
    return _described(request, row.camera, form)


def _described(request: HttpRequest, camera: Camera, form: BaseForm) -> HttpResponseBase:
    context = {"camera": camera, "form": form}
    return render(request, "fleet/describe.html", context, status=400 if form.errors else 200)
