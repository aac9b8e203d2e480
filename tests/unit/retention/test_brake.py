"""When does a disposal run stop itself?"""

from datetime import UTC, datetime, timedelta

import pytest

from tabard.retention.brake import FEWEST_RUNS, Clock, doubt, most_allowed, too_many, usual

NOW = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def test_until_there_were_enough_runs_nothing_is_usual():
    assert usual([1_000] * (FEWEST_RUNS - 1)) == 0
    assert usual([1_000] * FEWEST_RUNS) == 1_000


def test_one_enormous_night_does_not_move_what_is_usual():
    assert usual([98_119, *[1_400] * 9]) == 1_400


def test_only_the_last_runs_count():
    assert usual([10] * 28 + [100_000] * 40) == 10


def test_a_small_force_is_never_asked_about_a_handful():
    assert most_allowed(3, always_allowed=100, brake=2) == 100
    assert most_allowed(1_400, always_allowed=100, brake=2) == 2_800


def test_twice_the_median_goes_and_one_more_stops():
    assert too_many("dispose of", 2_800, 1_400, 2_800) == ""
    assert "2,801 recordings; 2,800 are allowed" in too_many("dispose of", 2_801, 1_400, 2_800)


def test_a_clock_that_everything_agrees_with_is_relied_on():
    assert doubt(Clock(NOW)) == ""
    assert doubt(Clock(NOW, logged_at=NOW, database_at=NOW, ran_at=NOW - DAY)) == ""


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        (Clock(NOW, logged_at=NOW + DAY), "behind the custody log"),
        (Clock(NOW, database_at=NOW - DAY), "differs from the database's"),
        (Clock(NOW, database_at=NOW + DAY), "differs from the database's"),
        (Clock(NOW, ran_at=NOW - 3 * DAY), "the clock jumped"),
        (Clock(NOW, ran_at=NOW - 3 * DAY, vouched_at=NOW - 9 * DAY), "the clock jumped"),
    ],
)
def test_a_clock_that_something_disagrees_with_stops_the_run(clock, words):
    assert words in doubt(clock)


def test_an_authority_of_others_can_vouch_for_the_time_after_a_long_pause():
    assert doubt(Clock(NOW, ran_at=NOW - 30 * DAY, vouched_at=NOW - timedelta(hours=1))) == ""
