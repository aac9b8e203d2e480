"""Which unit does a row of a file name? By its code, in any case."""

from collections.abc import Iterator
from uuid import UUID

from tabard.kernel.sheet import RowError, SheetRow
from tabard.people.models import Unit


class SheetUnits:
    """The units that rows can name in their column `unit_code`, read once for a whole file."""

    def __init__(self) -> None:
        self._ids = {code.upper(): unit_id for code, unit_id in Unit.objects.values_list("code", "id")}

    def of(self, row: SheetRow) -> UUID:
        """The unit of a row without `errors`."""
        return self._ids[row.cells["unit_code"].upper()]

    def errors(self, row: SheetRow) -> Iterator[RowError]:
        """What is wrong with the row's code."""
        code = row.cells["unit_code"]
        if code.upper() not in self._ids:
            words = f"There is no unit with the code {code}." if code else "It is empty."
            yield RowError(row.number, "unit_code", words)
