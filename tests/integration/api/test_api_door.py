"""Who gets in, what the description says, and how every failure is told."""

import json
import logging

import pytest
from django.test import Client
from tests.integration.api.access_world import PASSWORD, events
from tests.integration.api.conftest import Program

from tabard.api.api import NOUNS
from tabard.api.operations import Operations, SignedIn
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import Integrity, Unavailable
from tabard.people import selectors as people
from tabard.people.models import Account
from tabard.people.rules import Action, Role
from tabard.recordings import selectors

PROBLEM = {"type", "title", "status", "detail", "code", "fields", "errors"}


@pytest.fixture
def described(client):
    response = client.get("/api/v1/openapi.json")
    assert response.status_code == 200
    return response.json()


def operations(described):
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_the_description_is_openapi_3_1_and_needs_no_session(described):
    assert described["openapi"] == "3.1.0"
    assert described["info"]["title"] == "Tabard"
    assert len(list(operations(described))) > 40


def test_every_operation_says_its_action_its_summary_and_its_problems(described):
    actions = {action.value for action in Action} | {access.value for access in SignedIn}
    for method, path, operation in operations(described):
        where = f"{method} {path}"
        assert operation["x-action"] in actions, where
        assert 10 < len(operation["summary"]) < 140, where
        assert operation["security"] == [{"SessionCookie": []}], where
        problems = {
            code for code, answer in operation["responses"].items() if "problem" in json.dumps(answer)
        }
        assert {"401", "403", "422"} <= problems, where
        assert ("404" in problems) == ("{" in path), where
        headers = [sent["name"] for sent in operation["parameters"] if sent["in"] == "header"]
        asks_why = ["X-Access-Reason"] if "X-Access-Reason" in headers else []
        assert sorted(headers) == asks_why + ([] if method == "get" else ["X-CSRFToken"]), where
        assert asks_why or not path.endswith("/history.pdf"), where
        (good,) = [code for code in operation["responses"] if code.startswith("2")]
        assert (good == "204") == ("content" not in operation["responses"][good]), where


def test_operation_ids_are_unique_and_every_reference_leads_somewhere(described):
    ids = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(ids) == len(set(ids))
    schemas = described["components"]["schemas"]
    text = json.dumps(described)
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= set(schemas)
    assert set(schemas["Problem"]["properties"]) == PROBLEM
    assert described["components"]["securitySchemes"]["SessionCookie"]["in"] == "cookie"


def test_every_path_parameter_is_described(described):
    for method, path, operation in operations(described):
        named = {sent["name"] for sent in operation["parameters"] if sent["in"] == "path"}
        assert named == {part.split("}")[0] for part in path.split("{")[1:]}, f"{method} {path}"


def test_an_operation_cannot_be_registered_without_its_action():
    with pytest.raises(TypeError, match="access"):
        Operations("things").get("/things", answers=None)


def test_an_operation_that_slipped_past_the_register_is_closed():
    routers = [noun.router for noun in NOUNS]
    doors = [
        op.auth_callbacks
        for router in routers
        for view in router.path_operations.values()
        for op in view.operations
    ]
    assert all(len(door) == 1 and isinstance(door[0].access, Action | SignedIn) for door in doors)


def test_there_is_no_interactive_page(client):
    response = client.get("/api/v1/docs")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_someone_not_signed_in_is_told_so_and_not_led_to_a_page(world):
    response = Client().get("/api/v1/recordings")
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"] == 'Session realm="Tabard"'
    assert set(response.json()) == PROBLEM
    assert response.json()["code"] == "not_signed_in"
    assert Program().post("/incidents", {})[0] == 401


def test_the_session_ends_with_the_account(world, program):
    officer = program(Role.OFFICER)
    Account.objects.filter(id=world.asker.id).update(is_active=False)
    assert officer.get("/recordings")[0] == 401


def test_whatever_changes_something_needs_the_csrf_token(world, program):
    officer = program(Role.OFFICER, enforce_csrf_checks=True)
    path = f"/recordings/{world.own.recording.id}/category"
    status, said = officer.put(path, {"category": "crime"})
    assert (status, said["code"]) == (403, "csrf")
    assert events(EventKind.RECORDING_CATEGORISED) == []
    assert events(EventKind.ACCESS_REFUSED) == []
    assert officer.get("/session")[0] == 200
    token = officer.http.cookies["csrftoken"].value
    status, _ = officer.ask("PUT", path, {"category": "crime"}, **{"X-CSRFToken": token})
    assert status == 200


