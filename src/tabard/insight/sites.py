"""What does a unit need before its cameras come: how many bays, and how much bandwidth? Plain arithmetic, pure.

Every number that goes in is an assumption that a person may change, and is shown beside what comes out. A camera is
docked when its wearer's shift ends and stays in its bay until it is emptied and charged, so that the cameras of more
than one shift stand in docks at once where that takes longer than a shift. All that a shift filmed is to be sent before
that camera may be wanted again, or the next shift comes home.

Where it is known how many cameras come back at which change of shifts (`Shifts`), that is reckoned with; else a part of
the plan's cameras, at changes that lie evenly (`ShiftPattern`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from math import ceil
from typing import Any

from tabard.kernel.errors import Invalid

MOST_CHANGES = 12
MOST_CAMERAS = 100_000
NUMBERS = ("docked_h", "filmed_min", "mbit_per_s", "share_percent")
CHANGES_FORM = "07:00 40, 15:00 35, 22:00 30"
_CHANGE = re.compile(r"(?P<hour>[01]?[0-9]|2[0-3]):(?P<minute>[0-5][0-9])\s+(?P<cameras>[0-9]{1,6})")
_MEGA = 1_000_000
_DAY_MIN = 24 * 60


@dataclass(frozen=True, slots=True)
class ShiftPattern:
    """How a unit works, and what its cameras film.

    Attributes:
        on_shift_percent: The part of the cameras that is worn in one shift.
        shift_h: How long a shift is, in hours.
        docked_h: How long a camera needs its bay, to be emptied and charged.
        filmed_min: How much one camera films in a shift, in minutes.
        mbit_per_s: The bit rate of its footage.
        share_percent: How much of the line footage may take.
    """

    on_shift_percent: float = 25.0
    shift_h: float = 8.0
    docked_h: float = 6.0
    filmed_min: float = 60.0
    mbit_per_s: float = 4.0
    share_percent: float = 80.0

    def __post_init__(self) -> None:
        _check_numbers(self)


@dataclass(frozen=True, slots=True)
class Change:
    """So many cameras come back at a time of day."""

    at: time
    cameras: int

    @property
    def minute(self) -> int:
        """The time of day in minutes."""
        return self.at.hour * 60 + self.at.minute


@dataclass(frozen=True, slots=True)
class Shifts:
    """How many cameras come back at which change of shifts, by the time of day; the rest as in `ShiftPattern`."""

    changes: tuple[Change, ...]
    docked_h: float = 6.0
    filmed_min: float = 60.0
    mbit_per_s: float = 4.0
    share_percent: float = 80.0

    def __post_init__(self) -> None:
        _check_numbers(self)

    @property
    def text(self) -> str:
        """The changes as they are typed."""
        return ", ".join(f"{each.at:%H:%M} {each.cameras}" for each in self.changes)


_LARGEST = {
    "on_shift_percent": 100,
    "shift_h": 24,
    "docked_h": 48,
    "filmed_min": 1_440,
    "mbit_per_s": 100,
    "share_percent": 100,
}


def _check_numbers(pattern: Any) -> None:
    for name, largest in _LARGEST.items():
        if name in pattern.__dataclass_fields__ and not 0 < getattr(pattern, name) <= largest:
            raise Invalid(f"It is above 0 and at most {largest:g}.", field=name)


def parse_changes(text: str) -> tuple[Change, ...]:
    """The changes of shifts as they were typed, by the time of day.

    Raises:
        Invalid: naming the field `changes`, when it is not as `CHANGES_FORM`.
    """
    found = [_change(part) for part in text.replace(";", ",").replace("\n", ",").split(",") if part.strip()]
    if not 1 <= len(found) <= MOST_CHANGES:
        raise Invalid(
            f"There are 1 to {MOST_CHANGES} changes a day, such as {CHANGES_FORM}.", field="changes"
        )
    by_time = sorted(found, key=lambda each: each.at)
    if len({each.at for each in found}) < len(found):
        raise Invalid("Two changes are at the same time. Add their cameras up.", field="changes")
    return tuple(by_time)


def as_said(shifts: Shifts) -> dict[str, Any]:
    """The shifts as a file holds them."""
    return {"changes": shifts.text, **{name: getattr(shifts, name) for name in NUMBERS}}


def as_logged(shifts: Shifts) -> dict[str, str]:
    """The shifts as the log holds them, which takes no fractions: the numbers as they are written."""
    return {"changes": shifts.text, **{name: f"{getattr(shifts, name):g}" for name in NUMBERS}}


def _change(part: str) -> Change:
    found = _CHANGE.fullmatch(part.strip())
    cameras = int(found["cameras"]) if found else 0
    if found is None or not 0 < cameras <= MOST_CAMERAS:
        words = f"'{part.strip()[:40]}' is not a time and a number of cameras, as in {CHANGES_FORM}."
        raise Invalid(words, field="changes")
    return Change(time(int(found["hour"]), int(found["minute"])), cameras)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a number of cameras asks of a site.

    Attributes:
        on_shift: Cameras that come home when a shift ends.
        bays: Bays that are in use at once.
        bytes_per_shift: What they bring home.
        line_mbit_per_s: The line that carries it away while the cameras stand in their bays.
    """

    on_shift: int
    bays: int
    bytes_per_shift: int
    line_mbit_per_s: float


