"""When did that happen of which a file's rows tell? Each day begins where the force is."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, time

from django.utils import timezone

from tabard.kernel.dates import day_written, month_first
from tabard.kernel.errors import Invalid
from tabard.kernel.sheet import RowError, SheetRow


class SheetDays:
    """The dates of one file.

    Args:
        rows: All its rows, as one of them may show how the others are meant.
        columns: Those of its columns that hold dates.
        at: Now, aware; no date is after it, but of the columns `ahead`.
        ahead: Those of the columns whose days may be still to come.
    """

    def __init__(
        self, rows: Sequence[SheetRow], columns: Sequence[str], at: datetime, ahead: Collection[str] = ()
    ) -> None:
        self._columns, self._at, self._ahead = columns, at, ahead
        self._beside = month_first(row.cells.get(column, "") for column in columns for row in rows)

    def of(self, row: SheetRow, column: str) -> datetime | None:
        """The beginning of the day, or None where the cell is empty.

        Raises:
            Invalid: when it is no day, could be two, or is still to come.
        """
        text = row.cells.get(column, "")
        if not text:
            return None
        day = day_written(text, beside=self._beside)
        begins_at = timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())
        if begins_at > self._at and column not in self._ahead:
            raise Invalid(f"{text} is still to come.")
        return begins_at

    def errors(self, row: SheetRow) -> Iterator[RowError]:
        """What is wrong with each date of the row."""
        for column in self._columns:
            try:
                self.of(row, column)
            except Invalid as error:
                yield RowError(row.number, column, error.message)
