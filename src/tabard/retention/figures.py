"""How much is kept, held, due and to be reviewed, what went lately, and what storage will it take? Set-based.

One pass over where every recording stands gives everything but what went and what comes in. Storage is forecast under
the policy in force: what is stored falls away when it is due, and as much comes in as in the last eight weeks, which
falls away when its own period is over. Held footage, and what a person must review, is counted as if it stays.

Over a whole force that pass takes seconds. What took longer than one is shown for ten minutes, with its time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.retention import policies, standing
from tabard.retention.rules import Ending, Policy

SOON = timedelta(days=7)
WEEKS = 12
MONTHS = 12
INTAKE_WEEKS = 8
SHOWN_DUE = 50
_SLOW_S = 1.0
_KEPT_FOR = timedelta(minutes=10)
_DAY_S = 86_400
_STANDING = """SELECT rule, state, month, count(*), coalesce(sum(size_bytes), 0)::bigint FROM (
    SELECT rule, size_bytes, CASE
        WHEN held THEN 'held' WHEN due_at <= %(at)s THEN 'due' WHEN due_at <= %(soon)s THEN 'soon'
        WHEN review_at <= %(at)s THEN 'to_review' ELSE 'kept' END AS state,
        CASE WHEN NOT held THEN width_bucket(due_at, %(ends)s::timestamptz[]) END AS month
    FROM standing) AS stood GROUP BY rule, state, month"""
_GONE = """SELECT date_trunc('week', executed_at AT TIME ZONE %s)::date AS week, rule, count(*),
        coalesce(sum(recording.size_bytes), 0)::bigint
    FROM retention_disposal JOIN recordings_recording recording ON recording.id = recording_id
    WHERE executed_at >= %s GROUP BY 1, 2 ORDER BY 1 DESC, 2"""
_CAME = """SELECT category_id, source, coalesce(sum(size_bytes), 0)::bigint FROM recordings_recording
    WHERE received_at > %s AND received_at <= %s GROUP BY 1, 2"""


@dataclass(slots=True)
class RuleFigures:
    """How many recordings one rule speaks of, by where they stand; `soon` are due within seven days."""

    rule: str
    kept: int = 0
    held: int = 0
    due: int = 0
    soon: int = 0
    to_review: int = 0
    size_bytes: int = 0
    due_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Gone:
    """What was disposed of in one week, which begins on that Monday where the force is, under one rule."""

    week_date: date
    rule: str
    count: int
    size_bytes: int

    @property
    def last_date(self) -> date:
        """The Sunday."""
        return self.week_date + timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Intake:
    """What comes in of one class, in bytes a day, and how many days it stays; None: until a person decides."""

    bytes_per_day: float
    days: int | None


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored at an instant: of what is stored today, and of what comes in after."""

    at: datetime
    today_bytes: int
    new_bytes: int

    @property
    def size_bytes(self) -> int:
        """Both together."""
        return self.today_bytes + self.new_bytes


@dataclass(frozen=True, slots=True)
class Figures:
    """Where everything stands at the instant, what went lately, storage in the next months, and what is due soonest."""

    at: datetime
    by_rule: dict[str, RuleFigures]
    gone: tuple[Gone, ...]
    storage: tuple[Stored, ...]
    soonest: tuple[UUID, ...]

    def total(self, what: str) -> int:
        """The sum of one figure over all rules."""
        return sum(getattr(each, what) for each in self.by_rule.values())


def figures(viewer: Viewer, at: datetime) -> Figures:
    """Everything that the dashboard shows, at most ten minutes old; `at` says of when.

    Raises:
        Denied: when the viewer may not see retention.
    """
    check_can(viewer, Action.RETENTION_VIEW)
    if _kept and timedelta() <= at - _kept[0].at < _KEPT_FOR:
        return _kept[0]
    began = perf_counter()
    found = _figures(policies.current(at), at)
    _kept[:] = [found] if perf_counter() - began > _SLOW_S else []
    return found


_kept: list[Figures] = []  # none, or the newest that was slow to find


def _figures(policy: Policy, at: datetime) -> Figures:
    ends = month_ends(at)
    rows = standing.asked(policy, at, _STANDING, whole=True, at=at, soon=at + SOON, ends=ends)
    by_rule: dict[str, RuleFigures] = {}
    falling = [0] * MONTHS
    for rule, state, month, count, size_bytes in rows:
        line = by_rule.setdefault(rule, RuleFigures(rule))
        setattr(line, state, getattr(line, state) + count)
        line.size_bytes += size_bytes
        line.due_bytes += size_bytes if state == "due" else 0
        if month is not None and month < MONTHS:
            falling[month] += size_bytes
    stored = sum(line.size_bytes for line in by_rule.values())
    return Figures(
        at=at,
        by_rule=dict(sorted(by_rule.items(), key=lambda each: -each[1].size_bytes)),
        gone=tuple(Gone(*row) for row in _asked(_GONE, [settings.TIME_ZONE, at - timedelta(weeks=WEEKS)])),
        storage=forecast(at, stored, falling, ends, intake(policy, at)),
        soonest=tuple(item.recording_id for item in next(standing.due(policy, at + SOON, SHOWN_DUE), [])),
    )


def month_ends(at: datetime) -> list[datetime]:
    """The first instants of the next months, by UTC."""
    first = at.astimezone(UTC).year * 12 + at.astimezone(UTC).month - 1
    return [
        datetime((first + step) // 12, (first + step) % 12 + 1, 1, tzinfo=UTC)
        for step in range(1, MONTHS + 1)
    ]


def intake(policy: Policy, at: datetime) -> list[Intake]:
    """What comes in a day by the mean of the last eight weeks, by how long the policy keeps its class."""
    since = at - timedelta(weeks=INTAKE_WEEKS)
    found = []
    for category, source, size_bytes in _asked(_CAME, [since, at]):
        rule = policy.for_recording(category, source)
        stays = rule is None or rule.days is None or rule.ending is Ending.REVIEW
        found.append(Intake(size_bytes / (INTAKE_WEEKS * 7), None if stays or rule is None else rule.days))
    return found


def forecast(
    at: datetime, stored: int, falling: Sequence[int], ends: Sequence[datetime], comes: Sequence[Intake]
) -> tuple[Stored, ...]:
    """What is stored now, and at each end of a month, when nothing but the policy takes anything away. Pure.

    Args:
        at: Now.
        stored: Bytes stored now.
        falling: Bytes of these that fall due up to each end, since the one before.
        ends: The ends of months.
        comes: What comes in.
    """
    found, left = [Stored(at, stored, 0)], stored
    for end, gone in zip(ends, falling, strict=True):
        left -= gone
        days = (end - at).total_seconds() / _DAY_S
        new = sum(each.bytes_per_day * min(days, each.days or days) for each in comes)
        found.append(Stored(end, left, round(new)))
    return tuple(found)


def _asked(sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
