"""What does a file say of the rollout plan? CSV or JSON in, lines and complaints out; pure, and it raises nothing.

CSV is UTF-8 with one heading row; rows are counted as a spreadsheet counts them, so that the first line is row 2.
JSON is `{"lines": [...]}` with the same names; its first line is row 1.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tabard.insight.when import When, parse_when
from tabard.kernel.cells import BYTE_ORDER_MARK, inert
from tabard.kernel.errors import Invalid
from tabard.kernel.text import optional, required

COLUMNS = ("phase", "wave", "unit_code", "target", "about", "counts", "begins", "due", "source")
REQUIRED = ("phase", "wave", "unit_code")
COUNTS = ("adds", "in_all")
LARGEST_BYTES = 4 * 1024 * 1024
LARGEST_TARGET = 1_000_000
_YES_NO = {"yes": True, "true": True, "no": False, "false": False, "": False}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: the row, the column, and the sentence to show."""

    row: int
    field: str
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plan; `target`, `begins` and `due` are None where the plan does not say."""

    row: int
    phase: str
    wave: str
    unit_code: str
    target: int | None = None
    is_about: bool = False
    counts: str = "adds"
    begins: When | None = None
    due: When | None = None
    source: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What no two lines of a plan share."""
        return self.phase.lower(), self.wave.lower(), self.unit_code.upper(), self.counts


@dataclass(slots=True)
class PlanFile:
    """What was read: `count` rows that were not blank, the lines among them that are good, and every fault."""

    count: int = 0
    lines: list[Line] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_plan(raw: bytes) -> PlanFile:
    """Every line of the file, or why not; any bytes at all are answered with words."""
    read = PlanFile()
    text = _text(raw, read)
    if text is None:
        return read
    rows = _json_rows(text, read) if text.lstrip().startswith("{") else _csv_rows(text, read)
    seen: dict[tuple[str, str, str, str], int] = {}
    for number, cells in rows:
        read.count += 1
        _read_line(number, cells, seen, read)
    if not read.count and not read.faults:
        read.faults.append(Fault(1, "file", "There is no line in the file."))
    return read


