"""Which force is simulated? London's 32 boroughs, five specialist commands, and people who do not exist.

Everything is plain data from a seed. Borough names and the two-letter codes on shoulder numbers are public
facts; every officer is made up, and warrant and serial numbers begin with SIM so that nobody can take them
for real ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal
from uuid import UUID, uuid5

import numpy as np
from numpy.random import Generator

from tabard.kernel.errors import Invalid, NotFound

UnitKind = Literal["force", "borough_command", "specialist_command", "team"]
Place = tuple[float, float]

FORCE_CODE: Final = "SIM"
FORCE_NAME: Final = "Metropolitan Police (simulated)"
_NAMESPACE: Final = UUID("6d0c5f7e-52a1-4c09-9d3c-7a8f1e2b4c60")
_LONDON: Final[Place] = (51.5014, -0.1419)

# Code on the shoulder, name, a place near the town hall (latitude, longitude). The City of London is not one of them.
BOROUGHS: Final[tuple[tuple[str, str, Place], ...]] = (
    ("KG", "Barking and Dagenham", (51.5363, 0.0790)),
    ("SX", "Barnet", (51.6040, -0.2080)),
    ("RY", "Bexley", (51.4560, 0.1420)),
    ("QK", "Brent", (51.5580, -0.2830)),
    ("PY", "Bromley", (51.4060, 0.0180)),
    ("EK", "Camden", (51.5290, -0.1255)),
    ("ZD", "Croydon", (51.3720, -0.0990)),
    ("XD", "Ealing", (51.5130, -0.3080)),
    ("YE", "Enfield", (51.6530, -0.0800)),
    ("RG", "Greenwich", (51.4890, 0.0660)),
    ("GD", "Hackney", (51.5450, -0.0560)),
    ("FH", "Hammersmith and Fulham", (51.4920, -0.2350)),
    ("YR", "Haringey", (51.5990, -0.1120)),
    ("QA", "Harrow", (51.5890, -0.3330)),
    ("KD", "Havering", (51.5790, 0.1830)),
    ("XH", "Hillingdon", (51.5440, -0.4760)),
    ("TX", "Hounslow", (51.4680, -0.3650)),
    ("NI", "Islington", (51.5430, -0.1030)),
    ("BS", "Kensington and Chelsea", (51.5020, -0.1940)),
    ("VK", "Kingston upon Thames", (51.4080, -0.3060)),
    ("LX", "Lambeth", (51.4610, -0.1160)),
    ("PL", "Lewisham", (51.4450, -0.0200)),
    ("VW", "Merton", (51.4010, -0.1950)),
    ("KF", "Newham", (51.5320, 0.0550)),
    ("JI", "Redbridge", (51.5590, 0.0740)),
    ("TW", "Richmond upon Thames", (51.4480, -0.3260)),
    ("MD", "Southwark", (51.5030, -0.0800)),
    ("ZT", "Sutton", (51.3610, -0.1910)),
    ("HT", "Tower Hamlets", (51.5180, -0.0590)),
    ("JC", "Waltham Forest", (51.5910, -0.0130)),
    ("WW", "Wandsworth", (51.4570, -0.1910)),
    ("CW", "Westminster", (51.4970, -0.1370)),
)
SPECIALISTS: Final[tuple[tuple[str, str, Place], ...]] = (
    ("DOG", "Dog handlers", (51.4030, 0.0330)),
    ("MAR", "Marine Policing Unit", (51.5030, -0.0570)),
    ("MTD", "Mounted Branch", (51.4960, -0.1270)),
    ("ANPR", "ANPR Interceptor Unit", (51.4780, -0.1480)),
    ("FRM", "Firearms Command", (51.5190, -0.0930)),
)
GIVEN: Final = (
    "Aisha", "Alan", "Amara", "Ben", "Bridget", "Callum", "Carys", "Daniel", "Deepa", "Duncan", "Ella",
    "Emeka", "Fatima", "Gareth", "Grace", "Hannah", "Harjit", "Imran", "Iris", "Jamal", "Joanna", "Kofi",
    "Laura", "Leon", "Lucy", "Mark", "Maya", "Nadia", "Nia", "Oliver", "Olu", "Peter", "Priya", "Rachel",
    "Ravi", "Rosa", "Sam", "Sanjay", "Sean", "Tessa",
)  # fmt: skip
FAMILY: Final = (
    "Adeyemi", "Ahmed", "Bailey", "Begum", "Bennett", "Brown", "Campbell", "Chaudhry", "Clarke", "Cooper",
    "Davies", "Evans", "Fernandes", "Foster", "Green", "Hall", "Hughes", "Hussain", "Jackson", "Johnson",
    "Kaur", "Kelly", "Khan", "Lewis", "Martin", "Mensah", "Mistry", "Morgan", "Murphy", "Ng", "O'Brien",
    "Okafor", "Patel", "Price", "Reid", "Roberts", "Scott", "Shah", "Singh", "Taylor", "Thomas", "Walker",
    "Williams", "Wilson", "Wright", "Young",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """A unit; only the force has no parent. `place` is where its walks start (latitude, longitude)."""

    code: str
    name: str
    kind: UnitKind
    parent_code: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class OfficerPlan:
    """An officer of a team. `system_user_id` is the identity that a body-worn system gives the person."""

    system_user_id: UUID
    given_name: str
    family_name: str
    rank: str
    warrant_number: str
    shoulder_number: str
    unit_code: str

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given_name} {self.family_name}"


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """A camera and who wears it, by warrant number."""

    serial: str
    make: str
    model: str
    mount: Literal["chest", "head"]
    unit_code: str
    wearer_warrant_number: str


@dataclass(frozen=True, slots=True)
class DockPlan:
    """A docking station of a command."""

    serial: str
    site: str
    unit_code: str
    bays: int


@dataclass(frozen=True)
class Force:
    """All of it. Parents come before their children in `units`."""

    units: tuple[UnitPlan, ...]
    officers: tuple[OfficerPlan, ...]
    cameras: tuple[CameraPlan, ...]
    docks: tuple[DockPlan, ...]

    @cached_property
    def _units(self) -> dict[str, UnitPlan]:
        return {unit.code: unit for unit in self.units}

    @cached_property
    def _wearers(self) -> dict[str, OfficerPlan]:
        return {officer.warrant_number: officer for officer in self.officers}

    def unit(self, code: str) -> UnitPlan:
        """The unit with the code.

        Raises:
            NotFound: there is none.
        """
        if code not in self._units:
            raise NotFound("This force has no such unit.", code=code)
        return self._units[code]

    def wearer(self, camera: CameraPlan) -> OfficerPlan:
        """The officer who wears the camera."""
        return self._wearers[camera.wearer_warrant_number]

    def cameras_of(self, command_code: str) -> tuple[CameraPlan, ...]:
        """The cameras of a command and of its teams."""
        inside = {unit.code for unit in self.units if command_code in {unit.code, unit.parent_code}}
        return tuple(camera for camera in self.cameras if camera.unit_code in inside)

    def dock_of(self, command_code: str) -> DockPlan:
        """The first docking station of a command.

        Raises:
            NotFound: the command has none.
        """
        for dock in self.docks:
            if dock.unit_code == command_code:
                return dock
        raise NotFound("This command has no dock.", code=command_code)


def make_force(*, seed: int = 1, teams_per_borough: int = 2, officers_per_team: int = 4) -> Force:
    """A whole force: every officer has one camera, every command one dock; equal arguments give an equal force.

    Raises:
        Invalid: a borough would have no team or more than 26, or a team nobody or more than 99 people.
    """
    if not 1 <= teams_per_borough <= 26:
        raise Invalid("A borough has 1 to 26 teams.", field="teams_per_borough")
    if not 1 <= officers_per_team <= 99:
        raise Invalid("A team has 1 to 99 officers.", field="officers_per_team")
    units = tuple(_units(teams_per_borough))
    officers = tuple(_officers(units, officers_per_team, np.random.default_rng([seed, 3])))
    cameras = tuple(_camera(number, officer) for number, officer in enumerate(officers, 1))
    commands = [unit for unit in units if unit.kind in {"borough_command", "specialist_command"}]
    docks = tuple(
        DockPlan(f"SIM-DOCK-{unit.code}-1", f"{unit.name} (simulated station)", unit.code, 8)
        for unit in commands
    )
    return Force(units, officers, cameras, docks)


def _units(teams_per_borough: int) -> Iterator[UnitPlan]:
    yield UnitPlan(FORCE_CODE, FORCE_NAME, "force", None, _LONDON)
    for code, name, place in BOROUGHS:
        yield UnitPlan(code, name, "borough_command", FORCE_CODE, place)
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:teams_per_borough]:
            yield UnitPlan(f"{code}-{letter}", f"{name} Response Team {letter}", "team", code, place)
    for code, name, place in SPECIALISTS:
        yield UnitPlan(code, name, "specialist_command", FORCE_CODE, place)
        yield UnitPlan(f"{code}-A", f"{name} Team A", "team", code, place)


def _officers(units: tuple[UnitPlan, ...], per_team: int, rng: Generator) -> Iterator[OfficerPlan]:
    number = 0
    for unit in units:
        if unit.kind != "team" or unit.parent_code is None:
            continue
        block = 100 * (1 + ord(unit.code[-1]) - ord("A"))
        for place in range(per_team):
            number += 1
            yield OfficerPlan(
                system_user_id=uuid5(_NAMESPACE, f"officer {number}"),
                given_name=GIVEN[int(rng.integers(len(GIVEN)))],
                family_name=FAMILY[int(rng.integers(len(FAMILY)))],
                rank="Sergeant" if place == 0 and per_team > 1 else "Constable",
                warrant_number=f"SIM{number:06d}",
                shoulder_number=f"{block + place + 1}{unit.parent_code}",
                unit_code=unit.code,
            )


def _camera(number: int, officer: OfficerPlan) -> CameraPlan:
    armed = officer.unit_code.startswith("FRM")
    return CameraPlan(
        serial=f"SIMCAM{number:06d}",
        make="Simulated",
        model="SIM-H120" if armed else "SIM-C110",
        mount="head" if armed else "chest",
        unit_code=officer.unit_code,
        wearer_warrant_number=officer.warrant_number,
    )
