"""How many bays and how much bandwidth do so many cameras need?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.insight.sites import (
    ShiftPattern,
    Shifts,
    missing_bays,
    most,
    needs,
    needs_at_each,
    parse_changes,
)
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


def at_each(text, **numbers):
    return needs_at_each(Shifts(parse_changes(text), **numbers))


def test_what_each_change_asks_by_hand():
    asked = at_each("22:00 30, 07:00 40, 15:00 35", docked_h=8)
    assert [(f"{change.at:%H:%M}", change.cameras, each.bays) for change, each in asked] == [
        ("07:00", 40, 40),  # those of 22:00 left an hour before
        ("15:00", 35, 35),  # those of 07:00 leave as these come
        ("22:00", 30, 65),  # those of 15:00 stay until 23:00
    ]
    least = most(each for _, each in asked)
    assert (least.on_shift, least.bays, least.bytes_per_shift) == (40, 65, 40 * 3600 * 4_000_000 // 8)
    assert least.line_mbit_per_s == pytest.approx(40 * 3600 * 4 / (8 * 3600) / 0.8)


def test_the_line_has_only_until_the_next_change():
    (_, early), (_, late) = at_each("14:00 10, 15:00 10", docked_h=6)
    assert early.line_mbit_per_s == pytest.approx(6 * late.line_mbit_per_s)


def test_a_camera_that_needs_its_bay_for_more_than_a_day_meets_tomorrows():
    ((_, asked),) = at_each("07:00 10", docked_h=25)
    assert asked.bays == 20
    ((_, asked),) = at_each("07:00 10", docked_h=24)
    assert asked.bays == 10


@pytest.mark.parametrize(
    "text", ["", "7 40", "25:00 4", "07:00", "07:00 0", "07:00 1, 7:00 2", "07:00 -4", "07:00 4 5", "07:00 ²"]
)
def test_changes_that_cannot_be_read_name_their_field(text):
    with pytest.raises(Invalid) as refused:
        parse_changes(text)
    assert refused.value.fields["field"] == "changes"


@given(
    st.dictionaries(st.times(), st.integers(1, 400), min_size=1, max_size=12),
    st.floats(0.1, 48),
)
def test_shifts_are_read_back_as_they_were_written_and_need_at_least_a_bay_a_camera(changes, docked_h):
    by_minute = {f"{at:%H:%M}": cameras for at, cameras in changes.items()}
    shifts = Shifts(parse_changes(", ".join(f"{at} {n}" for at, n in by_minute.items())), docked_h)
    assert parse_changes(shifts.text) == shifts.changes
    for change, asked in needs_at_each(shifts):
        assert asked.bays >= change.cameras
        assert asked.line_mbit_per_s > 0
