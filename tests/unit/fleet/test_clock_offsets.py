"""How far off a camera's clock was: never surer than drift allows, and never a guess after a jump."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.fleet.offsets import (
    CARRIED_AT_MOST,
    DRIFT_PPM,
    Basis,
    Reading,
    around,
    begun_by,
    correct,
)

MORNING = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
EVENING = MORNING + timedelta(hours=12)
RECEIVED = EVENING + timedelta(minutes=20)
NOON = MORNING + timedelta(hours=6)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def reading(true_at, ahead=timedelta(), uncertainty=SECOND, *, is_ours=True):
    return Reading(true_at + ahead, true_at, uncertainty, is_ours=is_ours)


def test_without_readings_the_offset_is_unknown():
    found = correct(NOON, RECEIVED, [])
    assert (found.basis, found.offset, found.uncertainty, found.bounds) == (Basis.UNKNOWN, None, None, None)
    assert found.corrected(NOON) is None


def test_between_two_readings_the_offset_runs_in_a_line():
    readings = [reading(MORNING, 10 * SECOND), reading(EVENING, 12 * SECOND)]
    found = correct(NOON + 11 * SECOND, RECEIVED, readings)
    assert found.basis is Basis.BETWEEN
    assert abs(found.offset - 11 * SECOND) < timedelta(milliseconds=1)
    assert abs(found.corrected(NOON + 11 * SECOND) - NOON) < timedelta(milliseconds=1)
    # Half of twelve hours' drift at most: the line is pinned at both ends.
    assert SECOND < found.uncertainty <= SECOND + timedelta(hours=6) * DRIFT_PPM / 1_000_000 + SECOND / 1000


@pytest.mark.parametrize(("read_at", "basis"), [(MORNING, Basis.BEFORE), (EVENING, Basis.AFTER)])
def test_from_one_side_it_grows_less_sure_by_the_drift(read_at, basis):
    found = correct(NOON + HOUR, RECEIVED, [reading(read_at, HOUR)])
    assert (found.basis, found.offset) == (basis, HOUR)
    assert found.uncertainty == SECOND + timedelta(hours=6) * DRIFT_PPM / 1_000_000 + timedelta(
        microseconds=1
    )


def test_nothing_is_carried_on_for_ever():
    old = reading(MORNING - CARRIED_AT_MOST - HOUR)
    assert correct(MORNING, RECEIVED, [old]).basis is Basis.UNKNOWN


def test_a_jump_that_drift_cannot_explain_is_not_guessed():
    readings = [reading(MORNING), reading(EVENING, timedelta(hours=1))]
    found = correct(NOON, RECEIVED, readings)
    assert (found.basis, found.offset, found.uncertainty) == (Basis.JUMPED, None, None)
    assert found.bounds == (timedelta(), HOUR)


def test_a_battery_that_died_between_two_dockings_is_a_jump():
    reset = datetime(2015, 1, 1, 5, 0, tzinfo=UTC)
    readings = [reading(MORNING), Reading(reset, EVENING, SECOND)]
    found = correct(reset - HOUR, RECEIVED, readings)
    assert found.basis is Basis.JUMPED
    assert found.bounds == (reset - EVENING, timedelta())


def test_a_clock_years_wrong_is_corrected_where_both_sides_agree():
    years = timedelta(days=-20 * 365)
    found = correct(NOON + years, RECEIVED, [reading(MORNING, years), reading(EVENING, years)])
    assert found.corrected(NOON + years) == NOON


def test_nothing_was_recorded_after_it_was_received():
    found = correct(RECEIVED + 2 * HOUR, RECEIVED, [reading(MORNING)])
    assert found.basis is Basis.JUMPED
    assert found.bounds == (timedelta(), 2 * HOUR)


def test_a_reading_after_receipt_cannot_come_before_the_recording():
    later = Reading(datetime(2015, 1, 1, tzinfo=UTC), RECEIVED + HOUR, SECOND)
    readings = [reading(MORNING), reading(EVENING), later]
    assert around(NOON, RECEIVED, readings) == (readings[0], readings[1])


class TestSatellites:
    def test_they_are_exact_where_nothing_else_is_known(self):
        found = correct(NOON + HOUR, RECEIVED, [], reading(NOON, HOUR, is_ours=False))
        assert (found.basis, found.offset, found.uncertainty) == (Basis.SATELLITES, HOUR, SECOND)

    def test_they_are_taken_where_docks_agree(self):
        docks = [reading(MORNING, 9 * SECOND), reading(EVENING, 11 * SECOND)]
        found = correct(NOON + 10 * SECOND, RECEIVED, docks, reading(NOON, 10 * SECOND, SECOND / 10))
        assert (found.basis, found.uncertainty) == (Basis.SATELLITES, SECOND / 10)

    def test_where_they_disagree_neither_is_believed(self):
        weeks = timedelta(weeks=1024)  # the week number of a receiver that does not know the epoch
        docks = [reading(MORNING), reading(EVENING)]
        found = correct(NOON, RECEIVED, docks, Reading(NOON, NOON - weeks, SECOND, is_ours=False))
        assert (found.basis, found.bounds) == (Basis.JUMPED, (timedelta(), weeks))

    def test_they_decide_between_the_two_sides_of_a_jump(self):
        docks = [reading(MORNING), reading(EVENING, HOUR)]
        found = correct(NOON + HOUR, RECEIVED, docks, reading(NOON, HOUR))
        assert (found.basis, found.offset) == (Basis.SATELLITES, HOUR)

    def test_a_time_after_receipt_is_believed_of_nobody(self):
        found = correct(NOON, RECEIVED, [], Reading(NOON, RECEIVED + HOUR, SECOND, is_ours=False))
        assert found.basis is Basis.JUMPED


class TestBegunBy:
    def test_readings_of_ours_on_both_sides_make_it_certain(self):
        found = begun_by(NOON, RECEIVED, [reading(MORNING), reading(EVENING)])
        assert NOON < found < NOON + 5 * SECOND

    @pytest.mark.parametrize(
        "readings",
        [
            [],
            [reading(MORNING)],
            [reading(EVENING)],
            [reading(MORNING), reading(EVENING, HOUR)],
            [reading(MORNING, is_ours=False), reading(EVENING)],
        ],
    )
    def test_anything_less_leaves_receipt(self, readings):
        assert begun_by(NOON, RECEIVED, readings) == RECEIVED


RATES = st.floats(-DRIFT_PPM, DRIFT_PPM)


@given(
    rates=st.lists(RATES, min_size=1, max_size=8),
    first=st.timedeltas(timedelta(days=-8000), timedelta(days=8000)),
    hours=st.floats(0.1, 24 * 60),
    share=st.floats(0, 1),
    errors=st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
    sides=st.sampled_from(["both", "before", "after"]),
)
def test_however_a_clock_drifts_its_true_offset_is_within_the_uncertainty(
    *, rates, first, hours, share, errors, sides
):
    """A clock that runs at any rates a quartz may have, read with any error within the uncertainty."""
    lasting = timedelta(hours=hours)

    def ahead(elapsed):
        """The true offset so long after the first reading; each rate rules an equal part of the time."""
        part = lasting / len(rates)
        spans = (min(max(elapsed - part * number, timedelta()), part) for number in range(len(rates)))
        return first + sum(
            (span * rate / 1_000_000 for span, rate in zip(spans, rates, strict=True)), timedelta()
        )

    begins, ends, then = MORNING, MORNING + lasting, lasting * share
    both = [
        Reading(begins + ahead(timedelta()) + errors[0] * SECOND, begins, SECOND),
        Reading(ends + ahead(lasting) + errors[1] * SECOND, ends, SECOND),
    ]
    readings = {"both": both, "before": both[:1], "after": both[1:]}[sides]
    shown_at = MORNING + then + ahead(then)
    found = correct(shown_at, ends + HOUR, readings)
    assert found.basis is not Basis.JUMPED
    assert found.offset is not None
    assert abs(found.offset - ahead(then)) <= found.uncertainty + timedelta(milliseconds=1)


@given(
    marks=st.lists(
        st.tuples(st.integers(0, 200), st.integers(-5000, 5000)),
        min_size=1,
        max_size=12,
        unique_by=lambda m: m[0],
    ),
    shown=st.integers(-5000, 5000),
    received=st.integers(0, 220),
)
def test_whatever_clocks_show_there_is_an_answer_and_doubt_is_never_hidden(marks, shown, received):
    readings = [reading(MORNING + HOUR * at, HOUR * ahead) for at, ahead in sorted(marks)]
    found = correct(MORNING + HOUR * shown, MORNING + HOUR * received, readings)
    if found.basis in {Basis.UNKNOWN, Basis.JUMPED}:
        assert found.offset is None
        assert found.uncertainty is None
    else:
        assert found.uncertainty >= SECOND
        assert found.corrected(MORNING + HOUR * shown) - found.uncertainty <= MORNING + HOUR * (received + 1)
