"""How many bays and how much bandwidth do so many cameras need?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.insight.sites import ShiftPattern, missing_bays, needs
from tabard.kernel.errors import Invalid


def test_the_arithmetic_by_hand():
    found = needs(480, ShiftPattern())
    assert (found.on_shift, found.bays) == (120, 120)
    assert found.bytes_per_shift == 120 * 3600 * 4_000_000 // 8
    assert found.line_mbit_per_s == pytest.approx(120 * 3600 * 4 / (6 * 3600) / 0.8)
    assert (missing_bays(found, 100), missing_bays(found, 200)) == (20, 0)


def test_a_camera_that_is_docked_longer_than_a_shift_shares_with_the_next():
    assert needs(480, ShiftPattern(docked_h=9)).bays == 240
    assert needs(10, ShiftPattern(on_shift_percent=100, docked_h=24)).bays == 10, "never more than cameras"


@pytest.mark.parametrize(("name", "value"), [("shift_h", 0), ("on_shift_percent", 101), ("mbit_per_s", -1)])
def test_an_assumption_that_cannot_be_is_named(name, value):
    with pytest.raises(Invalid) as refused:
        ShiftPattern(**{name: value})
    assert refused.value.fields["field"] == name


@given(st.integers(0, 30_000), st.integers(0, 30_000))
def test_more_cameras_never_need_less(few, more):
    less, much = needs(few, ShiftPattern()), needs(few + more, ShiftPattern())
    assert less.bays <= much.bays
    assert less.line_mbit_per_s <= much.line_mbit_per_s
    assert less.bays <= few
