"""The fleet: which cameras and docks there are, who wears what, and how cameras come in."""

import io
from typing import cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tabard.fleet import selectors, services
from tabard.fleet.importing import ImportReport, import_cameras
from tabard.fleet.models import Camera
from tabard.fleet.selectors import CameraRow
from tabard.fleet.sheet import OPTIONAL, REQUIRED
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Owned, Viewer, can, check_can, scope
from tabard.people.rules import Action
from tabard.web.fleet_sections import fleet_sections
from tabard.web.forms.fleet import AssignForm, CameraFilter, ImportForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.pages import page

SHOWN_ERRORS = 200


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
    """How many cameras each unit has and how many are worn."""
    visible = Camera.objects.filter(scope(viewer, Action.FLEET_VIEW, officer=None))
    worn = Count("id", filter=Q(assignments__during__upper_inf=True))
    counted = visible.values(name=F("unit__name")).annotate(total=Count("id", distinct=True), worn=worn)
    rows = [{**row, "spare": row["total"] - row["worn"]} for row in counted.order_by("name")]
    context = {
        **fleet_sections(viewer, "fleet-units"),
        "units": rows,
        "total": sum(row["total"] for row in rows),
        "worn": sum(row["worn"] for row in rows),
    }
    return render(request, "fleet/units.html", context)


@page(Action.FLEET_VIEW)
@require_safe
def camera(request: HttpRequest, viewer: Viewer, camera_id: UUID) -> HttpResponseBase:
    """One camera with everyone who ever wore it."""
    return _camera_page(request, viewer, camera_id, AssignForm())


@page(Action.FLEET_MANAGE)
@require_POST
def assign(request: HttpRequest, viewer: Viewer, camera_id: UUID) -> HttpResponseBase:
    """Gives the camera to an officer."""
    row = selectors.camera(viewer, camera_id).row
    check_can(viewer, Action.FLEET_MANAGE, _owned(row))
    form = AssignForm(request.POST)
    if form.is_valid():
        officer = form.cleaned_data["officer"]
        try:
            services.assign_camera(camera=row.camera, officer=officer, by=viewer.actor, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"{officer} now has camera {row.camera.serial}.")
            return redirect("camera", camera_id)
    return _camera_page(request, viewer, camera_id, form)


@page(Action.FLEET_MANAGE)
@require_POST
def give_back(request: HttpRequest, viewer: Viewer, camera_id: UUID) -> HttpResponseBase:
    """Takes the camera back from its wearer."""
    row = selectors.camera(viewer, camera_id).row
    check_can(viewer, Action.FLEET_MANAGE, _owned(row))
    services.return_camera(camera=row.camera, by=viewer.actor, at=now())
    messages.success(request, f"Camera {row.camera.serial} is back.")
    return redirect("camera", camera_id)


@page(Action.FLEET_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """Checks a file of cameras and reports every fault; what was checked is imported by a second press."""
    if request.method != "POST":
        return _import_page(request, viewer, ImportForm())
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _import_page(request, viewer, form)
    is_checked = bool(form.cleaned_data["checked"])
    try:
        report = _run(form.cleaned_data["raw"], viewer, dry_run=not is_checked)
    except Conflict as error:
        show_refusal(form, error)
        return _import_page(request, viewer, form)
    if is_checked and report.ok:
        messages.success(request, f"{report.imported} cameras were imported.")
        return redirect("fleet")
    carried = form.carry() if report.ok else ""
    return _import_page(request, viewer, form, report, carried)


def _run(raw: bytes, viewer: Viewer, *, dry_run: bool) -> ImportReport:
    sheet = io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8")
    return import_cameras(rows_csv=sheet, by=viewer.actor, at=now(), dry_run=dry_run)


def _import_page(
    request: HttpRequest,
    viewer: Viewer,
    form: ImportForm,
    report: ImportReport | None = None,
    carried: str = "",
) -> HttpResponseBase:
    """The page, with what a check found; `carried` is the checked file itself, signed, for the second press."""
    context = {
        **fleet_sections(viewer, "fleet-import"),
        "form": form,
        "required": REQUIRED,
        "optional": OPTIONAL,
        "mounts": Camera.Mount.values,
        "report": report,
        "errors": report.errors[:SHOWN_ERRORS] if report else [],
        "carried": carried,
    }
    is_refused = bool(form.errors) or (report is not None and not report.ok)
    return render(request, "fleet/import.html", context, status=400 if is_refused else 200)


def _camera_page(request: HttpRequest, viewer: Viewer, camera_id: UUID, form: AssignForm) -> HttpResponseBase:
    detail = selectors.camera(viewer, camera_id)
    context = {
        "camera": detail.row.camera,
        "wearer": detail.row.wearer,
        "assignments": detail.assignments,
        "form": form,
        "may_manage": can(viewer, Action.FLEET_MANAGE, _owned(detail.row)),
        "recordings_url": f"{reverse('recordings')}?{urlencode({'words': detail.row.camera.serial})}",
    }
    return render(request, "fleet/camera.html", context, status=400 if form.errors else 200)


def _owned(row: CameraRow) -> Owned:
    """The camera as authorisation judges it; the selector put its wearer's id on it."""
    return cast("Owned", row.camera)


def _from(request: HttpRequest, cursor: str) -> str:
    """The address of the same list from the cursor on; of its first page where there is no cursor."""
    kept = {key: value for key, value in request.GET.items() if key != "cursor"}
    return "?" + urlencode({**kept, "cursor": cursor} if cursor else kept)
