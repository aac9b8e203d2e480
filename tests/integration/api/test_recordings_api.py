"""Recordings over the API: what is found, what one answers, what a person says of it, and what the log keeps."""

from datetime import timedelta

import pytest
from tests.integration.api.access_world import FILMED_AT, events, subjects

from tabard.custody.kinds import EventKind
from tabard.people.rules import Role
from tabard.recordings.models import Recording


def test_a_list_holds_what_the_person_may_see(world, program):
    status, said = program(Role.OFFICER).get("/recordings")
    assert status == 200
    (found,) = said["recordings"]
    assert found["id"] == str(world.own.recording.id)
    assert found["officer"]["shoulder_number"] == "101LX"
    assert found["unit"]["code"] == "LX"
    assert found["started_at"] == "2026-03-14T22:41:07.250000Z"
    assert (said["older"], said["newer"]) == (None, None)
    assert len(program(Role.INVESTIGATOR).get("/recordings")[1]["recordings"]) == 3


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"words": "okafor"}, {"elsewhere"}),
        ({"incident": "102LX/1"}, {"unit"}),
        ({"category": "crime"}, set()),
        ({"since": (FILMED_AT + timedelta(seconds=1)).isoformat()}, set()),
        ({"until": (FILMED_AT + timedelta(seconds=1)).isoformat()}, {"own", "unit", "elsewhere"}),
        ({"mine_only": "true"}, {"own"}),
        ({"flag": "conflict"}, set()),
        ({"flagged": "true"}, set()),
        ({"uncategorised": "true"}, {"own", "unit", "elsewhere"}),
    ],
)
def test_a_list_is_narrowed_and_the_search_is_logged(world, program, query, found):
    status, said = program(Role.INVESTIGATOR).get("/recordings", **query)
    assert status == 200
    wanted = {str(world.places[where].recording.id) for where in found}
    assert {recording["id"] for recording in said["recordings"]} == wanted
    (event,) = events(EventKind.RECORDINGS_SEARCHED)
    assert event.subject_type == "force"
    assert event.subject_id != world.asker.id, "the public log must not tell who searched"
    assert event.actor_name == world.asker.display_name
    assert set(event.details) == set(query)


def test_a_unit_finds_the_units_below_it(world, program):
    investigator = program(Role.INVESTIGATOR)
    _, hackney = investigator.get("/recordings", unit_id=str(world.hackney.id))
    _, force = investigator.get("/recordings", unit_id=str(world.force.id))
    assert [recording["officer"]["shoulder_number"] for recording in hackney["recordings"]] == ["201GD"]
    assert len(force["recordings"]) == 3


def test_a_plain_list_is_no_search(program):
    program(Role.INVESTIGATOR).get("/recordings", words="")
    assert events(EventKind.RECORDINGS_SEARCHED) == []


def test_cursors_lead_to_every_recording_once(world, program):
    whole = [
        Recording(
            source="folder",
            source_name=f"old-{n}",
            started_at=FILMED_AT - timedelta(hours=n),
            stopped_at=FILMED_AT,
            received_at=FILMED_AT,
            size_bytes=1,
        )
        for n in range(1, 60)
    ]
    Recording.objects.bulk_create(whole)
    investigator, names, cursor = program(Role.INVESTIGATOR), [], ""
    while cursor is not None:
        _, page = investigator.get("/recordings", cursor=cursor)
        names += [recording["source_name"] for recording in page["recordings"]]
        cursor = page["older"]
    assert len(names) == len(set(names)) == 62
    assert names[3:] == [recording.source_name for recording in whole]


def test_one_recording_says_everything_and_the_look_is_logged(world, program):
    place = world.own
    status, said = program(Role.OFFICER).get(f"/recordings/{place.recording.id}")
    assert status == 200
    assert said["recording"]["id"] == str(place.recording.id)
    (segment,) = said["segments"]
    assert segment["sha256"] == bytes(place.segment.object.sha256).hex()
    assert segment["size_bytes"] == place.segment.object.size_bytes
    assert [mark["text"] for mark in said["bookmarks"]] == ["Arrest"]
    assert said["track"][1] == {"offset_s": 5, "longitude": -0.112, "latitude": 51.461}
    assert [clip["play_url"] for clip in said["clips"]] == [f"/play/clips/{place.clip.id}"]
    assert [incident["reference"] for incident in said["incidents"]] == ["101LX/1"]
    assert [exhibit["reference"] for exhibit in said["exhibits"]] == ["LB/1"]
    assert subjects(EventKind.RECORDING_VIEWED) == [place.recording.id]


