"""One wave of the rollout plan: changed, added or dropped on a page, which first shows what that does."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tabard.insight.plan_changes import WaveName, lines_in
from tabard.insight.plan_effects import Rehearsal, rehearse_wave
from tabard.insight.plans import change_wave, current_plan, lines_of, read_wave
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid, NotFound
from tabard.people.authorisation import Viewer
from tabard.people.models import Unit
from tabard.people.rules import Action
from tabard.web.forms.refusals import show_refusal
from tabard.web.forms.rollout_wave import Lines, WaveForm, carried, carry, lines_of_wave, lines_typed
from tabard.web.pages import page
from tabard.web.rollout_sections import rollout_sections


@page(Action.ROLLOUT_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def changed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """Shows a wave, or an empty one; then what was typed and what it does; what was shown is kept by a second press."""
    if request.method != "POST":
        return _begin(request, viewer)
    if request.POST.get("shown"):
        return _keep(request, viewer, request.POST["shown"])
    return _show(request, viewer)


def _begin(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    plan = current_plan()
    name = _asked(request)
    lines = lines_in(lines_of(plan), name) if plan and name else []
    if name and not lines:
        raise NotFound("The plan has no such wave.", phase=name.phase, wave=name.wave)
    known = {"phase": lines[0].phase, "wave": lines[0].wave} if lines else {}
    form = WaveForm(is_new=not lines, initial={**known, "based_on": plan.id if plan else None})
    return _page(request, viewer, form, lines_of_wave(lines))


def _show(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """What was typed, its faults beside it, or what it would do above it."""
    asked = _asked(request)
    form, lines = WaveForm(request.POST, is_new=asked is None), lines_typed(request.POST)
    if not (form.is_valid() & lines.is_valid()):
        return _page(request, viewer, form, lines)
    based_on, filled = form.cleaned_data["based_on"], lines.filled()
    rows = [line.cells(form.cleaned_data["due_all"]) for line in filled]
    read = read_wave(form.name, rows)
    lines.show(read.faults, filled)
    if read.faults:
        return _page(request, viewer, form, lines)
    try:
        if asked is None:
            _check_is_new(form.name)
        found = rehearse_wave(viewer, name=form.name, lines=read.lines, based_on=based_on, at=now())
    except (Invalid, Conflict) as error:
        show_refusal(form, error)
        return _page(request, viewer, form, lines)
    shown = carry(form.name, based_on, form.cleaned_data["reason"], rows)
    return _page(request, viewer, form, lines, found=found, shown=shown)


def _keep(request: HttpRequest, viewer: Viewer, text: str) -> HttpResponseBase:
    """Makes what was shown the plan; where another version came meanwhile, nothing is kept and the page says so."""
    said = carried(text)
    name, based_on = WaveName(said["phase"], said["wave"]), said["based_on"]
    change_wave(
        name=name,
        lines=read_wave(name, said["rows"]).lines,
        based_on=UUID(based_on) if based_on else None,
        reason=said["reason"],
        by=viewer.actor,
        at=now(),
    )
    messages.success(request, f"{name.wave} is changed: that is the rollout plan from now on.")
    return redirect("rollout-plan")


def _asked(request: HttpRequest) -> WaveName | None:
    """The wave that the address names; None for one to be added."""
    phase, wave = request.GET.get("phase", ""), request.GET.get("wave", "")
    return WaveName(phase, wave) if phase or wave else None


def _check_is_new(name: WaveName) -> None:
    plan = current_plan()
    if plan and lines_in(lines_of(plan), name):
        raise Invalid("The plan has a wave of this name already. Change that one.", field="wave")


def _page(
    request: HttpRequest,
    viewer: Viewer,
    form: WaveForm,
    lines: Lines,
    *,
    found: Rehearsal | None = None,
    shown: str = "",
) -> HttpResponseBase:
    name, names = _asked(request), dict(Unit.objects.values_list("code", "name"))
    for line in lines:
        line.title = names.get(line.code, "")
    known = [line for line in lines if line["unit_code"].value()]
    new = [line for line in lines if line not in known]
    context = {
        **rollout_sections(viewer, "rollout-plan"),
        "form": form,
        "lines": lines,
        "known": known,
        "new": new,
        "is_growing": lines.is_bound and any(line.has_changed() for line in new),
        "found": found,
        "changed": [(names[each.unit_code], each) for each in found.changed] if found else [],
        "shown": shown,
        "name": name,
        "address": f"{reverse('rollout-wave')}?{request.GET.urlencode()}",
    }
    is_refused = form.is_bound and not found
    return render(request, "rollout/wave.html", context, status=400 if is_refused else 200)
