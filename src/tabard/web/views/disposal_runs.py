"""Disposal runs on screen: the list, what runs did, and a run that stopped itself, to be agreed to or not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action, reach
from tabard.retention import agreeing, disposals, notice_views, releases, selectors, sparing
from tabard.retention.models import DisposalRun, RunRelease, ScheduledDisposal
from tabard.retention.rules import Decision
from tabard.retention.under_way import state_of
from tabard.web.forms.early_disposals import CloseForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.numbered import part_of
from tabard.web.pages import page

SHOWN_SPARED = 20
SHOWN_RUNS = 28


@dataclass(frozen=True, slots=True)
class Line:
    """A recording on the list; `kept_by` is what keeps it now, empty where it will go."""

    item: ScheduledDisposal
    rule: str
    kept_by: str


class AgreeForm(forms.Form):
    """What whoever agrees has looked at."""

    reason = forms.CharField(
        label="What you looked at", max_length=500, help_text="Why so many are right, or the time is."
    )


@page(Action.EARLY_DISPOSAL_VIEW)
@require_safe
def listed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """What will be disposed of unless something keeps it, and the last runs."""
    on_the_list = releases.on_the_list(viewer)
    listed_count = on_the_list.count()
    part = part_of(request, listed_count)
    shown = list(on_the_list[part.first : part.end])
    context = {
        "stopped": releases.stopped_now(),
        "listed": _lines(viewer, shown),
        "unanswered": notice_views.unanswered([each.recording_id for each in shown]),
        "may_answer": bool(reach(viewer.roles, Action.RECORDING_CATEGORISE)),
        "listed_count": listed_count,
        "part": part,
        "spared": list(sparing.spared(viewer)[:SHOWN_SPARED]),
        "runs": [(run, state_of(run)) for run in releases.listed(viewer)[:SHOWN_RUNS]],
    }
    return render(request, "disposal_runs/list.html", context)


@page(Action.EARLY_DISPOSAL_VIEW)
@require_safe
def shown(request: HttpRequest, viewer: Viewer, disposal_run_id: UUID) -> HttpResponseBase:
    """One run: what it found against what is usual, what it did, and who agreed to it."""
    return _shown(request, viewer, releases.get(viewer, disposal_run_id), {})


@page(Action.EARLY_DISPOSAL_APPROVE)
@require_POST
def approve(request: HttpRequest, viewer: Viewer, disposal_run_id: UUID) -> HttpResponseBase:
    """The viewer agrees that the run goes on."""
    return _said(
        request, viewer, disposal_run_id, AgreeForm(request.POST, prefix="approve"), releases.approve
    )


@page(Action.EARLY_DISPOSAL_APPROVE)
@require_POST
def refuse(request: HttpRequest, viewer: Viewer, disposal_run_id: UUID) -> HttpResponseBase:
    """The viewer refuses that the run goes on."""
    return _said(request, viewer, disposal_run_id, CloseForm(request.POST, prefix="refuse"), releases.refuse)


def _lines(viewer: Viewer, items: list[ScheduledDisposal]) -> list[Line]:
    """The items with what keeps them now, as far as the viewer may know it."""
    decided = selectors.decisions(viewer, [item.recording for item in items], now())
    names = disposals.rule_names()
    return [
        Line(item, names.get(item.rule, item.rule), _kept_by(decided[item.recording_id], item))
        for item in items
    ]


def _kept_by(decision: Decision, item: ScheduledDisposal) -> str:
    return "" if decision.is_due(item.executes_at) else "; ".join(decision.held_by) or decision.reason


def _said(
    request: HttpRequest, viewer: Viewer, run_id: UUID, form: forms.Form, say: Callable[..., RunRelease]
) -> HttpResponseBase:
    if form.is_valid():
        try:
            release = say(run_id=run_id, reason=form.cleaned_data["reason"], viewer=viewer, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, _WORDS.get(release.state, "Noted; another person has to agree."))
            return redirect("disposal-run-list")
    run = releases.get(viewer, run_id)
    return _shown(request, viewer, run, {f"{form.prefix}_form": form, "typed": form}, status=400)


_WORDS = {"approved": "Agreed. The next run goes on with it.", "refused": "Refused. The run does nothing."}


def _shown(
    request: HttpRequest, viewer: Viewer, run: DisposalRun, more: dict[str, Any], status: int = 200
) -> HttpResponseBase:
    names = disposals.rule_names()
    asked = [(release, agreeing.still_missing(release)) for release in releases.releases_of(run)]
    may = run == releases.stopped_now() and can(viewer, Action.EARLY_DISPOSAL_APPROVE)
    waiting = next((release for release, _ in asked if release.is_open), None)
    context = {
        "run": run,
        "state": state_of(run),
        "rules": [
            (names.get(rule, rule), count, run.disposed_by_rule.get(rule, 0))
            for rule, count in run.found_by_rule.items()
        ],
        "spared": list(sparing.spared(viewer, run)[:SHOWN_SPARED]),
        "releases": asked,
        "approve_form": AgreeForm(prefix="approve") if may and not _has_agreed(waiting, viewer) else None,
        "refuse_form": CloseForm(prefix="refuse") if may and waiting else None,
        **more,
    }
    return render(request, "disposal_runs/run.html", context, status=status)


def _has_agreed(release: RunRelease | None, viewer: Viewer) -> bool:
    if release is None:
        return False
    agreed = {release.requested_by_id, *(each.approved_by_id for each in release.approvals.all())}
    return release.state == "approved" or viewer.account_id in agreed
