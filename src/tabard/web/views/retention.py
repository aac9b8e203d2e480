"""Retention: what falls due, what is held, what was disposed of, and the policy that says so. Changes nothing."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tabard.incidents.models import Exhibit, Link
from tabard.kernel.clock import now
from tabard.people.authorisation import Viewer
from tabard.people.rules import Action
from tabard.recordings.models import Recording
from tabard.retention import hold_views, keeping, policies, services
from tabard.retention.hold_views import HoldFilter
from tabard.retention.models import Disposal, Hold
from tabard.retention.rules import Decision, Policy, Rule
from tabard.web.pages import page

SOON = timedelta(days=7)
SHOWN_DUE = 50
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
    """What is due and what is held, by rule, with the last disposals and the policy."""
    at = now()
    policy = policies.current(at)
    due = _due(at)
    due_now = [line for line in due if line.is_due]
    disposals = Disposal.objects.select_related("recording__officer").order_by("-executed_at")
    context = {
        "policy": policy,
        "due": due[:SHOWN_DUE],
        "due_count": len(due),
        "due_now_count": len(due_now),
        "due_now_bytes": sum(line.recording.size_bytes for line in due_now),
        "due_soon_count": len(due) - len(due_now),
        "rules": _rules(policy, due),
        "held": _held(viewer, at),
        "disposals": disposals[:SHOWN_DISPOSALS],
    }
    return render(request, "retention/retention.html", context)


def _due(at: datetime) -> list[DueLine]:
    """What nothing holds and is due by the end of the week, soonest first."""
    planned = services.plan(as_of=at + SOON).due
    lines = [DueLine(recording, decision, decision.is_due(at)) for recording, decision in planned]
    return sorted(lines, key=lambda line: line.decision.due_at or at)


def _rules(policy: Policy, due: list[DueLine]) -> list[RuleLine]:
    """Every rule of the policy, in its order."""
    counted = Counter((line.decision.rule, line.is_due) for line in due)
    return [
        RuleLine(rule, counted[rule.code, True], counted[rule.code, False]) for rule in policy.rules
    ]


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
