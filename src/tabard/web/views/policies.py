"""The retention policy on screen: what is in force, what another would change, and its adoption by two people."""

from collections.abc import Callable
from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action
from tabard.retention import adoption, policies, what_if
from tabard.retention.models import PolicyVersion
from tabard.retention.policy import PolicyUnusable
from tabard.retention.policy_changes import changes, rule_words
from tabard.retention.quorum import State
from tabard.retention.rules import Policy
from tabard.retention.what_if import PAGE_ITEMS, Shift
from tabard.web.forms.early_disposals import CloseForm
from tabard.web.forms.policies import PolicyForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.numbered import part_of
from tabard.web.pages import page
from tabard.web.shared_decisions import acts

AROUND = 2
_Close = Callable[..., PolicyVersion]


@page(Action.POLICY_VIEW)
@require_safe
def shown(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The policy in force as tables, and every version that was proposed."""
    at = now()
    context: dict[str, Any] = {
        "versions": policies.listed(viewer),
        "in_force": policies.in_force(at),
        "may_propose": can(viewer, Action.POLICY_PROPOSE),
    }
    try:
        context |= _read(policies.current(at))
    except PolicyUnusable as error:
        context["unusable"] = error.message
    return render(request, "policies/policy.html", context)


@page(Action.POLICY_PROPOSE)
@require_http_methods(["GET", "HEAD", "POST"])
def changed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The editor: the text is checked, compared with the policy in force, and proposed."""
    if request.method != "POST":
        form = PolicyForm(initial={"text": policies.current_text(now())})
        return render(request, "policies/change.html", {"form": form})
    form = PolicyForm(request.POST)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        try:
            return _acted(request, viewer, form, context)
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
            if not isinstance(error.fields.get("field"), str) or error.fields["field"] not in form.fields:
                context["excerpt"] = _excerpt(form.cleaned_data["text"], error.fields.get("line"))
    return render(request, "policies/change.html", context, status=400)


@page(Action.POLICY_VIEW)
@require_safe
def version(request: HttpRequest, viewer: Viewer, policy_id: UUID) -> HttpResponseBase:
    """One version: what it changes, down to the items, who agreed, and what may be done."""
    return _version(request, viewer, policies.get(viewer, policy_id))


@page(Action.POLICY_VIEW)
@require_safe
def version_csv(request: HttpRequest, viewer: Viewer, policy_id: UUID) -> HttpResponseBase:  # noqa: ARG001 - each page is given its request
    """Every recording whose end moves under this version."""
    at, found = now(), policies.get(viewer, policy_id)
    return _sheet(policies.current(at), policies.read(found))


@page(Action.POLICY_APPROVE)
@require_POST
def approve(request: HttpRequest, viewer: Viewer, policy_id: UUID) -> HttpResponseBase:
    """The viewer agrees; with the last who must, the policy is adopted."""
    found = policies.get(viewer, policy_id)
    try:
        agreed = adoption.approve(policy_id=policy_id, viewer=viewer, at=now())
    except (Invalid, Conflict) as error:
        return _version(request, viewer, found, {"refused": error.message}, status=400)
    is_adopted = agreed.state == State.EXECUTED
    messages.success(
        request, "The policy is adopted." if is_adopted else "Approved. Others have to approve too."
    )
    return redirect("policy-version", policy_id)


@page(Action.POLICY_APPROVE)
@require_POST
def refuse(request: HttpRequest, viewer: Viewer, policy_id: UUID) -> HttpResponseBase:
    """The policy is not adopted."""
    return _closed(request, viewer, policies.get(viewer, policy_id), "refuse", adoption.refuse)


@page(Action.POLICY_PROPOSE)
@require_POST
def withdraw(request: HttpRequest, viewer: Viewer, policy_id: UUID) -> HttpResponseBase:
    """Who proposed it no longer does."""
    return _closed(request, viewer, policies.get(viewer, policy_id), "withdraw", adoption.withdraw)


def _acted(
    request: HttpRequest, viewer: Viewer, form: PolicyForm, context: dict[str, Any]
) -> HttpResponseBase:
    """Whatever button was pressed."""
    at, text, act = now(), form.cleaned_data["text"], request.POST.get("act")
    if act == "propose":
        made = adoption.propose(
            text=text,
            reason=form.cleaned_data["reason"],
            viewer=viewer,
            at=at,
            not_before=form.not_before,
        )
        messages.success(request, "The policy is proposed. Another person has to approve it.")
        return redirect("policy-version", made.pk)
    old, new = policies.current(at), adoption.check(text)
    if act == "items":
        return _sheet(old, new)
    context |= {"checked": new, "effective_at": adoption.effective_at(new, at=at, not_before=form.not_before)}
    if act == "compare":
        context |= _compared(old, new)
        context["items"] = list(what_if.items(old, new, at, limit=PAGE_ITEMS))
    return render(request, "policies/change.html", context)


def _version(
    request: HttpRequest,
    viewer: Viewer,
    found: PolicyVersion,
    more: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponseBase:
    at = now()
    has_come = found.effective_at is not None and found.effective_at <= at
    context: dict[str, Any] = {
        "version": found,
        **acts(viewer, found, approves=can(viewer, Action.POLICY_APPROVE)),
    }
    try:
        new = policies.read(found)
        context |= _read(new)
        if found.is_open or (found.state == State.EXECUTED and not has_come):
            context |= _what_if(request, policies.current(at), new)
        if found.is_open:
            context["effective_at"] = adoption.effective_at(new, at=at, not_before=found.effective_at)
    except PolicyUnusable as error:
        context["unusable"] = error.message
    return render(request, "policies/version.html", {**context, **(more or {})}, status=status)


def _what_if(request: HttpRequest, old: Policy, new: Policy) -> dict[str, Any]:
    """The comparison, and the part of its items that the address asks for."""
    context = _compared(old, new)
    asked = request.GET.get("shift", "")
    shift = Shift(asked) if asked in set(Shift) else None
    counts = context["compared"].shifts
    part = part_of(request, counts[shift] if shift else sum(counts.values()))
    found = what_if.items(old, new, context["compared"].as_of, shift, first=part.first, limit=PAGE_ITEMS)
    return {**context, "items": list(found), "part": part, "shift": shift}


def _compared(old: Policy, new: Policy) -> dict[str, Any]:
    found = what_if.compare(old, new, now())
    names = {rule.code: rule.name for rule in (*old.rules, *new.rules)}
    return {
        "compared": found,
        "changes": changes(old, new),
        "rules": [(names.get(code, code), before, after) for code, before, after in found.rules],
        "moved": sum(found.shifts.values()),
    }


def _read(policy: Policy) -> dict[str, Any]:
    """A policy as tables: what runs from the recording, and what from the end of an incident."""
    lines = [(rule, rule_words(rule)) for rule in policy.rules]
    return {
        "policy": policy,
        "of_recordings": [line for line in lines if line[0].start == "recorded"],
        "of_incidents": [line for line in lines if line[0].start != "recorded"],
    }


def _excerpt(text: str, line: object) -> list[tuple[int, str, bool]]:
    """The lines around the one at fault, with their numbers."""
    if not isinstance(line, int):
        return []
    first = max(1, line - AROUND)
    around = islice(text.splitlines(), first - 1, line + AROUND)
    return [(number, words, number == line) for number, words in enumerate(around, first)]


def _sheet(old: Policy, new: Policy) -> HttpResponseBase:
    lines = what_if.sheet(old, new, now())
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="what-if.csv"'
    return response


def _closed(
    request: HttpRequest, viewer: Viewer, found: PolicyVersion, name: str, close: _Close
) -> HttpResponseBase:
    form = CloseForm(request.POST, prefix=name)
    if form.is_valid():
        try:
            closed = close(policy_id=found.pk, reason=form.cleaned_data["reason"], viewer=viewer, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"The policy is {closed.state}.")
            return redirect("policy-version", found.pk)
    return _version(request, viewer, found, {f"{name}_form": form, "typed": form}, status=400)
