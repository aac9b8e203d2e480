"""Do the picture and its table say the same, and does the picture hold all of it?"""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tabard.insight.curve import MOST_ROWS, NARROW, WIDE, Curve, draw, read_table, table
from tabard.insight.forecast import Counted, Forecast, Outcome
from tabard.insight.progress import Planned
from tabard.insight.when import parse_when

DAY = date(2017, 8, 14)
PLAN = (Planned(parse_when("2018-summer", "due"), 22_000),)
EXAMPLE = Curve((Counted(DAY, 17_500),), PLAN, Forecast(Outcome.TOO_LITTLE, 4_500), 22_000)


def places(text):
    return [tuple(map(float, point.split(","))) for point in text.split()]


def test_the_table_has_every_number_no_more_precise_than_it_is():
    assert table(EXAMPLE) == [("2017-08-14", "issued", 17_500, ""), ("2018-summer", "planned", 22_000, "")]
    assert [row[0] for row in read_table(EXAMPLE)] == ["14 August 2017", "summer 2018"]


def test_a_forecast_stands_in_picture_and_table():
    said = Forecast(Outcome.FORECAST, 4_500, 83, date(2018, 7, 1), date(2018, 8, 20), date(2018, 10, 9))
    curve = Curve(EXAMPLE.issued, PLAN, said, 22_000)
    assert [row[:2] for row in table(curve)[2:]] == [
        ("2018-07-01", "forecast, P10"),
        ("2018-08-20", "forecast, P50"),
        ("2018-10-09", "forecast, P90"),
    ]
    drawing = draw(curve, WIDE)
    assert len(places(drawing.fan)) == 3
    assert places(drawing.median)[0] == places(drawing.issued)[-1]


def test_nothing_is_not_drawn():
    assert draw(Curve((), (), Forecast(Outcome.NO_TARGET), None), WIDE) is None


def test_a_long_table_is_thinned_out_and_keeps_the_newest():
    issued = tuple(Counted(DAY + timedelta(days=n), n) for n in range(700))
    rows = read_table(Curve(issued, (), Forecast(Outcome.NO_TARGET), None))
    assert len(rows) <= MOST_ROWS
    assert rows[-1][2] == 699
    assert len(table(Curve(issued, (), Forecast(Outcome.NO_TARGET), None))) == 700


@given(
    st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 30_000)), min_size=1, max_size=40),
    st.sampled_from(["2017", "2019-summer", "2017-08-14", "2025-10"]),
    st.sampled_from([WIDE, NARROW]),
)
@settings(max_examples=60, deadline=None)
def test_everything_lies_inside_and_the_axes_are_readable(points, due, size):
    issued = tuple(Counted(DAY + timedelta(days=n), count) for n, count in sorted(points))
    drawing = draw(
        Curve(issued, (Planned(parse_when(due, "due"), 500),), Forecast(Outcome.NO_TARGET), None), size
    )
    for x, y in [*places(drawing.issued), *places(drawing.planned), *drawing.dots]:
        assert size.left <= x <= size.width
        assert 0 <= y <= drawing.bottom
    assert 1 <= len(drawing.dates) <= size.dates + 2
    assert 2 <= len(drawing.counts) <= 7
    assert len({tick.words for tick in drawing.dates}) == len(drawing.dates)
