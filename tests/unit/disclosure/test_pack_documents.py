"""Names, manifests, facts and schedules: written one way, read strictly."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.disclosure import bag
from tabard.disclosure.container import _SEGMENT
from tabard.disclosure.errors import FactsBroken
from tabard.disclosure.facts import (
    ClockFacts,
    ExhibitFacts,
    Facts,
    FileFacts,
    IssueFacts,
    Person,
    RecordingFacts,
    SegmentFacts,
)
from tabard.disclosure.schedule import COLUMNS, schedule_csv

TIME = "2026-11-21T09:30:07.000001Z"


def facts(**changed) -> Facts:
    said = {"reference": "LB/1", "description": "Body-worn video", "name": "a.mp4", **changed}
    producer = Person("Lee Bailey", "PC", "001LX")
    segment = SegmentFacts("s", 0, said["name"], "o", 3, "ab" * 32, None, TIME)
    recording = RecordingFacts(
        id="r",
        name="n",
        started_at=TIME,
        stopped_at=TIME,
        received_at=TIME,
        clock=said.get("clock"),
        trigger="",
        named_camera="",
        camera=None,
        named_wearer="",
        wearer=None,
        camera_issued_to=None,
        issue=said.get("issue"),
        unit=None,
        category=None,
        flags=("no_footage",),
        bookmarks=(),
        segments=(segment,),
    )
    file = FileFacts("a.mp4", "segment", said["name"], "o", 3, "ab" * 32)
    exhibit = ExhibitFacts("e", said["reference"], said["description"], producer, TIME)
    return Facts(said.get("v", 3), exhibit, None, recording, None, (file,))


def test_facts_come_back_as_they_were():
    assert Facts.parse(facts(description="Señor 🚓").encode()) == facts(description="Señor 🚓")


def test_a_measured_clock_comes_back_too():
    measured = ClockFacts(TIME, -1_500, 250, "between")
    assert Facts.parse(facts(clock=measured).encode()).recording.clock == measured


@pytest.mark.parametrize("until_at", [None, TIME])
def test_from_when_until_when_the_camera_was_on_issue_comes_back_too(until_at):
    issue = IssueFacts(TIME, until_at)
    assert Facts.parse(facts(issue=issue).encode()).recording.issue == issue


@pytest.mark.parametrize(("v", "lacking"), [(1, {"clock", "issue"}), (2, {"issue"})])
def test_facts_of_before_have_fewer_keys_and_are_read_all_the_same(v, lacking):
    of_before = facts(v=v).encode()
    now = json.loads(facts().encode())["recording"].keys()
    assert now - json.loads(of_before)["recording"].keys() == lacking
    assert Facts.parse(of_before) == facts(v=v)


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.pop("clip"),
        lambda value: value.update(more=1),
        lambda value: value.update(v=1),
        lambda value: value.update(v=2),
        lambda value: value.update(v=4),
        lambda value: value.update(v=0),
        lambda value: value["recording"].pop("clock"),
        lambda value: value["recording"].pop("issue"),
        lambda value: value.update(v=True),
        lambda value: value["exhibit"].update(reference=None),
        lambda value: value["exhibit"].pop("producer"),
        lambda value: value["files"][0].update(size_bytes="3"),
        lambda value: value["files"][0].update(size_bytes=3.0),
        lambda value: value["files"][0].update(sha256="zz"),
        lambda value: value["files"][0].update(sha256="AB" * 32),
        lambda value: value.update(files={}),
        lambda value: value["recording"].update(flags=[1]),
        lambda value: value["exhibit"].update(description="\ud800"),
    ],
)
def test_facts_with_another_shape_are_refused(change):
    value = json.loads(facts().encode())
    change(value)
    with pytest.raises(FactsBroken):
        Facts.parse((json.dumps(value, indent=2) + "\n").encode())


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b"\xff", b"{" * 100_000, b"1" * 5_000, facts().encode()[:-1]]
)
def test_what_is_not_a_facts_file_is_refused(data):
    with pytest.raises(FactsBroken):
        Facts.parse(data)


def test_the_schedule_has_one_row_for_each_file():
    text = schedule_csv([facts()]).decode("utf-8-sig")
    header, row = csv.reader(io.StringIO(text, newline=""))
    assert tuple(header) == COLUMNS
    assert dict(zip(header, row, strict=True))["producer"] == "PC Lee Bailey (001LX)"
    assert row[-2:] == ["3", "ab" * 32]


@pytest.mark.parametrize("text", ['=cmd|"/c calc"!A1', "+1", "-1", "@SUM(A1)", "\tx", "\r=1"])
def test_no_cell_of_the_schedule_is_a_formula(text):
    rows = list(
        csv.reader(io.StringIO(schedule_csv([facts(description=text)]).decode("utf-8-sig"), newline=""))
    )
    assert rows[1][1] == f"'{text}"


@given(st.lists(st.text(max_size=300), max_size=12))
def test_every_name_becomes_one_that_every_system_holds_and_none_is_lost(texts):
    names = bag.plain_names(texts)
    assert len(names) == len(texts)
    assert len({name.casefold() for name in names}) == len(names)
    assert all(_SEGMENT.fullmatch(name) and len(name) <= 110 for name in names)
    assert bag.FACTS not in {name.casefold() for name in names}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("20261121T093007Z_1a2b.mkv", "20261121T093007Z_1a2b.mkv"),
        ("../../etc/passwd", "etc-passwd"),
        ("Señor: Łódź.MP4", "Senor-odz.MP4"),
        ("con.txt", "_con.txt"),
        ("facts.json", "_facts.json"),
        ("警察", "file"),
        ("", "file"),
        ("x" * 300 + ".mkv", "x" * 96 + ".mkv"),
    ],
)
def test_a_name_stays_as_near_as_it_can(text, name):
    assert bag.plain_name(text) == name


def test_names_that_would_meet_get_numbers():
    assert bag.plain_names(["a.mp4", "A.mp4", "a.mp4", "a-2.mp4", "b", "b"]) == [
        "a.mp4",
        "A-2.mp4",
        "a-3.mp4",
        "a-2-2.mp4",
        "b",
        "b-2",
    ]


def test_an_exhibit_stands_in_the_folder_of_its_reference():
    assert bag.exhibit_folder("LB/1") == "data/exhibits/LB-1/"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ab  data/a\n",
        b"ab" * 32 + b" data/a\n",
        b"AB" * 32 + b"  data/a\n",
        b"ab" * 32 + b"  data/a",
        (b"ab" * 32 + b"  data/a\n") * 2,
        b"ab" * 32 + b"  data/\xff\n",
    ],
)
def test_a_manifest_written_otherwise_is_refused(data):
    with pytest.raises(FactsBroken):
        bag.parse_manifest(data)


def test_a_manifest_comes_back_as_it_was():
    listed = {"data/b": "cd" * 32, "data/a": "ab" * 32}
    assert bag.parse_manifest(bag.manifest(listed)) == listed
    assert bag.manifest(listed).startswith(b"ab")


def test_no_value_can_add_a_line_to_the_bag_info():
    data = bag.bag_info([("External-Description", "one\nPayload-Oxum: 9.9\r\n two"), ("Payload-Oxum", "3.1")])
    assert bag.parse_bag_info(data) == {
        "External-Description": "one Payload-Oxum: 9.9 two",
        "Payload-Oxum": "3.1",
    }
    with pytest.raises(FactsBroken):
        bag.parse_bag_info(data + b"Payload-Oxum: 9.9\n")
