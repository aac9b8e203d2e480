"""What became of a file that brings many in."""

from ninja import Schema


class RowFault(Schema):
    """One thing that is wrong with a file: the row as a spreadsheet numbers it, the column, and why."""

    row: int
    field: str
    words: str


class ImportOut(Schema):
    """What became of a file; after a dry run, what would have. `good` rows have no fault."""

    rows: int
    good: int
    imported: int
    dry_run: bool
    sha256: str
    errors: list[RowFault]
