"""How do thousands of cameras come in at once? From a CSV file, with every fault named; whole, or its good rows.

Everything is checked first and every row at fault is reported. Then either only a file without a fault is written, or,
where the user chose so, the rows that have none; in one transaction. A file of 22,000 cameras is a handful of
statements.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models.functions import Upper

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.fleet.issue_counts import day_of_issue
from tabard.fleet.models import Assignment, Camera
from tabard.fleet.rules import CameraFacts, faults, serial_key
from tabard.fleet.sheet import CAMERAS
from tabard.kernel.ids import new_id
from tabard.kernel.sheet import ImportReport, RowError, Sheet, SheetRow, bring_in, bytes_of, read_sheet
from tabard.people.constraints import refusals
from tabard.people.errors import ImportOvertaken
from tabard.people.selectors import with_leaving
from tabard.people.sheet_days import SheetDays
from tabard.people.sheet_units import SheetUnits

_BATCH_ROWS = 2_000
_WARRANTY = "warranty_end_date"
_DAYS = ("received_date", "issued_date", _WARRANTY)


@dataclass(slots=True)
class _Known:
    """What the rows are checked against, by their keys: units, officers, who left when, cameras; and the file's own.

    `rows` are all the rows that name a serial number.
    """

    units: SheetUnits
    officers: dict[str, UUID]
    left: dict[str, datetime]
    received: set[str]
    days: SheetDays
    rows: dict[str, list[int]] = field(default_factory=dict)


def import_cameras(
    *, rows_csv: TextIO, by: Actor, at: datetime, dry_run: bool = False, good_only: bool = False
) -> ImportReport:
    """Every camera of the file is received and, where it names an officer, given out; or none is.

    Args:
        rows_csv: The file, columns as `tabard.fleet.sheet` says, not yet read from.
        by: Who imports.
        at: When, aware: the cameras are received, and worn, from then on, where the file names no earlier days.
        dry_run: Check and report only.
        good_only: Where rows are at fault, leave those out instead of all.

    Raises:
        ImportOvertaken: when someone received one of the cameras between the check and the write.
    """
    sheet = read_sheet(bytes_of(rows_csv), CAMERAS)
    known = _known(sheet.rows, at)

    def write(rows: list[SheetRow], file: dict[str, str | int]) -> None:
        _receive(rows, known, file, by, at)

    return bring_in(sheet, _row_errors(sheet, known), write, dry_run=dry_run, good_only=good_only)


def _receive(
    rows: list[SheetRow], known: _Known, file: dict[str, str | int], by: Actor, at: datetime
) -> None:
    """The cameras and their event, in one transaction."""
    overtaken = ImportOvertaken("Someone received one of these cameras a moment ago. Import the file again.")
    with transaction.atomic():
        with refusals({"fleet_camera_serial_unique": lambda: overtaken}):
            assigned = _write(rows, known, at)
        _append({**file, "cameras": len(rows), "assigned": assigned}, by, at)


def _known(rows: list[SheetRow], at: datetime) -> _Known:
    """Everything that the rows refer to, in three queries however many rows there are."""
    wanted = {_officer_key(row) for row in rows} - {""}
    serials = {serial_key(row.cells["serial"]) for row in rows}
    officers = with_leaving(at).annotate(key=Upper("shoulder_number")).filter(key__in=_askable(wanted))
    cameras = Camera.objects.annotate(key=Upper("serial")).filter(key__in=_askable(serials))
    found = list(officers.values_list("key", "id", "left_at"))
    known = _Known(
        units=SheetUnits(),
        officers={key: officer_id for key, officer_id, _ in found},
        left={key: left_at for key, _, left_at in found if left_at is not None},
        received=set(cameras.values_list("key", flat=True)),
        days=SheetDays(rows, _DAYS, at, ahead={_WARRANTY}),
    )
    for row in rows:
        known.rows.setdefault(serial_key(row.cells["serial"]), []).append(row.number)
    return known


def _askable(keys: set[str]) -> list[str]:
    """The keys that PostgreSQL can be asked about: it has no NUL in text."""
    return [key for key in keys if "\x00" not in key]


def _officer_key(row: SheetRow) -> str:
    """The shoulder number that the row names, as it is compared; empty where it names none."""
    return row.cells.get("shoulder_number", "").upper()


def _facts(row: SheetRow) -> CameraFacts:
    """The camera that the row describes."""
    cells = row.cells
    return CameraFacts.described(
        serial=cells["serial"],
        make=cells["make"],
        model=cells["model"],
        mount=cells["mount"],
        firmware=cells.get("firmware", ""),
        profile=cells.get("profile", ""),
    )


def _row_errors(sheet: Sheet, known: _Known) -> Iterator[RowError]:
    """Every fault of every row: in itself, against the other rows, and against what is here."""
    for row in sheet.rows:
        for fault in faults(_facts(row)):
            yield RowError(row.number, fault.field, fault.words)
        yield from _serial_errors(row, known)
        yield from known.units.errors(row)
        yield from _officer_errors(row, known)
        yield from _day_errors(row, known)


def _serial_errors(row: SheetRow, known: _Known) -> Iterator[RowError]:
    """The camera is on another row too, or here already. Which of two rows is right, we cannot know."""
    serial = row.cells["serial"]
    if not serial:
        return
    others = [number for number in known.rows[serial_key(serial)] if number != row.number]
    if others:
        words = f"{serial} is on row {others[0]} too. Keep the row that is right."
        yield RowError(row.number, "serial", words)
    elif serial_key(serial) in known.received:
        yield RowError(row.number, "serial", f"A camera with the serial number {serial} is here already.")


def _officer_errors(row: SheetRow, known: _Known) -> Iterator[RowError]:
    """The officer, if the row names one, exists and has not left."""
    key = _officer_key(row)
    number = row.cells.get("shoulder_number", "")
    if key and key not in known.officers:
        yield RowError(
            row.number, "shoulder_number", f"There is no officer with the shoulder number {number}."
        )
    elif key in known.left:
        words = f"{number} left on {known.left[key]:%-d %B %Y}. Name who wears it, or leave the cell empty."
        yield RowError(row.number, "shoulder_number", words)


def _day_errors(row: SheetRow, known: _Known) -> Iterator[RowError]:
    """The days can be read, are not to come, and follow one another."""
    errors = list(known.days.errors(row))
    yield from errors
    if errors:
        return
    received, issued = (known.days.of(row, column) for column in ("received_date", "issued_date"))
    if issued and not _officer_key(row):
        yield RowError(
            row.number, "issued_date", "It names no officer. Fill in shoulder_number, or empty this cell."
        )
    if issued and received and issued < received:
        yield RowError(row.number, "issued_date", "It is before received_date.")


def _write(rows: list[SheetRow], known: _Known, at: datetime) -> int:
    """Insert the cameras and their first assignments, in batches; returns how many were given out."""
    cameras = [_camera(row, known, at) for row in rows]
    assignments = [
        Assignment(
            camera=camera,
            officer_id=known.officers[_officer_key(row)],
            during=DateTimeTZRange(known.days.of(row, "issued_date") or at, None),
            mount=camera.mount,
        )
        for row, camera in zip(rows, cameras, strict=True)
        if _officer_key(row)
    ]
    Camera.objects.bulk_create(cameras, batch_size=_BATCH_ROWS)
    Assignment.objects.bulk_create(assignments, batch_size=_BATCH_ROWS)
    return len(assignments)


def _camera(row: SheetRow, known: _Known, at: datetime) -> Camera:
    """The camera of a row; one that is said to be worn since a day was here by then."""
    facts, days = _facts(row), known.days
    issued_at, warranty_end = days.of(row, "issued_date"), days.of(row, _WARRANTY)
    return Camera(
        serial=facts.serial,
        make=facts.make,
        model=facts.model,
        mount=facts.mount,
        unit_id=known.units.of(row),
        received_at=days.of(row, "received_date") or issued_at or at,
        warranty_end_date=warranty_end.date() if warranty_end else None,
        firmware=facts.firmware,
        profile=facts.profile,
        first_issued_date=day_of_issue(issued_at or at) if _officer_key(row) else None,
    )


def _append(details: dict[str, str | int], by: Actor, at: datetime) -> None:
    """One event for the whole file.

    The act is the import: one person decided once, over one file. 22,000 times `camera.received` would bury the log's
    evidence under stock-taking. The file's hash says which cameras they were; where there are more rows than cameras,
    its rows at fault were left out.
    """
    custody.append(
        kind=EventKind.FLEET_IMPORTED, subject=Subject("fleet", new_id()), at=at, by=by, details=details
    )
