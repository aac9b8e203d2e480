"""What does the policy file say? Reads one strictly: a period that is missing, zero or misspelt is refused.

A file that cannot be trusted must never decide that something is disposed of.
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from tabard.kernel.errors import Invalid
from tabard.retention.rules import Period, Policy

DEFAULT_POLICY = "england-wales.toml"
_FIELDS = {"name", "rule", "days", "keep", "source"}


class PolicyUnusable(Invalid):
    """The policy file cannot be accepted; nothing is disposed of under it."""

    code = "policy_unusable"


def default_policy() -> Policy:
    """The policy for England and Wales that ships with Tabard."""
    return parse_policy(
        files("tabard.retention").joinpath("policies", DEFAULT_POLICY).read_text(encoding="utf-8")
    )


def parse_policy(text: str) -> Policy:
    """The policy in a TOML text.

    Raises:
        PolicyUnusable: naming the table and the field at fault.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyUnusable(f"The policy is not TOML: {error}.", field="policy") from error
    categories = tables.get("category", {})
    return Policy(
        name=_text(tables, "name", "policy"),
        version=_text(tables, "version", "policy"),
        notice_days=_days(tables.get("receipt", {}), "notice_days", "receipt"),
        uncategorised=_period("uncategorised", tables.get("uncategorised", {}), "Not categorised"),
        by_category={code: _period(code, table, None) for code, table in categories.items()},
    )


def _period(code: str, table: Mapping[str, Any], name: str | None) -> Period:
    unknown = set(table) - _FIELDS
    if unknown:
        raise PolicyUnusable(f"[{code}] has a field we do not know: {min(unknown)}.", field=min(unknown))
    keep = table.get("keep", False)
    if not isinstance(keep, bool) or keep == ("days" in table):
        raise PolicyUnusable(f"[{code}] needs either days or keep = true.", field="days")
    return Period(
        rule=code,
        name=name or _text(table, "name", code),
        days=None if keep else _days(table, "days", code),
        source=_text(table, "source", code),
    )


def _days(table: Mapping[str, Any], field: str, where: str) -> int:
    days = table.get(field)
    if not isinstance(days, int) or isinstance(days, bool) or days < 1:
        raise PolicyUnusable(f"[{where}] {field} must be a whole number of days, 1 or more.", field=field)
    return days


def _text(table: Mapping[str, Any], field: str, where: str) -> str:
    text = table.get(field)
    if not isinstance(text, str) or not text.strip():
        raise PolicyUnusable(f"[{where}] {field} must say something.", field=field)
    return text.strip()
