"""How many cameras had been issued by which day? Stated counts and the issues in the database, put together. Pure.

A stated count speaks of everything up to the end of its day, whether the cameras are in this installation or not.
Issues that are known one by one come on top after the last stated day; before it they are part of what was stated.
Without a stated count everything is known one by one, day by day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tabard.insight.forecast import Counted
from tabard.insight.when import When


@dataclass(frozen=True, slots=True)
class Stated:
    """A count as somebody stated it."""

    day: date
    count: int
    is_about: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """The cumulative counts, oldest first.

    Attributes:
        counted: For each stated day, and each day after it on which a camera was issued.
        complete: The same for every day whose issues are known one by one, up to the day before today; empty where
            there is no such day.
        is_about: The newest count rests on one that was only about right.
        stated: The last stated count, if there is one.
    """

    counted: tuple[Counted, ...] = ()
    complete: tuple[Counted, ...] = ()
    is_about: bool = False
    stated: Stated | None = None

    @property
    def latest(self) -> Counted | None:
        """The newest count; None where nothing is known."""
        return self.counted[-1] if self.counted else None

    @property
    def is_daily(self) -> bool:
        """Whether rates are to be taken from single issues, day by day; else from what was stated."""
        return len(self.complete) > 1

    @property
    def rated(self) -> tuple[Counted, ...]:
        """The counts that a forecast starts from."""
        return self.complete if self.is_daily else self.counted


def progress(*, stated: Iterable[Stated], issues: Mapping[date, int], today: date) -> Progress:
    """What is known by the end of today.

    Args:
        stated: Stated counts in the order in which they were stated; the later one of a day counts.
        issues: How many cameras were issued for the first time, by day.
        today: Later days are left out.
    """
    by_day = {each.day: each for each in stated if each.day <= today}
    known = [by_day[day] for day in sorted(by_day)]
    last = known[-1] if known else None
    later = {day: n for day, n in issues.items() if day <= today and (last is None or day > last.day)}
    counted = [Counted(each.day, each.count) for each in known]
    base = last.count if last else 0
    singly = _cumulative(base, sorted(later.items()))
    complete = _every_day(base, later, last.day if last else None, today) if later else ()
    return Progress((*counted, *singly), tuple(complete), bool(last and last.is_about), last)


def _cumulative(base: int, issues: Sequence[tuple[date, int]]) -> list[Counted]:
    found = []
    for day, number in issues:
        base += number
        found.append(Counted(day, base))
    return found


def _every_day(base: int, issues: Mapping[date, int], after: date | None, today: date) -> list[Counted]:
    """One count a day, from the stated day or the day before the first issue, to yesterday: today is not over."""
    day = after or min(issues) - timedelta(days=1)
    found = []
    while day < today:
        base += issues.get(day, 0)
        found.append(Counted(day, base))
        day += timedelta(days=1)
    return found


@dataclass(frozen=True, slots=True)
class Planned:
    """A point of the plan: so many cameras in all by the end of `due`, as far as the plan says."""

    due: When
    count: int
    is_about: bool = False


@dataclass(frozen=True, slots=True)
class Intended:
    """One line of the plan as it bears on a unit: `is_own` where it names the unit itself, not one below it."""

    target: int | None
    due: When | None
    is_about: bool
    is_in_all: bool
    is_own: bool


def planned(lines: Iterable[Intended]) -> tuple[Planned, ...]:
    """The plan of a unit as cumulative counts by their days.

    Where lines say what the unit itself has in all, they are the plan; else what its lines, and those of the units
    below it, bring on top is added up. Lines without a number or a date cannot be drawn and are left out.
    """
    said = [line for line in lines if line.target is not None and line.due is not None]
    in_all = [line for line in said if line.is_in_all and line.is_own]
    chosen = sorted(in_all or [line for line in said if not line.is_in_all], key=_last_day)
    points: list[Planned] = []
    for line in chosen:
        assert line.due is not None and line.target is not None  # noqa: S101, PT018 - chosen for that
        before = 0 if in_all or not points else points[-1].count
        points.append(Planned(line.due, before + line.target, line.is_about))
    return tuple(points)


def target(lines: Sequence[Intended]) -> tuple[int | None, bool]:
    """How many cameras the unit is to have in all, and whether that is only about right; None where nothing says."""
    in_all = [line for line in lines if line.is_in_all and line.is_own and line.target is not None]
    if in_all:
        newest = max(in_all, key=_last_day)
        return newest.target, newest.is_about
    adds = [line for line in lines if not line.is_in_all and line.target is not None]
    if not adds:
        return None, False
    return sum(line.target or 0 for line in adds), any(line.is_about for line in adds)


def _last_day(line: Intended) -> date:
    return line.due.last if line.due else date.min
