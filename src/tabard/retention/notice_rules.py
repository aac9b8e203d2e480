"""Whom is it worth telling before footage goes? Pure: a policy in, the categories under which nobody chose to keep it.

An officer is told of a recording that is about to go, overlaps an incident they attended, and of which nobody has said
that it is evidence: it has no category, or one that keeps it no longer than none would. When an incident of which no
end is known was over, nobody can say; it counts as going on for no longer than a tour of duty.
"""

from datetime import timedelta

from tabard.retention.rules import Ending, Policy, Rule

TOUR = timedelta(hours=12)


def slight(policy: Policy) -> list[str]:
    """The codes of the categories that keep a recording no longer than none does; the empty one, for none, is first."""
    without = policy.for_recording(None, "")
    return [
        "",
        *(code for code in policy.categories if _is_no_longer(policy.for_recording(code, ""), without)),
    ]


def _is_no_longer(rule: Rule | None, without: Rule | None) -> bool:
    """Whether both end by themselves, and the one no later than the other."""
    if rule is None or without is None or rule.days is None or without.days is None:
        return False
    return rule.ending is Ending.DISPOSE and rule.days <= without.days
