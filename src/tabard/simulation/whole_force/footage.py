"""What was recorded in the year, when, by whom, and what of it was disposed of?

Officers work ten days' turns of two early, two late and two night shifts and four days off, team by team. Each records
as their temper is, within their shifts, and docks at their end. What is not needed as evidence is disposed of in the
night after its 31 days; so many were, of all, as is published.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tabard.simulation.shift import MEAN_LENGTH_S
from tabard.simulation.whole_force.instants import DAY, HOUR, MINUTE, SECOND, Ids, Instants, seeded_ids, us_of
from tabard.simulation.whole_force.kit import Wearings
from tabard.simulation.whole_force.people import Officers
from tabard.simulation.whole_force.spec import WholeForceSpec

NOT_EVIDENTIAL: Final = ("not-evidential", None)
EVIDENTIAL: Final = (
    "stop-and-search", "use-of-force", "crime", "domestic-abuse", "violent-or-sexual-crime", "complaint",
    "death-or-serious-injury",
)  # fmt: skip
CATEGORIES: Final = (*NOT_EVIDENTIAL, *EVIDENTIAL)
_EVIDENTIAL_SHARES: Final = (0.33, 0.2, 0.27, 0.13, 0.05, 0.015, 0.005)
_CATEGORISED: Final = 0.7
KEPT_DAYS: Final = 31
SEGMENT_S: Final = 30 * 60
BYTES_A_SECOND: Final = 500_000

_TURN_DAYS: Final = 10
_TURN_WORKED: Final = 6
_SHIFT_BEGINS: Final = np.array([7, 7, 14, 14, 22, 22]) * HOUR
_SHIFT_MINUTES: Final = 9 * 60
_SHORTEST_S: Final = 15
_LONGEST_S: Final = 2 * 60 * 60
_SPREAD: Final = 0.9
_MEDIAN_S: Final = MEAN_LENGTH_S / np.exp(_SPREAD**2 / 2)


@dataclass(frozen=True)
class Footage:
    """All recordings in the order in which they were received, at true times, with the wearing each was made in."""

    ids: Ids
    wearing: NDArray[np.int64]
    began: Instants
    length_s: NDArray[np.int64]
    received: Instants
    category: NDArray[np.int64]
    due: Instants
    disposed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def executed(self) -> Instants:
        """When each would be disposed of: in the night after it falls due."""
        return -(-(self.due - 2 * HOUR) // DAY) * DAY + 2 * HOUR

    @property
    def is_evidential(self) -> NDArray[np.bool_]:
        """Which are needed as evidence."""
        return self.category >= len(NOT_EVIDENTIAL)

    @property
    def segments(self) -> NDArray[np.int64]:
        """How many files the camera made of each."""
        return -(-self.length_s // SEGMENT_S)

    @property
    def size_bytes(self) -> NDArray[np.int64]:
        """How large the footage would be."""
        return self.length_s * BYTES_A_SECOND


def make_footage(spec: WholeForceSpec, wearings: Wearings, officers: Officers, rng: Generator) -> Footage:
    """As many recordings as were asked for; none of a camera begins before its last one ended."""
    wearing = _wearings(spec, wearings, rng)
    began, shift_ends = _times(spec, wearing, wearings, officers, rng)
    order = np.lexsort((began, wearings.camera[wearing]))
    wearing, began, shift_ends = wearing[order], began[order], shift_ends[order]
    lengths = np.exp(rng.normal(np.log(_MEDIAN_S), _SPREAD, len(began)))
    length_s = np.clip(lengths, _SHORTEST_S, _LONGEST_S).astype(np.int64)
    _part(wearings.camera[wearing], began, length_s)
    ended = began + length_s * SECOND
    received = np.maximum(shift_ends, ended) + rng.integers(5 * MINUTE, 3 * HOUR, len(began))
    order = np.argsort(received, kind="stable")
    wearing, began, length_s, received = wearing[order], began[order], length_s[order], received[order]
    due = began + KEPT_DAYS * DAY
    category, disposed = _outcomes(spec, due, rng)
    return Footage(seeded_ids(received, rng), wearing, began, length_s, received, category, due, disposed)


def _wearings(spec: WholeForceSpec, wearings: Wearings, rng: Generator) -> NDArray[np.int64]:
    """For each recording the wearing that it is made in: the longer, and the busier the officer, the more."""
    since, until = _within(spec, wearings)
    busy = rng.lognormal(0, 0.6, len(wearings)) * np.maximum(until - since, 0)
    return np.repeat(np.arange(len(wearings)), rng.multinomial(spec.recordings, busy / busy.sum()))


def _within(spec: WholeForceSpec, wearings: Wearings) -> tuple[Instants, Instants]:
    """The days of the year in which each is worn, as days since the epoch, the last of them not counted.

    What is recorded on the year's last days is received in it too.
    """
    begins, ends = us_of(spec.begins_at) // DAY, us_of(spec.ends_at) // DAY - 1
    since = np.maximum(-(-wearings.began // DAY), begins)
    return since, np.minimum((wearings.ended - 12 * HOUR) // DAY, ends)


def _times(
    spec: WholeForceSpec, wearing: NDArray[np.int64], wearings: Wearings, officers: Officers, rng: Generator
) -> tuple[Instants, Instants]:
    """When each recording begins, and when the shift that it falls into ends."""
    since, until = _within(spec, wearings)
    since, until = since[wearing], until[wearing]
    day = rng.integers(since, until)
    team = officers.team[wearings.officer[wearing]]
    turn = (day + 3 * team) % _TURN_DAYS
    worked = np.where(turn < _TURN_WORKED, turn, rng.integers(_TURN_WORKED, size=len(day)))
    moved = day + worked - turn
    is_inside = (moved >= since) & (moved < until)
    day = np.where(is_inside, moved, day)  # else it is a day of overtime
    shift = day * DAY + _SHIFT_BEGINS[worked]
    began = shift + rng.integers(_SHIFT_MINUTES * 60, size=len(day)) * SECOND
    return began, shift + _SHIFT_MINUTES * MINUTE


def _part(camera: NDArray[np.int64], began: Instants, length_s: NDArray[np.int64]) -> None:
    """Let no recording of a camera begin before the one before it has ended, in place; in order of camera and time."""
    least = (_SHORTEST_S + 5) * SECOND
    same_camera = camera[1:] == camera[:-1]
    while (close := same_camera & (began[1:] - began[:-1] < least)).any():
        began[1:][close] = began[:-1][close] + least
    room = (began[1:] - began[:-1]) // SECOND - 1
    length_s[:-1] = np.where(same_camera, np.minimum(length_s[:-1], room), length_s[:-1])


def _outcomes(
    spec: WholeForceSpec, due: Instants, rng: Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The category of each recording, and whether it was disposed of within the year: exactly so many were."""
    count = len(due)
    could_be = np.flatnonzero(due + DAY < us_of(spec.ends_at))
    taken = rng.permutation(could_be)[: spec.unneeded]
    unneeded = np.zeros(count, np.bool_)
    unneeded[taken] = True
    is_young = due + DAY >= us_of(spec.ends_at)
    share = len(taken) / max(len(could_be), 1)
    evidential = ~unneeded & ~(is_young & (rng.random(count) < share))
    plain = (rng.random(count) >= _CATEGORISED).astype(np.int64)
    serious = rng.choice(len(EVIDENTIAL), count, p=_EVIDENTIAL_SHARES) + len(NOT_EVIDENTIAL)
    return np.where(evidential, serious, plain), unneeded & ~np.bool_(spec.leave_due)
