"""Does a policy do what it is meant to? The tests in a policy file, each a recording and what must become of it. Pure.

A test names the facts in days after receipt, so that it can be read by somebody who has never seen a program::

    [[test]]
    name = "Six months after a conviction"
    category = "crime"
    incident = "crime_report"
    outcome = "convicted"
    closed_after_days = 100
    expect = { due_after_days = 284, rule = "conviction" }
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tabard.retention.rules import Case, Decision, Facts, Policy, decide

_RECEIVED = datetime(2026, 1, 1, 12, tzinfo=UTC)
_NUMBERS = (
    "closed_after_days",
    "released_after_days",
    "begun_days_before",
    "kept_after_days",
    "given_up_after_days",
)
_WORDS = ("name", "category", "source", "incident", "outcome")
_FLAGS = ("held", "in_custody")
_EXPECTED = ("due_after_days", "review_after_days", "rule", "kept", "held")


class FaultyTest(Exception):
    """A test cannot be read; `field` says where."""

    def __init__(self, words: str, field: str) -> None:
        super().__init__(words)
        self.field = field


def failure(table: Mapping[str, Any], policy: Policy) -> str:
    """In which way the policy does not do what the test expects; empty when it does.

    Raises:
        FaultyTest: when the test itself cannot be read.
    """
    _check(table)
    expected = table["expect"]
    found = _found(decide(_facts(table), policy))
    wrong = [name for name in expected if expected[name] != found.get(name)]
    if not wrong:
        return ""
    return f"{table['name']}: expected {_said(expected, wrong)}, found {_said(found, wrong)}."


def _facts(table: Mapping[str, Any]) -> Facts:
    category = table.get("category", "none")
    return Facts(
        category=None if category == "none" else category,
        source=table.get("source", ""),
        received_at=_RECEIVED,
        begun_by_at=_after({"of": -table["begun_days_before"]}, "of")
        if "begun_days_before" in table
        else None,
        cases=(_case(table),) if "incident" in table else (),
        holds=("a hold",) if table.get("held") else (),
        keep_until=_after(table, "kept_after_days"),
        given_up_at=_after(table, "given_up_after_days"),
    )


def _case(table: Mapping[str, Any]) -> Case:
    outcome = table.get("outcome")
    return Case(
        reference="the incident",
        kind=table["incident"],
        outcome=outcome,
        closed_at=_after(table, "closed_after_days") if outcome else None,
        released_at=_after(table, "released_after_days"),
        in_custody=table.get("in_custody", False),
    )


def _found(decision: Decision) -> Mapping[str, Any]:
    found: dict[str, Any] = {
        "rule": decision.rule,
        "kept": decision.due_at is None and decision.review_at is None,
        "held": bool(decision.held_by),
    }
    if decision.due_at is not None:
        found["due_after_days"] = (decision.due_at - _RECEIVED).days
    if decision.review_at is not None:
        found["review_after_days"] = (decision.review_at - _RECEIVED).days
    return found


def _after(table: Mapping[str, Any], field: str) -> datetime | None:
    return _RECEIVED + timedelta(days=table[field]) if field in table else None


def _said(values: Mapping[str, Any], names: list[str]) -> str:
    return ", ".join(f"{name} {values.get(name, 'nothing')}" for name in names)


def _check(table: Mapping[str, Any]) -> None:
    """Return only if the test can be read."""
    for field, value in table.items():
        good = (
            (field in _WORDS and isinstance(value, str) and value)
            or (field in _NUMBERS and isinstance(value, int) and not isinstance(value, bool))
            or (field in _FLAGS and isinstance(value, bool))
            or (field == "expect" and isinstance(value, dict) and value and set(value) <= set(_EXPECTED))
        )
        if not good:
            raise FaultyTest(f"A test has no such field, or not with such a value: {field}.", field)
    for field in ("name", "expect"):
        if field not in table:
            raise FaultyTest(f"A test needs {field}.", field)
    if "outcome" in table and not {"incident", "closed_after_days"} <= set(table):
        raise FaultyTest("An outcome needs incident and closed_after_days.", "outcome")
