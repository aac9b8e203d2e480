"""A dock signs in with what only it can sign, once, within minutes; and learns what became of its files."""

import hashlib
import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.integration.docks.conftest import BY, DAY_ONE, base64url

from tabard.custody.kinds import EventKind
from tabard.custody.models import Event
from tabard.fleet.docks import enrol_key, revoke_key
from tabard.fleet.errors import AlreadyReceived
from tabard.fleet.models import DockNonce
from tabard.intake.docks import sessions
from tabard.kernel import clock
from tabard.kernel.errors import Invalid


def test_a_session_says_what_the_dock_needs_to_know(dock):
    said = dock.sign_in().said
    assert said["dock"] == str(dock.row.pk)
    assert set(said) == {"token", "expires_at", "dock", "server_time", "limits"}
    assert said["limits"]["uploads"] == 16


@pytest.mark.parametrize(
    "change",
    [
        lambda dock: dock.statement(host="elsewhere.example"),
        lambda dock: dock.statement(private=Ed25519PrivateKey.generate()),
        lambda dock: dock.statement(key_id="0123456789abcdef"),
        lambda dock: dock.statement(nonce="short"),
        lambda dock: {**dock.statement(), "signature": "AAAA"},
        lambda dock: {**dock.statement(), "signed_at": "yesterday"},
    ],
)
def test_what_is_wrong_is_not_said(dock, change):
    answer = dock.sign_in(change(dock))
    assert (answer.status, answer.code) == (401, "not_signed_in")


def test_a_statement_is_good_once(dock):
    said = dock.statement()
    assert [dock.sign_in(said).status for _ in range(2)] == [200, 401]


def test_a_nonce_is_forgotten_once_it_could_not_be_used_any_more(dock):
    DockNonce.objects.update(signed_at=clock.now() - timedelta(minutes=11))
    dock.sign_in()
    assert DockNonce.objects.filter(key=dock.key).count() == 1


def test_a_clock_that_is_off_is_told_the_time(dock):
    answer = dock.sign_in(dock.statement(at=clock.now() - timedelta(minutes=6)))
    assert (answer.status, answer.code) == (401, "clock_off")
    assert "server_time" in answer.said


def test_a_revoked_key_does_not_sign_in(dock):
    revoke_key(key=dock.key, by=BY, at=clock.now())
    revoke_key(key=dock.key, by=BY, at=clock.now())
    assert dock.sign_in().status == 401
    kinds = Event.objects.filter(subject_id=dock.row.pk).values_list("kind", flat=True)
    assert list(kinds).count(EventKind.DOCK_KEY_REVOKED.value) == 1


def test_a_session_ends_after_an_hour(dock):
    dock.token = sessions.issue(dock.key, clock.now() - timedelta(hours=1))
    assert dock.post("status/find", {"sha256": []}).status == 401


def test_a_token_of_another_door_is_none_here(dock):
    from tabard.intake.axis import tokens

    dock.token = tokens.issue(dock.key.pk, clock.now())
    assert dock.post("status/find", {"sha256": []}).status == 401


def test_a_key_is_enrolled_once(dock):
    with pytest.raises(AlreadyReceived):
        enrol_key(dock=dock.row, public_key=base64url(dock.public), name="again", by=BY, at=DAY_ONE)


@pytest.mark.parametrize(
    "text", ["", "short", "A" * 42 + "*", base64url(bytes(31)), base64url(bytes(32)) + "="]
)
def test_what_is_no_key_is_refused(dock, text):
    with pytest.raises(Invalid, match="43 characters"):
        enrol_key(dock=dock.row, public_key=text, name="x", by=BY, at=DAY_ONE)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/dock/v1/session", None, 405),
        ("POST", "/dock/v1/session", b"no json", 400),
        ("POST", "/dock/v1/session", b"[]", 400),
        ("POST", "/dock/v1/session", b"{}", 400),
        ("POST", "/dock/v1/nothing", b"{}", 400),
        ("GET", "/dock/v1/uploads/01980000-0000-7000-8000-000000000000", None, 404),
        ("POST", "/dock/v1/status/find", b'{"sha256": ["xyz"]}', 400),
        ("POST", "/dock/v1/status/find", b'{"sha256": "xyz"}', 400),
        ("POST", "/dock/v1/permits", b"{}", 400),
        ("POST", "/dock/v1/erasures", b'{"permit": "x"}', 400),
        ("POST", "/dock/v1/report", b"[" * 100_000, 400),
        ("POST", "/dock/v1/report", b" " * 600_000, 413),
    ],
)
def test_requests_that_are_not_as_they_should_be(dock, method, path, body, status):
    assert dock.ask(method, path, body=body).status == status


def test_files_are_found_by_their_hash_sealed_or_on_their_way(dock, another_dock, footage):
    sealed, coming, foreign = footage(100), footage(200), footage(300)
    first = dock.send(sealed)
    second = dock.opened(200, sha256=hashlib.sha256(coming).hexdigest()).removeprefix("/tus/")
    another_dock().send(foreign)
    hashes = [hashlib.sha256(each).hexdigest() for each in (sealed, coming, foreign, b"nowhere")]
    found = dock.post("status/find", {"sha256": hashes}).said["found"]
    assert found == {hashes[0]: first, hashes[1]: second}


def test_how_far_a_file_is(dock, footage, secured):
    data = footage(1000)
    place = dock.opened(1000)
    dock.patch(place, 0, data[:400])
    upload = place.removeprefix("/tus/")
    said = dock.status(upload)
    assert (said["state"], said["offset"], said["object"]) == ("receiving", 400, None)
    dock.patch(place, 400, data[400:])
    said = dock.status(upload)
    assert (said["state"], said["waits_for"]) == ("sealed", ["store a", "checkpoint"])
    assert said["sha256"] == hashlib.sha256(data).hexdigest()
    secured()
    assert (dock.status(upload)["state"], dock.status(upload)["waits_for"]) == ("secured", [])


def test_what_was_given_up_is_expired(dock):
    place = dock.opened(10)
    dock.delete(place)
    assert dock.status(place.removeprefix("/tus/"))["state"] == "expired"


def test_the_door_answers_json_that_python_can_read_back(dock):
    answer = dock.ask("GET", "/dock/v1/uploads/01980000-0000-7000-8000-000000000000")
    assert json.loads(answer.body)["type"] == "urn:tabard:problem:upload_unknown"
