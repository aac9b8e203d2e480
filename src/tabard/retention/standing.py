"""Where does every recording stand? `rules.decide` over all of them at once, as one statement.

The policy becomes two small tables of values: what each category and source gives, and what each kind and outcome of an
incident gives. The database joins them to the recordings. `rules.decide` is the definition; a property test holds both
to the same answers, and whatever is disposed of is decided again by `decide`, from facts read with its row locked.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from string import Template
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from tabard.incidents.models import Incident
from tabard.incidents.rules import OutcomeKind
from tabard.retention.keeping import IN_FORCE, held_sql
from tabard.retention.rules import UNKNOWN_OUTCOME, Ending, Policy, Rule, Start

BATCH = 1_000
_OTHER = "*"
_ENDED = [kind for kind in OutcomeKind if kind is not OutcomeKind.REOPENED]


@dataclass(frozen=True, slots=True)
class DueItem:
    """A recording that is due and not held."""

    recording_id: UUID
    size_bytes: int
    rule: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Totals:
    """What is due by an instant, and how many more would be, did nothing hold them; `by_rule` counts the due."""

    due: int
    held: int
    size_bytes: int
    by_rule: dict[str, int]


def totals(policy: Policy, as_of: datetime) -> Totals:
    """How much is due at the instant, and held."""
    rows = _rows(
        f"""{_ENDS} SELECT held, rule, count(*), coalesce(sum(size_bytes), 0)::bigint FROM standing
        WHERE due_at <= %(as_of)s GROUP BY held, rule""",  # noqa: S608 - a file of ours
        _values(policy, as_of),
    )
    due = sorted(row for row in rows if not row[0])
    return Totals(
        due=sum(row[2] for row in due),
        held=sum(row[2] for row in rows if row[0]),
        size_bytes=sum(row[3] for row in due),
        by_rule={row[1]: row[2] for row in due},
    )


def due(policy: Policy, as_of: datetime, batch: int = BATCH) -> Iterator[list[DueItem]]:
    """Every recording that is due and not held, soonest due first, in batches; memory stays flat."""
    return _items(policy, as_of, "due_at", "true", batch)


def unlisted_totals(policy: Policy, until: datetime) -> Totals:
    """`totals` of what is not on the list of what will be disposed of."""
    return _as_totals(
        f"""{_ENDS} SELECT rule, count(*), coalesce(sum(size_bytes), 0)::bigint FROM standing
        WHERE due_at <= %(as_of)s AND NOT held AND {_UNLISTED} GROUP BY rule""",  # noqa: S608 - a file of ours
        _values(policy, until),
    )


def gather(policy: Policy, until: datetime) -> Totals:
    """`unlisted_totals`, of what now stands in the session's table `found`, soonest due first, to be put on the list.

    The table has `number` from 1 on, `recording_id`, `size_bytes`, `rule` and `due_at`, and goes with the session.
    """
    with _ample() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.found")
        cursor.execute(
            f"""CREATE TEMPORARY TABLE found AS {_ENDS}
            SELECT row_number() OVER (ORDER BY due_at, id) AS number, id AS recording_id, size_bytes, rule, due_at
            FROM standing WHERE due_at <= %(as_of)s AND NOT held AND {_UNLISTED}""",  # noqa: S608 - a file of ours
            _values(policy, until),
        )
        cursor.execute("CREATE UNIQUE INDEX ON pg_temp.found (number)")
    return _as_totals("SELECT rule, count(*), sum(size_bytes)::bigint FROM pg_temp.found GROUP BY rule", {})


def to_review(policy: Policy, as_of: datetime, batch: int = BATCH) -> Iterator[list[DueItem]]:
    """Every recording about which a person must decide by the instant and that nothing holds, longest over first."""
    return _items(policy, as_of, "review_at", "true", batch)


def asked(
    policy: Policy, as_of: datetime, question: str, *, whole: bool = False, **values: Any
) -> list[tuple[Any, ...]]:
    """The rows of a statement over `standing`; it is one of ours, what anybody typed comes in `values`.

    Without `whole`, only what may fall due, or be to be reviewed, by the instant stands in it.
    """
    return _rows(f"{_ENDS} {question}", {**_values(policy, as_of, whole=whole), **values})


def compared(
    old: Policy, new: Policy, as_of: datetime, question: str, batch: int = BATCH, **values: Any
) -> Iterator[list[tuple[Any, ...]]]:
    """The rows, in batches, of a statement of ours over `before` and `after`: every recording under two policies."""
    sides = {"before": old, "after": new}
    sql = ", ".join(
        f"{side} AS ({_PARAMETER.sub(rf'%({side}_', _ENDS)} SELECT * FROM standing)"  # noqa: S608 - a file of ours
        for side in sides
    )
    for side, policy in sides.items():
        of_side = _values(policy, as_of, whole=True)
        values |= {f"{side}_{name}": value for name, value in of_side.items()}
    yield from _batches(f"WITH {sql} {question}", {**values, "as_of": as_of}, batch)


_PARAMETER = re.compile(r"%\(")
_UNLISTED = (
    "NOT EXISTS (SELECT FROM retention_scheduleddisposal listed WHERE listed.recording_id = standing.id)"
)
_FILE = files("tabard.retention").joinpath("standing.sql").read_text(encoding="utf-8")
_EVERYTHING = f"{IN_FORCE} AND scope = 'everything'"
_ENDS = Template(_FILE).substitute(held=held_sql(everything="false"), everything=_EVERYTHING)


def _values(policy: Policy, as_of: datetime, *, whole: bool = False) -> dict[str, Any]:
    """The policy as columns of values, one row for each category and source, and each kind and outcome under it.

    With `whole`, every recording stands in the answer; else those whose own period is over by the instant.
    """
    named = sorted({source for rule in policy.rules for source in rule.sources})
    classes = [(category, source) for category in (None, *policy.categories) for source in (_OTHER, *named)]
    own = [
        (category, source, rule)
        for category, source in classes
        if (rule := policy.for_recording(category, source)) is not None
    ]
    cases = [
        (category, source, kind, outcome, rule)
        for category, source in classes
        for kind in Incident.Kind.values
        for outcome in _ENDED
        for rule in policy.for_case(category, source, kind, outcome)
    ]
    return {
        "as_of": as_of,
        "named": named,
        "names_sources": bool(named),
        "unknown_outcome": UNKNOWN_OUTCOME,
        "whole": whole,
        "categories": [category or "" for category, *_ in own],
        "sources": [source for _, source, _ in own],
        "lasts": [_lasts(rule) for *_, rule in own],
        "noticed": [_noticed(rule, policy) for *_, rule in own],
        "reviews": [rule.ending is Ending.REVIEW for *_, rule in own],
        "rules": [rule.code for *_, rule in own],
        "case_categories": [category or "" for category, *_ in cases],
        "case_sources": [source for _, source, *_ in cases],
        "case_kinds": [kind for _, _, kind, *_ in cases],
        "case_outcomes": [outcome.value for *_, outcome, _ in cases],
        "case_lasts": [_lasts(rule) for *_, rule in cases],
        "case_to_release": [rule.start is Start.CONVICTION_OR_RELEASE for *_, rule in cases],
        "case_reviews": [rule.ending is Ending.REVIEW for *_, rule in cases],
        "case_rules": [rule.code for *_, rule in cases],
    }


def _lasts(rule: Rule) -> timedelta | None:
    return None if rule.days is None else timedelta(days=rule.days)


def _noticed(rule: Rule, policy: Policy) -> timedelta:
    return timedelta(days=min(policy.notice_days, rule.days or policy.notice_days))


def _items(policy: Policy, at: datetime, by: str, which: str, batch: int) -> Iterator[list[DueItem]]:
    """What nothing holds and whose column `by` is over at the instant, in its order; the condition is ours."""
    sql = f"""{_ENDS} SELECT id, size_bytes, rule, {by} FROM standing
        WHERE {by} <= %(as_of)s AND NOT held AND {which} ORDER BY {by}, id"""  # noqa: S608 - a file of ours
    for rows in _batches(sql, _values(policy, at), batch):
        yield [DueItem(*row) for row in rows]


def _as_totals(sql: str, values: dict[str, Any]) -> Totals:
    """The totals of a statement that gives rule, count and bytes."""
    rows = _rows(sql, values)
    return Totals(
        due=sum(count for _, count, _ in rows),
        held=0,
        size_bytes=sum(size_bytes for *_, size_bytes in rows),
        by_rule={rule: count for rule, count, _ in sorted(rows)},
    )


@contextmanager
def _ample() -> Iterator[CursorWrapper]:
    """A cursor whose statements may sort and hash a whole force's recordings in memory, in a transaction of theirs."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        yield cursor


def _rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with _ample() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _batches(sql: str, values: dict[str, Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
    """The rows in batches, from a cursor that outlives the transactions in which they are worked on."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, values)
        while rows := cursor.fetchmany(size):
            yield rows
