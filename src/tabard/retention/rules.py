"""How long is a recording kept, and why? Pure: facts and a policy in, a decision with its reason out.

Nothing here reads a date that a user can edit. Camera time counts only where receipt makes it plausible; a category
that the policy does not know, and anything held, is kept.
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
    believed_days: int
    uncategorised: Period
    by_category: Mapping[str, Period]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the decision rests on. `holds` are the reasons, in words, why the recording must stay."""

    category: str | None
    started_at: datetime
    received_at: datetime
    clock_suspect: bool = False
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


def counted_from(facts: Facts, policy: Policy) -> tuple[datetime, str]:
    """The instant that the period runs from, and which clock said so."""
    earliest = facts.received_at - timedelta(days=policy.believed_days)
    if facts.clock_suspect or not earliest <= facts.started_at <= facts.received_at:
        return facts.received_at, "its receipt, because its camera's clock is not believed"
    return facts.started_at, "its start"


def decide(facts: Facts, policy: Policy) -> Decision:
    """When and why the recording falls due under the policy."""
    period = policy.uncategorised if facts.category is None else policy.by_category.get(facts.category)
    if period is None:
        reason = f"Kept: the policy has no period for the category {facts.category}."
        return Decision(None, "unknown-category", reason, facts.holds)
    if period.days is None:
        return Decision(None, period.rule, f"Kept until a person decides: {period.source}.", facts.holds)
    base, clock = counted_from(facts, policy)
    due_at = base + timedelta(days=period.days)
    reason = f"{period.name}: kept for {period.days} days from {clock} ({period.source})."
    if facts.holds:
        reason = f"Held: {'; '.join(facts.holds)}. Without that: {reason}"
    return Decision(due_at, period.rule, reason, facts.holds)
