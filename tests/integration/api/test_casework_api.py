"""Incidents, exhibits, packs and holds over the API."""

from datetime import timedelta

import pytest
from tests.disposals import dispose
from tests.integration.api.access_world import DONE_AT, FILMED_AT, events, subjects

from tabard.custody.kinds import EventKind
from tabard.incidents.models import Incident
from tabard.people.rules import Role
from tabard.retention.models import Hold

ROBBERY = {
    "kind": "crime_report",
    "reference": "4829137/26",
    "title": "Robbery, Brixton Road",
    "start_at": "2026-03-14T22:30:00+00:00",
    "place": "Brixton Road",
}


def test_an_incident_is_recorded_found_and_read(world, program):
    investigator = program(Role.INVESTIGATOR)
    status, made = investigator.post("/incidents", ROBBERY | {"unit_id": str(world.lambeth.id)})
    assert status == 201
    assert made["start_at"] == "2026-03-14T22:30:00.000000Z"
    assert made["unit"]["name"] == "Lambeth"
    _, found = investigator.get("/incidents", words="4829137", kind="crime_report")
    assert found == {"incidents": [made], "next_cursor": None}
    status, said = investigator.get(f"/incidents/{made['id']}")
    assert (status, said) == (200, {"incident": made, "outcomes": [], "recordings": [], "exhibits": []})
    assert [str(one) for one in subjects(EventKind.INCIDENT_VIEWED)] == [made["id"]]


@pytest.mark.parametrize(
    ("changed", "status", "field"),
    [
        ({"kind": "theft"}, 422, "kind"),
        ({"reference": "4829137/26!"}, 422, "reference"),
        ({"reference": "101LX/1"}, 409, "reference"),
        ({"title": "x" * 161}, 422, "title"),
        ({"start_at": "2026-03-14T22:30:00"}, 422, "start_at"),
        ({"end_at": "2026-03-14T22:00:00Z"}, 422, "end_at"),
        ({"unit_id": "00000000-0000-7000-8000-000000000000"}, 422, "unit_id"),
    ],
)
def test_an_incident_that_cannot_be_is_refused_by_its_field(program, changed, status, field):
    answered, said = program(Role.INVESTIGATOR).post("/incidents", ROBBERY | changed)
    assert (answered, [fault["field"] for fault in said["errors"]]) == (status, [field])


