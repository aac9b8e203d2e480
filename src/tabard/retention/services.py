"""What would be disposed of, and which categories can be chosen."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from tabard.recordings.models import Category, Recording
from tabard.retention import policies, selectors
from tabard.retention.policy import default_policy
from tabard.retention.rules import Decision, Policy


@dataclass(slots=True)
class Plan:
    """What a run would dispose of, and under which rules."""

    as_of: datetime
    due: list[tuple[Recording, Decision]] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """How many bytes of footage are due."""
        return sum(recording.size_bytes for recording, _ in self.due)

    @property
    def by_rule(self) -> dict[str, int]:
        """How many recordings each rule makes due."""
        return dict(Counter(decision.rule for _, decision in self.due))


def adopt_policy(policy: Policy | None = None) -> int:
    """Every category of the policy can be chosen when this returns; returns how many there are.

    Args:
        policy: The one that is adopted. Without it, what ships with this version of Tabard, unless the force has
            adopted one of its own, whose categories are there and keep their names.
    """
    if policy is None and policies.has_own():
        return Category.objects.count()
    adopted = policy or default_policy()
    for code, name in adopted.categories.items():
        Category.objects.update_or_create(code=code, defaults={"name": name})
    return len(adopted.categories)


def plan(*, as_of: datetime) -> Plan:
    """What is due at the instant and not held. Changes nothing."""
    return Plan(as_of, list(selectors.due(policies.current(as_of), as_of)))
