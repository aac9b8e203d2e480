"""How do thousands of cameras come in at once? From a CSV file, whole or not at all, with every fault named.

First everything is checked and every row at fault is reported; only a file without a fault is written, in one
transaction. A file of 22,000 cameras is a handful of statements.
"""

import hashlib
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
from tabard.fleet.errors import ImportOvertaken
from tabard.fleet.models import Assignment, Camera
from tabard.fleet.rules import CameraFacts, faults, serial_key
from tabard.fleet.sheet import LARGEST_BYTES, RowError, Sheet, SheetRow, read_sheet
from tabard.kernel.ids import new_id
from tabard.people.constraints import refusals
from tabard.people.models import Officer, Unit

_BATCH_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file: `rows` it holds, cameras `imported` (all or none), and what is wrong with it.

    After a dry run `imported` is how many would have been.
    """

    rows: int
    imported: int
    errors: list[RowError]
    sha256: str = ""
    dry_run: bool = False

    @property
    def ok(self) -> bool:
        """Whether the file is without a fault: it was imported, or would be."""
        return not self.errors


@dataclass(slots=True)
class _Known:
    """What the rows are checked against: units, officers and cameras that are here, by their keys."""

    units: dict[str, UUID]
    officers: dict[str, UUID]
    received: set[str]
    rows: dict[str, int] = field(default_factory=dict)


def import_cameras(*, rows_csv: TextIO, by: Actor, at: datetime, dry_run: bool = False) -> ImportReport:
    """Every camera of the file is received and, where it names an officer, given out; or none is.

    Args:
        rows_csv: The file, columns as `tabard.fleet.sheet` says, not yet read from.
        by: Who imports.
        at: When, aware: the cameras are received, and worn, from then on.
        dry_run: Check and report only.

    Raises:
        ImportOvertaken: when someone received one of the cameras between the check and the write.
    """
    raw = _bytes_of(rows_csv)
    digest = hashlib.sha256(raw).hexdigest()
    sheet = read_sheet(raw)
    known = _known(sheet.rows)
    errors = sorted([*sheet.errors, *_row_errors(sheet, known)], key=lambda error: error.row)
    if errors or dry_run:
        return ImportReport(sheet.count, 0 if errors else sheet.count, errors, digest, dry_run)
    overtaken = ImportOvertaken("Someone received one of these cameras a moment ago. Import the file again.")
    with transaction.atomic():
        with refusals({"fleet_camera_serial_unique": lambda: overtaken}):
            assigned = _write(sheet.rows, known, at)
        _append(sheet.count, assigned, digest, by, at)
    return ImportReport(sheet.count, sheet.count, [], digest)


def _bytes_of(rows_csv: TextIO) -> bytes:
    """The file as it is on disk, so that its hash is the file's own; text without bytes below is UTF-8."""
    below = getattr(rows_csv, "buffer", None)
    if below is not None:
        return bytes(below.read(LARGEST_BYTES + 1))
    return rows_csv.read(LARGEST_BYTES + 1).encode("utf-8", "surrogatepass")


def _known(rows: list[SheetRow]) -> _Known:
    """Everything that the rows refer to, in three queries however many rows there are."""
    wanted = {_officer_key(row) for row in rows} - {""}
    serials = {serial_key(row.cells["serial"]) for row in rows}
    officers = Officer.objects.annotate(key=Upper("shoulder_number")).filter(key__in=_askable(wanted))
    cameras = Camera.objects.annotate(key=Upper("serial")).filter(key__in=_askable(serials))
    return _Known(
        units={code.upper(): unit_id for code, unit_id in Unit.objects.values_list("code", "id")},
        officers=dict(officers.values_list("key", "id")),
        received=set(cameras.values_list("key", flat=True)),
    )


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
        serial=cells["serial"], make=cells["make"], model=cells["model"], mount=cells["mount"]
    )


def _row_errors(sheet: Sheet, known: _Known) -> Iterator[RowError]:
    """Every fault of every row: in itself, against the rows before it, and against what is here."""
    for row in sheet.rows:
        for fault in faults(_facts(row)):
            yield RowError(row.number, fault.field, fault.words)
        yield from _serial_errors(row, known)
        yield from _reference_errors(row, known)


def _serial_errors(row: SheetRow, known: _Known) -> Iterator[RowError]:
    """The camera is on an earlier row, or here already."""
    serial = row.cells["serial"]
    if not serial:
        return
    first = known.rows.setdefault(serial_key(serial), row.number)
    if first != row.number:
        yield RowError(row.number, "serial", f"{serial} is on row {first} already.")
    elif serial_key(serial) in known.received:
        yield RowError(row.number, "serial", f"A camera with the serial number {serial} is here already.")


def _reference_errors(row: SheetRow, known: _Known) -> Iterator[RowError]:
    """The row names a unit, and an officer if it names one, that exist."""
    code = row.cells["unit_code"]
    if code.upper() not in known.units:
        words = f"There is no unit with the code {code}." if code else "It is empty."
        yield RowError(row.number, "unit_code", words)
    officer = _officer_key(row)
    if officer and officer not in known.officers:
        words = f"There is no officer with the shoulder number {row.cells['shoulder_number']}."
        yield RowError(row.number, "shoulder_number", words)


def _write(rows: list[SheetRow], known: _Known, at: datetime) -> int:
    """Insert the cameras and their first assignments, in batches; returns how many were given out."""
    cameras: list[Camera] = []
    assignments: list[Assignment] = []
    for row in rows:
        facts, unit_id = _facts(row), known.units[row.cells["unit_code"].upper()]
        camera = Camera(
            serial=facts.serial,
            make=facts.make,
            model=facts.model,
            mount=facts.mount,
            unit_id=unit_id,
            received_at=at,
        )
        cameras.append(camera)
        if _officer_key(row):
            officer_id = known.officers[_officer_key(row)]
            during = DateTimeTZRange(at, None)
            assignments.append(Assignment(camera=camera, officer_id=officer_id, during=during))
    Camera.objects.bulk_create(cameras, batch_size=_BATCH_ROWS)
    Assignment.objects.bulk_create(assignments, batch_size=_BATCH_ROWS)
    return len(assignments)


def _append(rows: int, assigned: int, digest: str, by: Actor, at: datetime) -> None:
    """One event for the whole file.

    The act is the import: one person decided once, over one file, and all of it happened or none. 22,000 times
    `camera.received` would bury the log's evidence under stock-taking. The file's hash says which cameras they
    were, and each camera's `received_at` is the event's time.
    """
    custody.append(
        kind=EventKind.FLEET_IMPORTED,
        subject=Subject("fleet", new_id()),
        at=at,
        by=by,
        details={"cameras": rows, "assigned": assigned, "file_sha256": digest},
    )
