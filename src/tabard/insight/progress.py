"""How many cameras had been issued by which day? Stated counts and the issues in the database, put together. Pure.

A stated count speaks of everything up to the end of its day, whether the cameras are in this installation or not.
Issues that are known one by one come on top after the last stated day; before it they are part of what was stated.
Without a stated count everything is known one by one, day by day.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate, islice

from tabard.insight.forecast import WINDOW_DAYS, Counted
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
    """What is known by the end of `today`.

    Attributes:
        today: The last day that was looked at; it is not over yet.
        counted: Cumulative counts, oldest first, for each stated day, and each day after it on which a camera was
            issued.
        issues: Those issues, by day.
        stated: The last stated count, if there is one.
    """

    today: date
    counted: tuple[Counted, ...] = ()
    issues: Mapping[date, int] = field(default_factory=dict)
    stated: Stated | None = None

    @property
    def latest(self) -> Counted | None:
        """The newest count; None where nothing is known."""
        return self.counted[-1] if self.counted else None

    @property
    def is_about(self) -> bool:
        """Whether the newest count rests on one that was only about right."""
        return self.stated is not None and self.stated.is_about

    @property
    def is_daily(self) -> bool:
        """Whether rates are to be taken from single issues, day by day; else from what was stated."""
        return bool(self.issues) and self._first < self._yesterday

    @property
    def rated(self) -> tuple[Counted, ...]:
        """The counts that a forecast starts from."""
        return tuple(self._complete_days()) if self.is_daily else self.counted

    @property
    def _first(self) -> date:
        """The first day whose count is known and after which every day is."""
        return self.stated.day if self.stated else min(self.issues) - timedelta(days=1)

    @property
    def _yesterday(self) -> date:
        return self.today - timedelta(days=1)

    def _complete_days(self) -> Iterator[Counted]:
        """One count a day up to yesterday, as far back as a forecast looks."""
        day = max(self._first, self._yesterday - timedelta(days=WINDOW_DAYS))
        count = sum(number for on, number in self.issues.items() if on <= day)
        count += self.stated.count if self.stated else 0
        yield Counted(day, count)
        while day < self._yesterday:
            day += timedelta(days=1)
            count += self.issues.get(day, 0)
            yield Counted(day, count)


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
    days = sorted(later)
    totals = accumulate((later[day] for day in days), initial=last.count if last else 0)
    singly = [Counted(day, total) for day, total in zip(days, islice(totals, 1, None), strict=True)]
    return Progress(today, (*(Counted(each.day, each.count) for each in known), *singly), later, last)


def issued(*, stated: Iterable[Stated], issues: Iterable[Mapping[date, int]], today: date) -> int | None:
    """The newest count of `progress`, without the way there; None where nothing is known.

    Args:
        stated: As there.
        issues: As there, of a unit and of those below it one by one.
        today: As there.
    """
    by_day = {each.day: each.count for each in stated if each.day <= today}
    last = max(by_day, default=None)
    later = [n for days in issues for day, n in days.items() if day <= today and (last is None or day > last)]
    return None if last is None and not later else (by_day[last] if last else 0) + sum(later)


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
