"""How much may go when: the limit holds over any stretch of time, and quiet hours run over midnight."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.dock.errors import BadConfiguration
from tabard.dock.pace import Pace, QuietHours


def test_without_a_limit_nobody_waits():
    assert Pace(None).take(10**12, at_s=0) == 0


def test_whoever_overdraws_the_bucket_makes_the_next_wait():
    pace = Pace(1000)
    assert pace.take(500, at_s=100.0) == 0
    assert pace.take(1000, at_s=100.0) == pytest.approx(0.25)
    assert pace.take(1, at_s=100.0) == pytest.approx(1.25)


@given(st.lists(st.tuples(st.integers(1, 5000), st.floats(0, 3)), min_size=1, max_size=40))
def test_no_more_goes_than_the_limit_lets_pass(pieces):
    pace, at_s, sent = Pace(1000), 1000.0, 0
    for size, idle_s in pieces:
        at_s += idle_s
        at_s += pace.take(size, at_s=at_s)
        # What went before this piece fits into the time that passed, and a burst of a quarter of a second.
        assert sent <= (at_s - 1000.0 + 0.25) * 1000 + 1e-6
        sent += size


def at(hour, minute=0):
    return datetime(2026, 11, 27, hour, minute).astimezone()


def test_quiet_hours_end_when_they_say():
    quiet = QuietHours.parse(["06:00-09:30", "22:00-01:00"], field="sending.quiet_hours")
    assert quiet.until(at(5, 59)) is None
    assert quiet.until(at(6)) == at(9, 30)
    assert quiet.until(at(9, 30)) is None
    assert quiet.until(at(23)).day == 28
    assert quiet.until(at(0, 30)) == at(1)
    assert QuietHours().until(at(12)) is None


@pytest.mark.parametrize("text", ["", "6-9", "06:00-24:00", "06:00-06:00", "06:00 - 09:00", "06:60-07:00"])
def test_what_is_no_span_is_refused_by_name(text):
    with pytest.raises(BadConfiguration) as caught:
        QuietHours.parse([text], field="sending.quiet_hours")
    assert caught.value.fields["field"] == "sending.quiet_hours"
