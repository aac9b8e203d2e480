"""Stocktakes: the cameras of a unit are scanned one after another, and held beside the list."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tabard.fleet import stocktaking
from tabard.fleet.stocktaking import Count, Verdict
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer, can, check_can
from tabard.people.rules import Action
from tabard.web.fleet_sections import fleet_sections
from tabard.web.forms.refusals import show_refusal
from tabard.web.forms.stocktake import BeginForm, ScanForm
from tabard.web.pages import page

SHOWN = 100


@page(Action.FLEET_VIEW)
@require_http_methods(["GET", "HEAD"])
def listed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The stocktakes, and the form that begins one."""
    return _listed(request, viewer, BeginForm())


@page(Action.FLEET_MANAGE)
@require_POST
def begun(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """Begins the count of a unit."""
    check_can(viewer, Action.FLEET_MANAGE)
    form = BeginForm(request.POST)
    if form.is_valid():
        try:
            made = stocktaking.begin(unit=form.cleaned_data["unit"], by=viewer.actor, at=now())
        except Conflict as error:
            show_refusal(form, error)
        else:
            return redirect("stocktake", made.pk)
    return _listed(request, viewer, form)


@page(Action.FLEET_VIEW)
@require_safe
def shown(request: HttpRequest, viewer: Viewer, stocktake_id: UUID) -> HttpResponseBase:
    """One stocktake as it stands."""
    return _shown(request, viewer, stocktaking.count(viewer, stocktake_id), ScanForm())


@page(Action.FLEET_MANAGE)
@require_POST
def scanned(request: HttpRequest, viewer: Viewer, stocktake_id: UUID) -> HttpResponseBase:
    """Counts one camera, and says of it what there is to say."""
    check_can(viewer, Action.FLEET_MANAGE)
    found = stocktaking.count(viewer, stocktake_id)
    form = ScanForm(request.POST)
    if form.is_valid():
        serial = form.cleaned_data["serial"]
        try:
            line = stocktaking.scan(stocktake=found.stocktake, serial=serial, by=viewer.actor, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            say = messages.success if line.verdict is Verdict.FOUND else messages.warning
            say(request, f"{line.serial}: {line.verdict.value}. {line.words}")
            return redirect("stocktake", stocktake_id)
    return _shown(request, viewer, found, form)


@page(Action.FLEET_MANAGE)
@require_POST
def closed(request: HttpRequest, viewer: Viewer, stocktake_id: UUID) -> HttpResponseBase:
    """Closes the count; its lines stay as they are."""
    check_can(viewer, Action.FLEET_MANAGE)
    found = stocktaking.count(viewer, stocktake_id)
    stocktaking.close(stocktake=found.stocktake, by=viewer.actor, at=now())
    messages.success(request, "The stocktake is closed.")
    return redirect("stocktake", stocktake_id)


@page(Action.FLEET_VIEW)
@require_safe
def taken_away(request: HttpRequest, viewer: Viewer, stocktake_id: UUID) -> HttpResponseBase:  # noqa: ARG001 - a view
    """The lines as a CSV file."""
    found = stocktaking.count(viewer, stocktake_id)
    name = f"stocktake-{found.stocktake.unit.code}-{found.stocktake.begun_at:%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    content = stocktaking.csv_of(found.lines)
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


def _listed(request: HttpRequest, viewer: Viewer, form: BeginForm) -> HttpResponseBase:
    context = {
        **fleet_sections(viewer, "fleet-stocktakes"),
        "stocktakes": stocktaking.stocktakes(viewer)[:SHOWN],
        "form": form,
        "may_manage": can(viewer, Action.FLEET_MANAGE),
    }
    return render(request, "stocktakes/list.html", context, status=400 if form.errors else 200)


def _shown(request: HttpRequest, viewer: Viewer, found: Count, form: ScanForm) -> HttpResponseBase:
    context = {
        "stocktake": found.stocktake,
        "lines": found.lines,
        "numbers": [(verdict, found.number(verdict)) for verdict in reversed(Verdict)],
        "form": form,
        "may_manage": found.stocktake.closed_at is None and can(viewer, Action.FLEET_MANAGE),
    }
    return render(request, "stocktakes/stocktake.html", context, status=400 if form.errors else 200)
