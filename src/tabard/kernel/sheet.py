"""What does a CSV file of cameras or officers say? Bytes in, rows and complaints out; pure, and it raises nothing.

The file is UTF-8 (a byte-order mark is fine), separated by commas (RFC 4180), with one heading row. Rows are counted
as a spreadsheet counts them: the heading is row 1, and blank rows count.
"""

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TextIO

LARGEST_BYTES = 32 * 1024 * 1024

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns that a file must have, those that it may have, and what one row is: a "camera"."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    row_is: str


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing that is wrong: the row as a spreadsheet numbers it, the column, and the sentence to show."""

    row: int
    field: str
    words: str


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row with its number and the cell of each known column, without the spaces around it."""

    number: int
    cells: dict[str, str]


@dataclass(slots=True)
class Sheet:
    """What was read: `count` rows that were not blank; `rows` holds those of them that could be read.

    `is_whole` says that it was read to its end: what is wrong is wrong with some rows, not with the file. `sha256` is
    the file's own.
    """

    sha256: str = ""
    count: int = 0
    rows: list[SheetRow] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    is_whole: bool = True

    def complain(self, row: int, column: str, words: str) -> None:
        """Keep one error of a row."""
        self.errors.append(RowError(row, column, words))

    def refuse(self, row: int, column: str, words: str) -> None:
        """Keep one error that spoils the whole file."""
        self.is_whole = False
        self.complain(row, column, words)

    def good_rows(self, errors: Iterable[RowError]) -> list[SheetRow]:
        """The rows that none of the errors is of; none at all where the file could not be read to its end."""
        bad = {error.row for error in errors}
        return [row for row in self.rows if row.number not in bad] if self.is_whole else []


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file: `rows` it holds, how many were `imported`, and what is wrong with the others.

    `good` rows have no fault. After a dry run `imported` is how many would have been.
    """

    rows: int
    good: int
    imported: int
    errors: list[RowError]
    sha256: str = ""
    dry_run: bool = False

    @property
    def ok(self) -> bool:
        """Whether the file is without a fault: it was imported whole, or would be."""
        return not self.errors


def bring_in(
    sheet: Sheet,
    faults: Iterable[RowError],
    write: Callable[[list[SheetRow], dict[str, str | int]], None],
    *,
    dry_run: bool,
    good_only: bool,
) -> ImportReport:
    """What became of the sheet: every row is written, or none where one is at fault, or the good ones, as was chosen.

    Args:
        sheet: As it was read.
        faults: What is wrong with its rows beyond that.
        write: Writes rows that have no fault; it is also told what the event says of the file. Called at most once.
        dry_run: Report only.
        good_only: Where rows are at fault, leave those out instead of all.
    """
    errors = sorted([*sheet.errors, *faults], key=lambda error: error.row)
    good = sheet.good_rows(errors)
    taken = good if good_only or not errors else []
    if taken and not dry_run:
        write(taken, {"rows": sheet.count, "file_sha256": sheet.sha256})
    return ImportReport(sheet.count, len(good), len(taken), errors, sheet.sha256, dry_run)


def bytes_of(rows_csv: TextIO) -> bytes:
    """The file as it is on disk, so that its hash is the file's own; text without bytes below is UTF-8."""
    below = getattr(rows_csv, "buffer", None)
    if below is not None:
        return bytes(below.read(LARGEST_BYTES + 1))
    return rows_csv.read(LARGEST_BYTES + 1).encode("utf-8", "surrogatepass")


def read_sheet(raw: bytes, layout: Layout) -> Sheet:
    """Every row of the file, or why not; any bytes at all are answered with words."""
    sheet = Sheet(sha256=hashlib.sha256(raw).hexdigest())
    text = _decode(raw, sheet)
    if text is None:
        return sheet
    records = _records(text, sheet)
    _, heading = next(records, (1, []))
    columns = _columns(heading, layout, sheet)
    if columns:
        for number, cells in records:
            _read_row(number, cells, columns, sheet)
        if not sheet.rows and not sheet.errors:
            sheet.refuse(1, "file", f"There is no {layout.row_is} in the file.")
    return sheet


def _decode(raw: bytes, sheet: Sheet) -> str | None:
    """The text, or None with the complaint."""
    if len(raw) > LARGEST_BYTES:
        sheet.refuse(1, "file", f"The file is larger than {LARGEST_BYTES // 1024 // 1024} MiB.")
        return None
    if raw.startswith(_UTF16_MARKS):
        sheet.refuse(1, "file", "The file is in UTF-16. Save it as CSV UTF-8.")
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        words = f"The byte {raw[error.start]:02X} is not UTF-8. Save the file as CSV UTF-8."
        sheet.refuse(row, "file", words)
        return None


def _records(text: str, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """The records with their numbers, until the first that is not CSV."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            yield number, [cell.strip() for cell in cells]
    except csv.Error as error:
        sheet.refuse(
            number + 1, "file", f"The row cannot be read ({error}); the rows after it were not checked."
        )


def _columns(heading: list[str], layout: Layout, sheet: Sheet) -> list[str]:
    """The columns in their order; empty, with complaints, where the heading is not ours."""
    separator = _other_separator(heading)
    if separator:
        sheet.refuse(1, "heading", f"The columns are separated by {separator}. Save the file with commas.")
        return []
    columns = [cell.lower().replace(" ", "_") for cell in heading]
    while columns and not columns[-1]:  # spreadsheets leave empty columns behind
        columns.pop()
    for name in layout.required:
        if name not in columns:
            sheet.refuse(1, name, f"The column {name} is missing.")
    for name in sorted(set(columns)):
        if name not in layout.required + layout.optional:
            sheet.refuse(1, name, f"The column '{name}' is not known. Remove it, or correct its name.")
        elif columns.count(name) > 1:
            sheet.refuse(1, name, f"The column {name} is there twice.")
    return [] if sheet.errors else columns


def _other_separator(heading: list[str]) -> str:
    """The name of what separates the columns where it is not the comma; empty where it is."""
    if len(heading) != 1:
        return ""
    return next((name for mark, name in _SEPARATORS.items() if mark in heading[0]), "")


def _read_row(number: int, cells: list[str], columns: list[str], sheet: Sheet) -> None:
    """Keep the row; one without anything in it is skipped, missing cells at its end are empty."""
    if not any(cells):
        return
    sheet.count += 1
    if any(cells[len(columns) :]):
        words = f"The row has {len(cells)} cells; the heading has {len(columns)}. Is there a comma inside a value?"
        sheet.complain(number, "row", words)
        return
    padded = [*cells, *[""] * (len(columns) - len(cells))]
    sheet.rows.append(SheetRow(number, dict(zip(columns, padded, strict=False))))