def needs(cameras: int, pattern: ShiftPattern) -> Needs:
    """What so many cameras need, all of them counted to whole cameras and bays upwards."""
    on_shift = ceil(cameras * pattern.on_shift_percent / 100)
    shifts_at_once = ceil(pattern.docked_h / pattern.shift_h)
    bays = min(on_shift * shifts_at_once, cameras)
    return _needs(on_shift, bays, min(pattern.docked_h, pattern.shift_h), pattern)


def needs_at_each(shifts: Shifts) -> list[tuple[Change, Needs]]:
    """What each change of shifts asks, those before it whose cameras still stand in their bays among it."""
    found = []
    for place, change in enumerate(shifts.changes):
        following = shifts.changes[(place + 1) % len(shifts.changes)]
        until_next_h = ((following.minute - change.minute) % _DAY_MIN or _DAY_MIN) / 60
        bays = sum(each.cameras * _times_docked(each, change, shifts.docked_h) for each in shifts.changes)
        found.append((change, _needs(change.cameras, bays, min(shifts.docked_h, until_next_h), shifts)))
    return found


def most(asked: Iterable[Needs]) -> Needs:
    """The most of everything that any of them asks: what a site must have to serve each."""
    found = list(asked)
    return Needs(
        on_shift=max(each.on_shift for each in found),
        bays=max(each.bays for each in found),
        bytes_per_shift=max(each.bytes_per_shift for each in found),
        line_mbit_per_s=max(each.line_mbit_per_s for each in found),
    )


def missing_bays(needed: Needs, installed: int) -> int:
    """How many bays the site lacks."""
    return max(needed.bays - installed, 0)


def _times_docked(earlier: Change, now: Change, docked_h: float) -> int:
    """How many days' cameras of one change stand in their bays at another: those of today, and of days before."""
    since_min = (now.minute - earlier.minute) % _DAY_MIN
    return max(ceil((docked_h * 60 - since_min) / _DAY_MIN), 0)


def _needs(on_shift: int, bays: int, time_h: float, pattern: ShiftPattern | Shifts) -> Needs:
    """With so much time to send what so many cameras filmed."""
    megabits = on_shift * pattern.filmed_min * 60 * pattern.mbit_per_s
    return Needs(
        on_shift=on_shift,
        bays=bays,
        bytes_per_shift=round(megabits * _MEGA / 8),
        line_mbit_per_s=megabits / (time_h * 3600) / (pattern.share_percent / 100),
    )
