"""Giving cameras out: swapping one for another, the rules of issue, and who is trained."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from tabard.fleet import issuing, selectors, services
from tabard.fleet.models import Training
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.web.fleet_sections import fleet_sections
from tabard.web.forms.issue import RulesForm, SwapForm, TrainingForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.pages import page
from tabard.web.views.fleet import camera_page, owned

SHOWN_TRAININGS = 50


@page(Action.FLEET_MANAGE)
@require_POST
def swapped(request: HttpRequest, viewer: Viewer, camera_id: UUID) -> HttpResponseBase:
    """Gives the wearer another camera in place of this one, in one step."""
    row = selectors.camera(viewer, camera_id).row
    check_can(viewer, Action.FLEET_MANAGE, owned(row))
    form = SwapForm(request.POST, prefix="swap")
    if form.is_valid():
        other = selectors.camera(viewer, form.cleaned_data["other"].id).row
        check_can(viewer, Action.FLEET_MANAGE, owned(other))
        said = form.cleaned_data | {"other": other.camera}
        try:
            services.swap_camera(camera=row.camera, **said, by=viewer.actor, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"{row.wearer} now has camera {other.camera.serial} instead.")
            return redirect("camera", other.camera.id)
    return camera_page(request, viewer, camera_id, swap_form=form)


@page(Action.FLEET_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The force's rules of issue, which it can change."""
    check_can(viewer, Action.FLEET_MANAGE)
    form = RulesForm(request.POST) if request.method == "POST" else RulesForm.of(issuing.rules_in_force())
    if request.method == "POST" and form.is_valid():
        try:
            issuing.change_rules(rules=form.rules(), by=viewer.actor, at=now())
        except Invalid as error:
            show_refusal(form, error)
        else:
            messages.success(request, "The rules are in force from now on.")
            return redirect("fleet-rules")
    context = {**fleet_sections(viewer, "fleet-rules"), "form": form}
    return render(request, "fleet/rules.html", context, status=400 if form.errors else 200)


@page(Action.FLEET_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def training(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """Who was trained lately, and the form that records one more."""
    check_can(viewer, Action.FLEET_MANAGE)
    form = TrainingForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = issuing.record_training(**form.cleaned_data, by=viewer.actor, at=now())
        except Invalid as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"{made.officer} counts as trained for {made.duty}.")
            return redirect("fleet-training")
    lately = Training.objects.select_related("officer").order_by("-recorded_at")[:SHOWN_TRAININGS]
    context = {**fleet_sections(viewer, "fleet-training"), "form": form, "lately": lately}
    return render(request, "fleet/training.html", context, status=400 if form.errors else 200)
