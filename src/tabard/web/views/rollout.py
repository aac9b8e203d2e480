"""The rollout: how far it is, when it will be done, what each unit lacks, and what is blocked."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from tabard.insight import blocks, counts, rollout, shifts
from tabard.insight.areas import Shown, shown
from tabard.insight.curve import NARROW, WIDE, Curve, draw, read_table
from tabard.insight.errors import NoSuchBlock
from tabard.insight.forecast import Outcome
from tabard.insight.forecast_words import in_words
from tabard.insight.models import UnitBlock
from tabard.insight.rollout import Standing
from tabard.insight.site_needs import Site, site_of
from tabard.insight.sites import ShiftPattern
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action
from tabard.web.curve_picture import curve_csv, curve_png
from tabard.web.forms.refusals import show_refusal
from tabard.web.forms.rollout import BlockForm, CountForm, ShiftsForm, SiteForm
from tabard.web.pages import page
from tabard.web.rollout_sections import rollout_sections


@page(Action.ROLLOUT_VIEW)
@require_safe
def overview(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The force's curve with its table, the forecast in words, and every unit of the plan."""
    found = rollout.overview(viewer, at=now())
    force = found.force
    context = {
        **rollout_sections(viewer, "rollout"),
        **(_curve(force.curve) if force else {}),
        "force": force,
        "plan": found.plan,
        "units": [each for each in found.units[1:] if each.is_listed],
        "blocked": sum(bool(each.blocks) for each in found.units),
    }
    return render(request, "rollout/overview.html", context)


