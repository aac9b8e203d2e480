"""What several people agree to: the steps that a policy, an early disposal, a run and the destruction of a key share.

Each step runs in the caller's transaction with the request's row locked, is judged by `quorum`, and is refused with the
reason in words. Who may take it at all, and what the log says, is for the callers.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from tabard.kernel.errors import Conflict, Invalid
from tabard.retention import quorum
from tabard.retention.models import EarlyDisposal, KeyDestruction, PolicyVersion, RunRelease
from tabard.retention.quorum import Act, Facts, State

Request = EarlyDisposal | KeyDestruction | PolicyVersion | RunRelease
OPEN = [state.value for state in State if state.is_open]
CLOSINGS = {Act.REFUSE: "refused", Act.WITHDRAW: "withdrawn", Act.EXPIRE: "ran out"}


class NotAllowedNow(Conflict):
    """The state of the request does not allow this, or the person has had their say in it."""

    code = "not_allowed_now"


class Kept(Conflict):
    """Something keeps the recording: a hold, an incident or an exhibit."""

    code = "kept"


def opening(*, reason: str, account_id: UUID, at: datetime) -> dict[str, Any]:
    """The fields of a new request.

    Raises:
        Invalid: when the installation asks for fewer than two people.
    """
    people = int(settings.TABARD_KEY_QUORUM)
    if people < quorum.SMALLEST_QUORUM:
        raise Invalid("TABARD_KEY_QUORUM must be 2 or more.", field="TABARD_KEY_QUORUM")
    return {
        "reason": reason,
        "quorum": people,
        "requested_at": at,
        "requested_by_id": account_id,
        "expires_at": at + quorum.LIVES,
    }


def facts_of(request: Request) -> Facts:
    """The facts of a request, read now."""
    return Facts(
        state=State(request.state),
        quorum=request.quorum,
        requested_by=request.requested_by_id,
        approved_by=frozenset(request.approvals.values_list("approved_by_id", flat=True)),
        expires_at=request.expires_at,
        not_before=request.executes_at if isinstance(request, EarlyDisposal) else None,
    )


def still_missing(request: Request) -> int:
    """How many more people have to approve."""
    return quorum.missing(facts_of(request))


def approve(request: Request, *, account_id: UUID, at: datetime) -> State:
    """The account has approved; returns what the request is now.

    Raises:
        NotAllowedNow.
    """
    state = _judged(request, Act.APPROVE, account_id, at)
    request.approvals.create(approved_by_id=account_id, approved_at=at)
    return _moved(request, state)


def close(request: Request, act: Act, *, account_id: UUID | None, at: datetime, reason: str = "") -> State:
    """The request is executed, refused, withdrawn or expired, and nothing can happen to it any more.

    Raises:
        NotAllowedNow.
    """
    state = _judged(request, act, account_id, at)
    request.closed_at, request.closed_by_id, request.closed_reason = at, account_id, reason
    return _moved(request, state)


def check(request: Request, act: Act, account_id: UUID | None, at: datetime) -> None:
    """Return only if the act is allowed now.

    Raises:
        NotAllowedNow.
    """
    _judged(request, act, account_id, at)


def _judged(request: Request, act: Act, account_id: UUID | None, at: datetime) -> State:
    verdict = quorum.judge(facts_of(request), act, account_id, at)
    if not verdict.allowed:
        raise NotAllowedNow(verdict.reason, request=str(request.id), state=request.state)
    return verdict.state


def _moved(request: Request, state: State) -> State:
    request.state = state.value
    request.save(update_fields=["state", "closed_at", "closed_by", "closed_reason"])
    return state
