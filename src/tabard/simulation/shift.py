"""Who comes home at the end of a shift, when, and with how much footage? A plan, the same for the same seed.

The figures are published ones where there are any (`PUBLISHED_…`), else they are named assumptions. A scale of S makes
one machine's share of it: a S-th of the cameras, in a S-th of the time, at a S-th of the bit rate. Cameras and
recordings then arrive as fast as in the whole force, each with all its requests, rows and events; only bytes a second
are a S-th.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator

from tabard.kernel.errors import Invalid

BIT_RATE: Final = 8_000_000
"""What a body-worn camera writes at 1080p, bits a second: an assumption."""
LEAST_BIT_RATE: Final = 12_000
"""What footage of a grey street takes, however small."""
TRACK_BYTES_A_S: Final = 120
PUBLISHED_RECORDINGS_A_CAMERA: Final = 785_000 / 334 / 17_500
"""The Met's first eleven months: about 785,000 recordings by up to 17,500 cameras, each home once a day."""
LENGTHS_S: Final = (60.0, 120.0, 240.0, 420.0, 660.0, 1020.0, 1620.0, 3156.0)
"""How long recordings last, each length as likely as another: mean 15.2 minutes, as in the London trial of 2014-15."""
MEAN_LENGTH_S: Final = sum(LENGTHS_S) / len(LENGTHS_S)
EVIDENTIAL_SHARE: Final = 0.28
"""How many recordings their wearers marked as evidence in the London trial."""
# Most come home early in the half hour, and a tail comes late: the beta distribution with these two parameters.
_CURVE: Final = (2.0, 3.0)
BUSIEST: Final = 16 / 9
"""How many times as many arrive at the busiest moment of that curve as on average."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftSpec:
    """The end of a shift of the whole force, and the scale at which it is played."""

    cameras: int
    minutes: float
    scale: float
    recordings_a_camera: float = 3.0
    seed: int = 1

    def __post_init__(self) -> None:
        if self.cameras < 1:
            raise Invalid("At least one camera comes home.", field="cameras")
        if self.minutes <= 0:
            raise Invalid("The end of a shift lasts a while.", field="minutes")
        if self.scale < 1:
            raise Invalid("A scale of 1 is the whole force; there is nothing larger.", field="scale")
        if self.recordings_a_camera <= 0:
            raise Invalid("Cameras that come home bring some recordings.", field="recordings")

    @property
    def played_cameras(self) -> int:
        """How many cameras this machine plays."""
        return max(1, round(self.cameras / self.scale))

    @property
    def played_s(self) -> float:
        """In how many seconds they come home."""
        return 60 * self.minutes / self.scale

    @property
    def recordings(self) -> float:
        """How many recordings the whole force brings home."""
        return self.cameras * self.recordings_a_camera

    @property
    def bytes(self) -> float:
        """How many bytes those have at the full bit rate."""
        return self.recordings * MEAN_LENGTH_S * BIT_RATE / 8

    def size_bytes(self, length_s: float) -> int:
        """How large the file of a recording of that length is, as it is played: no scale makes pictures of nothing."""
        return round(length_s * max(BIT_RATE / self.scale, LEAST_BIT_RATE) / 8)

    def planned_bytes(self, length_s: float) -> int:
        """How much is written for a recording of that length at most: the file and its track."""
        return self.size_bytes(length_s) + round(length_s * TRACK_BYTES_A_S)


@dataclass(frozen=True, slots=True)
class Homecoming:
    """One camera that is put into a dock: when, in seconds from the start, and how long its recordings are."""

    camera: int
    at_s: float
    lengths_s: tuple[float, ...]


def homecomings(spec: ShiftSpec) -> Sequence[Homecoming]:
    """Every camera of this machine's share, the first to come home first."""
    rng = np.random.default_rng([spec.seed, 17])
    times = np.sort(rng.beta(*_CURVE, size=spec.played_cameras)) * spec.played_s
    return tuple(
        Homecoming(number, float(at_s), tuple(_lengths(spec, rng))) for number, at_s in enumerate(times)
    )


def _lengths(spec: ShiftSpec, rng: Generator) -> Iterator[float]:
    mean = spec.recordings_a_camera
    count = 1 + int(rng.poisson(mean - 1)) if mean >= 1 else int(rng.random() < mean)
    for _ in range(count):
        yield float(rng.choice(LENGTHS_S))
