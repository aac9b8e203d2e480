"""What does the rollout look like over time? The S-curve: its numbers, and where each of them lies in a picture. Pure.

The picture and its table are made of the same series, so that neither can say what the other does not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tabard.insight.forecast import Counted, Forecast
from tabard.insight.progress import Planned
from tabard.insight.when import day_words

HEADING = ("Date", "What", "Cameras", "About")
MOST_ROWS = 60
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200)
_DAY_STEPS = (1, 2, 7, 14, 28)
_NICE = (1, 2, 5)
_FORECAST_WORDS = {
    "forecast, P10": "Forecast: done in one case of ten",
    "forecast, P50": "Forecast: done in half of all cases",
    "forecast, P90": "Forecast: done in nine cases of ten",
}


@dataclass(frozen=True, slots=True)
class Curve:
    """The series of a unit: what was issued, what was planned, and what is forecast from the newest count."""

    issued: Sequence[Counted]
    planned: Sequence[Planned]
    forecast: Forecast
    target: int | None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.issued and not self.planned


@dataclass(frozen=True, slots=True)
class Size:
    """How large a picture is, in units of the SVG, and how many dates stand under it."""

    width: int
    height: int
    dates: int
    left: int
    font: int = 14


WIDE = Size(width=960, height=420, dates=8, left=70)
NARROW = Size(width=360, height=300, dates=3, left=56, font=13)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis and what stands beside it; `anchor` keeps the words inside the picture."""

    at: float
    words: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of the plan: `x` to `until` are the days that its date may mean."""

    x: float
    until: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """Where everything lies; the points are as `points` of an SVG line takes them."""

    size: Size
    bottom: float
    right: float
    dates: tuple[Tick, ...]
    counts: tuple[Tick, ...]
    issued: str
    dots: tuple[tuple[float, float], ...]
    planned: str
    marks: tuple[Mark, ...]
    fan: str
    median: str


def table(curve: Curve) -> list[tuple[str, str, int, str]]:
    """Every number of the curve: when, what, how many, and whether that is only about right."""
    rows = [(each.day.isoformat(), "issued", each.count, "") for each in curve.issued]
    about = [
        (each.due.text, "planned", each.count, "about" if each.is_about else "") for each in curve.planned
    ]
    return [*rows, *about, *_forecast_rows(curve)]


def read_table(curve: Curve) -> list[tuple[str, str, int, str]]:
    """The same in words for a page, its issues thinned out where there are many: the newest of each stretch stays."""
    every = -(-len(curve.issued) // MOST_ROWS) or 1
    shown = [each for place, each in enumerate(reversed(curve.issued)) if place % every == 0]
    rows = [(day_words(each.day), "Issued", each.count, "") for each in reversed(shown)]
    plan = [
        (each.due.words, "Planned", each.count, "about" if each.is_about else "") for each in curve.planned
    ]
    said = [
        (day_words(date.fromisoformat(day)), _FORECAST_WORDS[what], count, "")
        for day, what, count, _ in _forecast_rows(curve)
    ]
    return [*rows, *plan, *said]


def draw(curve: Curve, size: Size) -> Drawing | None:
    """The picture at that size; None where there is nothing to draw."""
    if curve.is_empty:
        return None
    return _Plane(curve, size).drawing()


def _forecast_rows(curve: Curve) -> list[tuple[str, str, int, str]]:
    said, goal = curve.forecast, curve.target or 0
    dates = (("forecast, P10", said.p10), ("forecast, P50", said.p50), ("forecast, P90", said.p90))
    return [(day.isoformat(), what, goal, "") for what, day in dates if day is not None]


class _Plane:
    """Days and counts as places in a picture of one size."""

    def __init__(self, curve: Curve, size: Size) -> None:
        self.curve, self.size = curve, size
        self.top, self.bottom, self.right = 16.0, size.height - 34.0, size.width - 18.0
        days = list(_days(curve))
        pad = timedelta(days=max((max(days) - min(days)).days // 40, 3))
        self.first, self.last = min(days) - pad, max(days) + pad
        self.step, self.most = _scale(max(_counts(curve), default=1))

    def x(self, day: date) -> float:
        part = (day - self.first).days / max((self.last - self.first).days, 1)
        return round(self.size.left + part * (self.right - self.size.left), 1)

    def y(self, count: int) -> float:
        return round(self.bottom - count / self.most * (self.bottom - self.top), 1)

    def points(self, counted: Sequence[tuple[date, int]]) -> str:
        return " ".join(f"{self.x(day)},{self.y(count)}" for day, count in counted)

    def drawing(self) -> Drawing:
        curve = self.curve
        issued = [(each.day, each.count) for each in curve.issued]
        fan, median = self._forecast()
        few = issued if len(issued) <= 30 else issued[-1:]
        return Drawing(
            size=self.size,
            bottom=self.bottom,
            right=self.right,
            dates=tuple(self._dates()),
            counts=tuple(Tick(self.y(count), f"{count:,}") for count in range(0, self.most + 1, self.step)),
            issued=self.points(issued),
            dots=tuple((self.x(day), self.y(count)) for day, count in few),
            planned=self.points([(each.due.last, each.count) for each in curve.planned]),
            marks=tuple(
                Mark(self.x(each.due.first), self.x(each.due.last), self.y(each.count))
                for each in curve.planned
            ),
            fan=fan,
            median=median,
        )

    def _forecast(self) -> tuple[str, str]:
        said, goal = self.curve.forecast, self.curve.target
        if said.p10 is None or said.p50 is None or goal is None or not self.curve.issued:
            return "", ""
        newest = self.curve.issued[-1]
        start = (newest.day, newest.count)
        late = said.p90 or self.last
        return (
            self.points([start, (said.p10, goal), (late, goal)]),
            self.points([start, (said.p50, goal)]),
        )

    def _dates(self) -> Iterator[Tick]:
        """Marks at the first of months, or every few days where the whole is short."""
        span = (self.last - self.first).days
        days = _month_starts(self.first, self.last, self.size.dates) if span > 70 else self._single_days(span)
        for day in days:
            words = f"{day.day} {day:%b}" if span <= 70 else f"{day:%b %Y}"
            place = self.x(day)
            yield Tick(place, words, "end" if place > self.right - 30 else "middle")

    def _single_days(self, span: int) -> list[date]:
        step = next((step for step in _DAY_STEPS if span / step <= self.size.dates), _DAY_STEPS[-1])
        return [self.first + timedelta(days=each) for each in range(0, span + 1, step)]


def _days(curve: Curve) -> Iterator[date]:
    for counted in curve.issued:
        yield counted.day
    for point in curve.planned:
        yield from (point.due.first, point.due.last)
    yield from (day for day in (curve.forecast.p10, curve.forecast.p50, curve.forecast.p90) if day)


def _counts(curve: Curve) -> Iterator[int]:
    yield from (each.count for each in curve.issued)
    yield from (each.count for each in curve.planned)
    yield curve.target or 1


def _scale(largest: int) -> tuple[int, int]:
    """The step between counts, one of 1, 2 or 5 with zeros, and the first multiple of it that holds the largest."""
    largest, power = max(largest, 1), 1
    while True:
        for nice in _NICE:
            step = nice * power
            if largest <= 5 * step:
                return step, -(-largest // step) * step
        power *= 10


def _month_starts(first: date, last: date, most: int) -> list[date]:
    """The first days of months, so many months apart that there are at most so many of them."""
    begin, end = first.year * 12 + first.month, last.year * 12 + last.month - 1
    step = next((step for step in _MONTH_STEPS if (end - begin) / step < most), _MONTH_STEPS[-1])
    months = [month for month in range(begin, end + 1) if month % step == 0]
    return [date(month // 12, month % 12 + 1, 1) for month in months]
