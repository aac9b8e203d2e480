"""What is missing of footage shows between its segments, and in how the camera counted its files."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.recordings.continuity import (
    MOST_MISSING,
    OUT_OF_ORDER,
    FileNumber,
    SeamKind,
    Stretch,
    file_number,
    holes,
    missing_chapters,
    seams,
)

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("GOPR0123.MP4", FileNumber(123, 0)),
        ("GP010123.MP4", FileNumber(123, 1)),
        ("GX020123.MP4", FileNumber(123, 2)),
        ("gh010123.mp4", FileNumber(123, 1)),
        ("VID_0001.mp4", FileNumber(1)),
        ("00001.mp4", FileNumber(1)),
        ("00017.MTS", FileNumber(17)),
        ("DSC_1234.MOV", FileNumber(1234)),
        ("CAM1_0007.mp4", FileNumber(7)),
        ("REC0042.avi", FileNumber(42)),
        ("DCIM/100GOPRO/GOPR0124.MP4", FileNumber(124, 0)),
        ("20260302_101112.mp4", None),
        ("VID_20260302_101112.mp4", None),
        ("REC123456.mp4", None),
        ("2026-03-02T10-11-12Z_4F2A.mkv", None),
        ("body cam.mp4", None),
        ("", None),
        ("..", None),
        ("\x00\u202e0001", None),
    ],
)
def test_a_name_tells_the_number_that_a_camera_counts_by(name, number):
    assert file_number(name) == number


@given(st.text())
def test_any_name_at_all_has_a_number_or_none(name):
    found = file_number(name)
    assert found is None or 0 <= found.number <= 99_999


def stretch(begins, lasts=1.0):
    return Stretch(BEGAN + MINUTE * begins, BEGAN + MINUTE * (begins + lasts))


def test_neighbours_that_fit_are_whole():
    assert list(seams([stretch(0), stretch(1), stretch(2)])) == []
    assert list(seams([stretch(0), Stretch(BEGAN + MINUTE + timedelta(seconds=2), None)])) == []


def test_gaps_and_overlaps_are_told_apart_and_measured():
    found = list(seams([stretch(0), stretch(3), stretch(3.5)]))
    assert [(seam.kind, seam.after, seam.lasting) for seam in found] == [
        (SeamKind.GAP, 0, 2 * MINUTE),
        (SeamKind.OVERLAP, 1, MINUTE / 2),
    ]


def test_what_has_no_times_says_nothing():
    assert list(seams([stretch(0), Stretch(None, None), stretch(5)])) == []
    assert list(seams([])) == []


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (["GX010123.MP4", "GX020123.MP4"], []),
        (["GX010123.MP4", "GX030123.MP4"], ["0123 chapter 2"]),
        (["GX020123.MP4"], ["0123 chapter 1"]),
        (["GOPR0123.MP4", "GP010123.MP4"], []),
        (["GP020123.MP4"], ["0123 chapter 0", "0123 chapter 1"]),
        (["VID_0001.mp4", "VID_0004.mp4"], []),
        ([], []),
    ],
)
def test_chapters_of_one_file_follow_one_another(names, missing):
    assert missing_chapters(names) == missing


def found(*numbers):
    return [hole.words for hole in holes([(number, number) for number in numbers])]


def test_a_number_that_never_came_is_missing_before_the_one_that_followed():
    (hole,) = holes([(7, "a"), (8, "b"), (12, "c")])
    assert (hole.first, hole.last, hole.before, hole.after, hole.words) == (9, 11, "b", "c", "9 to 11")
    assert found(1, 3) == ["2"]


def test_files_of_one_moment_may_be_counted_in_another_order():
    assert found(5, 7, 6, 8) == []


def test_a_count_that_begins_anew_is_no_hole():
    assert found(9998, 9999, 1, 2) == []
    assert found(120, 121, 1, 2) == []


def test_a_leap_is_another_count():
    assert found(1, MOST_MISSING + 2) == [f"2 to {MOST_MISSING + 1}"]
    assert found(1, MOST_MISSING + 3) == []


def test_the_same_number_twice_is_no_hole():
    assert found(4, 4, 5) == []


@given(st.sets(st.integers(1, 300), min_size=1), st.randoms())
def test_every_missing_number_is_named_and_no_other(present, random):
    """Filmed in the order of their numbers, but for neighbours that changed places."""
    counted = sorted(present)
    for at in range(0, len(counted) - 1, 2):
        if counted[at + 1] - counted[at] < OUT_OF_ORDER and random.random() < 0.5:
            counted[at], counted[at + 1] = counted[at + 1], counted[at]
    missing = {
        number
        for hole in holes([(number, number) for number in counted])
        for number in range(hole.first, hole.last + 1)
    }
    assert missing == set(range(min(present), max(present) + 1)) - present
