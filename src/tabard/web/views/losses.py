"""Cameras that were lost or stolen: what they may still hold, and what is done about it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tabard.fleet import losses, selectors
from tabard.fleet.models import Loss
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer, can, check_can
from tabard.people.rules import Action
from tabard.recordings.selectors import last_of_camera
from tabard.web.fleet_sections import fleet_sections
from tabard.web.forms.losses import CloseLossForm, LossForm, StepForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.pages import page
from tabard.web.views.fleet import owned

SHOWN_LOSSES = 200


@page(Action.FLEET_VIEW)
@require_safe
def listed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The cameras that are gone, and those that were."""
    context = {**fleet_sections(viewer, "fleet-losses"), "losses": losses.losses(viewer)[:SHOWN_LOSSES]}
    return render(request, "losses/list.html", context)


@page(Action.FLEET_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def reported(request: HttpRequest, viewer: Viewer, camera_id: UUID) -> HttpResponseBase:
    """The form that reports a camera lost or stolen."""
    row = selectors.camera(viewer, camera_id).row
    check_can(viewer, Action.FLEET_MANAGE, owned(row))
    form = LossForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            loss = losses.report_loss(camera=row.camera, **form.cleaned_data, by=viewer.actor, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(
                request, f"Camera {row.camera.serial} is {loss.kind}. This is what must be done now."
            )
            return redirect("loss", loss.pk)
    context = {"camera": row.camera, "wearer": row.wearer, "form": form}
    return render(request, "losses/report.html", context, status=400 if form.errors else 200)


@page(Action.FLEET_VIEW)
@require_safe
def shown(request: HttpRequest, viewer: Viewer, loss_id: UUID) -> HttpResponseBase:
    """One loss with its checklist."""
    return _shown(request, viewer, losses.loss_seen(viewer, loss_id))


@page(Action.FLEET_MANAGE)
@require_POST
def followed(request: HttpRequest, viewer: Viewer, loss_id: UUID) -> HttpResponseBase:
    """Notes that a step of the checklist was done."""
    check_can(viewer, Action.FLEET_MANAGE)
    loss = losses.loss_seen(viewer, loss_id)
    form = StepForm(request.POST, steps=losses.steps_of(loss), prefix="step")
    if form.is_valid():
        try:
            losses.do_step(loss=loss, **form.cleaned_data, by=viewer.actor, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, "It is noted.")
            return redirect("loss", loss_id)
    return _shown(request, viewer, loss, step_form=form)


@page(Action.FLEET_MANAGE)
@require_POST
def closed(request: HttpRequest, viewer: Viewer, loss_id: UUID) -> HttpResponseBase:
    """Closes the checklist: the camera was found or is given up."""
    check_can(viewer, Action.FLEET_MANAGE)
    loss = losses.loss_seen(viewer, loss_id)
    form = CloseLossForm(request.POST, prefix="close")
    if form.is_valid():
        try:
            losses.close_loss(loss=loss, **form.cleaned_data, by=viewer.actor, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, "The checklist is closed.")
            return redirect("loss", loss_id)
    return _shown(request, viewer, loss, close_form=form)


def _shown(request: HttpRequest, viewer: Viewer, loss: Loss, **typed: BaseForm) -> HttpResponseBase:
    steps = losses.steps_of(loss)
    is_open = loss.closed_at is None and can(viewer, Action.FLEET_MANAGE)
    context: dict[str, Any] = {
        "loss": loss,
        "steps": steps,
        "last_recording": last_of_camera(loss.camera_id),
        "is_open": is_open,
        "step_form": StepForm(steps=steps, prefix="step"),
        "close_form": CloseLossForm(prefix="close"),
        **typed,
    }
    return render(request, "losses/loss.html", context, status=400 if typed else 200)
