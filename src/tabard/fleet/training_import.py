"""How does a force bring in who was trained for what? From a CSV file, with every fault named; whole, or its good rows.

As with cameras (`importing`): everything is checked first, then one transaction writes, with one event. A row that
stands twice, or was recorded before, is a fault: whoever imports a file twice is told so, and nothing is there twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TextIO
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Upper

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.fleet.issue_rules import Rules
from tabard.fleet.issuing import rules_in_force
from tabard.fleet.models import Training
from tabard.fleet.sheet import TRAININGS
from tabard.kernel.errors import Invalid
from tabard.kernel.ids import new_id
from tabard.kernel.sheet import ImportReport, RowError, Sheet, SheetRow, bring_in, bytes_of, read_sheet
from tabard.people.models import Officer
from tabard.people.sheet_days import SheetDays

_BATCH_ROWS = 2_000
_TRAINED, _EXPIRES = "trained_date", "expires_date"
_Recorded = tuple[UUID, str, date, date | None]


@dataclass(slots=True)
class _Known:
    """What the rows are checked against: the duties, officers by their number, what is recorded, and other rows."""

    rules: Rules
    days: SheetDays
    officers: dict[str, UUID]
    recorded: set[_Recorded]
    rows: dict[_Recorded, int] = field(default_factory=dict)


def import_trainings(
    *, rows_csv: TextIO, by: Actor, at: datetime, dry_run: bool = False, good_only: bool = False
) -> ImportReport:
    """Every training of the file is recorded; or none is.

    Args:
        rows_csv: The file, columns as `tabard.fleet.sheet` says, not yet read from.
        by: Who imports.
        at: When, aware.
        dry_run: Check and report only.
        good_only: Where rows are at fault, leave those out instead of all.
    """
    sheet = read_sheet(bytes_of(rows_csv), TRAININGS)
    known = _known(sheet.rows, at)

    def write(rows: list[SheetRow], file: dict[str, str | int]) -> None:
        _record(rows, known, file, by, at)

    return bring_in(sheet, _row_errors(sheet, known), write, dry_run=dry_run, good_only=good_only)


def _known(rows: list[SheetRow], at: datetime) -> _Known:
    """Everything that the rows refer to, in three queries however many rows there are."""
    # PostgreSQL cannot be asked about a NUL.
    wanted = [key for key in {_officer_key(row) for row in rows} if "\x00" not in key]
    officers = Officer.objects.annotate(key=Upper("shoulder_number")).filter(key__in=wanted)
    found = dict(officers.values_list("key", "id"))
    recorded = Training.objects.filter(officer__in=found.values())
    return _Known(
        rules=rules_in_force(),
        days=SheetDays(rows, (_TRAINED, _EXPIRES), at, ahead={_EXPIRES}),
        officers=found,
        recorded=set(recorded.values_list("officer_id", "duty", _TRAINED, _EXPIRES)),
    )


def _officer_key(row: SheetRow) -> str:
    """The shoulder number that the row names, as it is compared."""
    return row.cells["shoulder_number"].upper()


def _row_errors(sheet: Sheet, known: _Known) -> Iterator[RowError]:
    """Every fault of every row: in itself, and once it can be read, against what is recorded and the other rows."""
    for row in sheet.rows:
        errors = [*_officer_errors(row, known), *_duty_errors(row, known), *_day_errors(row, known)]
        yield from errors or _repeat_errors(row, known)


def _officer_errors(row: SheetRow, known: _Known) -> Iterator[RowError]:
    number = row.cells["shoulder_number"]
    if not number:
        yield RowError(row.number, "shoulder_number", "It is empty.")
    elif _officer_key(row) not in known.officers:
        words = f"There is no officer with the shoulder number {number}."
        yield RowError(row.number, "shoulder_number", words)


def _duty_errors(row: SheetRow, known: _Known) -> Iterator[RowError]:
    try:
        known.rules.duty(row.cells["duty"])
    except Invalid as error:
        yield RowError(row.number, "duty", error.message)


def _day_errors(row: SheetRow, known: _Known) -> Iterator[RowError]:
    """The days can be read, the first is there and not to come, and the last is not before it."""
    errors = list(known.days.errors(row))
    yield from errors
    if errors:
        return
    trained, expires = (known.days.of(row, column) for column in (_TRAINED, _EXPIRES))
    if trained is None:
        yield RowError(row.number, _TRAINED, "It is empty.")
    elif expires is not None and expires < trained:
        yield RowError(row.number, _EXPIRES, "It is before trained_date.")


def _repeat_errors(row: SheetRow, known: _Known) -> Iterator[RowError]:
    said = _said(row, known)
    first = known.rows.setdefault(said, row.number)
    if first != row.number:
        yield RowError(row.number, "row", f"The same stands on row {first}. Remove one of them.")
    elif said in known.recorded:
        yield RowError(row.number, "row", "This training is recorded already. Remove the row.")


def _said(row: SheetRow, known: _Known) -> _Recorded:
    """The training that a row without a fault tells of."""
    trained, expires = known.days.of(row, _TRAINED), known.days.of(row, _EXPIRES)
    assert trained is not None  # noqa: S101 - a row without it is at fault
    duty = known.rules.duty(row.cells["duty"]).name
    return known.officers[_officer_key(row)], duty, trained.date(), expires.date() if expires else None


def _record(rows: list[SheetRow], known: _Known, file: dict[str, str | int], by: Actor, at: datetime) -> None:
    """The trainings and the one event of the import, in one transaction; the file's hash says whose they are."""
    trainings = [
        Training(officer_id=officer, duty=duty, trained_date=trained, expires_date=expires, recorded_at=at)
        for officer, duty, trained, expires in (_said(row, known) for row in rows)
    ]
    with transaction.atomic():
        Training.objects.bulk_create(trainings, batch_size=_BATCH_ROWS)
        custody.append(
            kind=EventKind.TRAININGS_IMPORTED,
            subject=Subject("officers", new_id()),
            at=at,
            by=by,
            details={**file, "trainings": len(trainings)},
        )
