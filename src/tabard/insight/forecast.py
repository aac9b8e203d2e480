"""When will the last camera be issued, and how sure is that? A bootstrap of the rates at which cameras were issued.

What was issued lately is cut into stretches: the whole weeks of the last eight, where each day is known (so that no
draw has too many Sundays), or the stretches between one stated count and the next in the last half-year, where only
those are known. They are drawn twice, with replacement: first one fewer than there are, as the rates that another eight
weeks might have had; of these, stretch after stretch until they issue what remains. That is done 2,000 times, and a
tenth, a half and nine tenths of the finish dates lie before P10, P50 and P90. Drawing only once would take the recent
mean for certain; `bench/forecast.py` tries how often the truth lies between P10 and P90.

Sources: E. Carlstein, "The use of subseries values for estimating the variance of a general statistic from a stationary
sequence", Annals of Statistics 14 (1986), pages 1171-1179, for stretches that do not overlap; J. N. K. Rao and C. F. J.
Wu, "Resampling inference with complex survey data", Journal of the American Statistical Association 83 (1988), pages
231-241, for one fewer.

It takes for granted that what comes is like what was looked at: it knows nothing of stock that ends, of a unit that
is blocked, or of a plan. With less than four weeks, or fewer than four stretches, it says nothing: a spread from so
little would only look like knowledge. The draw is seeded, so that the same figures give the same dates. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

import numpy as np

BLOCK_DAYS = 7
WINDOW_DAYS = 56
FEWEST_DAYS = 28
FEWEST_STRETCHES = 4
STATED_WINDOW_DAYS = 182  # counts are stated seldom, and what is older tells nothing of the rate now
PATHS = 2_000
HORIZON_DAYS = 3_653  # ten years
_SEED = 22_000


class Outcome(StrEnum):
    """What can be said of the finish."""

    FORECAST = "forecast"
    FINISHED = "finished"
    NO_TARGET = "no_target"
    TOO_LITTLE = "too_little"
    NO_ISSUES = "no_issues"


@dataclass(frozen=True, slots=True)
class Counted:
    """How many cameras had been issued by the end of a day, all earlier ones among them."""

    day: date
    count: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """How many cameras were issued in so many days in a row."""

    days: int
    issued: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What can be said; the dates are None where they are not to be had, or lie more than ten years ahead.

    `per_week` is the mean rate of what was looked at.
    """

    outcome: Outcome
    remaining: int | None = None
    per_week: float | None = None
    p10: date | None = None
    p50: date | None = None
    p90: date | None = None


def forecast(*, counted: Sequence[Counted], is_daily: bool, target: int | None) -> Forecast:
    """When the target will be reached, from cumulative counts in the order of their days.

    Args:
        counted: Cumulative counts, oldest first. The last day is the one from which is forecast.
        is_daily: Every day from the first to the last is known, days without an issue among them.
        target: Cameras in all; None where nobody said.
    """
    if target is None:
        return Forecast(Outcome.NO_TARGET)
    remaining = max(target - counted[-1].count, 0) if counted else target
    if counted and not remaining:
        return Forecast(Outcome.FINISHED, 0)
    recent = _recent(counted, is_daily=is_daily)
    if not _is_enough(recent, is_daily=is_daily):
        return Forecast(Outcome.TOO_LITTLE, remaining)
    per_week = 7 * (recent[-1].count - recent[0].count) / (recent[-1].day - recent[0].day).days
    stretches = daily_stretches(recent) if is_daily else stated_stretches(recent)
    if not any(stretch.issued for stretch in stretches):
        return Forecast(Outcome.NO_ISSUES, remaining, 0.0)
    p10, p50, p90 = _dates(recent[-1].day, days_to_finish(stretches, remaining))
    return Forecast(Outcome.FORECAST, remaining, per_week, p10, p50, p90)


def daily_stretches(counted: Sequence[Counted]) -> list[Stretch]:
    """The whole weeks before the newest day; days before the first of them are left out."""
    ends = [each.count for each in reversed(counted)][::BLOCK_DAYS]
    return [Stretch(BLOCK_DAYS, later - earlier) for later, earlier in pairwise(ends)]


def stated_stretches(counted: Sequence[Counted]) -> list[Stretch]:
    """From each count to the next; a count below the one before it was a correction, and nothing was issued."""
    return [
        Stretch((later.day - earlier.day).days, max(later.count - earlier.count, 0))
        for earlier, later in pairwise(counted)
    ]


def days_to_finish(stretches: Sequence[Stretch], remaining: int) -> list[float]:
    """In how many days each of the paths issues what remains, sorted; infinite beyond ten years.

    Inside the stretch that reaches it, cameras are taken to be issued evenly.
    """
    days = np.array([each.days for each in stretches])
    issued = np.array([each.issued for each in stretches])
    draw = np.random.default_rng(_SEED)
    paths, kept = np.arange(PATHS), max(len(days) - 1, 1)
    possible = draw.integers(len(days), size=(PATHS, kept))
    elapsed, missing = np.zeros(PATHS), np.full(PATHS, float(remaining))
    finish = np.full(PATHS, np.inf)
    while (going := (missing > 0) & (elapsed < HORIZON_DAYS)).any():
        chosen = possible[paths, draw.integers(kept, size=PATHS)]
        reaches = going & (issued[chosen] >= missing)
        part = missing[reaches] / issued[chosen][reaches]
        finish[reaches] = elapsed[reaches] + part * days[chosen][reaches]
        elapsed += days[chosen]
        missing -= issued[chosen]
    finish[finish > HORIZON_DAYS] = np.inf
    return [float(each) for each in np.sort(finish)]


def needed_per_week(*, counted: Counted, target: int, by: date) -> float | None:
    """How many cameras a week would reach the target by the day; None where the day is past."""
    days = (by - counted.day).days
    return None if days <= 0 else 7 * max(target - counted.count, 0) / days


def _recent(counted: Sequence[Counted], *, is_daily: bool) -> list[Counted]:
    """The counts that the rates are taken from."""
    window = WINDOW_DAYS if is_daily else STATED_WINDOW_DAYS
    return [each for each in counted if (counted[-1].day - each.day).days <= window]


def _is_enough(recent: Sequence[Counted], *, is_daily: bool) -> bool:
    if len(recent) < 2 or (recent[-1].day - recent[0].day).days < FEWEST_DAYS:
        return False
    return is_daily or len(recent) > FEWEST_STRETCHES


def _dates(start: date, days: Sequence[float]) -> list[date | None]:
    """P10, P50 and P90: the first day by whose end that part of the paths was done."""
    found = [days[min(int(part * PATHS), PATHS - 1)] for part in (0.1, 0.5, 0.9)]
    return [None if each == np.inf else start + timedelta(days=int(np.ceil(each))) for each in found]