def test_incidents_and_exhibits_that_the_person_may_not_see_are_left_out(world, program):
    _, said = program(Role.BWV_ADMINISTRATOR).get(f"/recordings/{world.own.recording.id}")
    assert (said["incidents"], said["exhibits"]) == ([], [])


def test_the_history_tells_what_happened_oldest_first(world, program):
    status, said = program(Role.OFFICER).get(f"/recordings/{world.own.recording.id}/history")
    assert status == 200
    kinds = [event["kind"] for event in said]
    assert kinds[0] == "recording.sealed"
    assert {"incident.linked", "exhibit.produced", "recording.viewed"} <= set(kinds)
    assert "hold.placed" not in kinds, "a hold may be about the wearer"
    assert said[0]["is_covered"]
    assert subjects(EventKind.RECORDING_VIEWED) == [world.own.recording.id]


def test_a_recording_is_categorised_with_a_reason(world, program):
    officer = program(Role.OFFICER)
    path = f"/recordings/{world.own.recording.id}/category"
    status, said = officer.put(path, {"category": "crime", "reason": "An arrest"})
    assert status == 200
    assert said["category"]["code"] == "crime"
    (event,) = events(EventKind.RECORDING_CATEGORISED)
    assert event.details == {"from": None, "to": "crime", "reason": "An arrest"}


def test_an_unknown_category_is_a_fault_of_its_field(world, program):
    path = f"/recordings/{world.own.recording.id}/category"
    status, said = program(Role.OFFICER).put(path, {"category": "parking"})
    assert (status, said["code"]) == (422, "category_unknown")
    assert said["errors"] == [{"field": "category", "detail": "There is no such category."}]


def test_categories_are_those_of_the_policy(program):
    _, said = program(Role.OFFICER).get("/categories")
    assert {"code": "crime", "name": "Crime: evidential"} in said


def test_a_segment_names_only_the_bytes_that_the_person_may_have(world, program):
    path = f"/segments/{world.own.segment.id}"
    _, for_officer = program(Role.OFFICER).get(path)
    _, for_auditor = program(Role.AUDITOR).get(path)
    _, for_discloser = program(Role.DISCLOSURE_OFFICER).get(path)
    given = [
        {name for name, url in said["urls"].items() if url}
        for said in (for_officer, for_auditor, for_discloser)
    ]
    stills = {"poster", "strip"}
    assert given == [stills | {"play", "rendition"}, stills, stills | {"play", "rendition", "original"}]
    assert for_officer["urls"]["play"] == f"/play/segments/{world.own.segment.id}"
    assert for_officer["segment"]["recording_id"] == str(world.own.recording.id)
    assert for_officer["probe"] is None
    assert len(subjects(EventKind.RECORDING_VIEWED)) == 3


def test_a_clip_is_asked_for_and_then_read(world, program):
    officer = program(Role.OFFICER)
    wanted = {"start_s": 1.5, "end_s": 9, "title": "The doorstep"}
    status, asked = officer.post(f"/segments/{world.own.segment.id}/clips", wanted)
    assert status == 201
    assert (asked["state"], asked["play_url"], asked["sha256"]) == ("requested", None, None)
    assert [str(clip_id) for clip_id in subjects(EventKind.CLIP_REQUESTED)] == [asked["id"]]
    assert officer.get(f"/clips/{asked['id']}") == (200, asked)
    assert subjects(EventKind.RECORDING_VIEWED) == [world.own.recording.id]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"start_s": 9, "end_s": 1}, "end_s"),
        ({"start_s": -1, "end_s": 1}, "start_s"),
        ({"start_s": 0, "end_s": float("nan")}, "end_s"),
        ({"start_s": 0, "end_s": 1e300}, "end_s"),
        ({"start_s": 0, "end_s": 1, "title": "a\x00b"}, "title"),
        ({"start_s": 0, "end_s": 1, "title": "\ud800"}, "title"),
        ({"start_s": 0, "end_s": 1, "tilte": "x"}, "tilte"),
    ],
)
def test_a_clip_that_cannot_be_is_refused_by_its_field(world, program, sent, field):
    status, said = program(Role.OFFICER).post(f"/segments/{world.own.segment.id}/clips", sent)
    assert status == 422
    assert [fault["field"] for fault in said["errors"]] == [field]
    assert events(EventKind.CLIP_REQUESTED) == []
