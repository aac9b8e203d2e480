"""Work items, wholeness and camera clocks over the API."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from tests.integration.recordings.coming_in import FILMED_AT, RECEIVED_AT, camera, come_in, read_clock

from tabard.kernel.clock import now
from tabard.people.rules import Role

PERIOD = {"since": FILMED_AT - timedelta(hours=1), "until": FILMED_AT + timedelta(hours=1)}


@pytest.fixture
def clerk(world):
    world.anyone(Role.BWV_ADMINISTRATOR)
    client = Client()
    client.force_login(world.accounts[Role.BWV_ADMINISTRATOR.value])
    return client


def post(client, path, **sent):
    return client.post(f"/api/v1/{path}", json.dumps(sent), content_type="application/json")


def test_a_work_item_is_found_attributed_and_settled(world, clerk):
    known = camera(world, "CAM-2")
    recording = come_in(b"one", serial="C4M-2")
    found = clerk.get("/api/v1/work-items", {"flag": "unknown_camera"}).json()
    assert [item["recording"]["id"] for item in found["items"]] == [str(recording.id)]
    assert {each["flag"]: each["recordings"] for each in found["counts"]} == {
        "unknown_camera": 1,
        "unknown_officer": 1,
    }
    answer = post(
        clerk, f"recordings/{recording.id}/attribution", camera="cam-2", reason="Misread label"
    ).json()
    assert answer["recording"]["camera"]["id"] == str(known.id)
    assert answer["flags"] == ["unknown_officer"]
    answer = post(
        clerk, f"recordings/{recording.id}/flags/unknown_officer/settle", reason="A pool camera"
    ).json()
    assert answer["flags"] == []
    assert [(each["flag"], each["settled_by"] != "") for each in answer["settled"]] == [
        ("unknown_camera", True),
        ("unknown_officer", True),
    ]
    assert clerk.get("/api/v1/work-items").json()["items"] == []
    assert len(clerk.get("/api/v1/work-items", {"settled": "true"}).json()["items"]) == 1


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"officer": "nobody", "reason": "x"}, "officer"),
        ({"camera": "none", "reason": "x"}, "camera"),
        ({"reason": "x"}, "officer"),
        ({"officer": "001LX", "reason": " "}, "reason"),
    ],
)
def test_a_refusal_names_its_field(world, clerk, sent, field):
    answer = post(clerk, f"recordings/{come_in(b'one').id}/attribution", **sent)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_a_flag_that_there_is_not_is_refused(world, clerk):
    recording = come_in(b"one")
    assert post(clerk, f"recordings/{recording.id}/flags/nonsense/settle", reason="x").status_code == 422
    assert post(clerk, f"recordings/{recording.id}/flags/conflict/settle", reason="x").status_code == 409


def test_shifts_say_what_is_missing(world, clerk):
    come_in(b"one", name="VID_0001")
    come_in(b"two", name="VID_0004", began=FILMED_AT + timedelta(minutes=5))
    (shift,) = clerk.get("/api/v1/wholeness", PERIOD).json()["shifts"]
    assert (shift["camera_serial"], shift["recordings"]) == ("CAM-1", 2)
    assert [each["words"] for each in shift["findings"]] == ["Missing before it: 2 to 3"]


def test_a_camera_tells_how_far_off_its_clock_is(world, clerk):
    worn = camera(world)
    read_clock(worn, now() - timedelta(hours=1), timedelta(seconds=-90))
    told = clerk.get(f"/api/v1/cameras/{worn.id}/clock").json()
    assert (told["now"]["basis"], told["now"]["offset_s"]) == ("before", -90)
    assert [(each["offset_ms"], each["source"]) for each in told["readings"]] == [(-90_000, "dock")]


def test_a_recording_says_which_time_it_is_listed_by(world, clerk):
    worn = camera(world)
    for at in (FILMED_AT - timedelta(hours=1), RECEIVED_AT):
        read_clock(worn, at, timedelta(hours=1))
    recording = come_in(b"one", began=FILMED_AT + timedelta(hours=1))
    (told,) = clerk.get("/api/v1/recordings").json()["recordings"]
    assert told["id"] == str(recording.id)
    assert told["filmed_at"] == told["corrected_start_at"] == "2026-03-02T13:00:00.000000Z"
    assert told["started_at"] == "2026-03-02T14:00:00.000000Z"
    assert (told["clock_offset_ms"], told["clock_basis"]) == (3_600_000, "between")
