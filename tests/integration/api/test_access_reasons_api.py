"""Why is this opened? A program says so in a header; where a reason is required, nothing is answered without."""

import json

import pytest
from tests.integration.api.access_world import events

from tabard.custody.kinds import EventKind
from tabard.people.rules import Role

HEADER = "X-Access-Reason"
VIEWED = {
    "/recordings/{0.recording.id}": EventKind.RECORDING_VIEWED,
    "/recordings/{0.recording.id}/history": EventKind.RECORDING_VIEWED,
    "/segments/{0.segment.id}": EventKind.RECORDING_VIEWED,
    "/clips/{0.clip.id}": EventKind.RECORDING_VIEWED,
    "/exhibits/{0.exhibit.id}": EventKind.EXHIBIT_VIEWED,
    "/incidents/{0.incident.id}": EventKind.INCIDENT_VIEWED,
}


@pytest.mark.parametrize("path", VIEWED)
def test_required_answers_a_problem_that_names_the_header_and_logs_no_look(world, program, settings, path):
    settings.TABARD_ACCESS_REASON = "required"
    client, address = program(Role.INVESTIGATOR), path.format(world.own)
    before = len(events(VIEWED[path]))
    status, said = client.get(address)
    assert (status, said["code"], said["errors"][0]["field"]) == (422, "access_reason_needed", HEADER)
    assert HEADER in said["detail"]
    assert len(events(VIEWED[path])) == before
    status, _ = client.ask("GET", address, **{HEADER: "Investigation: CAD 4821"})
    assert status == 200
    assert events(VIEWED[path])[0].details["reason"] == "Investigation: CAD 4821"


def test_prompted_answers_and_logs_that_no_reason_was_given(world, program):
    assert program(Role.INVESTIGATOR).get(f"/recordings/{world.own.recording.id}")[0] == 200
    assert events(EventKind.RECORDING_VIEWED)[0].details == {"reason": None}


def test_off_logs_nothing_of_it(world, program, settings):
    settings.TABARD_ACCESS_REASON = "off"
    assert program(Role.INVESTIGATOR).get(f"/recordings/{world.own.recording.id}")[0] == 200
    assert events(EventKind.RECORDING_VIEWED)[0].details == {}


def test_a_header_in_utf_8_is_kept_as_it_was_meant(world, program):
    said = "Enquête n° 12".encode().decode("latin-1")
    program(Role.INVESTIGATOR).ask("GET", f"/recordings/{world.own.recording.id}", **{HEADER: said})
    assert events(EventKind.RECORDING_VIEWED)[0].details == {"reason": "Enquête n° 12"}


@pytest.mark.parametrize("said", ["", "   ", "x" * 201, "a\x07b"])
def test_a_header_that_can_be_no_reason_is_refused_by_name(world, program, said):
    status, problem = program(Role.INVESTIGATOR).ask(
        "GET", f"/recordings/{world.own.recording.id}", **{HEADER: said}
    )
    assert (status, problem["errors"][0]["field"]) == (422, HEADER)


def test_the_description_names_the_header_where_an_item_is_opened_and_nowhere_else(client):
    described = json.loads(client.get("/api/v1/openapi.json").content)
    taking = {
        path.removeprefix("/api/v1")
        for path, methods in described["paths"].items()
        for operation in methods.values()
        if any(parameter["name"] == HEADER for parameter in operation.get("parameters", []))
    }
    names = {"recording", "segment", "clip", "exhibit", "incident"}
    opened = {path.replace("{0.", "{").replace(".id}", "_id}") for path in VIEWED}
    assert opened <= taking
    assert all(any(f"{{{name}_id}}" in path for name in names) for path in taking)
