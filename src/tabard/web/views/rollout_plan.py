"""The rollout plan: its lines and versions, taken away as a file and brought in from one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from tabard.insight.models import PlanVersion
from tabard.insight.plan_file import COLUMNS, REQUIRED, plan_csv, plan_json
from tabard.insight.plans import current_plan, import_plan, lines_of
from tabard.insight.shifts import all_shifts
from tabard.insight.when import FORMS
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid, NotFound
from tabard.kernel.sheet import ImportReport
from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action
from tabard.web.forms.refusals import show_refusal
from tabard.web.forms.rollout import PlanForm
from tabard.web.pages import page
from tabard.web.rollout_sections import rollout_sections

SHOWN_FAULTS = 200
SHOWN_VERSIONS = 20


@page(Action.ROLLOUT_VIEW)
@require_safe
def shown(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The plan that holds, line by line, and the versions before it."""
    plan = current_plan()
    context = {
        **rollout_sections(viewer, "rollout-plan"),
        "plan": plan,
        "lines": plan.lines.select_related("unit") if plan else [],
        "versions": PlanVersion.objects.order_by("-id")[:SHOWN_VERSIONS],
        "may_edit": can(viewer, Action.ROLLOUT_EDIT),
    }
    return render(request, "rollout/plan.html", context)


@page(Action.ROLLOUT_VIEW)
@require_safe
def as_csv(_request: HttpRequest, viewer: Viewer) -> HttpResponseBase:  # noqa: ARG001 - a page's shape
    """The plan as a sheet, which comes in again as it is."""
    response = HttpResponse(plan_csv(lines_of(_plan())), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="rollout-plan.csv"'
    return response


@page(Action.ROLLOUT_VIEW)
@require_safe
def as_json(_request: HttpRequest, viewer: Viewer) -> HttpResponseBase:  # noqa: ARG001 - a page's shape
    """The plan as JSON, which comes in again as it is."""
    response = HttpResponse(plan_json(lines_of(_plan()), all_shifts()), content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="rollout-plan.json"'
    return response


@page(Action.ROLLOUT_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def imported(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """Checks a plan and reports every fault; what was checked is imported by a second press."""
    if request.method != "POST":
        return _import_page(request, viewer, PlanForm())
    form = PlanForm(request.POST, request.FILES)
    if not form.is_valid():
        return _import_page(request, viewer, form)
    said = form.cleaned_data
    is_checked = bool(said["checked"])
    try:
        report = import_plan(
            raw=said["raw"],
            note=said["note"],
            by=viewer.actor,
            at=now(),
            good_only=said["good_only"],
            dry_run=not is_checked,
        )
    except (Invalid, Conflict) as error:
        show_refusal(form, error)
        return _import_page(request, viewer, form)
    if is_checked and report.imported:
        messages.success(request, f"{report.imported} lines are the rollout plan from now on.")
        return redirect("rollout-plan")
    return _import_page(request, viewer, form, report)


def _plan() -> PlanVersion:
    plan = current_plan()
    if plan is None:
        raise NotFound("There is no rollout plan yet.")
    return plan


def _import_page(
    request: HttpRequest, viewer: Viewer, form: PlanForm, report: ImportReport | None = None
) -> HttpResponseBase:
    """The page, with what a check found; the checked file goes with it, signed, for the second press."""
    context = {
        **rollout_sections(viewer, "rollout-plan"),
        "form": form,
        "columns": [name for name in COLUMNS if name not in REQUIRED],
        "required": REQUIRED,
        "date_forms": FORMS,
        "report": report,
        "faults": report.errors[:SHOWN_FAULTS] if report else [],
        "carried": form.carry() if report and report.good else "",
        "note": form.cleaned_data["note"] if report else "",
    }
    is_refused = bool(form.errors) or bool(report and report.errors)
    return render(request, "rollout/import.html", context, status=400 if is_refused else 200)
