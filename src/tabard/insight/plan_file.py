"""What does a file say of the rollout plan? CSV or JSON in, lines and complaints out; pure, and it raises nothing.

CSV is UTF-8 with one heading row; rows are counted as a spreadsheet counts them, so that the first line is row 2.
JSON is `{"lines": [...]}` with the same names; its first line is row 1. It may also say how shifts change in units,
as `"sites": [{"unit_code": "LX", "changes": "07:00 40, 15:00 35"}, ...]`, which a sheet of lines has no place for.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tabard.insight.sites import NUMBERS, Shifts, as_said, parse_changes
from tabard.insight.when import When, parse_when
from tabard.kernel.cells import BYTE_ORDER_MARK, inert
from tabard.kernel.errors import Invalid
from tabard.kernel.sheet import LARGEST_BYTES, Layout, RowError, read_sheet
from tabard.kernel.text import optional, required

COLUMNS = ("phase", "wave", "unit_code", "target", "about", "counts", "begins", "due", "source")
REQUIRED = ("phase", "wave", "unit_code")
COUNTS = ("adds", "in_all")
LAYOUT = Layout(required=REQUIRED, optional=COLUMNS[3:], row_is="line")
LARGEST_TARGET = 1_000_000
_YES_NO = {"yes": True, "true": True, "no": False, "false": False, "": False}


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


@dataclass(frozen=True, slots=True)
class SiteLine:
    """How shifts change in one unit."""

    row: int
    unit_code: str
    shifts: Shifts


@dataclass(slots=True)
class PlanFile:
    """What was read: `count` rows that were not blank, the lines and sites that are good, and every fault."""

    count: int = 0
    lines: list[Line] = field(default_factory=list)
    sites: list[SiteLine] = field(default_factory=list)
    faults: list[RowError] = field(default_factory=list)


def read_plan(raw: bytes) -> PlanFile:
    """Every line of the file, or why not; any bytes at all are answered with words."""
    read = PlanFile()
    is_json = len(raw) <= LARGEST_BYTES and raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    rows = _json_rows(raw, read) if is_json else _csv_rows(raw, read)
    _read_rows(rows, read)
    if not read.count and not read.faults:
        read.faults.append(RowError(1, "file", "There is no line in the file."))
    return read


def read_typed(rows: Iterable[Mapping[str, str]]) -> PlanFile:
    """Every line of what was typed, or why not, by the rules of a file; the first is row 1.

    Args:
        rows: The cells of each line by `COLUMNS`; one that is left out is empty.
    """
    read, empty = PlanFile(), dict.fromkeys(COLUMNS, "")
    _read_rows(((number, empty | dict(cells)) for number, cells in enumerate(rows, 1)), read)
    return read


def plan_csv(lines: Iterable[Line]) -> str:
    """The plan as `read_plan` reads it, safe to open in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow([inert(str(value)) for value in cells_of(line).values()])
    return BYTE_ORDER_MARK + out.getvalue()


def plan_json(lines: Iterable[Line], shifts: Mapping[str, Shifts]) -> str:
    """The plan, and how shifts change in the units of these codes, as `read_plan` reads it."""
    said: dict[str, Any] = {"lines": [cells_of(line) for line in lines]}
    if shifts:
        said["sites"] = [{"unit_code": code, **as_said(each)} for code, each in shifts.items()]
    return json.dumps(said, ensure_ascii=False, indent=2)


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


def _json_rows(raw: bytes, read: PlanFile) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        said = json.loads(raw.decode("utf-8-sig"))
        lines, sites = said["lines"], list(said.get("sites", ()))
        rows = [(number, line, sorted(line.keys() - set(COLUMNS))) for number, line in enumerate(lines, 1)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        read.faults.append(RowError(1, "file", 'The file is not JSON as {"lines": [{"phase": ...}, ...]}.'))
        return
    for number, site in enumerate(sites, 1):
        _read_site(number, site, read)
    for number, line, unknown in rows:
        if unknown:
            read.faults.append(RowError(number, unknown[0], f"'{unknown[0]}' is not known."))
        yield number, {name: _json_cell(line.get(name)) for name in COLUMNS}


def _read_site(row: int, said: object, read: PlanFile) -> None:
    """Keep how the shifts of a site change, or its fault."""
    if not isinstance(said, dict) or said.keys() - {"unit_code", "changes", *NUMBERS}:
        words = f"A site has unit_code, changes, and if need be {', '.join(NUMBERS)}."
        read.faults.append(RowError(row, "sites", words))
        return
    try:
        numbers = {name: _number(said[name], name) for name in NUMBERS if name in said}
        shifts = Shifts(parse_changes(str(said.get("changes", ""))), **numbers)
        read.sites.append(SiteLine(row, required(str(said.get("unit_code", "")), "unit_code", 24), shifts))
    except Invalid as error:
        read.faults.append(RowError(row, f"sites.{error.fields['field']}", error.message))


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"'{str(value)[:40]}' is not a number.", field=name)
    return float(value)


def _json_cell(value: object) -> str:
    return "" if value is None else str(value)


def _csv_rows(raw: bytes, read: PlanFile) -> Iterator[tuple[int, Mapping[str, str]]]:
    sheet = read_sheet(raw, LAYOUT)
    read.faults.extend(sheet.errors)
    read.count = sheet.count - (len(sheet.rows) if sheet.is_whole else 0)
    for row in sheet.rows if sheet.is_whole else ():
        yield (
            row.number,
            dict.fromkeys(COLUMNS, "") | {name: _plain(cell) for name, cell in row.cells.items()},
        )


def _plain(cell: str) -> str:
    """The cell without the apostrophe that `inert` puts before what a spreadsheet would take for a formula."""
    bare = cell.removeprefix("'")
    return bare if inert(bare) == cell else cell


def _read_rows(rows: Iterable[tuple[int, Mapping[str, str]]], read: PlanFile) -> None:
    """Every row, beside those before it."""
    seen: dict[tuple[str, str, str, str], int] = {}
    for number, cells in rows:
        read.count += 1
        _read_line(number, cells, seen, read)


def _read_line(
    row: int, cells: Mapping[str, str], seen: dict[tuple[str, str, str, str], int], read: PlanFile
) -> None:
    """Keep the line if nothing is wrong with it, and every fault of it otherwise."""
    known, values = len([fault for fault in read.faults if fault.row == row]), {}
    for name, parse in _PARSERS.items():
        try:
            values[name] = parse(cells[name.removeprefix("is_")])
        except Invalid as error:
            read.faults.append(RowError(row, name.removeprefix("is_"), error.message))
    if known or len(values) < len(_PARSERS):
        return
    line = Line(row, **values)
    fault = _together(line, seen)
    if fault is None:
        read.lines.append(line)
    else:
        read.faults.append(fault)


def _together(line: Line, seen: dict[tuple[str, str, str, str], int]) -> RowError | None:
    """What is wrong with the line as a whole, or beside the lines before it."""
    first = seen.setdefault(line.key, line.row)
    if first != line.row:
        words = f"{line.unit_code} has a line in {line.phase}, {line.wave} already, on row {first}."
        return RowError(line.row, "unit_code", words)
    if line.begins and line.due and line.due.last < line.begins.first:
        return RowError(
            line.row, "due", f"It is due ({line.due.words}) before it begins ({line.begins.words})."
        )
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
