"""May footage be made unreadable before its time? Only if several people say so. Pure.

One declared table says what may happen to such a request in which state. Nothing that cannot be undone is done by one
person: the requester counts as one of the quorum and never approves, and each approval is another account's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

LIVES = timedelta(days=14)
SMALLEST_QUORUM = 2


class State(StrEnum):
    """How far a request is. The last four are final."""

    REQUESTED = "requested"
    APPROVED = "approved"
    EXECUTED = "executed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @property
    def is_open(self) -> bool:
        """Whether anything can still happen to it."""
        return bool(TRANSITIONS[self])


class Act(StrEnum):
    """What may happen to a request."""

    APPROVE = "approve"
    EXECUTE = "execute"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"


TRANSITIONS: Mapping[State, Mapping[Act, frozenset[State]]] = {
    State.REQUESTED: {
        Act.APPROVE: frozenset({State.REQUESTED, State.APPROVED}),
        Act.REFUSE: frozenset({State.REFUSED}),
        Act.WITHDRAW: frozenset({State.WITHDRAWN}),
        Act.EXPIRE: frozenset({State.EXPIRED}),
    },
    State.APPROVED: {
        Act.EXECUTE: frozenset({State.EXECUTED}),
        Act.REFUSE: frozenset({State.REFUSED}),
        Act.WITHDRAW: frozenset({State.WITHDRAWN}),
        Act.EXPIRE: frozenset({State.EXPIRED}),
    },
    State.EXECUTED: {},
    State.REFUSED: {},
    State.WITHDRAWN: {},
    State.EXPIRED: {},
}
"""State, act, and the states it may lead to. An approval leads to approved once the quorum is complete."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a request when somebody acts on it; `not_before`: once approved, it is not executed sooner."""

    state: State
    quorum: int
    requested_by: UUID
    approved_by: frozenset[UUID]
    expires_at: datetime
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the act may happen, what the request then is, and why not, in a sentence."""

    allowed: bool
    state: State
    reason: str = ""


def judge(facts: Facts, act: Act, by: UUID | None, at: datetime) -> Verdict:
    """Whether `by` may do this to the request at `at`; `by` None is the system, which only executes and expires."""
    wrong = _wrong(facts, act, by, at)
    if wrong:
        return Verdict(allowed=False, state=facts.state, reason=wrong)
    approved = facts.approved_by | ({by} if act is Act.APPROVE and by else set())
    return Verdict(allowed=True, state=_next(facts, act, approved))


def missing(facts: Facts) -> int:
    """How many more people have to approve."""
    return max(0, facts.quorum - 1 - len(_others(facts, facts.approved_by)))


def _next(facts: Facts, act: Act, approved: Iterable[UUID]) -> State:
    targets = TRANSITIONS[facts.state][act]
    if act is not Act.APPROVE:
        return next(iter(targets))
    complete = len(_others(facts, approved)) + 1 >= facts.quorum
    return State.APPROVED if complete else State.REQUESTED


def _wrong(facts: Facts, act: Act, by: UUID | None, at: datetime) -> str:
    """Why the act is not allowed; empty when it is."""
    if act not in TRANSITIONS[facts.state]:
        return f"The request is {facts.state.value}; nobody can {act.value} it now."
    over = at >= facts.expires_at
    faults = (
        (act is Act.EXPIRE and not over, "The request has not run out yet."),
        (act is not Act.EXPIRE and over, "The request has run out; ask again."),
        (act is Act.EXECUTE and missing(facts) > 0, "Not enough people have approved."),
        (act is Act.EXECUTE and at < (facts.not_before or at), "The days of grace are not over."),
        (act is Act.WITHDRAW and by != facts.requested_by, "Only who asked for it can withdraw it."),
        (act is Act.APPROVE and by == facts.requested_by, "You asked for it; others have to approve."),
        (act is Act.APPROVE and by in facts.approved_by, "You have approved it already; others have to."),
    )
    return next((words for applies, words in faults if applies), "")


def _others(facts: Facts, approved: Iterable[UUID]) -> set[UUID]:
    return set(approved) - {facts.requested_by}
