"""Docks: how they and the cameras in them stand right now, which keys speak for one, and which camera is overdue."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tabard.fleet import dock_selectors, docks, services
from tabard.fleet.dock_selectors import DockNow
from tabard.fleet.models import DockKey
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid, NotFound
from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action
from tabard.web.fleet_sections import fleet_sections
from tabard.web.forms.docks import DescribeDockForm, DockKeyForm, InstallDockForm, OverdueForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.numbered import part_of
from tabard.web.pages import page


@page(Action.FLEET_VIEW)
@require_safe
def listed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The docks that the viewer may see; a page that stays open keeps itself up to date."""
    may_manage = can(viewer, Action.FLEET_MANAGE)
    context = {**fleet_sections(viewer, "fleet-docks"), **_live(request, viewer), "may_manage": may_manage}
    return render(request, "docks/list.html", context)


@page(Action.FLEET_VIEW)
@require_safe
def live(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The part of the list that changes."""
    return render(request, "docks/live.html", _live(request, viewer))


@page(Action.FLEET_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def installed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The form that puts a new dock at its site."""
    form = InstallDockForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            dock = services.install_dock(**form.cleaned_data, by=viewer.actor, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"{dock} is installed. Enrol the key that its PC shows.")
            return redirect("dock", dock.id)
    return render(request, "docks/install.html", {"form": form}, status=400 if form.errors else 200)


@page(Action.FLEET_VIEW)
@require_safe
def shown(request: HttpRequest, viewer: Viewer, dock_id: UUID) -> HttpResponseBase:
    """One dock: what it last said, the cameras in it, and the keys that speak for it."""
    return _shown(request, viewer, dock_id, DockKeyForm())


@page(Action.FLEET_MANAGE)
@require_POST
def described(request: HttpRequest, viewer: Viewer, dock_id: UUID) -> HttpResponseBase:
    """Notes from which day on the dock can be used."""
    found = dock_selectors.dock_now(viewer, dock_id, at=now())
    form = DescribeDockForm(request.POST, prefix="describe")
    if not form.is_valid():
        return _shown(request, viewer, dock_id, DockKeyForm(), form)
    services.describe_dock(dock=found.dock, **form.cleaned_data, by=viewer.actor, at=now())
    messages.success(request, "It is noted when this dock is installed.")
    return redirect("dock", dock_id)


@page(Action.FLEET_MANAGE)
@require_POST
def key_enrolled(request: HttpRequest, viewer: Viewer, dock_id: UUID) -> HttpResponseBase:
    """Enrols a key that the dock's agent made."""
    found = dock_selectors.dock_now(viewer, dock_id, at=now())
    form = DockKeyForm(request.POST)
    if form.is_valid():
        try:
            key = docks.enrol_key(dock=found.dock, **form.cleaned_data, by=viewer.actor, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"The key {key.key_id} speaks for this dock from now on.")
            return redirect("dock", dock_id)
    return _shown(request, viewer, dock_id, form)


@page(Action.FLEET_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def key_revoked(request: HttpRequest, viewer: Viewer, dock_id: UUID, key_id: UUID) -> HttpResponseBase:
    """Asks once more, then shuts whoever holds the key out at once."""
    found = dock_selectors.dock_now(viewer, dock_id, at=now())
    key = _key(found, key_id)
    if request.method == "POST":
        docks.revoke_key(key=key, by=viewer.actor, at=now())
        messages.success(request, f"The key {key.key_id} is revoked. What was sent with it stays.")
        return redirect("dock", dock_id)
    return render(request, "docks/revoke.html", {"dock": found.dock, "key": key})


@page(Action.FLEET_VIEW)
@require_safe
def overdue(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The cameras that somebody has and that were not docked for so many days, or never."""
    form = OverdueForm(request.GET or None)
    days = form.cleaned_data["days"] if form.is_bound and form.is_valid() else OverdueForm.DAYS
    at = now()
    count = dock_selectors.overdue_count(viewer, days=days, at=at)
    part = part_of(request, count.total)
    found = dock_selectors.overdue_part(viewer, days=days, at=at, first=part.first, end=part.end)
    context = {
        **fleet_sections(viewer, "fleet-overdue"),
        "form": form,
        "days": days,
        "count": count,
        "part": part,
        "heard": [each for each in found if each.seen_at is not None],
        "never": [each for each in found if each.seen_at is None],
    }
    return render(request, "docks/overdue.html", context, status=400 if form.errors else 200)


def _live(request: HttpRequest, viewer: Viewer) -> Mapping[str, Any]:
    """A part of the docks, and figures of all."""
    at = now()
    figures = dock_selectors.dock_figures(viewer, at=at)
    part = part_of(request, figures.docks)
    return {
        "docks": dock_selectors.docks_now(viewer, at=at, first=part.first, end=part.end),
        "part": part,
        "figures": figures,
    }


def _shown(
    request: HttpRequest,
    viewer: Viewer,
    dock_id: UUID,
    form: DockKeyForm,
    describe_form: DescribeDockForm | None = None,
) -> HttpResponseBase:
    found = dock_selectors.dock_now(viewer, dock_id, at=now())
    known = {"installed_date": found.dock.installed_date}
    context = {
        "now": found,
        "dock": found.dock,
        "form": form,
        "describe_form": describe_form or DescribeDockForm(prefix="describe", initial=known),
        "may_manage": can(viewer, Action.FLEET_MANAGE),
    }
    is_refused = bool(form.errors) or describe_form is not None
    return render(request, "docks/shown.html", context, status=400 if is_refused else 200)


def _key(found: DockNow, key_id: UUID) -> DockKey:
    for key in found.keys:
        if key.pk == key_id:
            return key
    raise NotFound("The dock has no such key.", key=str(key_id))
