"""Which cameras and docks are there, who wears which since when, and what became of those that nobody wears?

Every camera was in use before the year. Some changed hands within it, some broke or were lost, and some are pooled.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tabard.fleet.states import State
from tabard.simulation.whole_force.commands import Command
from tabard.simulation.whole_force.instants import DAY, HOUR, Ids, Instants, seeded_ids, us_of
from tabard.simulation.whole_force.people import Officers
from tabard.simulation.whole_force.spec import WholeForceSpec

MAKE: Final = "Simulated"
MODELS: Final = ("SIM-C110", "SIM-C120", "SIM-H120")
BAYS: Final = 16
NEVER: Final = np.iinfo(np.int64).max

# What becomes of a camera within the year, and how often: worn to its end, or else the state that it is left in.
_FATES: Final = (
    (State.READY, 0.925), (State.POOLED, 0.035), (State.FAULTY, 0.015), (State.IN_REPAIR, 0.006),
    (State.LOST, 0.003), (State.STOLEN, 0.001), (State.RETIRED, 0.015),
)  # fmt: skip
_CHANGING_HANDS: Final = 0.15
_NEWER_MODEL: Final = 0.4
_DOCKED_AT_ONCE: Final = 0.45
_FAULTS: Final = ("The lens is cracked", "The battery does not charge", "The card cannot be read")


@dataclass(frozen=True)
class Cameras:
    """All cameras, command by command; `ended` is when its last wearer gave it back, or `NEVER`."""

    ids: Ids
    command: NDArray[np.int64]
    model: NDArray[np.int64]
    received: Instants
    fate: NDArray[np.int64]
    ended: Instants
    fault: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def state(self, number: int) -> State:
        """What the camera is while nobody wears it."""
        return _FATES[int(self.fate[number])][0]

    def fault_words(self, number: int) -> list[str]:
        """What its dock said of it last."""
        is_broken = self.state(number) in {State.FAULTY, State.IN_REPAIR}
        return [_FAULTS[int(self.fault[number])]] if is_broken else []


@dataclass(frozen=True)
class Wearings:
    """Which officer had which camera from when until when; `NEVER` where they have it still."""

    ids: Ids
    camera: NDArray[np.int64]
    officer: NDArray[np.int64]
    began: Instants
    ended: Instants

    def __len__(self) -> int:
        return len(self.ids)


def make_cameras(spec: WholeForceSpec, commands: list[Command], rng: Generator) -> Cameras:
    """As many cameras as the force has, each received in the months before the year."""
    command = np.repeat(np.arange(len(commands)), [each.cameras for each in commands])
    count, begins = len(command), us_of(spec.begins_at)
    received = begins - rng.integers(90, 500, count) * DAY + rng.integers(8, 17, count) * HOUR
    head = np.array([each.head_mounted for each in commands])[command]
    fate = rng.choice(len(_FATES), count, p=[share for _, share in _FATES])
    within = begins + rng.integers(1, (us_of(spec.ends_at) - begins) // DAY, count) * DAY + 15 * HOUR
    return Cameras(
        ids=seeded_ids(received, rng),
        command=command,
        model=np.where(head, 2, (rng.random(count) < _NEWER_MODEL).astype(np.int64)),
        received=received,
        fate=fate,
        ended=np.where(fate == 0, NEVER, within),
        fault=rng.integers(len(_FAULTS), size=count),
    )


def make_wearings(commands: list[Command], cameras: Cameras, officers: Officers, rng: Generator) -> Wearings:
    """One wearer at a time for every camera, all of its command, nobody beyond the day they left.

    Each command's officers stand in an order of the seed's: the first wear its cameras, the others follow those whose
    camera changes hands.
    """
    made: list[tuple[int, int, int, int]] = []
    first_camera = 0
    for number, command in enumerate(commands):
        order = officers.first[number] + rng.permutation(command.officers)
        spare = list(order[command.cameras :])
        changing = rng.random(command.cameras) < _CHANGING_HANDS
        for place in range(command.cameras):
            camera = first_camera + place
            wearers = [order[place]]
            if changing[place] and spare:
                wearers.append(spare.pop())
            made += _worn(camera, wearers, cameras, officers)
        first_camera += command.cameras
    camera, officer, began, ended = np.array(made, np.int64).T
    return Wearings(seeded_ids(began, rng), camera, officer, began, ended)


def _worn(
    camera: int, wearers: list[int], cameras: Cameras, officers: Officers
) -> list[tuple[int, int, int, int]]:
    """The camera with one wearer, or with one after another: the second has it from when the first gave it back."""
    given_at = int(cameras.received[camera]) + 7 * DAY
    ended = int(cameras.ended[camera])
    made = []
    for number, officer in enumerate(wearers):
        is_last = number == len(wearers) - 1
        until = min(ended, int(officers.left[officer]), NEVER if is_last else given_at + 200 * DAY)
        began = max(given_at, int(officers.joined[officer]) + DAY)
        if began < until:
            made.append((camera, int(officer), began, until))
            given_at = until + HOUR
    return made


def docks_of(command: Command) -> int:
    """How many docks a command needs for those of its cameras that are docked at the same time."""
    return max(1, -(-int(command.cameras * _DOCKED_AT_ONCE) // BAYS))
