"""Files that bring many in: cameras, officers, trainings. A first press checks and reports, a second imports."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from tabard.fleet.importing import import_cameras
from tabard.fleet.issuing import rules_in_force
from tabard.fleet.models import Camera
from tabard.fleet.sheet import CAMERAS, TRAININGS
from tabard.fleet.training_import import import_trainings
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict
from tabard.kernel.sheet import ImportReport, Layout
from tabard.people.authorisation import Viewer
from tabard.people.importing import OFFICERS, import_officers
from tabard.people.rules import Action
from tabard.web.fleet_sections import fleet_sections
from tabard.web.forms.fleet import ImportForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.pages import page

SHOWN_ERRORS = 200


@dataclass(frozen=True, slots=True)
class _Kind:
    """What one page imports: its route, its layout, the service, and where it leads when all is done."""

    route: str
    layout: Layout
    run: Callable[..., ImportReport]
    done: str
    shown: Mapping[str, Any]
    section: str = ""


_CAMERAS = _Kind("fleet-import", CAMERAS, import_cameras, "fleet", {"mounts": Camera.Mount.values})
_OFFICERS = _Kind("officers-import", OFFICERS, import_officers, "officers-import", {})
_TRAININGS = _Kind(
    "training-import", TRAININGS, import_trainings, "fleet-training", {}, section="fleet-training"
)


@page(Action.FLEET_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def cameras(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """Brings cameras in."""
    return _import(request, viewer, _CAMERAS)


@page(Action.PEOPLE_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def officers(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """Brings officers in."""
    return _import(request, viewer, _OFFICERS)


@page(Action.FLEET_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def trainings(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """Brings in who was trained for what."""
    duties = [duty.name for duty in rules_in_force().duties]
    return _import(request, viewer, replace(_TRAININGS, shown={"duties": duties}))


def _import(request: HttpRequest, viewer: Viewer, kind: _Kind) -> HttpResponseBase:
    """The page, what a check found, or what was imported."""
    if request.method != "POST":
        return _page(request, viewer, kind, ImportForm())
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, viewer, kind, form)
    said = form.cleaned_data
    is_checked = bool(said["checked"])
    sheet = io.TextIOWrapper(io.BytesIO(said["raw"]), encoding="utf-8")
    try:
        report = kind.run(
            rows_csv=sheet, by=viewer.actor, at=now(), dry_run=not is_checked, good_only=said["good_only"]
        )
    except Conflict as error:
        show_refusal(form, error)
        return _page(request, viewer, kind, form)
    if is_checked and report.imported:
        messages.success(request, _imported_words(report, kind))
        return redirect(kind.done)
    carried = form.carry() if report.good else ""
    return _page(request, viewer, kind, form, report=report, carried=carried)


def _imported_words(report: ImportReport, kind: _Kind) -> str:
    left_out = report.rows - report.imported
    left_words = f" {_counted(left_out, 'row')} left out." if left_out else ""
    return f"{_counted(report.imported, kind.layout.row_is)} imported.{left_words}"


def _counted(count: int, noun: str) -> str:
    return f"1 {noun} was" if count == 1 else f"{count} {noun}s were"


def _page(
    request: HttpRequest,
    viewer: Viewer,
    kind: _Kind,
    form: ImportForm,
    *,
    report: ImportReport | None = None,
    carried: str = "",
) -> HttpResponseBase:
    """The page, with what a check found; `carried` is the checked file itself, signed, for the second press."""
    context = {
        **fleet_sections(viewer, kind.section or kind.route),
        **kind.shown,
        "form": form,
        "route": kind.route,
        "row_is": kind.layout.row_is,
        "required": kind.layout.required,
        "optional": kind.layout.optional,
        "report": report,
        "errors": report.errors[:SHOWN_ERRORS] if report else [],
        "carried": carried,
    }
    is_refused = bool(form.errors) or (report is not None and not report.ok)
    return render(request, "imports/import.html", context, status=400 if is_refused else 200)
