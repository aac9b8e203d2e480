"""Who are the officers, where do they work, and who of them left within the year?"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tabard.simulation.force import FAMILY, GIVEN
from tabard.simulation.whole_force.commands import Command
from tabard.simulation.whole_force.instants import DAY, Ids, Instants, seeded_ids, us_of
from tabard.simulation.whole_force.spec import WholeForceSpec

RANKS: Final = ("PC", "Sgt", "Insp")
_RANKED: Final = (0.85, 0.12, 0.03)
_LEAVING: Final = 0.03
_LONGEST_SERVICE_DAYS: Final = 25 * 365
_STILL: Final = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Officers:
    """All officers, command by command; `first` and `count` say which are a command's.

    `left` is beyond every time for who stayed.
    """

    ids: Ids
    given: NDArray[np.int64]
    family: NDArray[np.int64]
    rank: NDArray[np.int64]
    team: NDArray[np.int64]
    joined: Instants
    left: Instants
    first: NDArray[np.int64]
    shoulder_numbers: list[str]

    def __len__(self) -> int:
        return len(self.ids)

    def stayed(self) -> NDArray[np.bool_]:
        """Who is still here at the end of the year."""
        stayed: NDArray[np.bool_] = self.left == _STILL
        return stayed


def make_officers(spec: WholeForceSpec, commands: list[Command], rng: Generator) -> Officers:
    """As many officers as the force has, each in a team of their command since a day before the year."""
    counts = np.array([command.officers for command in commands])
    count, begins = int(counts.sum()), us_of(spec.begins_at)
    joined = begins - rng.integers(30, _LONGEST_SERVICE_DAYS, count) * DAY
    days = (us_of(spec.ends_at) - begins) // DAY
    leaving = begins + rng.integers(1, days, count) * DAY
    return Officers(
        ids=seeded_ids(joined, rng),
        given=rng.integers(len(GIVEN), size=count),
        family=rng.integers(len(FAMILY), size=count),
        rank=rng.choice(len(RANKS), count, p=_RANKED),
        team=np.concatenate([_teams(command, rng) for command in commands]),
        joined=joined,
        left=np.where(rng.random(count) < _LEAVING, leaving, _STILL),
        first=np.concatenate([[0], np.cumsum(counts)[:-1]]),
        shoulder_numbers=[
            f"{n}{command.code}" for command in commands for n in range(1, command.officers + 1)
        ],
    )


def _teams(command: Command, rng: Generator) -> NDArray[np.int64]:
    """Which unit each of the command's officers works in."""
    return np.array(command.teams)[rng.integers(len(command.teams), size=command.officers)]
