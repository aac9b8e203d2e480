"""How are a simulated force's units, people and kit written? As models, a few thousand to a statement."""

from collections.abc import Callable, Iterator
from itertools import count as counting
from typing import Final
from uuid import UUID

import numpy as np
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from numpy.typing import NDArray

from tabard.custody.copying import copy_binary
from tabard.fleet.issue_counts import day_of_issue
from tabard.fleet.issue_rules import Rules
from tabard.fleet.models import Assignment, Camera, Dock, DockedCamera, DockStatus, Training
from tabard.people.models import Account, Officer, Posting, Unit
from tabard.simulation.force import FAMILY, GIVEN
from tabard.simulation.whole_force import rows
from tabard.simulation.whole_force.clocks import READINGS, UNCERTAINTY_MS
from tabard.simulation.whole_force.commands import Command
from tabard.simulation.whole_force.instants import DAY, HOUR, SECOND, Ids, Instants, instant_of, seeded_ids
from tabard.simulation.whole_force.kit import BAYS, MAKE, MODELS, NEVER, docks_of
from tabard.simulation.whole_force.make import WholeForce
from tabard.simulation.whole_force.people import RANKS
from tabard.simulation.whole_force.rows import Column

_BATCH_ROWS: Final = 2_000
_UNUSABLE: Final = "!"  # no password has this hash (Django, UNUSABLE_PASSWORD_PREFIX)
_READING_COLUMNS: Final = (
    "id", "camera_id", "camera_at", "our_at", "uncertainty_ms", "source", "recorded_at", "applied_at",
)  # fmt: skip


def write_units(force: WholeForce) -> None:
    """The units, parents first, and the account that no one signs in with, in whose name footage is linked."""
    Unit.objects.bulk_create(
        Unit(
            id=_uuid(force.unit_ids, number),
            parent_id=None if team.above is None else _uuid(force.unit_ids, team.above),
            kind=team.kind,
            code=team.code,
            name=team.name,
        )
        for number, team in enumerate(force.units)
    )
    Account.objects.create(
        id=_uuid(force.unit_ids, 0),
        username="simulation",
        display_name="Simulation",
        password=_UNUSABLE,
        is_active=False,
        created_at=force.spec.begins_at,
    )


def write(force: WholeForce, progress: Callable[[str, int], None]) -> dict[str, int]:
    """Officers, cameras, who wears them, docks and readings of clocks; how many of what is not counted elsewhere."""
    progress("officers", len(force.officers))
    Officer.objects.bulk_create(_officers(force), batch_size=_BATCH_ROWS)
    Posting.objects.bulk_create(_postings(force), batch_size=_BATCH_ROWS)
    progress("cameras", len(force.cameras))
    Camera.objects.bulk_create(_cameras(force), batch_size=_BATCH_ROWS)
    progress("assignments", len(force.wearings))
    Assignment.objects.bulk_create(_assignments(force), batch_size=_BATCH_ROWS)
    Training.objects.bulk_create(_trainings(force), batch_size=_BATCH_ROWS)
    Dock.objects.bulk_create(_docks(force))
    DockStatus.objects.bulk_create(_statuses(force))
    DockedCamera.objects.bulk_create(_docked(force), batch_size=_BATCH_ROWS)
    readings = READINGS * len(force.cameras)
    progress("readings of clocks", readings)
    for number in range(READINGS):
        _copy_readings(force, number)
    return {"assignments": len(force.wearings), "docks": len(force.dock_ids), "clock_readings": readings}


def serial_number(camera: int) -> str:
    """What stands on the camera."""
    return f"SIMCAM{camera + 1:06d}"


def _uuid(ids: Ids, number: int) -> UUID:
    return UUID(bytes=ids[number].tobytes())


def _officers(force: WholeForce) -> Iterator[Officer]:
    officers = force.officers
    for number in range(len(officers)):
        yield Officer(
            id=_uuid(officers.ids, number),
            given_name=GIVEN[officers.given[number]],
            family_name=FAMILY[officers.family[number]],
            rank=RANKS[officers.rank[number]],
            warrant_number=f"SIM{number + 1:06d}",
            shoulder_number=officers.shoulder_numbers[number],
        )


def _postings(force: WholeForce) -> Iterator[Posting]:
    officers = force.officers
    stayed = officers.stayed()
    ids = seeded_ids(officers.joined, force.chances)
    for number in range(len(officers)):
        left_at = None if stayed[number] else instant_of(officers.left[number])
        yield Posting(
            id=_uuid(ids, number),
            officer_id=_uuid(officers.ids, number),
            unit_id=_uuid(force.unit_ids, int(officers.team[number])),
            during=DateTimeTZRange(instant_of(officers.joined[number]), left_at),
        )


def _cameras(force: WholeForce) -> Iterator[Camera]:
    cameras, first, last = force.cameras, _first_worn(force), _last_docked(force)
    for number in range(len(cameras)):
        command = force.commands[cameras.command[number]]
        yield Camera(
            id=_uuid(cameras.ids, number),
            serial=serial_number(number),
            make=MAKE,
            model=MODELS[cameras.model[number]],
            mount=_mount(command),
            unit_id=_uuid(force.unit_ids, command.own),
            received_at=instant_of(cameras.received[number]),
            kept_state=cameras.state(number).value,
            first_issued_date=None if first[number] == NEVER else day_of_issue(instant_of(first[number])),
            last_contact_at=instant_of(last[number]),
            last_contact=Camera.Contact.DOCK,
        )


