"""Under which categories has nobody said that a recording is evidence? As the policy says, not as they are called."""

from dataclasses import replace

from tabard.retention.notice_rules import slight
from tabard.retention.policy import default_policy
from tabard.retention.rules import Ending

POLICY = default_policy()


def with_rule(code, **changed):
    """The policy with one rule changed."""
    return replace(
        POLICY,
        rules=tuple(replace(rule, **changed) if rule.code == code else rule for rule in POLICY.rules),
    )


def test_as_shipped_it_is_none_and_what_is_no_evidence():
    assert slight(POLICY) == ["", "not-evidential"]


def test_what_keeps_it_for_longer_than_none_says_that_it_is_needed():
    assert slight(with_rule("not-evidential", days=32)) == [""]
    assert slight(with_rule("stop-and-search", days=30)) == ["", "not-evidential", "stop-and-search"]


def test_what_ends_in_a_persons_decision_or_never_ends_is_needed():
    assert slight(with_rule("not-evidential", ending=Ending.REVIEW)) == [""]
    assert slight(with_rule("not-evidential", days=None)) == [""]
    assert slight(with_rule("uncategorised", days=None)) == [""], "then nothing uncategorised is disposed of"
