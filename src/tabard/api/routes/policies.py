"""The retention policy: what is in force, what another would change, and its adoption by several people."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import StreamingHttpResponse

from tabard.api.operations import Operations
from tabard.api.schemas.policies import (
    PolicyIn,
    PolicyOut,
    PolicyTextIn,
    PolicyVersionOut,
    PolicyVersionWithTextOut,
    WhatIfOut,
)
from tabard.api.schemas.shared_decisions import CloseIn
from tabard.api.viewers import Asked
from tabard.kernel.clock import now
from tabard.people.authorisation import check_can
from tabard.people.rules import Action
from tabard.retention import adoption, policies, what_if
from tabard.retention.models import PolicyVersion
from tabard.retention.policy_changes import changes
from tabard.retention.rules import Policy

retention_policies = Operations("policies")
_ONE = "/policies/{uuid:policy_id}"


@retention_policies.get("/policies/in-force", access=Action.POLICY_VIEW, answers=PolicyOut)
def in_force(request: Asked) -> dict[str, Any]:
    """The policy in force now, with its text."""
    check_can(request.auth, Action.POLICY_VIEW)
    at = now()
    policy, version = policies.current(at), policies.in_force(at)
    return {
        "id": version and version.pk,
        "name": policy.name,
        "version": policy.version,
        "sha256": policy.sha256.hex(),
        "effective_at": version and version.effective_at,
        "text": policies.current_text(at),
    }


@retention_policies.get("/policies", access=Action.POLICY_VIEW, answers=list[PolicyVersionOut])
def listed(request: Asked) -> list[PolicyVersion]:
    """Every version that was ever proposed: the one that waits first, then the newest."""
    return policies.listed(request.auth)


@retention_policies.post(
    "/policies", access=Action.POLICY_PROPOSE, answers=PolicyVersionWithTextOut, status=201
)
def propose(request: Asked, sent: PolicyIn) -> PolicyVersion:
    """Proposes a policy; nothing changes until others approve it."""
    made = adoption.propose(**sent.model_dump(), viewer=request.auth, at=now())
    return policies.get(request.auth, made.pk)


@retention_policies.post("/policies/what-if", access=Action.POLICY_PROPOSE, answers=WhatIfOut)
def tried(request: Asked, sent: PolicyTextIn) -> dict[str, Any]:
    """What a policy would change that nobody has proposed; one that could not be is refused, with the line at fault."""
    check_can(request.auth, Action.POLICY_PROPOSE)
    return _what_if(adoption.check(sent.text))


@retention_policies.get(_ONE, access=Action.POLICY_VIEW, answers=PolicyVersionWithTextOut)
def one(request: Asked, policy_id: UUID) -> PolicyVersion:
    """One version, with its text."""
    return policies.get(request.auth, policy_id)


@retention_policies.get(f"{_ONE}/what-if", access=Action.POLICY_VIEW, answers=WhatIfOut)
def compared(request: Asked, policy_id: UUID) -> dict[str, Any]:
    """What a version would change against the policy in force."""
    found = policies.get(request.auth, policy_id)
    return _what_if(policies.read(found), found.effective_at)


@retention_policies.get(f"{_ONE}/what-if.csv", access=Action.POLICY_VIEW, content_type="text/csv")
def items(request: Asked, policy_id: UUID) -> StreamingHttpResponse:
    """Every recording whose end moves under a version."""
    new = policies.read(policies.get(request.auth, policy_id))
    at = now()
    lines = what_if.sheet(policies.current(at), new, at)
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")


@retention_policies.post(f"{_ONE}/approve", access=Action.POLICY_APPROVE, answers=PolicyVersionOut)
def approve(request: Asked, policy_id: UUID) -> PolicyVersion:
    """Approves; with the last approval the policy is adopted."""
    adoption.approve(policy_id=policy_id, viewer=request.auth, at=now())
    return policies.get(request.auth, policy_id)


@retention_policies.post(f"{_ONE}/refuse", access=Action.POLICY_APPROVE, answers=PolicyVersionOut)
def refuse(request: Asked, policy_id: UUID, sent: CloseIn) -> PolicyVersion:
    """Refuses: one refusal is enough."""
    adoption.refuse(policy_id=policy_id, reason=sent.reason, viewer=request.auth, at=now())
    return policies.get(request.auth, policy_id)


@retention_policies.post(f"{_ONE}/withdraw", access=Action.POLICY_PROPOSE, answers=PolicyVersionOut)
def withdraw(request: Asked, policy_id: UUID, sent: CloseIn) -> PolicyVersion:
    """Withdraws what one proposed oneself."""
    adoption.withdraw(policy_id=policy_id, reason=sent.reason, viewer=request.auth, at=now())
    return policies.get(request.auth, policy_id)


def _what_if(new: Policy, not_before: datetime | None = None) -> dict[str, Any]:
    at = now()
    old = policies.current(at)
    found = what_if.compare(old, new, at)
    return {
        "as_of": at,
        "version": new.version,
        "effective_at": adoption.effective_at(new, at=at, not_before=not_before),
        "changes": changes(old, new),
        "before": found.before,
        "after": found.after,
        "shifts": found.shifts,
        "at_once": found.at_once,
        "saved": found.saved,
    }
