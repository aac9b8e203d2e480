"""Retention: what falls due, what is held, what was disposed of, and the policy that says so. Changes nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tabard.incidents.models import Exhibit, Link
from tabard.kernel.clock import now
from tabard.people.authorisation import Viewer
from tabard.people.rules import Action
from tabard.recordings.models import Recording
from tabard.retention import disposals, hold_views, keeping, policies
from tabard.retention.figures import SOON, Figures, figures
from tabard.retention.hold_views import HoldFilter
from tabard.retention.models import Disposal, Hold
from tabard.retention.rules import Decision, Policy, Rule, decide
from tabard.retention.selectors import facts_of_many
from tabard.web.pages import page
from tabard.web.storage_picture import drawings, rows, storage_csv

SHOWN_DISPOSALS = 20


@dataclass(frozen=True, slots=True)
class DueLine:
    """A recording that is due, or will be within the week, and why."""

    recording: Recording
    decision: Decision
    is_due: bool


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule of the policy with how many recordings it makes due now and within the week."""

    rule: Rule
    due_now: int
    due_soon: int


@page(Action.RETENTION_VIEW)
@require_safe
def shown(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """Where everything stands, what it will take to store, what is due, the last disposals and the policy."""
    at = now()
    policy, found = policies.current(at), figures(viewer, at)
    last = Disposal.objects.select_related("recording__officer").order_by("-executed_at")
    context = {
        "policy": policy,
        **_standing(policy, found),
        "due": _due(policy, found, at),
        "rules": [_rule_line(rule, found) for rule in policy.rules],
        "held": _held(viewer, at),
        "disposals": last[:SHOWN_DISPOSALS],
    }
    return render(request, "retention/retention.html", context)


@page(Action.RETENTION_VIEW)
@require_safe
def storage_sheet(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:  # noqa: ARG001 - every view is given it
    """Storage now and in the next months, as a sheet."""
    response = HttpResponse(
        storage_csv(figures(viewer, now()).storage), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="storage.csv"'
    return response


def _standing(policy: Policy, found: Figures) -> dict[str, Any]:
    """The figures with the names of their rules; what comes under none says its code."""
    names, ever = {rule.code: rule.name for rule in policy.rules}, disposals.rule_names()
    count = sum(found.total(state) for state in ("kept", "held", "due", "soon", "to_review"))
    return {
        "figures_at": found.at,
        "kept_count": count,
        "held_count": found.total("held"),
        "due_count": found.total("due") + found.total("soon"),
        "due_now_count": found.total("due"),
        "due_now_bytes": found.total("due_bytes"),
        "due_soon_count": found.total("soon"),
        "to_review_count": found.total("to_review"),
        "stored_bytes": found.total("size_bytes"),
        "drawings": drawings(found.storage),
        "storage": rows(found.storage),
        "has_price": settings.TABARD_STORAGE_PRICE_PER_TB_MONTH is not None,
        "standing": [(names.get(code, code), line) for code, line in found.by_rule.items()],
        "gone": [(ever.get(line.rule, line.rule), line) for line in found.gone],
    }


def _due(policy: Policy, found: Figures, at: datetime) -> list[DueLine]:
    """The soonest of what is due by the end of the week, decided again, as something may hold it by now."""
    recordings = Recording.objects.select_related("officer").in_bulk(found.soonest)
    facts = facts_of_many(list(recordings.values()))
    lines = []
    for recording_id in found.soonest:
        recording, decision = recordings[recording_id], decide(facts[recording_id], policy)
        if recording.disposed_at is None and decision.is_due(at + SOON):
            lines.append(DueLine(recording, decision, decision.is_due(at)))
    return lines


def _rule_line(rule: Rule, found: Figures) -> RuleLine:
    line = found.by_rule.get(rule.code)
    return RuleLine(rule, line.due if line else 0, line.soon if line else 0)


def _held(viewer: Viewer, at: datetime) -> list[tuple[str, int]]:
    """How many recordings are kept whatever their period says, by what keeps them; one may be kept by several."""
    holds = sorted(keeping.counts_by_kind(hold_views.holds(viewer, at, HoldFilter("in_force"))).items())
    return [
        ("Linked to an incident", _recordings(Link.objects.all())),
        ("Produced as an exhibit", _recordings(Exhibit.objects.all())),
        *((f"{Hold.Kind(kind).label} hold", count) for kind, count in holds),
    ]


def _recordings(rows: QuerySet[Link] | QuerySet[Exhibit]) -> int:
    return rows.values("recording").distinct().count()
