"""When will the last camera be issued, and how sure is that?"""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabard.insight.forecast import (
    FEWEST_DAYS,
    PATHS,
    Counted,
    Outcome,
    Stretch,
    daily_stretches,
    days_to_finish,
    forecast,
    needed_per_week,
    stated_stretches,
)
from tabard.insight.forecast_words import in_words, moved_in_words

MONDAY = date(2026, 3, 2)
DAILY = st.lists(st.integers(0, 60), min_size=FEWEST_DAYS, max_size=120)


def daily(issues, base=0):
    """A count for the day before the first, and for each day."""
    counted = [Counted(MONDAY - timedelta(days=1), base)]
    for place, number in enumerate(issues):
        counted.append(Counted(MONDAY + timedelta(days=place), counted[-1].count + number))
    return counted


def test_an_even_rate_has_no_uncertainty_and_the_right_date():
    said = forecast(counted=daily([10] * 60), is_daily=True, target=1_000)
    assert said.outcome is Outcome.FORECAST
    assert (said.remaining, said.per_week) == (400, 70)
    assert said.p10 == said.p50 == said.p90 == MONDAY + timedelta(days=59 + 40)


def test_weekends_without_issues_do_not_widen_it():
    said = forecast(counted=daily([10, 10, 10, 10, 10, 0, 0] * 9), is_daily=True, target=1_450)
    assert said.p10 == said.p90
    assert said.per_week == 50
    assert said.p50 == MONDAY + timedelta(days=62 + 20 * 7)


def test_an_uneven_rate_gives_a_span_around_the_mean():
    weeks = [[20] * 7, [0] * 7] * 5
    said = forecast(counted=daily([n for week in weeks for n in week]), is_daily=True, target=2_700)
    mean = MONDAY + timedelta(days=69 + 200)
    assert said.p10 < said.p50 < said.p90
    assert abs((said.p50 - mean).days) < 15
    assert said.p10 < mean < said.p90


def test_only_the_last_eight_weeks_count():
    said = forecast(counted=daily([100] * 100 + [10] * 56), is_daily=True, target=10_660)
    assert said.per_week == 70
    assert said.p10 == said.p90 == MONDAY + timedelta(days=155 + 10)


@pytest.mark.parametrize(
    ("counted", "is_daily", "target", "outcome"),
    [
        (daily([5] * 60), True, None, Outcome.NO_TARGET),
        (daily([5] * 60), True, 300, Outcome.FINISHED),
        (daily([5] * 60), True, 299, Outcome.FINISHED),
        (daily([5] * (FEWEST_DAYS - 1)), True, 1_000, Outcome.TOO_LITTLE),
        (daily([5] * FEWEST_DAYS), True, 1_000, Outcome.FORECAST),
        (daily([0] * 60, base=7), True, 1_000, Outcome.NO_ISSUES),
        ([], False, 1_000, Outcome.TOO_LITTLE),
        ([Counted(date(2017, 8, 14), 17_500)], False, 22_000, Outcome.TOO_LITTLE),
    ],
)
def test_it_says_what_it_cannot_know(counted, is_daily, target, outcome):
    said = forecast(counted=counted, is_daily=is_daily, target=target)
    assert said.outcome is outcome
    assert (said.p50 is not None) == (outcome is Outcome.FORECAST)
    assert in_words(said)


def test_one_published_count_gives_what_is_needed_but_no_rate():
    counted = Counted(date(2017, 8, 14), 17_500)
    said = forecast(counted=[counted], is_daily=False, target=22_000)
    assert "Too little is known to forecast when the last of 4,500 cameras" in in_words(said)
    assert needed_per_week(counted=counted, target=22_000, by=date(2018, 8, 31)) == pytest.approx(
        82.5, abs=0.1
    )
    assert needed_per_week(counted=counted, target=22_000, by=counted.day) is None


def test_stated_counts_are_stretches_between_them():
    days = [MONDAY + timedelta(days=10 * each) for each in range(6)]
    counted = [Counted(day, 100 * place) for place, day in enumerate(days)]
    assert stated_stretches(counted) == [Stretch(10, 100)] * 5
    said = forecast(counted=counted, is_daily=False, target=1_000)
    assert said.p10 == said.p90 == days[-1] + timedelta(days=50)
    assert forecast(counted=counted[:4], is_daily=False, target=1_000).outcome is Outcome.TOO_LITTLE
    old = [Counted(date(2017, 8, 14), 0), *counted]
    assert forecast(counted=old, is_daily=False, target=1_000) == said, "what is years ago tells nothing"
    corrected = [*counted, Counted(days[-1] + timedelta(days=10), 490)]
    assert stated_stretches(corrected)[-1] == Stretch(10, 0)


def test_what_would_take_more_than_ten_years_has_no_date():
    said = forecast(counted=daily([0] * 55 + [1]), is_daily=True, target=10_000)
    assert (said.outcome, said.p50) == (Outcome.FORECAST, None)
    assert "more than ten years" in in_words(said)


def test_the_truth_lies_between_p10_and_p90_about_as_often_as_is_said():
    """Rollouts drawn from one law: what the forecast said after eight weeks is compared with what then happened."""
    inside, runs = 0, 100
    for seed in range(runs):
        counted = daily(np.random.default_rng(seed).poisson(20, 400).tolist())
        said = forecast(counted=counted[:57], is_daily=True, target=5_000)
        truth = next(each.day for each in counted if each.count >= 5_000)
        inside += said.p10 <= truth <= said.p90
    assert 0.65 * runs < inside < 0.95 * runs


@given(DAILY, st.integers(1, 5_000))
@settings(max_examples=40, deadline=None)
def test_the_dates_are_in_order_after_the_newest_count_and_the_same_every_time(issues, beyond):
    counted = daily(issues)
    said = forecast(counted=counted, is_daily=True, target=counted[-1].count + beyond)
    dates = [day for day in (said.p10, said.p50, said.p90) if day is not None]
    assert dates == sorted(dates)
    assert all(day > counted[-1].day for day in dates)
    assert said == forecast(counted=counted, is_daily=True, target=counted[-1].count + beyond)


@given(DAILY, st.integers(1, 2_000), st.integers(1, 2_000))
@settings(max_examples=40, deadline=None)
def test_more_to_issue_is_never_done_earlier(issues, some, more):
    stretches = daily_stretches(daily(issues))
    few, many = days_to_finish(stretches, some), days_to_finish(stretches, some + more)
    assert len(few) == PATHS
    assert all(early <= late for early, late in zip(few, many, strict=True))


def test_what_becomes_of_a_forecast_is_said_in_days():
    few, more = (forecast(counted=daily([5] * 60), is_daily=True, target=target) for target in (500, 570))
    assert moved_in_words(few, few) == "The forecast finish stays 9 June 2026."
    assert (
        moved_in_words(few, more)
        == "The forecast finish moves from 9 June 2026 to 23 June 2026, 14 days later."
    )
    assert moved_in_words(more, few).endswith("14 days earlier.")
    none = forecast(counted=daily([5] * 60), is_daily=True, target=None)
    assert moved_in_words(none, none) == in_words(none)
    assert moved_in_words(none, few) == f"Now: {in_words(none)} Then: {in_words(few)}"