def test_the_session_of_the_sign_in_page_serves_the_api(world):
    world.become(Role.OFFICER)
    program = Program(enforce_csrf_checks=True)
    program.http.get("/sign-in")
    token = program.http.cookies["csrftoken"].value
    form = {"username": "asker", "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert program.http.post("/sign-in", form).status_code == 302
    status, said = program.get("/session")
    assert (status, said["name"], said["roles"]) == (200, "Asker", ["officer"])
    assert said["actions"]["recording.view"] == ["own"]
    assert "pack.build" not in said["actions"]


def test_signing_out_ends_the_session_and_is_logged(world, program):
    officer = program(Role.OFFICER)
    assert officer.ask("DELETE", "/session") == (204, b"")
    assert officer.get("/session")[0] == 401
    assert [event.subject_id for event in events(EventKind.ACCOUNT_SIGNED_OUT)] == [world.asker.id]


def test_a_refusal_is_told_without_the_item_and_logged_once_with_it(world, program):
    recording = world.elsewhere.recording
    status, said = program(Role.OFFICER).get(f"/recordings/{recording.id}")
    assert (status, said["code"], said["title"]) == (403, "denied", "Not allowed")
    assert said["type"] == "urn:tabard:problem:denied"
    assert said["detail"] == "recording.view is allowed only where the item is your own"
    assert said["fields"] == {"action": "recording.view"}
    (event,) = events(EventKind.ACCESS_REFUSED)
    assert (event.subject_type, event.subject_id) == ("recording", recording.id)
    assert event.details["action"] == "recording.view"
    assert event.actor_name == "Asker"


def test_a_closed_door_is_told_before_the_body_is_read(world, program):
    status, said = program(Role.AUDITOR).post("/exhibits", {"nonsense": True})
    assert (status, said["fields"]) == (403, {"action": "exhibit.produce"})
    (event,) = events(EventKind.ACCESS_REFUSED)
    assert (event.subject_type, event.actor_name) == ("force", world.asker.display_name)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/recordings/00000000-0000-7000-8000-000000000000", "not_found"),
        ("/recordings/not-an-id", "not_found"),
        ("/nothing", "not_found"),
        ("/", "not_found"),
    ],
)
def test_what_is_not_there_is_a_problem_too(program, path, code):
    status, said = program(Role.INVESTIGATOR).get(path)
    assert (status, said["code"], set(said)) == (404, code, PROBLEM)


def test_a_wrong_method_is_told_with_the_right_ones(program):
    response = program(Role.INVESTIGATOR).http.delete("/api/v1/incidents")
    assert response.status_code == 405
    assert sorted(response["Allow"].split(", ")) == ["GET", "POST"]
    assert response.json()["code"] == "method"


def test_a_body_that_is_no_json_is_malformed(world, program):
    response = program(Role.OFFICER).http.put(
        f"/api/v1/recordings/{world.own.recording.id}/category", b"{", content_type="application/json"
    )
    assert (response.status_code, response.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "2026-03-14T22:41:07"}, "since"),
        ({"flag": "purple"}, "flag"),
        ({"unit_id": "LX"}, "unit_id"),
        ({"words": "a\x00b"}, "words"),
        ({"word": "typo"}, "word"),
        ({"cursor": "yesterday"}, "cursor"),
    ],
)
def test_a_parameter_that_does_not_fit_is_named(program, query, field):
    status, said = program(Role.INVESTIGATOR).get("/recordings", **query)
    assert (status, [fault["field"] for fault in said["errors"]]) == (422, [field])
    assert said["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Unavailable("The store does not answer."), (503, "unavailable")),
        (Integrity("The bytes differ."), (500, "integrity")),
        (RuntimeError("secret"), (500, "unforeseen")),
    ],
)
def test_what_is_broken_is_logged_and_told_without_its_insides(program, monkeypatch, caplog, error, told):
    def broken(*args, **kwargs):
        raise error

    investigator = program(Role.INVESTIGATOR)
    monkeypatch.setattr(selectors, "page", broken)
    with caplog.at_level(logging.ERROR, "tabard.api.errors"):
        status, said = investigator.get("/recordings")
    assert (status, said["code"]) == told
    assert "secret" not in json.dumps(said)
    assert any(record.exc_info for record in caplog.records if record.name == "tabard.api.errors")


def test_units_stand_after_their_parents(world, program):
    _, said = program(Role.OFFICER).get("/units")
    assert [(unit["code"], unit["depth"]) for unit in said] == [
        (node.unit.code, node.depth) for node in people.unit_tree()
    ]
    assert said[0]["code"] == "MPS"
