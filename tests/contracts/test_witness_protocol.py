"""C2SP tlog-witness spoken with a real witness process over HTTP."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.small_log import SmallLog
from tests.witness_process import WitnessProcess

from tabard.merkle.note import SignedNote, open_note

LOG = SmallLog()
OTHER = SmallLog("other.example/log", seed=4)
FORK = SmallLog(history="'")
TEXT = "text/plain; charset=utf-8"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    logs = [LOG.vkey, OTHER.vkey, *(fresh(number).vkey for number in range(4))]
    with WitnessProcess(tmp_path_factory.mktemp("witness") / "home", logs) as witness:
        witness.add(LOG.request(0, 5))
        yield witness


def fresh(number: int) -> SmallLog:
    """A log that the witness knows and no other test speaks for."""
    return SmallLog(f"fresh.example/{number}", seed=20 + number)


def test_200_with_the_cosignature_line_and_nothing_else(running):
    log = fresh(0)
    answer = running.add(log.request(0, 7))
    assert (answer.status_code, answer.headers["content-type"]) == (200, TEXT)
    note = open_note(log.note(7) + answer.content, [log.signer.vkey, running.key])
    assert note.verified_by == (log.signer.vkey, running.key)
    assert len(answer.content.splitlines()) == 1
    assert running.add(log.request(7, 7)).status_code == 200
    assert running.add(log.request(7, 20)).status_code == 200


REFUSED = {
    "400 malformed": (b"old 0\n", 400, TEXT, None),
    "400 old size above the checkpoint's": (LOG.request(9, 5, proof=[]), 400, TEXT, None),
    "403 not signed by a key it trusts": (SmallLog(seed=9).request(0, 5), 403, TEXT, None),
    "404 unknown origin": (SmallLog("nobody.example", seed=9).request(0, 5), 404, TEXT, None),
    "409 with the size it saw": (LOG.request(0, 9), 409, "text/x.tlog.size", b"5\n"),
    "409 another tree of that size": (FORK.request(5, 5), 409, "text/x.tlog.size", b"5\n"),
    "422 another history": (FORK.request(5, 9), 422, TEXT, None),
    "422 no proof": (LOG.request(5, 9, proof=[]), 422, TEXT, None),
}


@pytest.mark.parametrize(("body", "status", "content_type", "content"), REFUSED.values(), ids=REFUSED)
def test_what_the_protocol_says_to_everything_else(running, body, status, content_type, content):
    answer = running.add(body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, content_type)
    assert content is None or answer.content == content
    assert "—".encode() not in answer.content
    kept = running.latest("log.example")
    assert SignedNote.parse(kept.content).text == LOG.head(5).to_text()


def test_409_with_zero_for_a_log_it_never_cosigned(running):
    answer = running.add(OTHER.request(4, 9))
    assert (answer.status_code, answer.content) == (409, b"0\n")


def test_what_it_cosigned_last_can_be_read_by_anybody(running):
    log = fresh(1)
    assert running.latest(log.signer.name).status_code == 404
    cosignature = running.add(log.request(0, 3)).content
    answer = running.latest(log.signer.name)
    assert (answer.status_code, answer.headers["content-type"]) == (200, TEXT)
    assert answer.content == log.note(3) + cosignature
    assert running.latest("nobody.example").status_code == 404
    assert httpx.get(f"{running.url}/latest", trust_env=False).status_code == 400


def test_a_body_longer_than_any_request_is_not_read(running):
    too_long = b"old 5\n" + b"A" * 70_000
    assert running.add(too_long).status_code == 413
    pieces = (b"old 5\n" * 1000 for _ in range(1000))
    try:
        answer = httpx.post(f"{running.url}/add-checkpoint", content=pieces, timeout=20, trust_env=False)
    except httpx.TransportError:  # it may hang up before all is sent
        return
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/add-checkpoint", 405), ("POST", "/latest", 405), ("GET", "/", 404), ("GET", "/x/latest", 404)],
)
def test_there_is_nothing_else(running, method, path, status):
    assert httpx.request(method, running.url + path, trust_env=False).status_code == status


def test_many_at_once_for_one_log_are_answered_one_after_another(running):
    """From one old size only one request can win, whatever it asks for; the others are told what was cosigned."""
    log = fresh(2)
    assert running.add(log.request(0, 5)).status_code == 200
    sizes = [6, 7, 9, 12, 15, 20, 33, 64] * 3
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda size: running.add(log.request(5, size)), sizes))
    (won,) = (size for size, answer in zip(sizes, answers, strict=True) if answer.status_code == 200)
    refused = [answer for answer in answers if answer.status_code != 200]
    # An old size above the checkpoint's own is said to be malformed before sizes are compared.
    assert {answer.status_code for answer in refused} == {409}
    assert {answer.content for answer in refused} == {f"{won}\n".encode()}


def test_connections_are_kept(running):
    log = fresh(3)
    with httpx.Client(trust_env=False) as client:
        for old, new in ((0, 3), (3, 8), (8, 8), (2, 9)):
            answer = client.post(f"{running.url}/add-checkpoint", content=log.request(old, new))
        assert (answer.status_code, answer.content) == (409, b"8\n")
        pool = client._transport._pool
        assert len(pool.connections) == 1