@page(Action.ROLLOUT_VIEW)
@require_safe
def force_map(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """London's boroughs coloured by progress, and the same as a table."""
    boroughs = _boroughs(viewer)
    context = {
        **rollout_sections(viewer, "rollout-map"),
        "boroughs": boroughs,
        "shared": [each for each in boroughs if each.is_shared],
        "steps": STEPS,
    }
    return render(request, "rollout/map.html", context)


@page(Action.ROLLOUT_VIEW)
@require_safe
def map_json(_request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """What the map colours, by the borough's name."""
    return JsonResponse(
        {
            borough: {
                "percent": each.standing.percent,
                "words": _shared_words(each) + _progress_words(each.standing),
                "url": reverse("rollout-unit", args=[each.standing.unit.id]),
            }
            for each in _boroughs(viewer)
            for borough in each.boroughs
        }
    )


@page(Action.ROLLOUT_VIEW)
@require_safe
def unit(request: HttpRequest, viewer: Viewer, unit_id: UUID) -> HttpResponseBase:
    """One unit: plan and curve, what blocks it, what its sites lack."""
    return _unit_page(request, viewer, unit_id)


@page(Action.ROLLOUT_VIEW)
@require_safe
def unit_csv(_request: HttpRequest, viewer: Viewer, unit_id: UUID) -> HttpResponseBase:
    """The numbers of a unit's curve as a sheet."""
    found = rollout.unit_standing(viewer, unit_id, at=now())
    return _attached(curve_csv(found.curve).encode(), "text/csv; charset=utf-8", f"{found.unit.code}.csv")


@page(Action.ROLLOUT_VIEW)
@require_safe
def unit_png(_request: HttpRequest, viewer: Viewer, unit_id: UUID) -> HttpResponseBase:
    """The picture of a unit's curve."""
    found = rollout.unit_standing(viewer, unit_id, at=now())
    picture = curve_png(found.curve, f"Cameras issued and planned: {found.unit.name}")
    return _attached(picture, "image/png", f"{found.unit.code}.png")


@page(Action.ROLLOUT_EDIT)
@require_POST
def count_stated(request: HttpRequest, viewer: Viewer, unit_id: UUID) -> HttpResponseBase:
    """Notes how many cameras the unit had by a day."""
    form = CountForm(request.POST, prefix="count")
    found = rollout.unit_standing(viewer, unit_id, at=now()).unit
    if form.is_valid():
        try:
            counts.state_count(unit=found, **form.cleaned_data, by=viewer.actor, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"The count of {found.name} is noted.")
            return redirect("rollout-unit", unit_id)
    return _unit_page(request, viewer, unit_id, count_form=form)


@page(Action.ROLLOUT_EDIT)
@require_POST
def shifts_stated(request: HttpRequest, viewer: Viewer, unit_id: UUID) -> HttpResponseBase:
    """Notes how many of the unit's cameras come back at which change of shifts."""
    form = ShiftsForm(request.POST, prefix="shifts")
    found = rollout.unit_standing(viewer, unit_id, at=now()).unit
    if form.is_valid():
        try:
            shifts.state_shifts(unit=found, shifts=form.told(), by=viewer.actor, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"It is noted how the shifts of {found.name} change.")
            return redirect("rollout-unit", unit_id)
    return _unit_page(request, viewer, unit_id, shifts_form=form)


@page(Action.ROLLOUT_EDIT)
@require_POST
def block_raised(request: HttpRequest, viewer: Viewer, unit_id: UUID) -> HttpResponseBase:
    """Notes what keeps the unit from its wave."""
    form = BlockForm(request.POST, prefix="block")
    found = rollout.unit_standing(viewer, unit_id, at=now()).unit
    if form.is_valid():
        try:
            blocks.raise_block(unit=found, **form.cleaned_data, by=viewer.actor, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"It is noted what blocks {found.name}.")
            return redirect("rollout-unit", unit_id)
    return _unit_page(request, viewer, unit_id, block_form=form)


@page(Action.ROLLOUT_EDIT)
@require_POST
def block_lifted(request: HttpRequest, viewer: Viewer, block_id: UUID) -> HttpResponseBase:
    """Notes that what blocked a unit is over."""
    found = UnitBlock.objects.filter(id=block_id).first()
    if found is None:
        raise NoSuchBlock("There is no such block.", block=str(block_id))
    lifted = blocks.lift_block(block=found, by=viewer.actor, at=now())
    messages.success(request, f"{lifted.get_kind_display()} blocks {lifted.unit.name} no more.")
    return redirect("rollout-unit", lifted.unit_id)


STEPS = ((0, "#fbeed5"), (25, "#d9cf9f"), (50, "#86b6a6"), (75, "#3f7f93"), (100, "#0b1d3a"))
"""From which per cent on a borough has which colour; the script and the key beside the map read the same."""


def _boroughs(viewer: Viewer) -> list[Shown]:
    return shown(rollout.overview(viewer, at=now()).units)


def _shared_words(each: Shown) -> str:
    return (
        f"one figure for {len(each.boroughs)} boroughs, {each.standing.unit.name}, " if each.is_shared else ""
    )


def _progress_words(standing: Standing) -> str:
    issued = "not known" if standing.issued is None else f"{standing.issued:,}"
    about = "about " if standing.is_about else ""
    wanted = "not known" if standing.target is None else f"{about}{standing.target:,}"
    blocks_ = "".join(f", blocked: {each.get_kind_display().lower()}" for each in standing.blocks)
    return f"issued: {issued}, planned: {wanted}{blocks_}"


def _curve(curve: Curve) -> dict[str, Any]:
    return {
        "drawings": [drawing for size in (WIDE, NARROW) if (drawing := draw(curve, size))],
        "curve_rows": read_table(curve),
        "forecast": in_words(curve.forecast),
        "awaits_counts": curve.forecast.outcome is Outcome.TOO_LITTLE,
    }


def _unit_page(
    request: HttpRequest,
    viewer: Viewer,
    unit_id: UUID,
    *,
    count_form: CountForm | None = None,
    block_form: BlockForm | None = None,
    shifts_form: ShiftsForm | None = None,
) -> HttpResponseBase:
    """The page of one unit, with what was typed into the form that was refused."""
    standing = rollout.unit_standing(viewer, unit_id, at=now())
    site_form = SiteForm(request.GET)
    site = _site(viewer, standing, site_form)
    context = {
        **_curve(standing.curve),
        "standing": standing,
        "unit": standing.unit,
        "site_form": site_form,
        "site": site,
        "shifts_form": shifts_form or ShiftsForm.of(site.shifts if site else None),
        "may_edit": can(viewer, Action.ROLLOUT_EDIT),
        "count_form": count_form or CountForm(prefix="count"),
        "block_form": block_form or BlockForm(prefix="block"),
    }
    is_refused = any(
        form is not None and form.errors for form in (count_form, block_form, shifts_form, site_form)
    )
    return render(request, "rollout/unit.html", context, status=400 if is_refused else 200)


def _site(viewer: Viewer, standing: Standing, form: SiteForm) -> Site | None:
    """What the unit's sites need; None where there is no number, the form is wrong, or docks may not be seen."""
    if not form.is_valid():
        return None
    try:
        return site_of(viewer, standing, ShiftPattern(**form.cleaned_data))
    except Invalid as error:
        show_refusal(form, error)
        return None


def _attached(content: bytes, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"rollout-{name}"
    )
    return response
