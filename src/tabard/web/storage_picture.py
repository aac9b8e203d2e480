"""What will storage look like? A picture and a sheet of the same numbers, with money where the price is known."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from tabard.insight.curve import NARROW, WIDE, Size, Tick
from tabard.kernel.cells import BYTE_ORDER_MARK, inert
from tabard.retention.figures import Stored

TERABYTE = 1_000_000_000_000
HEADING = ("Date", "Stored bytes", "Of today's footage", "Of new footage", "Pounds a month")
_TOP, _FOOT, _RIGHT = 16.0, 34.0, 18.0
_LINES = 4


@dataclass(frozen=True, slots=True)
class Row:
    """One month of the table; `pounds` None where no price is set."""

    stored: Stored
    pounds: float | None


@dataclass(frozen=True, slots=True)
class Drawing:
    """Where everything lies, as the points of an SVG polygon take it."""

    size: Size
    bottom: float
    right: float
    dates: tuple[Tick, ...]
    sizes: tuple[tuple[float, int], ...]
    today: str
    whole: str


def rows(storage: Sequence[Stored]) -> list[Row]:
    """The table's rows."""
    price = settings.TABARD_STORAGE_PRICE_PER_TB_MONTH
    return [Row(each, None if price is None else each.size_bytes / TERABYTE * price) for each in storage]


def drawings(storage: Sequence[Stored]) -> list[Drawing]:
    """The picture for wide and for narrow pages; none where nothing is stored nor comes."""
    most = max(each.size_bytes for each in storage)
    return [_drawn(storage, most, size) for size in (WIDE, NARROW)] if most else []


def storage_csv(storage: Sequence[Stored]) -> str:
    """Every number of it, safe to open in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADING)
    for row in rows(storage):
        each = row.stored
        pounds = "" if row.pounds is None else f"{row.pounds:.2f}"
        numbers = (each.size_bytes, each.today_bytes, each.new_bytes, pounds)
        writer.writerow([each.at.date().isoformat(), *(inert(str(number)) for number in numbers)])
    return BYTE_ORDER_MARK + out.getvalue()


def _drawn(storage: Sequence[Stored], most: int, size: Size) -> Drawing:
    bottom, right = size.height - _FOOT, size.width - _RIGHT
    step = (right - size.left) / (len(storage) - 1)

    def x(number: int) -> float:
        return round(size.left + number * step, 1)

    def y(size_bytes: int) -> float:
        return round(bottom - size_bytes / most * (bottom - _TOP), 1)

    def area(heights: Sequence[int]) -> str:
        top = [f"{x(number)},{y(height)}" for number, height in enumerate(heights)]
        return " ".join([f"{x(0)},{bottom}", *top, f"{right},{bottom}"])

    every = -(-len(storage) // size.dates)
    return Drawing(
        size=size,
        bottom=bottom,
        right=right,
        dates=tuple(
            Tick(x(number), f"{each.at:%b %Y}", "end" if number == len(storage) - 1 else "middle")
            for number, each in enumerate(storage)
            if number % every == 0
        ),
        sizes=tuple((y(most * line // _LINES), most * line // _LINES) for line in range(_LINES + 1)),
        today=area([each.today_bytes for each in storage]),
        whole=area([each.size_bytes for each in storage]),
    )