def plan_csv(lines: Iterable[Line]) -> str:
    """The plan as `read_plan` reads it, safe to open in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow([inert(str(value)) for value in cells_of(line).values()])
    return BYTE_ORDER_MARK + out.getvalue()


def cells_of(line: Line) -> dict[str, Any]:
    """The line by its columns; empty where the plan does not say."""
    return {
        "phase": line.phase,
        "wave": line.wave,
        "unit_code": line.unit_code,
        "target": "" if line.target is None else line.target,
        "about": "yes" if line.is_about else "",
        "counts": line.counts,
        "begins": line.begins.text if line.begins else "",
        "due": line.due.text if line.due else "",
        "source": line.source,
    }


def _text(raw: bytes, read: PlanFile) -> str | None:
    """The text, or None with the complaint."""
    if len(raw) > LARGEST_BYTES:
        read.faults.append(Fault(1, "file", f"The file is larger than {LARGEST_BYTES // 1024 // 1024} MiB."))
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        words = "The file is not UTF-8. Save it as CSV UTF-8, or as JSON."
        read.faults.append(Fault(row, "file", words))
        return None


def _json_rows(text: str, read: PlanFile) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        said = json.loads(text)
        lines = said["lines"]
        rows = [(number, line, sorted(line.keys() - set(COLUMNS))) for number, line in enumerate(lines, 1)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        read.faults.append(Fault(1, "file", 'The file is not JSON as {"lines": [{"phase": ...}, ...]}.'))
        return
    for number, line, unknown in rows:
        if unknown:
            read.faults.append(Fault(number, unknown[0], f"'{unknown[0]}' is not known."))
        yield number, {name: _json_cell(line.get(name)) for name in COLUMNS}


def _json_cell(value: object) -> str:
    return "" if value is None else str(value)


def _csv_rows(text: str, read: PlanFile) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 1
    try:
        columns = _columns(next(reader, []), read)
        for number, cells in enumerate(reader, 2) if columns else ():
            if any(cell.strip() for cell in cells):
                yield number, _named(number, cells, columns, read)
    except csv.Error as error:
        words = f"The row cannot be read ({error}); the rows after it were not checked."
        read.faults.append(Fault(number + 1, "file", words))


def _columns(heading: list[str], read: PlanFile) -> list[str]:
    """The columns in their order; empty, with complaints, where the heading is not ours."""
    columns = [cell.strip().lower().replace(" ", "_") for cell in heading]
    while columns and not columns[-1]:  # spreadsheets leave empty columns behind
        columns.pop()
    for name in REQUIRED:
        if name not in columns:
            read.faults.append(Fault(1, name, f"The column {name} is missing."))
    for name in sorted(set(columns)):
        if name not in COLUMNS:
            read.faults.append(Fault(1, name, f"The column '{name}' is not known."))
        elif columns.count(name) > 1:
            read.faults.append(Fault(1, name, f"The column {name} is there twice."))
    return [] if read.faults else columns


def _named(number: int, cells: list[str], columns: list[str], read: PlanFile) -> Mapping[str, str]:
    if any(cell.strip() for cell in cells[len(columns) :]):
        words = "The row has more cells than the heading. Is there a comma inside a value?"
        read.faults.append(Fault(number, "row", words))
    said = dict.fromkeys(COLUMNS, "")
    return said | {name: _plain(cell.strip()) for name, cell in zip(columns, cells, strict=False)}


def _plain(cell: str) -> str:
    """The cell without the apostrophe that `inert` puts before what a spreadsheet would take for a formula."""
    bare = cell.removeprefix("'")
    return bare if inert(bare) == cell else cell


def _read_line(
    row: int, cells: Mapping[str, str], seen: dict[tuple[str, str, str, str], int], read: PlanFile
) -> None:
    """Keep the line if nothing is wrong with it, and every fault of it otherwise."""
    known, values = len([fault for fault in read.faults if fault.row == row]), {}
    for name, parse in _PARSERS.items():
        try:
            values[name] = parse(cells[name.removeprefix("is_")])
        except Invalid as error:
            read.faults.append(Fault(row, name.removeprefix("is_"), error.message))
    if known or len(values) < len(_PARSERS):
        return
    line = Line(row, **values)
    fault = _together(line, seen)
    if fault is None:
        read.lines.append(line)
    else:
        read.faults.append(fault)


def _together(line: Line, seen: dict[tuple[str, str, str, str], int]) -> Fault | None:
    """What is wrong with the line as a whole, or beside the lines before it."""
    first = seen.setdefault(line.key, line.row)
    if first != line.row:
        words = f"{line.unit_code} has a line in {line.phase}, {line.wave} already, on row {first}."
        return Fault(line.row, "unit_code", words)
    if line.begins and line.due and line.due.last < line.begins.first:
        return Fault(line.row, "due", f"It is due ({line.due.words}) before it begins ({line.begins.words}).")
    return None


def _target(text: str) -> int | None:
    if not text:
        return None
    digits = text.replace(",", "")
    is_number = digits.isascii() and digits.isdigit() and len(digits) < 10
    if not is_number or int(digits) > LARGEST_TARGET:
        words = f"'{text[:40]}' is not a number of cameras from 0 to {LARGEST_TARGET:,}."
        raise Invalid(f"{words} Leave it empty if nobody knows.", field="target")
    return int(digits)


def _about(text: str) -> bool:
    if text.lower() not in _YES_NO:
        raise Invalid(f"'{text[:40]}' is neither yes nor no.", field="about")
    return _YES_NO[text.lower()]


def _counts(text: str) -> str:
    said = text.lower().replace(" ", "_") or COUNTS[0]
    if said not in COUNTS:
        raise Invalid(f"'{text[:40]}' is neither adds nor in_all.", field="counts")
    return said


_PARSERS: Mapping[str, Any] = {
    "phase": lambda text: required(text, "phase", 60),
    "wave": lambda text: required(text, "wave", 60),
    "unit_code": lambda text: required(text, "unit_code", 24),
    "target": _target,
    "is_about": _about,
    "counts": _counts,
    "begins": lambda text: parse_when(text, "begins"),
    "due": lambda text: parse_when(text, "due"),
    "source": lambda text: optional(text, "source", 300),
}
