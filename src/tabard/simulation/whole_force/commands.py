"""How many cameras and officers has each command? As published where a figure is, and shared out where none is.

Published of the rollout of 2016 to 2018: about 1,000 officers with firearms, about 200 dog handlers, Waltham Forest
480, Wandsworth 490, Haringey 500, Newham 598, East Area Command (Barking and Dagenham, Havering, Redbridge) 1,300,
22,000 in all. The rest is an even share of what is left, more or less by the seed; marine, mounted and ANPR teams
have made-up strengths of that order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tabard.simulation.force import BOROUGHS, FORCE_CODE, FORCE_NAME, SPECIALISTS, Place, UnitKind
from tabard.simulation.whole_force.spec import PUBLISHED_CAMERAS, WholeForceSpec

_STATED: Final = {
    "FRM": 1000, "DOG": 200, "MAR": 120, "MTD": 140, "ANPR": 150,
    "JC": 480, "WW": 490, "YR": 500, "KF": 598, "KG": 433, "KD": 433, "JI": 434,
}  # fmt: skip
_BOROUGH_TEAMS: Final = (
    "Response Team A", "Response Team B", "Response Team C", "Response Team D", "Response Team E", "Neighbourhoods",
)  # fmt: skip
_SPECIALIST_TEAMS: Final = ("Team A", "Team B")
_LEAST_SHARE: Final = 0.75
_MOST_SHARE: Final = 1.25


@dataclass(frozen=True, slots=True)
class Team:
    """A team, or the command or force that stands above it; `above` is the place of its unit among all."""

    code: str
    name: str
    kind: UnitKind
    above: int | None


@dataclass(frozen=True, slots=True)
class Command:
    """A borough or specialist command, with the places of its teams among all units."""

    code: str
    name: str
    place: Place
    own: int
    teams: tuple[int, ...]
    cameras: int
    officers: int

    @property
    def head_mounted(self) -> bool:
        """Whether they wear cameras on the head: those with firearms do."""
        return self.code == "FRM"


def units_and_commands(spec: WholeForceSpec, rng: Generator) -> tuple[list[Team], list[Command]]:
    """All units, each after the one above it, and the commands with their strengths, which add up to the force's."""
    units = [Team(FORCE_CODE, FORCE_NAME, "force", None)]
    commands = [*((*each, "borough_command") for each in BOROUGHS)]
    commands += [(*each, "specialist_command") for each in SPECIALISTS]
    weights = _weights([code for code, *_ in commands], rng)
    cameras, officers = _shared(spec.cameras, weights), _shared(spec.officers, weights)
    made = []
    for number, (code, name, place, kind) in enumerate(commands):
        own = len(units)
        units.append(Team(code, name, kind, 0))  # type: ignore[arg-type] # the tables above name only kinds
        units.extend(_teams(code, name, kind, own))
        teams = tuple(range(own + 1, len(units)))
        made.append(Command(code, name, place, own, teams, int(cameras[number]), int(officers[number])))
    return units, made


def _teams(code: str, name: str, kind: str, own: int) -> Iterator[Team]:
    names = _BOROUGH_TEAMS if kind == "borough_command" else _SPECIALIST_TEAMS
    for letter, team in zip("ABCDEF", names, strict=False):
        yield Team(f"{code}-{letter}", f"{name} {team}", "team", own)


def _weights(codes: list[str], rng: Generator) -> NDArray[np.float64]:
    """What is stated, and even shares of what is left of the published whole."""
    stated = np.array([_STATED.get(code, 0) for code in codes], float)
    shares = np.where(stated > 0, 0, rng.uniform(_LEAST_SHARE, _MOST_SHARE, len(codes)))
    left = PUBLISHED_CAMERAS - stated.sum()
    weights: NDArray[np.float64] = stated + shares / shares.sum() * left
    return weights


def _shared(total: int, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole numbers in these proportions that add up to the total, by largest remainder."""
    exact = weights / weights.sum() * total
    whole: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    most = np.argsort(whole - exact, kind="stable")[: total - int(whole.sum())]
    whole[most] += 1
    return whole
