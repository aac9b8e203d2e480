"""How do thousands of officers come in at once? From a CSV file, with every fault named; whole, or its good rows.

As with cameras (`tabard.fleet.importing`): everything is checked first, then one transaction writes, with one event.
Two rows with one number are both at fault, since which of them is right is not for us to know. Who left before today
may be in the file, as old footage is theirs; they are posted for the days that they were here.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models.functions import Upper

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import Invalid
from tabard.kernel.ids import new_id
from tabard.kernel.sheet import (
    ImportReport,
    Layout,
    RowError,
    Sheet,
    SheetRow,
    bring_in,
    bytes_of,
    read_sheet,
)
from tabard.kernel.text import required
from tabard.people.constraints import refusals
from tabard.people.errors import ImportOvertaken
from tabard.people.models import Officer, Posting
from tabard.people.sheet_days import SheetDays
from tabard.people.sheet_units import SheetUnits

OFFICERS = Layout(
    required=("given_name", "family_name", "rank", "warrant_number", "shoulder_number", "unit_code"),
    optional=("joined_date", "left_date"),
    row_is="officer",
)
_LONGEST = {"given_name": 80, "family_name": 80, "rank": 40, "warrant_number": 24, "shoulder_number": 24}
_NUMBERS = {"warrant_number": "Warrant number", "shoulder_number": "Shoulder number"}
_DAYS = ("joined_date", "left_date")
_BATCH_ROWS = 2_000


@dataclass(slots=True)
class _Known:
    """What the rows are checked against: units by code; by each kind of number, whose it is and which rows name it."""

    units: SheetUnits
    days: SheetDays
    holders: dict[str, dict[str, str]] = field(default_factory=dict)
    rows: dict[str, dict[str, list[int]]] = field(default_factory=dict)


def import_officers(
    *, rows_csv: TextIO, by: Actor, at: datetime, dry_run: bool = False, good_only: bool = False
) -> ImportReport:
    """Every officer of the file is enrolled and posted to their unit; or none is.

    Args:
        rows_csv: The file, columns as `OFFICERS` says, not yet read from.
        by: Who imports.
        at: When, aware: the officers are posted from then on, where the file names no earlier day.
        dry_run: Check and report only.
        good_only: Where rows are at fault, leave those out instead of all.

    Raises:
        ImportOvertaken: when someone enrolled one of the officers between the check and the write.
    """
    sheet = read_sheet(bytes_of(rows_csv), OFFICERS)
    known = _known(sheet.rows, at)

    def write(rows: list[SheetRow], file: dict[str, str | int]) -> None:
        _enrol(rows, known, file, by, at)

    return bring_in(sheet, _row_errors(sheet, known), write, dry_run=dry_run, good_only=good_only)


def _known(rows: list[SheetRow], at: datetime) -> _Known:
    """Everything that the rows refer to, in three queries however many rows there are."""
    known = _Known(SheetUnits(), SheetDays(rows, _DAYS, at))
    for column in _NUMBERS:
        named: dict[str, list[int]] = defaultdict(list)
        for row in rows:
            named[_key(row, column)].append(row.number)
        known.rows[column] = named
        known.holders[column] = _holders(column, named)
    return known


def _key(row: SheetRow, column: str) -> str:
    """What makes two numbers the same: any case, single spaces, as they are kept."""
    return " ".join(row.cells[column].split()).upper()


def _holders(column: str, wanted: dict[str, list[int]]) -> dict[str, str]:
    """The officers that have one of the numbers already, in words; PostgreSQL has no NUL in text."""
    askable = [key for key in wanted if "\x00" not in key]
    found = Officer.objects.annotate(key=Upper(column)).filter(key__in=askable)
    return {officer.key: str(officer) for officer in found}


def _row_errors(sheet: Sheet, known: _Known) -> Iterator[RowError]:
    """Every fault of every row: in itself, against the other rows, and against who is here."""
    for row in sheet.rows:
        yield from _text_errors(row)
        for column in _NUMBERS:
            yield from _number_errors(row, column, known)
        yield from known.units.errors(row)
        yield from _day_errors(row, known)


def _text_errors(row: SheetRow) -> Iterator[RowError]:
    """Each text is there, not too long, and can be printed."""
    for column, longest in _LONGEST.items():
        try:
            required(row.cells[column], column, longest)
        except Invalid as error:
            yield RowError(row.number, column, error.message)


def _number_errors(row: SheetRow, column: str, known: _Known) -> Iterator[RowError]:
    """Nobody else has the number: on another row, or here already."""
    key, name = _key(row, column), _NUMBERS[column]
    if not key:
        return
    others = [number for number in known.rows[column][key] if number != row.number]
    if others:
        words = f"{name} {key} is on row {others[0]} too. Two officers cannot have one number: correct one of them."
        yield RowError(row.number, column, words)
    elif key in known.holders[column]:
        words = f"{name} {key} is that of {known.holders[column][key]}, who is here already."
        yield RowError(row.number, column, words)


def _day_errors(row: SheetRow, known: _Known) -> Iterator[RowError]:
    """The days can be read, are not to come, and one who left had joined before."""
    errors = list(known.days.errors(row))
    yield from errors
    if errors:
        return
    joined, left = (known.days.of(row, column) for column in _DAYS)
    if left and not joined:
        yield RowError(
            row.number, "joined_date", "It is empty. Say since when, as left_date says until when."
        )
    elif left and joined and left <= joined:
        yield RowError(row.number, "left_date", "It is not after joined_date.")


def _enrol(rows: list[SheetRow], known: _Known, file: dict[str, str | int], by: Actor, at: datetime) -> None:
    """The officers, their postings and the one event of the import, in one transaction.

    One event as for a file of cameras: one person decided once, and the file's hash says who they were.
    """
    overtaken = ImportOvertaken("Someone enrolled one of these officers a moment ago. Import the file again.")
    taken = {
        "people_officer_warrant_number_unique": lambda: overtaken,
        "people_officer_shoulder_number_unique": lambda: overtaken,
    }
    officers = [_officer(row) for row in rows]
    postings = [_posting(row, officer, known, at) for row, officer in zip(rows, officers, strict=True)]
    with transaction.atomic():
        with refusals(taken):
            Officer.objects.bulk_create(officers, batch_size=_BATCH_ROWS)
        Posting.objects.bulk_create(postings, batch_size=_BATCH_ROWS)
        custody.append(
            kind=EventKind.OFFICERS_IMPORTED,
            subject=Subject("officers", new_id()),
            at=at,
            by=by,
            details={**file, "officers": len(officers)},
        )


def _officer(row: SheetRow) -> Officer:
    return Officer(**{column: required(row.cells[column], column, most) for column, most in _LONGEST.items()})


def _posting(row: SheetRow, officer: Officer, known: _Known, at: datetime) -> Posting:
    joined, left = (known.days.of(row, column) for column in _DAYS)
    unit_id = known.units.of(row)
    return Posting(officer=officer, unit_id=unit_id, during=DateTimeTZRange(joined or at, left))
