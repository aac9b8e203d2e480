"""How does a simulated force reach the database? In one transaction with its one event, or not at all.

Only into an installation that holds nothing: no made-up officer stands beside a real one. One event says that it was
simulated, from which seed. None says that footage was received, sealed or disposed of: no such thing happened, and the
log is believed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import QuerySet

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.fleet.models import Camera, Dock
from tabard.incidents.models import Incident
from tabard.kernel.errors import Conflict
from tabard.people.constraints import refusals
from tabard.people.models import Officer, Unit
from tabard.recordings.models import Recording
from tabard.simulation.whole_force import footage_rows, kit_rows
from tabard.simulation.whole_force.make import make_whole_force
from tabard.simulation.whole_force.spec import WholeForceSpec
from tabard.vault.models import SealedObject

Progress = Callable[[str, int], None]
"""Told before each step what is made next, and how many of it."""

_HOLDING: Final[tuple[tuple[type[models.Model], str], ...]] = (
    (Unit, "units"),
    (Officer, "officers"),
    (Camera, "cameras"),
    (Dock, "docks"),
    (Recording, "recordings"),
    (Incident, "incidents"),
    (SealedObject, "sealed objects"),
)
_ANALYSED: Final = (
    "people_unit", "people_officer", "people_posting", "fleet_camera", "fleet_assignment", "fleet_dock",
    "fleet_training", "fleet_dockstatus", "fleet_dockedcamera", "fleet_clockreading",
    "recordings_recording", "recordings_segment", "vault_sealedobject", "retention_disposal",
    "incidents_incident", "incidents_link",
)  # fmt: skip


class NotEmpty(Conflict):
    """The installation holds something already, so nothing is simulated in it."""

    code = "installation_not_empty"


@dataclass(frozen=True, slots=True)
class Simulated:
    """How much was made."""

    units: int
    officers: int
    cameras: int
    docks: int
    assignments: int
    clock_readings: int
    recordings: int
    segments: int
    disposed: int
    incidents: int
    links: int


def check_empty() -> None:
    """Return only if the installation holds nothing.

    Raises:
        NotEmpty: naming what it holds.
    """
    found = [words for model, words in _HOLDING if QuerySet(model).exists()]
    if found:
        raise _not_empty(", ".join(found))


def simulate_force(
    *, spec: WholeForceSpec, by: Actor, at: datetime, progress: Progress = lambda _, __: None
) -> Simulated:
    """The force and its year are in the database when this returns; killed before, nothing of them is.

    Args:
        spec: The force.
        by: Who has it made.
        at: When, aware.
        progress: Told of each step.

    Raises:
        NotEmpty: when the installation holds something, or another simulation was first.
    """
    check_empty()
    progress("everything, in memory", spec.recordings)
    force = make_whole_force(spec)
    with transaction.atomic():
        # Each statement's references are checked at its end, so that a year's checks never wait in memory.
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with refusals({"people_unit_one_force": lambda: _not_empty("a force")}):
            kit_rows.write_units(force)
        kit = kit_rows.write(force, progress)
        made = footage_rows.write(force, progress)
        done = Simulated(
            units=len(force.units),
            officers=len(force.officers),
            cameras=len(force.cameras),
            recordings=len(force.footage),
            disposed=int(force.footage.disposed.sum()),
            incidents=len(force.incidents),
            **kit,
            **made,
        )
        custody.append(
            kind=EventKind.FORCE_SIMULATED,
            subject=Subject("force", UUID(bytes=force.unit_ids[0].tobytes())),
            at=at,
            by=by,
            details={
                "seed": spec.seed,
                "year": spec.year,
                "recordings": done.recordings,
                "cameras": done.cameras,
            },
        )
    _analyse()
    return done


def _analyse() -> None:
    """Let the planner know what came in, rather than wait until the server notices by itself."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(_ANALYSED)}")


def _not_empty(what: str) -> NotEmpty:
    return NotEmpty(
        f"This installation holds {what} already. A simulated force goes only into an empty one: "
        "name a new folder in TABARD_HOME, or an empty database in DATABASE_URL."
    )
