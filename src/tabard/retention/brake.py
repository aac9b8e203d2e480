"""May a disposal run go on by itself, or must two people look first? Pure: figures in, what is wrong in a sentence out.

Two things go wrong in the field: a setting that makes far more due than ever before, and a clock that jumps. So a run
stops where it would take more than a multiple of what runs usually take, and where our clock disagrees with what the
log, the database or the last run say. What stops is never the loss of footage; at worst it stays for a day longer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

RUNS_COUNTED = 28
FEWEST_RUNS = 7
CLOCKS_AGREE_WITHIN = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(days=2)
"""Runs are nightly. After a longer pause nobody can tell a machine that was off from a clock that jumped."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What is known of the time when a run begins; None where nothing is.

    `vouched_at` is the newest time that an authority of others signed, `ran_at` when the last run began that no doubt
    about the clock stopped.
    """

    at: datetime
    logged_at: datetime | None = None
    database_at: datetime | None = None
    ran_at: datetime | None = None
    vouched_at: datetime | None = None


def usual(counts: Sequence[int]) -> int:
    """What a run usually takes: the median of the last; 0 until there were enough to tell."""
    return 0 if len(counts) < FEWEST_RUNS else int(median(counts[:RUNS_COUNTED]))


def most_allowed(usually: int, *, always_allowed: int, brake: float) -> int:
    """The most that a run may take by itself."""
    return max(always_allowed, int(brake * usually))


def too_many(what: str, count: int, usually: int, allowed: int) -> str:
    """Why so many are too many, in a sentence; empty where they are not."""
    if count <= allowed:
        return ""
    return (
        f"It would {what} {count:,} recordings; {allowed:,} are allowed, as a run usually takes {usually:,}."
    )


def doubt(clock: Clock) -> str:
    """Why the clock cannot be relied on, in a sentence; empty where it can."""
    if clock.logged_at is not None and clock.at < clock.logged_at - CLOCKS_AGREE_WITHIN:
        return f"The clock is behind the custody log, whose newest event is of {_said(clock.logged_at)}."
    if clock.database_at is not None and abs(clock.at - clock.database_at) > CLOCKS_AGREE_WITHIN:
        return f"The clock differs from the database's, which says {_said(clock.database_at)}."
    if clock.ran_at is None or clock.at - clock.ran_at <= LONGEST_PAUSE or _is_vouched(clock):
        return ""
    return (
        f"The last run was on {_said(clock.ran_at)}. Either nothing ran since, or the clock jumped: "
        "say that the time is right."
    )


def _is_vouched(clock: Clock) -> bool:
    """Whether an authority of others has lately signed a time that is about ours."""
    return clock.vouched_at is not None and abs(clock.at - clock.vouched_at) <= LONGEST_PAUSE


def _said(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
