import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabard.media.jail.answers import Answer, read_answer
from tabard.media.jail.facts import SHAPES, conforms

PROBED = {
    "container": "mp4",
    "media_type": "video/mp4",
    "size_bytes": 10,
    "duration_s": 1,
    "bit_rate": None,
    "created_at": None,
    "streams": [],
    "decodable": False,
    "browser_playable": False,
    "reason": "cannot be decoded: it is torn",
}
PICTURES = {
    "poster": {"start": 0, "length": 7, "width": 1, "height": 1, "time_s": 0.0},
    "strip": {
        "start": 7,
        "length": 3,
        "columns": 1,
        "rows": 1,
        "thumb_width": 1,
        "thumb_height": 1,
        "times_s": [0.0, 2.5],
    },
}


def facts(value):
    return read_answer(json.dumps({"facts": value}).encode())


def test_facts_of_the_right_shape_are_believed():
    answer = facts(PROBED)
    assert answer.fits("probe", 0)
    assert answer.facts == PROBED


@pytest.mark.parametrize(
    "change",
    [
        {"duration_s": "1"},
        {"decodable": 1},
        {"size_bytes": True},
        {"size_bytes": 1.5},
        {"size_bytes": 2**80},
        {"streams": [{"index": 0}]},
        {"streams": {}},
        {"extra": 1},
        {"container": None},
    ],
    ids=str,
)
def test_facts_of_another_shape_are_not(change):
    assert not facts({**PROBED, **change}).fits("probe", 0)


def test_facts_with_something_left_out_are_not():
    for key in PROBED:
        assert not facts({k: v for k, v in PROBED.items() if k != key}).fits("probe", 0)


def test_facts_of_another_task_are_not():
    for task in SHAPES.keys() - {"probe"}:
        assert not facts(PROBED).fits(task, 0)


def test_pictures_lie_inside_the_output():
    assert facts(PICTURES).fits("stills", 10)
    assert not facts(PICTURES).fits("stills", 9)
    before = {**PICTURES, "poster": {**PICTURES["poster"], "start": -1}}
    assert not facts(before).fits("stills", 10)
    backwards = {**PICTURES, "poster": {**PICTURES["poster"], "length": -1}}
    assert not facts(backwards).fits("stills", 10)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_an_answer_or_none(frame):
    assert isinstance(read_answer(frame), Answer | None)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_of_any_kind_is_an_answer_or_none(value):
    assert isinstance(read_answer(json.dumps(value).encode()), Answer | None)
    assert conforms(value, str) is isinstance(value, str)


def test_two_keys_that_clean_to_one_are_still_one_answer():
    assert read_answer(b'{"killed": "x\\u0000y"}').killed == "x?y"
