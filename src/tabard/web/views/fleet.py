"""The fleet: which cameras and docks there are, who wears what, and how cameras come in."""

from typing import cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tabard.fleet import selectors, services
from tabard.fleet.selectors import CameraRow
from tabard.fleet.states import TRANSITIONS, Change, refusal
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Owned, Viewer, can, check_can
from tabard.people.rules import Action
from tabard.web.camera_story import story_of
from tabard.web.fleet_sections import fleet_sections
from tabard.web.forms.fleet import AssignForm, CameraFilter, ChangeForm
from tabard.web.forms.issue import SwapForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.pages import page


@page(Action.FLEET_VIEW)
@require_safe
def listed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The cameras that the viewer may see, with their wearers."""
    form = CameraFilter(request.GET)
    form.is_valid()
    said = form.cleaned_data
    unit = said.get("unit")
    found = selectors.cameras(
        viewer,
        search=said.get("search", ""),
        unit=unit.id if unit else None,
        mount=said.get("mount", ""),
        state=said.get("state"),
        cursor=request.GET.get("cursor", ""),
    )
    context = {
        **fleet_sections(viewer, "fleet"),
        "filter_form": form,
        "cameras": found.rows,
        "next_url": _from(request, found.next_cursor) if found.next_cursor else "",
        "first_url": _from(request, "") if request.GET.get("cursor") else "",
        "is_filtered": any(request.GET.values()),
    }
    return render(request, "fleet/list.html", context)


@page(Action.FLEET_VIEW)
@require_safe
def units(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """How many cameras each unit has, and what they are just now."""
    counts = selectors.unit_counts(viewer)
    context = {
        **fleet_sections(viewer, "fleet-units"),
        "units": counts,
        "total": sum(each.total for each in counts),
        "worn": sum(each.worn for each in counts),
        "missing": sum(each.missing for each in counts),
    }
    return render(request, "fleet/units.html", context)


@page(Action.FLEET_VIEW)
@require_safe
def camera(request: HttpRequest, viewer: Viewer, camera_id: UUID) -> HttpResponseBase:
    """One camera with everyone who ever wore it."""
    return camera_page(request, viewer, camera_id)


@page(Action.FLEET_MANAGE)
@require_POST
def assign(request: HttpRequest, viewer: Viewer, camera_id: UUID) -> HttpResponseBase:
    """Gives the camera to an officer."""
    row = selectors.camera(viewer, camera_id).row
    check_can(viewer, Action.FLEET_MANAGE, owned(row))
    form = AssignForm(request.POST)
    if form.is_valid():
        officer = form.cleaned_data["officer"]
        try:
            services.assign_camera(
                camera=row.camera, officer=officer, terms=form.terms(), by=viewer.actor, at=now()
            )
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"{officer} now has camera {row.camera.serial}.")
            return redirect("camera", camera_id)
    return camera_page(request, viewer, camera_id, form=form)


@page(Action.FLEET_MANAGE)
@require_POST
def give_back(request: HttpRequest, viewer: Viewer, camera_id: UUID) -> HttpResponseBase:
    """Takes the camera back from its wearer."""
    row = selectors.camera(viewer, camera_id).row
    check_can(viewer, Action.FLEET_MANAGE, owned(row))
    services.return_camera(camera=row.camera, by=viewer.actor, at=now())
    messages.success(request, f"Camera {row.camera.serial} is back.")
    return redirect("camera", camera_id)


def camera_page(
    request: HttpRequest,
    viewer: Viewer,
    camera_id: UUID,
    *,
    form: AssignForm | None = None,
    change_form: ChangeForm | None = None,
    swap_form: SwapForm | None = None,
) -> HttpResponseBase:
    """The page of one camera, with what was typed into the form that was refused."""
    detail = selectors.camera(viewer, camera_id)
    state = detail.row.state
    context = {
        "camera": detail.row.camera,
        "state": state,
        "wearer": detail.row.wearer,
        "assignments": detail.assignments,
        "story": story_of(detail.row.camera, detail.assignments),
        "form": form or AssignForm(),
        "change_form": change_form or ChangeForm(state=state, prefix="change"),
        "swap_form": swap_form or SwapForm(prefix="swap"),
        "open_loss": detail.row.camera.losses.filter(closed_at__isnull=True).first(),
        "may_be_lost": not refusal(TRANSITIONS[Change.LOSE], state, ""),
        "may_be_given": not refusal(TRANSITIONS[Change.ISSUE], state, ""),
        "may_manage": can(viewer, Action.FLEET_MANAGE, owned(detail.row)),
        "recordings_url": f"{reverse('recordings')}?{urlencode({'words': detail.row.camera.serial})}",
    }
    is_refused = any(each is not None and each.errors for each in (form, change_form, swap_form))
    return render(request, "fleet/camera.html", context, status=400 if is_refused else 200)


def owned(row: CameraRow) -> Owned:
    """The camera as authorisation judges it; the selector put its wearer's id on it."""
    return cast("Owned", row.camera)


def _from(request: HttpRequest, cursor: str) -> str:
    """The address of the same list from the cursor on; of its first page where there is no cursor."""
    kept = {key: value for key, value in request.GET.items() if key != "cursor"}
    return "?" + urlencode({**kept, "cursor": cursor} if cursor else kept)