def test_incidents_are_read_page_by_page(world, program):
    rows = [
        Incident(
            kind="call",
            reference=f"CAD {n}",
            title="Call",
            start_at=FILMED_AT - timedelta(minutes=n // 2),
            recorded_at=DONE_AT,
        )
        for n in range(120)
    ]
    Incident.objects.bulk_create(rows)
    investigator, found, cursor = program(Role.INVESTIGATOR), [], ""
    while cursor is not None:
        _, page = investigator.get("/incidents", kind="call", cursor=cursor)
        found += [incident["reference"] for incident in page["incidents"]]
        cursor = page["next_cursor"]
    assert len(found) == 120
    assert set(found) == {row.reference for row in rows}


@pytest.mark.parametrize("cursor", ["x", "2026-03-14~7", "2026-03-14~00000000-0000-7000-8000-000000000000"])
def test_a_cursor_of_nobody_is_refused(program, cursor):
    status, said = program(Role.INVESTIGATOR).get("/incidents", cursor=cursor)
    assert (status, said["fields"]) == (422, {"field": "cursor"})


def test_a_recording_is_linked_and_unlinked_with_reasons(world, program):
    officer, place = program(Role.OFFICER), world.own
    path = f"/incidents/{place.unlinked_incident.id}/recordings"
    sent = {"recording_id": str(place.recording.id), "reason": "The arrest"}
    status, linked = officer.post(path, sent)
    assert status == 201
    assert (linked["recording"]["id"], linked["reason"]) == (sent["recording_id"], "The arrest")
    assert linked["linked_by"] == "Asker"
    assert officer.post(path, sent)[0] == 409
    _, said = officer.get(f"/incidents/{place.unlinked_incident.id}")
    assert [link["recording"]["id"] for link in said["recordings"]] == [sent["recording_id"]]
    status, said = officer.post(f"{path}/{place.recording.id}/unlink", {"reason": " "})
    assert (status, said["errors"][0]["field"]) == (422, "reason")
    assert officer.post(f"{path}/{place.recording.id}/unlink", {"reason": "Wrong street"}) == (204, b"")
    assert len(events(EventKind.INCIDENT_UNLINKED)) == 1


def test_an_exhibit_takes_the_producers_next_reference(world, program):
    officer, place = program(Role.OFFICER), world.own
    sent = {"recording_id": str(place.recording.id), "description": "Body-worn video of the arrest"}
    status, whole = officer.post("/exhibits", sent)
    assert (status, whole["reference"], whole["clip"], whole["incident"]) == (201, "LB/2", None, None)
    assert whole["producer"]["shoulder_number"] == "101LX"
    clip = sent | {"clip_id": str(place.clip.id), "incident_id": str(place.incident.id), "producer": "w101lx"}
    status, excerpt = officer.post("/exhibits", clip)
    assert (status, excerpt["reference"]) == (201, "LB/3")
    assert excerpt["clip"]["id"] == str(place.clip.id)
    assert excerpt["incident"]["reference"] == "101LX/1"
    assert officer.get(f"/exhibits/{excerpt['id']}") == (200, excerpt)
    assert [str(one) for one in subjects(EventKind.EXHIBIT_VIEWED)] == [excerpt["id"]]
    _, listed = officer.get("/exhibits")
    assert [exhibit["reference"] for exhibit in listed["exhibits"]] == ["LB/3", "LB/2", "LB/1"]
    _, found = officer.get("/exhibits", words="body-worn")
    assert len(found["exhibits"]) == 2


@pytest.mark.parametrize(
    ("changed", "status", "field"),
    [
        ({"description": "  "}, 422, "description"),
        ({"description": "x" * 301}, 422, "description"),
        ({"producer": "999ZZ"}, 422, "producer"),
        ({"clip_id": "elsewhere"}, 422, "clip"),
    ],
)
def test_an_exhibit_that_cannot_be_is_refused_by_its_field(world, program, changed, status, field):
    if "clip_id" in changed:
        changed = {"clip_id": str(world.elsewhere.clip.id)}
    sent = {"recording_id": str(world.own.recording.id), "description": "The arrest"} | changed
    answered, said = program(Role.INVESTIGATOR).post("/exhibits", sent)
    assert (answered, [fault["field"] for fault in said["errors"]]) == (status, [field])


def test_someone_who_is_no_officer_says_who_produces_it(world, program):
    world.become(Role.INVESTIGATOR)
    world.asker.officer = None
    world.asker.save()
    try:
        sent = {"recording_id": str(world.own.recording.id), "description": "The arrest"}
        status, said = program(Role.INVESTIGATOR).post("/exhibits", sent)
    finally:
        world.asker.officer = world.own.officer
    assert (status, said["errors"][0]["field"]) == (422, "producer")


def test_a_pack_is_asked_for_and_followed(world, program):
    discloser, exhibit = program(Role.DISCLOSURE_OFFICER), world.elsewhere.exhibit
    status, asked = discloser.post(f"/exhibits/{exhibit.id}/packs")
    assert (status, asked["state"], asked["download_url"], asked["sha256"]) == (201, "requested", None, None)
    assert asked["reference"] == exhibit.reference
    assert [str(one) for one in subjects(EventKind.PACK_REQUESTED)] == [asked["id"]]
    _, listed = discloser.get(f"/exhibits/{exhibit.id}/packs")
    assert [pack["id"] for pack in listed] == [asked["id"], str(world.elsewhere.pack.id)]
    _, built = discloser.get(f"/packs/{world.elsewhere.pack.id}")
    assert built["download_url"] == f"/download/packs/{world.elsewhere.pack.id}"
    assert built["sha256"] == bytes(world.elsewhere.pack.object.sha256).hex()


def test_who_may_not_download_a_pack_is_not_told_where_it_is(world, program):
    status, said = program(Role.AUDITOR).get(f"/packs/{world.own.pack.id}")
    assert (status, said["state"], said["download_url"]) == (200, "built", None)


def test_a_hold_is_placed_seen_and_released(world, program):
    manager, recording = program(Role.RECORDS_MANAGER), world.elsewhere.recording
    sent = {"kind": "inquest", "reason": "Inquest of 12 May"}
    status, hold = manager.post(f"/recordings/{recording.id}/holds", sent)
    assert (status, hold["kind"], hold["placed_by"], hold["released_at"]) == (201, "inquest", "Asker", None)
    status, kept = manager.get(f"/recordings/{recording.id}/retention")
    assert status == 200
    assert kept["holds"][0] == hold
    assert "Inquest hold" in kept["decision"]["held_by"]
    assert kept["decision"]["rule"] == "uncategorised"
    assert kept["disposal"] is None
    assert subjects(EventKind.RECORDING_VIEWED) == [recording.id]
    status, released = manager.post(f"/holds/{hold['id']}/release", {"reason": "Concluded"})
    assert status == 200
    assert released["released_at"] is not None
    assert manager.post(f"/holds/{hold['id']}/release", {"reason": "Again"})[0] == 409


def test_the_plan_says_what_would_be_disposed_of(world, program):
    recording = world.own.recording
    Hold.objects.filter(recording=recording).delete()
    world.own.pack.delete()
    world.own.exhibit.delete()
    recording.links.all().delete()
    manager = program(Role.RECORDS_MANAGER)
    _, now = manager.get("/retention/plan", as_of=FILMED_AT.isoformat())
    assert (now["due_count"], now["due"]) == (0, [])
    status, later = manager.get("/retention/plan", as_of=(FILMED_AT + timedelta(days=32)).isoformat())
    assert (status, later["due_count"], later["by_rule"]) == (200, 1, {"uncategorised": 1})
    assert later["due_size_bytes"] == recording.size_bytes
    assert [due["recording_id"] for due in later["due"]] == [str(recording.id)]
    assert later["policy"] == "England and Wales"
    _, counted = manager.get("/retention/plan", as_of=later["as_of"], limit=0)
    assert (counted["due_count"], counted["due"]) == (1, [])
    dispose(FILMED_AT + timedelta(days=33))
    _, kept = manager.get(f"/recordings/{recording.id}/retention")
    assert (kept["disposal"]["rule"], kept["disposal"]["removed_at"]) == ("uncategorised", None)
    assert manager.get("/retention/plan", limit=-1)[0] == 422
