"""What does the policy file say? Reads one strictly, runs the tests in it, and refuses it whole with line and reason.

A file that cannot be trusted must never decide that something is disposed of. So a field that is missing, misspelt or
zero is refused, and so is a category or an outcome that no rule covers, a rule for one that there is not, and a file
whose own tests do not hold.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NoReturn

from tabard.incidents.models import Incident
from tabard.incidents.rules import OutcomeKind
from tabard.kernel.errors import Invalid
from tabard.retention.periods import days_of_months
from tabard.retention.policy_tests import FaultyTest, failure
from tabard.retention.rules import Ending, Policy, Rule, Start

DEFAULT_POLICY = "england-wales.toml"
UNCATEGORISED = "none"
_PARTS = {"name", "version", "receipt", "disposal", "categories", "rule", "test"}
_UNITS = {"days": 1, "months": None, "years": None}
_FIELDS = {
    *("code", "name", "cites", "confirm", "from", "then", "keep", *_UNITS),
    *("category", "source", "incident", "outcome"),
}
_KINDS = frozenset(str(kind) for kind in Incident.Kind.values)
_ENDED = frozenset(kind.value for kind in OutcomeKind if kind is not OutcomeKind.REOPENED)
_LONGEST_DAYS = 36_525


class PolicyUnusable(Invalid):
    """The policy file cannot be accepted; nothing is disposed of under it. Fields: `field`, `line` from 1."""

    code = "policy_unusable"


@cache
def default_policy() -> Policy:
    """The policy for England and Wales that ships with Tabard."""
    return parse_policy(default_text())


def default_text() -> str:
    """The policy file that ships with Tabard."""
    return files("tabard.retention").joinpath("policies", DEFAULT_POLICY).read_text(encoding="utf-8")


def parse_policy(text: str) -> Policy:
    """The policy in a TOML text; all its own tests hold.

    Raises:
        PolicyUnusable: naming the line, the field at fault and what to do.
    """
    return _Reader(text).policy()


class _Reader:
    """One reading of one text; keeps the text to say in which line something is wrong."""

    def __init__(self, text: str) -> None:
        self._text, self._lines = text, text.splitlines()
        try:
            self._tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"at line (\d+)", str(error))
            line = int(found[1]) if found else len(self._lines)
            raise PolicyUnusable(f"The policy is not TOML: {error}.", field="policy", line=line) from error

    def policy(self) -> Policy:
        """The policy, if nothing is wrong with it."""
        self._only(self._tables, _PARTS, "the file", 1)
        receipt, disposal = self._part("receipt"), self._part("disposal")
        categories = self._part("categories")
        policy = Policy(
            name=self._words(self._tables, "name", "the file", 1),
            version=self._words(self._tables, "version", "the file", 1),
            sha256=hashlib.sha256(self._text.encode()).digest(),
            notice_days=self._days(receipt, "notice_days", "[receipt]", self._line("[receipt]")),
            grace_days=self._days(disposal, "grace_days", "[disposal]", self._line("[disposal]"), least=0),
            always_allowed=self._days(
                disposal, "always_allowed", "[disposal]", self._line("[disposal]"), least=0
            ),
            brake=self._brake(disposal),
            categories={
                code: self._words(categories, code, "[categories]", self._line("[categories]"))
                for code in categories
            },
            rules=tuple(self._rules(categories)),
        )
        self._check_covered(policy)
        self._check_tests(policy)
        return policy

    def _rules(self, categories: Mapping[str, Any]) -> Iterator[Rule]:
        seen: set[str] = set()
        for number, table in enumerate(self._list("rule"), 1):
            line = self._line("[[rule]]", number)
            rule = self._rule(table, f"[[rule]] {number}", line, set(categories))
            if rule.code in seen:
                self._refuse(f"Two rules are called {rule.code}.", "code", line)
            seen.add(rule.code)
            yield rule

    def _rule(self, table: Mapping[str, Any], where: str, line: int, categories: set[str]) -> Rule:
        self._only(table, _FIELDS, where, line)
        code = self._words(table, "code", where, line)
        rule = Rule(
            code=code,
            name=self._words(table, "name", where, line),
            days=self._period(table, where, line),
            cites=self._words(table, "cites", where, line),
            start=Start(self._choice(table, "from", Start.RECORDED, set(Start), line)),
            ending=Ending(self._choice(table, "then", None, set(Ending), line)),
            is_confirmed=not self._flag(table, "confirm", line),
            categories=frozenset(
                None if each == UNCATEGORISED else each
                for each in self._choices(table, "category", categories | {UNCATEGORISED}, line)
            ),
            sources=frozenset(self._choices(table, "source", None, line)),
            incidents=frozenset(self._choices(table, "incident", _KINDS, line)),
            outcomes=frozenset(self._choices(table, "outcome", _ENDED, line)),
        )
        if rule.start is Start.RECORDED and (rule.incidents or rule.outcomes):
            self._refuse(
                f"{code} names incidents; such a rule runs from case_closed or conviction_or_release.",
                "from",
                line,
            )
        if rule.start is Start.RECORDED and not rule.categories:
            self._refuse(f"{code} must say for which categories it is.", "category", line)
        return rule

    def _check_covered(self, policy: Policy) -> None:
        """Return only if every category, and every way in which an incident ends, has a rule."""
        line = self._line("[categories]")
        for category in (None, *policy.categories):
            if policy.for_recording(category, "") is None:
                name = category or UNCATEGORISED
                self._refuse(f"No rule says how long the category {name} is kept.", "category", line)
        for kind, outcome in ((kind, outcome) for kind in sorted(_KINDS) for outcome in sorted(_ENDED)):
            if not policy.for_case(None, "", kind, outcome):
                self._refuse(f"No rule says what follows when {kind} ends as {outcome}.", "outcome", line)

    def _check_tests(self, policy: Policy) -> None:
        """Return only if the file has tests and all hold."""
        tests = self._list("test")
        for number, table in enumerate(tests, 1):
            line = self._line("[[test]]", number)
            try:
                wrong = failure(table, policy)
            except FaultyTest as error:
                self._refuse(str(error), error.field, line)
            if wrong:
                self._refuse(f"Its own test fails: {wrong}", "test", line)
        if not tests:
            self._refuse(
                "The policy has no [[test]]; say what it must do to some recordings.",
                "test",
                len(self._lines),
            )

    def _period(self, table: Mapping[str, Any], where: str, line: int) -> int | None:
        """The days, of whichever unit is used; None for `keep = true`."""
        used = [unit for unit in _UNITS if unit in table]
        if self._flag(table, "keep", line) == bool(used) or len(used) > 1:
            self._refuse(f"{where} needs one of days, months, years, or keep = true.", "days", line)
        if not used:
            return None
        count = self._days(table, used[0], where, line)
        months = {"months": count, "years": 12 * count}.get(used[0])
        return days_of_months(months) if months else count

    def _part(self, name: str) -> Mapping[str, Any]:
        part = self._tables.get(name, {})
        if not isinstance(part, dict):
            self._refuse(f"{name} must be a table: [{name}].", name, 1)
        known = {"receipt": {"notice_days"}, "disposal": {"grace_days", "always_allowed", "brake"}}
        if name in known:
            self._only(part, known[name], f"[{name}]", self._line(f"[{name}]"))
        return dict(part)

    def _list(self, name: str) -> list[Mapping[str, Any]]:
        found = self._tables.get(name, [])
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            self._refuse(f"Write each {name} as a table of its own: [[{name}]].", name, 1)
        return list(found)

    def _only(self, table: Mapping[str, Any], known: set[str], where: str, line: int) -> None:
        unknown = sorted(set(table) - known)
        if unknown:
            self._refuse(f"{where} has a field that we do not know: {unknown[0]}.", unknown[0], line)

    def _days(self, table: Mapping[str, Any], field: str, where: str, line: int, least: int = 1) -> int:
        value = table.get(field)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _LONGEST_DAYS:
            self._refuse(
                f"{where} {field} must be a whole number, {least} to {_LONGEST_DAYS:,}.", field, line
            )
        return value

    def _brake(self, table: Mapping[str, Any]) -> float:
        value, line = table.get("brake"), self._line("[disposal]")
        if not isinstance(value, int | float) or isinstance(value, bool) or not 1 <= value <= 10:
            self._refuse("[disposal] brake must be a number, 1 to 10.", "brake", line)
        return float(value)

    def _words(self, table: Mapping[str, Any], field: str, where: str, line: int) -> str:
        value = table.get(field)
        if not isinstance(value, str) or not value.strip():
            self._refuse(f"{where} {field} must say something.", field, line)
        return value.strip()

    def _flag(self, table: Mapping[str, Any], field: str, line: int) -> bool:
        value = table.get(field, False)
        if not isinstance(value, bool):
            self._refuse(f"{field} is true or false.", field, line)
        return value

    def _choice(
        self, table: Mapping[str, Any], field: str, default: str | None, allowed: set[Any], line: int
    ) -> str:
        value = table.get(field, default)
        if value not in {str(each) for each in allowed}:
            known = ", ".join(sorted(str(each) for each in allowed))
            self._refuse(f"{field} is one of {known}.", field, line)
        return str(value)

    def _choices(
        self, table: Mapping[str, Any], field: str, allowed: frozenset[str] | set[str] | None, line: int
    ) -> list[str]:
        value = table.get(field, [])
        chosen = [value] if isinstance(value, str) else value
        if not isinstance(chosen, list) or not all(isinstance(each, str) and each for each in chosen):
            self._refuse(f"{field} is a list of words.", field, line)
        unknown = sorted(set(chosen) - allowed) if allowed is not None else []
        if unknown or (field in table and not chosen):
            known = ", ".join(sorted(allowed or ()))
            self._refuse(f"{field} names {unknown or 'nothing'}; there are {known}.", field, line)
        return chosen

    def _line(self, header: str, number: int = 1) -> int:
        """The line of the so-manieth such header, from 1; the last line where it is missing."""
        found = [line for line, text in enumerate(self._lines, 1) if text.split("#")[0].strip() == header]
        return found[number - 1] if len(found) >= number else max(len(self._lines), 1)

    def _refuse(self, words: str, field: str, line: int) -> NoReturn:
        """Refuse the file; a field that stands in a table is looked for from the table's header on."""
        exact = next(
            (
                at
                for at, text in enumerate(self._lines[line - 1 :], line)
                if re.match(rf"\s*{re.escape(field)}\s*=", text)
            ),
            line,
        )
        nearer = exact if self._same_table(line, exact) else line
        raise PolicyUnusable(f"Line {nearer}: {words}", field=field, line=nearer)

    def _same_table(self, first: int, last: int) -> bool:
        return not any(text.lstrip().startswith("[") for text in self._lines[first:last])
