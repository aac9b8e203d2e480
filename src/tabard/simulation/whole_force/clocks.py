"""How far off is each camera's clock? It drifts in a straight line, and docks read it about once a month.

Real docks read a clock every day. A month's readings leave wider uncertainties, by the same rule
(`tabard.fleet.offsets`), and thirty times fewer rows.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tabard.fleet.offsets import DRIFT_PPM
from tabard.simulation.whole_force.instants import DAY, HOUR, MINUTE, SECOND, Instants, us_of
from tabard.simulation.whole_force.spec import WholeForceSpec

READINGS: Final = 14
READ_EVERY: Final = 30 * DAY + 12 * HOUR
UNCERTAINTY_MS: Final = 500
_MILLISECOND: Final = SECOND // 1000
_PPM_SPREAD: Final = 2.0
_HOUR_OFF: Final = 0.01
_WRONG: Final = 0.01


@dataclass(frozen=True)
class Clocks:
    """For each camera: when its clock was read first, how far ahead it was then, and how much it gains in a second."""

    first_read: Instants
    ahead: Instants
    gain: NDArray[np.float64]

    def ahead_at(self, camera: NDArray[np.int64], at: Instants) -> Instants:
        """How far ahead the cameras' clocks are at true times, in whole milliseconds."""
        since = at - self.first_read[camera]
        ahead = self.ahead[camera] + np.rint(since * self.gain[camera]).astype(np.int64)
        return ahead // _MILLISECOND * _MILLISECOND

    def uncertainty_ms(self, camera: NDArray[np.int64], at: Instants) -> NDArray[np.int64]:
        """How sure a time between two readings is: what a quartz can stray that was right at both."""
        share = (at - self.first_read[camera]) % READ_EVERY / READ_EVERY
        strays = 2 * share * (1 - share) * READ_EVERY * DRIFT_PPM / 1_000_000
        return UNCERTAINTY_MS + np.ceil(strays / _MILLISECOND).astype(np.int64)

    def read_at(self, number: int) -> Instants:
        """When the clocks were read for the so-manieth time."""
        return self.first_read + number * READ_EVERY


def make_clocks(spec: WholeForceSpec, cameras: int, rng: Generator) -> Clocks:
    """Most clocks are seconds off; a few an hour, as nobody changed them in spring, and a few by minutes."""
    ahead = np.rint(rng.normal(0, 5 * SECOND, cameras)).astype(np.int64)
    kind = rng.random(cameras)
    ahead += np.where(kind < _HOUR_OFF, HOUR, 0)
    minutes = rng.integers(6, 40, cameras) * MINUTE * rng.choice([-1, 1], cameras)
    ahead += np.where((kind >= _HOUR_OFF) & (kind < _HOUR_OFF + _WRONG), minutes, 0)
    first = us_of(spec.begins_at) - rng.integers(1, READ_EVERY // SECOND, cameras) * SECOND
    return Clocks(first, ahead, rng.normal(0, _PPM_SPREAD, cameras) / 1_000_000)
