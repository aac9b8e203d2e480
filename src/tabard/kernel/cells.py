"""What may stand in a cell of a sheet that people will open in a spreadsheet?"""

import csv
from collections.abc import Iterable, Iterator, Sequence

BYTE_ORDER_MARK = "\ufeff"  # without it, spreadsheets read accents wrongly
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def inert(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def sheet_lines(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The rows as the lines of a CSV file that a spreadsheet reads well and runs nothing of, each when it is asked for.

    None and the empty text are an empty cell.
    """
    writer = csv.writer(_Lines())
    yield BYTE_ORDER_MARK + writer.writerow(headings)
    for row in rows:
        yield writer.writerow(["" if cell is None else inert(str(cell)) for cell in row])


class _Lines:
    """What `csv` writes to, gives back."""

    def write(self, line: str) -> str:
        return line
