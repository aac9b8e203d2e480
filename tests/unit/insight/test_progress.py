"""How many cameras had been issued by which day, from what was stated and what is known one by one?"""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tabard.insight.forecast import Counted
from tabard.insight.progress import Intended, Stated, issued, planned, progress, target
from tabard.insight.when import parse_when

DAY = date(2017, 8, 14)
DAYS = st.dates(date(2017, 1, 1), date(2017, 12, 31))


def day(number):
    return DAY + timedelta(days=number)


def line(number, due="", **changed):
    facts = {"is_about": False, "is_in_all": False, "is_own": True, **changed}
    return Intended(target=number, due=parse_when(due, "due"), **facts)


def test_a_stated_count_speaks_of_everything_up_to_its_day():
    found = progress(stated=[Stated(DAY, 17_500)], issues={day(-3): 9, DAY: 4, day(2): 5}, today=day(3))
    assert found.counted == (Counted(DAY, 17_500), Counted(day(2), 17_505))
    assert found.rated == (Counted(DAY, 17_500), Counted(day(1), 17_500), Counted(day(2), 17_505))
    assert found.is_daily


def test_stated_counts_alone_are_no_daily_counts():
    found = progress(stated=[Stated(DAY, 17_500, is_about=True)], issues={day(-3): 9}, today=day(90))
    assert (found.latest, found.is_about, found.is_daily) == (Counted(DAY, 17_500), True, False)
    assert found.rated == found.counted


def test_without_a_stated_count_every_day_is_known():
    found = progress(stated=[], issues={DAY: 2, day(2): 3}, today=day(4))
    assert [each.count for each in found.rated] == [0, 2, 2, 5, 5]
    assert found.rated[-1].day == day(3), "today is not over"


def test_the_later_statement_of_a_day_counts_and_days_to_come_do_not():
    stated = [Stated(DAY, 10), Stated(day(9), 99), Stated(DAY, 12)]
    assert progress(stated=stated, issues={day(5): 1}, today=day(4)).counted == (Counted(DAY, 12),)


def test_nothing_known_is_nothing():
    assert progress(stated=[], issues={}, today=DAY).latest is None


def test_what_the_unit_has_in_all_is_the_plan_where_it_is_said():
    lines = [
        line(480, "2018-03", is_own=False),
        line(None, "2017-10", is_in_all=True),
        line(22_000, "2018-summer", is_in_all=True, is_about=True),
        line(99_999, "2018", is_in_all=True, is_own=False),
    ]
    assert [(point.due.text, point.count) for point in planned(lines)] == [("2018-summer", 22_000)]
    assert target(lines) == (22_000, True)


def test_else_what_comes_on_top_is_added_up_by_its_days():
    lines = [line(30, "2018-05"), line(480, "2018-03", is_own=False), line(7), line(None, "2018-04")]
    assert [(point.due.text, point.count) for point in planned(lines)] == [("2018-03", 480), ("2018-05", 510)]
    assert target(lines) == (517, False)
    assert target([line(None)]) == (None, False)


@given(st.dictionaries(DAYS, st.integers(0, 50)), st.dictionaries(DAYS, st.integers(0, 5_000)), DAYS)
def test_counts_are_in_order_and_both_series_end_alike(issues, stated, today):
    said = [Stated(each, count) for each, count in stated.items()]
    found = progress(stated=said, issues=issues, today=today)
    days = [each.day for each in found.counted]
    assert days == sorted(set(days))
    assert all(each <= today for each in days)
    if found.is_daily:
        days = [each.day for each in found.rated]
        assert days == [days[0] + timedelta(days=each) for each in range(len(days))]
        assert days[-1] == today - timedelta(days=1)
        assert found.latest.count - found.rated[-1].count == issues.get(today, 0)
    else:
        assert found.rated == found.counted


@given(
    st.lists(st.builds(Stated, DAYS, st.integers(0, 90))),
    st.lists(st.dictionaries(DAYS, st.integers(1, 9))),
    DAYS,
)
def test_the_newest_count_is_the_same_without_the_way_there(stated, issues, today):
    together = {}
    for by_day in issues:
        for on, number in by_day.items():
            together[on] = together.get(on, 0) + number
    latest = progress(stated=stated, issues=together, today=today).latest
    assert issued(stated=stated, issues=issues, today=today) == (latest.count if latest else None)
