"""What does a seed make? All of a force and its year, in memory, before a row is written."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tabard.simulation.whole_force.clocks import Clocks, make_clocks
from tabard.simulation.whole_force.commands import Command, Team, units_and_commands
from tabard.simulation.whole_force.footage import Footage, make_footage
from tabard.simulation.whole_force.incidents import Incidents, make_incidents
from tabard.simulation.whole_force.instants import DAY, Ids, seeded_ids, us_of
from tabard.simulation.whole_force.kit import (
    Cameras,
    Wearings,
    docks_of,
    make_cameras,
    make_wearings,
)
from tabard.simulation.whole_force.people import Officers, make_officers
from tabard.simulation.whole_force.spec import WholeForceSpec

_ORGANISATION, _OFFICERS, _KIT, _CLOCKS, _FOOTAGE, _INCIDENTS, _ROWS = range(7)
_BEFORE_THE_YEAR = 600 * DAY


@dataclass(frozen=True)
class WholeForce:
    """A force and its year; equal specs give equal ones.

    `chances` is what is still drawn while rows are written, where keeping it would take memory.
    """

    spec: WholeForceSpec
    units: list[Team]
    unit_ids: Ids
    commands: list[Command]
    dock_ids: Ids
    officers: Officers
    cameras: Cameras
    wearings: Wearings
    clocks: Clocks
    footage: Footage
    incidents: Incidents
    chances: np.random.Generator

    @property
    def recording_camera(self) -> NDArray[np.int64]:
        """The camera of each recording."""
        return self.wearings.camera[self.footage.wearing]

    @property
    def recording_officer(self) -> NDArray[np.int64]:
        """The officer of each recording."""
        return self.wearings.officer[self.footage.wearing]


def make_whole_force(spec: WholeForceSpec) -> WholeForce:
    """The force that the seed makes."""
    organisation = _chances(spec, _ORGANISATION)
    units, commands = units_and_commands(spec, organisation)
    officers = make_officers(spec, commands, _chances(spec, _OFFICERS))
    kit = _chances(spec, _KIT)
    cameras = make_cameras(spec, commands, kit)
    wearings = make_wearings(commands, cameras, officers, kit)
    footage = make_footage(spec, wearings, officers, _chances(spec, _FOOTAGE))
    command = cameras.command[wearings.camera[footage.wearing]]
    return WholeForce(
        spec=spec,
        units=units,
        unit_ids=_ids(spec, len(units), organisation),
        commands=commands,
        dock_ids=_ids(spec, sum(map(docks_of, commands)), kit),
        officers=officers,
        cameras=cameras,
        wearings=wearings,
        clocks=make_clocks(spec, len(cameras), _chances(spec, _CLOCKS)),
        footage=footage,
        incidents=make_incidents(footage, command, _chances(spec, _INCIDENTS)),
        chances=_chances(spec, _ROWS),
    )


def _chances(spec: WholeForceSpec, part: int) -> np.random.Generator:
    """One stream of chances for each part, so that a change to one leaves the others as they were."""
    return np.random.default_rng([spec.seed, part])


def _ids(spec: WholeForceSpec, count: int, rng: np.random.Generator) -> Ids:
    """Ids of what was there before the year, in order."""
    first = us_of(spec.begins_at) - _BEFORE_THE_YEAR
    return seeded_ids(first + np.arange(count, dtype=np.int64) * 1000, rng)
