"""How long is a recording kept, and why? Pure: facts and a policy in, a decision with its reason out.

Nothing here reads a date that anybody can edit. A period runs from the latest instant at which the recording can have
begun, as far as that was certain when it came in: from receipt, or from an earlier time that readings of the camera's
clock on both sides had made certain. However late footage comes, it stays for some days in which people can find it. A
category that the policy does not know, and anything held, is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """How long one class of footage is kept; `days` None means until a person decides."""

    rule: str
    name: str
    days: int | None
    source: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Every period of one version of the policy."""

    name: str
    version: str
    notice_days: int
    uncategorised: Period
    by_category: Mapping[str, Period]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the decision rests on. `holds` are the reasons, in words, why the recording must stay.

    `begun_by_at` is the latest that the recording can have begun, as far as that was certain at receipt; None where
    nothing was.
    """

    category: str | None
    received_at: datetime
    begun_by_at: datetime | None = None
    holds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """When the recording falls due, under which rule, and why in a sentence; `due_at` None means it is kept."""

    due_at: datetime | None
    rule: str
    reason: str
    held_by: tuple[str, ...] = ()

    def is_due(self, as_of: datetime) -> bool:
        """Whether the period has ended and nothing holds the recording."""
        return self.due_at is not None and not self.held_by and self.due_at <= as_of


def counted_from(facts: Facts) -> tuple[datetime, str]:
    """The instant that the period runs from, and in words which that is."""
    if facts.begun_by_at is None or facts.begun_by_at >= facts.received_at:
        return facts.received_at, "its receipt, before which its start is not certain"
    return facts.begun_by_at, "its start, as its camera's clock was measured before and after"


def decide(facts: Facts, policy: Policy) -> Decision:
    """When and why the recording falls due under the policy."""
    period = policy.uncategorised if facts.category is None else policy.by_category.get(facts.category)
    if period is None:
        reason = f"Kept: the policy has no period for the category {facts.category}."
        return Decision(None, "unknown-category", reason, facts.holds)
    if period.days is None:
        return Decision(None, period.rule, f"Kept until a person decides: {period.source}.", facts.holds)
    base, clock = counted_from(facts)
    reason = f"{period.name}: kept for {period.days} days from {clock} ({period.source})."
    due_at, noticed_at = base + timedelta(days=period.days), facts.received_at + _notice(policy, period.days)
    if due_at < noticed_at:
        due_at = noticed_at
        reason += f" It came late, and is kept for {policy.notice_days} days from its receipt."
    if facts.holds:
        reason = f"Held: {'; '.join(facts.holds)}. Without that: {reason}"
    return Decision(due_at, period.rule, reason, facts.holds)


def _notice(policy: Policy, days: int) -> timedelta:
    """For how long after receipt nothing falls due; no longer than the period itself would last from there."""
    return timedelta(days=min(policy.notice_days, days))
