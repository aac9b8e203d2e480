"""What does a file say of the rollout plan, and what is wrong with it?"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.insight.plan_file import cells_of, plan_csv, read_plan

GOOD = (
    "phase,wave,unit_code,target,about,counts,begins,due,source\n"
    "One,Boroughs,JC,480,,,2018-01,2018-03-31,Notice\n"
    "\n"
    'One,The whole,MPS,"22,000",yes,in_all,,2018-summer,\n'
)


def faults(text):
    return [(fault.row, fault.field) for fault in read_plan(text.encode()).faults]


def test_a_good_file_is_read_whole():
    read = read_plan(GOOD.encode())
    assert read.faults == []
    assert (read.count, [line.row for line in read.lines]) == (2, [2, 4])
    first, whole = read.lines
    assert (first.target, first.is_about, first.counts, first.due.words) == (
        480,
        False,
        "adds",
        "31 March 2018",
    )
    assert (whole.target, whole.is_about, whole.counts, whole.due.text) == (
        22000,
        True,
        "in_all",
        "2018-summer",
    )


def test_what_is_written_out_reads_back_the_same_in_both_forms():
    lines = read_plan(GOOD.replace("Notice", "=1+1").replace("One,B", "'One,B").encode()).lines
    again = read_plan(plan_csv(lines).encode())
    assert [cells_of(line) for line in again.lines] == [cells_of(line) for line in lines]
    as_json = read_plan(json.dumps({"lines": [cells_of(line) for line in lines]}).encode())
    assert [cells_of(line) for line in as_json.lines] == [cells_of(line) for line in lines]


def test_every_bad_row_is_named_and_the_good_ones_are_read():
    rows = (
        "A,W,JC,many,,,,,",
        "A,W,JC,480,perhaps,,,,",
        "A,W,JC,480,,twice,,,",
        "A,W,JC,480,,,,14/08/2017,",
        "A,W,JC,480,,,2018-06,2018-01,",
        ",W,JC,480,,,,,",
        "A,W,JC,480,,,,,",
        "a,w,jc,500,,,,,",
        "A,W,WW,490,,,,,,,more",
        "A,W,WW,490,,,,,",
    )
    text = "phase,wave,unit_code,target,about,counts,begins,due,source\n" + "\n".join(rows)
    named = {2: "target", 3: "about", 4: "counts", 5: "due", 6: "due", 7: "phase", 9: "unit_code", 10: "row"}
    # The row that is due before it begins takes the key, so the next good one of it is the second.
    assert {row: column for row, column in faults(text) if row != 8} == named
    assert [line.unit_code for line in read_plan(text.encode()).lines][-1] == "WW"


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [
        ("", 1, "phase"),
        ("phase,wave,unit_code\n", 1, "file"),
        ("phase,wave\nA,B\n", 1, "unit_code"),
        ("phase,wave,unit_code,colour\nA,B,C,red\n", 1, "colour"),
        ("phase,wave,wave,unit_code\nA,B,C,D\n", 1, "wave"),
        ('phase,wave,unit_code\nA,"B\n', 2, "file"),
        ('{"lines": 7}', 1, "file"),
        ('{"lines": ["x"]}', 1, "file"),
        ('{"lines": [{"phase": "A", "wave": "B", "unit_code": "C", "colour": 1}]}', 1, "colour"),
        ("{", 1, "file"),
    ],
)
def test_a_file_that_is_not_ours_is_answered_with_words(text, row, column):
    assert (row, column) in faults(text)
    assert read_plan(text.encode()).lines == []


def test_bytes_that_are_no_text_name_their_row():
    assert [(fault.row, fault.field) for fault in read_plan(b"phase,wave\nA,\xff\n").faults] == [(2, "file")]


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_at_all_are_answered(raw):
    read = read_plan(raw)
    assert read.lines or read.faults


@given(st.text(max_size=40))
def test_any_target_is_a_number_of_cameras_or_a_fault(text):
    said = {"lines": [{"phase": "A", "wave": "B", "unit_code": "C", "target": text}]}
    read = read_plan(json.dumps(said).encode())
    assert len(read.lines) + len(read.faults) == 1
    assert all(line.target is None or 0 <= line.target <= 1_000_000 for line in read.lines)
