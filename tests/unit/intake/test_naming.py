"""What file names say by the patterns of a BWV administrator."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabard.intake.naming.rules import FIELDS, PatternInvalid, Reading, parse, read


def values(name, *patterns):
    return read(name, [parse(pattern) for pattern in patterns]).values


def test_a_name_says_officer_start_and_number():
    pattern = "{officer}_{date:YYYYMMDD}_{time:HHMMSS}_{sequence}.mp4"
    assert values("101LX_20260302_090007_0012.mp4", pattern) == {
        "officer": "101LX", "sequence": "0012", "started_at": "2026-03-02T09:00:07",
    }  # fmt: skip
    assert values("101LX_20260302_090007_0012.MP4", pattern) is not None
    assert values("101LX_20260302_090007.mp4", pattern) is None


START = {"started_at": "2026-03-02T09:00:07"}
DAY = {"started_at": "2026-03-02T00:00:00"}


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("{camera}@{date}{time}.mkv", "X60A@20260302090007.mkv", {"camera": "X60A"} | START),
        ("{date:DD-MM-YY} {time:HH.MM}.avi", "02-03-26 09.00.avi", {"started_at": "2026-03-02T09:00:00"}),
        ("{date}T{time}{zone}.mp4", "20260302T090007Z.mp4", {"started_at": "2026-03-02T09:00:07+00:00"}),
        ("{date}T{time}{zone}.mp4", "20260302T090007+0100.mp4", {"started_at": "2026-03-02T09:00:07+01:00"}),
        ("{epoch}.mp4", "1772442007.mp4", {"started_at": "2026-03-02T09:00:07+00:00"}),
        ("{officer:5}{sequence}.mp4", "101LX7.mp4", {"officer": "101LX", "sequence": "7"}),
        (
            "{officer}/{date}/{sequence}.mp4",
            "a/1LX/20260302/7.mp4",
            {"officer": "1LX", "sequence": "7"} | DAY,
        ),
        ("{{{officer}}}.mp4", "{101LX}.mp4", {"officer": "101LX"}),
        ("{any}-{officer}.{any}", "clip-101LX.mov", {"officer": "101LX"}),
        ("{officer}_{date}.mp4", "de_la_Cruz_20260302.mp4", {"officer": "de_la_Cruz"} | DAY),
    ],
)
def test_patterns(pattern, name, expected):
    assert values(name, pattern) == expected


@pytest.mark.parametrize(
    "name", ["101LX_20260230_090007_1.mp4", "101LX_20260302_250007_1.mp4", "_20260302_090007_1.mp4"]
)
def test_what_is_no_date_does_not_fit(name):
    assert values(name, "{officer}_{date}_{time}_{sequence}.mp4") is None


def test_what_can_be_read_in_two_ways_says_nothing():
    reading = read("a_b_c.mp4", [parse("{officer}_{category}.mp4")])
    assert reading == Reading("{officer}_{category}.mp4", is_ambiguous=True)


def test_two_patterns_that_say_different_things_say_nothing():
    first, second = "{officer}_{date}.mp4", "{camera}_{date}.mp4"
    reading = read("101LX_20260302.mp4", [parse(first), parse(second)])
    assert (reading.is_ambiguous, reading.values) == (True, None)


def test_two_patterns_that_agree_are_read_by_the_first():
    first, second = "{officer}_{date}.mp4", "{officer}_{date}.{any}"
    assert read("101LX_20260302.mp4", [parse(first), parse(second)]).pattern == first


def test_a_name_that_fits_none():
    assert read("GOPR0001.MP4", [parse("{officer}_{date}.mp4")]) == Reading()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "1 to 200"),
        ("a\nb{officer}", "1 to 200"),
        ("plain.mp4", "at least one field"),
        ("{any}.mp4", "at least one field"),
        ("{officer", "not closed"),
        ("officer}", "not opened"),
        ("{badge}.mp4", "There is no field {badge}"),
        ("{officer}{camera}.mp4", "Between {officer} and {camera}"),
        ("{officer}_{officer}", "twice"),
        ("{officer:0}.mp4", "how many characters"),
        ("{date:YYYYMM}.mp4", "year, month and day"),
        ("{date:QQ}.mp4", "is not made of"),
        ("{officer}_{time}.mp4", "A time needs a date"),
    ],
)
def test_a_pattern_that_cannot_be_used_says_why(text, words):
    with pytest.raises(PatternInvalid, match=words.replace("{", r"\{")) as refused:
        parse(text)
    assert refused.value.fields["field"] == "pattern"


def test_no_name_takes_long():
    pattern = parse("{any}_{any}_{any}_{any}_{any}_{any}_{any}_{officer}-.mp4")
    began = time.process_time()
    assert read("_" * 1024, [pattern]) == Reading()
    read("a_" * 512 + "-.mp4", [pattern])
    assert time.process_time() - began < 5


_pieces = st.one_of(
    st.sampled_from([f"{{{field}}}" for field in FIELDS]), st.text("ab_-./{}:YMDHS0129", max_size=6)
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_pieces, max_size=8).map("".join), st.text(max_size=60))
def test_any_text_is_a_pattern_or_refused_and_any_name_is_read(text, name):
    try:
        pattern = parse(text)
    except PatternInvalid:
        return
    reading = read(name, [pattern])
    assert not (reading.is_ambiguous and reading.values)
