"""Incidents: which there are, what one is about, and which footage shows it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tabard.custody.actors import Subject
from tabard.incidents import outcomes, selectors, services
from tabard.incidents.models import Incident, Link
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action
from tabard.web.forms.incidents import IncidentFilter, IncidentForm
from tabard.web.forms.outcomes import OutcomeForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.pages import page
from tabard.web.reasons import reason_for, shown_with
from tabard.web.views.recording_cards import RecordingCard, cards


@page(Action.INCIDENT_VIEW)
@require_safe
def listed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The incidents that the viewer may see, newest first."""
    form = IncidentFilter(request.GET)
    form.is_valid()
    rows = selectors.incidents(viewer, form.cleaned_data.get("words", ""))
    if form.cleaned_data.get("kind"):
        rows = rows.filter(kind=form.cleaned_data["kind"])
    found = list(rows[: selectors.LIST_ROWS + 1])
    context = {
        "filter_form": form,
        "incidents": found[: selectors.LIST_ROWS],
        "has_more": len(found) > selectors.LIST_ROWS,
        "is_filtered": any(request.GET.values()),
        "may_record": can(viewer, Action.INCIDENT_RECORD),
    }
    return render(request, "incidents/list.html", context)


@page(Action.INCIDENT_RECORD)
@require_http_methods(["GET", "HEAD", "POST"])
def record(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The form that makes an incident of another system known here."""
    if request.method != "POST":
        return render(
            request, "incidents/record.html", {"form": IncidentForm(initial={"unit": viewer.unit_id})}
        )
    form = IncidentForm(request.POST)
    if form.is_valid():
        try:
            made = services.record(**form.cleaned_data, viewer=viewer, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"{made.get_kind_display()} {made.reference} is recorded.")
            return redirect("incident", made.id)
    return render(request, "incidents/record.html", {"form": form}, status=400)


@page(Action.INCIDENT_VIEW)
@require_safe
def shown(request: HttpRequest, viewer: Viewer, incident_id: UUID) -> HttpResponseBase:
    """One incident: how it ended, the recordings that show it and its exhibits; the look at it is logged."""
    return _shown(request, viewer, selectors.incident(viewer, incident_id))


@page(Action.OUTCOME_STATE)
@require_POST
def outcome(request: HttpRequest, viewer: Viewer, incident_id: UUID) -> HttpResponseBase:
    """It is stated how the incident ended, or that it is open again."""
    incident = selectors.incident(viewer, incident_id)
    form = OutcomeForm(request.POST, has_ended=outcomes.latest(incident) is not None)
    if form.is_valid():
        try:
            outcomes.state(incident=incident, **form.cleaned_data, viewer=viewer, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, "What you stated is recorded.")
            return redirect("incident", incident.id)
    return _shown(request, viewer, incident, form)


def _shown(
    request: HttpRequest, viewer: Viewer, incident: Incident, typed: OutcomeForm | None = None
) -> HttpResponseBase:
    item = Subject("incident", incident.id)
    reason = reason_for(request, item)
    services.record_view(incident=incident, viewer=viewer, at=now(), reason=reason)
    latest = outcomes.latest(incident)
    may_state = can(viewer, Action.OUTCOME_STATE, incident)
    context = {
        "incident": incident,
        "latest": latest,
        "outcomes": incident.outcomes.select_related("stated_by").order_by("-stated_at", "-id"),
        "outcome_form": (typed or OutcomeForm(has_ended=latest is not None)) if may_state else None,
        "typed": typed,
        "cards": _cards(viewer, incident),
        "exhibits": selectors.exhibits(viewer).filter(incident=incident),
        **shown_with(request, item, reason),
    }
    return render(request, "incidents/incident.html", context, status=400 if typed else 200)


def _cards(viewer: Viewer, incident: Incident) -> list[tuple[RecordingCard, Link]]:
    """Each linked recording that the viewer may see, as a picture, with who linked it."""
    links = list(selectors.links(viewer, incident))
    return list(zip(cards([link.recording for link in links]), links, strict=True))