def _first_worn(force: WholeForce) -> Instants:
    """When each camera was first worn; NEVER for those that nobody wore."""
    first = np.full(len(force.cameras), NEVER)
    np.minimum.at(first, force.wearings.camera, force.wearings.began)
    return first


def _assignments(force: WholeForce) -> Iterator[Assignment]:
    wearings = force.wearings
    for number in range(len(wearings)):
        command = _command(force, number)
        ended_at = None if wearings.ended[number] == NEVER else instant_of(wearings.ended[number])
        yield Assignment(
            id=_uuid(wearings.ids, number),
            camera_id=_uuid(force.cameras.ids, int(wearings.camera[number])),
            officer_id=_uuid(force.officers.ids, int(wearings.officer[number])),
            during=DateTimeTZRange(instant_of(wearings.began[number]), ended_at),
            mount=_mount(command),
            duty=_duty(command),
        )


def _trainings(force: WholeForce) -> Iterator[Training]:
    """Whoever wears a camera was trained for it the day before they got their first."""
    wearings = force.wearings
    _, firsts = np.unique(wearings.officer, return_index=True)
    ids = seeded_ids(wearings.began[firsts] - DAY, force.chances)
    for place, number in enumerate(firsts):
        trained_at = instant_of(wearings.began[number] - DAY)
        yield Training(
            id=_uuid(ids, place),
            officer_id=_uuid(force.officers.ids, int(wearings.officer[number])),
            duty=_duty(_command(force, int(number))),
            trained_date=trained_at.date(),
            recorded_at=trained_at,
        )


def _command(force: WholeForce, wearing: int) -> Command:
    return force.commands[int(force.cameras.command[force.wearings.camera[wearing]])]


def _mount(command: Command) -> Camera.Mount:
    return Camera.Mount.HEAD if command.head_mounted else Camera.Mount.CHEST


def _duty(command: Command) -> str:
    """As the rules of issue name it that stand until a force changes them."""
    ordinary, firearms = Rules().duties
    return firearms.name if command.head_mounted else ordinary.name


def _docks(force: WholeForce) -> Iterator[Dock]:
    numbers = counting()
    for command in force.commands:
        for dock in range(1, docks_of(command) + 1):
            yield Dock(
                id=_uuid(force.dock_ids, next(numbers)),
                serial=f"SIM-DOCK-{command.code}-{dock}",
                site=f"{command.name}, simulated station {(dock - 1) // 4 + 1}",
                unit_id=_uuid(force.unit_ids, command.own),
                bays=BAYS,
                last_seen_at=force.spec.ends_at,
            )


def _statuses(force: WholeForce) -> Iterator[DockStatus]:
    """What each dock said as the year ended, and last."""
    for number in range(len(force.dock_ids)):
        yield DockStatus(
            dock_id=_uuid(force.dock_ids, number),
            reported_at=force.spec.ends_at,
            clock_ahead_ms=0,
            agent=MAKE,
            spool_files=0,
            spool_bytes=0,
        )


def _last_docked(force: WholeForce) -> Instants:
    """When each camera was docked last: when its newest footage came, or when it was given out."""
    last = force.cameras.received + 7 * DAY
    np.maximum.at(last, force.recording_camera, force.footage.received)
    return last


def _docked(force: WholeForce) -> Iterator[DockedCamera]:
    """Each camera as a dock of its command saw it last."""
    last = _last_docked(force)
    first_dock = np.cumsum([0, *map(docks_of, force.commands)])
    for number in range(len(force.cameras)):
        command = int(force.cameras.command[number])
        docks = docks_of(force.commands[command])
        seen_at = instant_of(last[number])
        yield DockedCamera(
            dock_id=_uuid(force.dock_ids, int(first_dock[command]) + number % docks),
            serial=serial_number(number),
            camera_id=_uuid(force.cameras.ids, number),
            docked_at=seen_at,
            seen_at=seen_at,
            gone_at=instant_of(last[number] + 8 * HOUR),
            clock_read=True,
            make=MAKE,
            model=MODELS[force.cameras.model[number]],
            files=0,
            faults=force.cameras.fault_words(number),
        )


def _copy_readings(force: WholeForce, number: int) -> None:
    """What every clock showed when it was read for the so-manieth time."""
    cameras, clocks = force.cameras, force.clocks
    every = np.arange(len(cameras))
    at = clocks.read_at(number)
    shown = at + clocks.ahead_at(every, at)
    ids = seeded_ids(at, force.chances)

    def columns(some: slice) -> list[Column]:
        count = len(ids[some])
        recorded = rows.instants(at[some] + SECOND)
        return [
            rows.uuids(ids[some]),
            rows.uuids(cameras.ids[some]),
            rows.instants(shown[some]),
            rows.instants(at[some]),
            rows.integers(_repeated(UNCERTAINTY_MS, count)),
            rows.same(b"dock", count),
            recorded,
            recorded,
        ]

    copy_binary("fleet_clockreading", _READING_COLUMNS, rows.pieces(len(cameras), columns))


def _repeated(value: int, count: int) -> NDArray[np.int64]:
    return np.full(count, value, np.int64)
