"""What does a unit need before its cameras come: how many bays, and how much bandwidth? Plain arithmetic, pure.

Every number that goes in is an assumption that a person may change, and is shown beside what comes out. A camera is
docked when its wearer's shift ends and stays in its bay until it is emptied and charged, so that the cameras of more
than one shift stand in docks at once where that takes longer than a shift. All that a shift filmed is to be sent before
that camera may be wanted again.
"""

from dataclasses import dataclass
from math import ceil

from tabard.kernel.errors import Invalid

_MEGA = 1_000_000


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
        for name, largest in _LARGEST.items():
            value = getattr(self, name)
            if not 0 < value <= largest:
                raise Invalid(f"It is above 0 and at most {largest:g}.", field=name)


_LARGEST = {
    "on_shift_percent": 100,
    "shift_h": 24,
    "docked_h": 48,
    "filmed_min": 1_440,
    "mbit_per_s": 100,
    "share_percent": 100,
}


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
    megabits = on_shift * pattern.filmed_min * 60 * pattern.mbit_per_s
    seconds = min(pattern.docked_h, pattern.shift_h) * 3600
    return Needs(
        on_shift=on_shift,
        bays=min(on_shift * shifts_at_once, cameras),
        bytes_per_shift=round(megabits * _MEGA / 8),
        line_mbit_per_s=megabits / seconds / (pattern.share_percent / 100),
    )


def missing_bays(needed: Needs, installed: int) -> int:
    """How many bays the site lacks."""
    return max(needed.bays - installed, 0)
