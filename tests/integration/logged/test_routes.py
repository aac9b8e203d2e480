"""Nothing is shown or done unlogged: every route leaves exactly its event, and without it gives nothing."""

import pytest
from django.test import Client
from tests.disposals import noticed, stopped_run
from tests.integration.api.access_world import staged, undone
from tests.integration.logged.routes import LEAVES, LEAVES_NONE, SEARCHES
from tests.integration.logged.watching import broken_log, known, new_since, objects, rows
from tests.integration.web.serving import session_cookie
from tests.integration.web.test_access_walk import ROUTES
from tests.policies import waiting_policy

from tabard.people.rules import Role

NAMED = {route.name: route for route in ROUTES}


@pytest.fixture(scope="module")
def force(django_db_setup, django_db_blocker, tmp_path_factory):
    with django_db_blocker.unblock(), staged(tmp_path_factory.mktemp("home")) as built:
        yield built


@pytest.fixture
def client(force, db):
    """Someone who may do everything."""
    with undone():
        stopped_run()  # which, like the policy, the walk would make as it asks
        waiting_policy("steward")
        noticed(force.own.free, force.own.unlinked_incident)
        found = Client(raise_request_exception=False)
        found.cookies.load(dict(session_cookie(force.become(*Role))))
        yield found


def content_of(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_every_route_says_what_it_leaves():
    undeclared = sorted(set(NAMED) - set(LEAVES) - set(LEAVES_NONE))
    assert not undeclared, (
        f"Nothing says which event these leave: {undeclared}. Write it in LEAVES of "
        "tests/integration/logged/routes.py, or the reason why they leave none in LEAVES_NONE."
    )
    assert sorted((set(LEAVES) | set(LEAVES_NONE)) - set(NAMED)) == [], "these are declared and are no more"


@pytest.mark.parametrize("name", NAMED)
def test_it_leaves_exactly_its_event(client, force, name):
    before = known()
    content_of(NAMED[name].send(client, force.own, force))
    found = new_since(before)
    assert sorted(event.kind for event in found) == sorted(kind.value for kind in LEAVES.get(name, ()))
    assert {event.particulars.actor_id for event in found} <= {str(force.asker.pk)}


@pytest.mark.parametrize("name", LEAVES)
def test_without_its_event_it_shows_and_changes_nothing(client, force, name):
    before = rows(), objects()
    with broken_log():
        response = NAMED[name].send(client, force.own, force)
        given = content_of(response)
    assert response.status_code in {500, 503}, given[:300]
    assert (rows(), objects()) == before
    for secret in (force.own.recording.camera_serial, force.own.incident.title, "Brixton Road"):
        assert secret.encode() not in given


@pytest.mark.parametrize("path", SEARCHES)
def test_a_search_is_logged_or_finds_nothing(client, force, path):
    before = known()
    assert client.get(path).status_code == 200
    assert [event.kind for event in new_since(before)] == ["recordings.searched"]
    with broken_log():
        response = client.get(path)
    assert response.status_code in {500, 503}
    assert force.own.recording.camera_serial.encode() not in content_of(response)


def test_what_belongs_to_a_page_is_covered_by_the_look_at_it(client, force):
    before = known()
    for name in ("GET recording", "GET recording-track", "GET recording-track"):
        NAMED[name].send(client, force.own, force)
    assert [event.kind for event in new_since(before)] == ["recording.viewed"]
