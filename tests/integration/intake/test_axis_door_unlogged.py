"""The door takes nothing in that cannot be logged: the sender is told to try again, and keeps its file."""

import pytest
from tests.integration.logged.watching import broken_log, known, new_since, objects, rows

BOX, FILE = "20260302T090500Z_7f3a", "20260302T090500Z_7f3a.mp4"
LEAVES = {
    "an object": (lambda client: client.put(BOX, FILE, body=b"footage"), "object.sealed"),
    "what is said of an object": (
        lambda client: client.post(BOX, FILE, meta={"Tag": "x"}),
        "object.described",
    ),
    "the end of a recording": (
        lambda client: client.post(BOX, meta={"Status": "Complete"}),
        "recording.sealed",
    ),
    "what is said later": (lambda client: client.post(BOX, meta={"Category": "arrest"}), "object.described"),
    "a file that comes late": (lambda client: client.put(BOX, "late.mp4", body=b"late"), "object.sealed"),
    "other bytes": (lambda client: client.put(BOX, FILE, body=b"other"), "object.conflicted"),
}


def test_every_write_leaves_its_event_and_is_refused_without_it(client, stored):
    assert client.put(BOX).status == 201
    for what, (send, kind) in LEAVES.items():
        before, seen = (rows(), objects()), known()
        with broken_log():
            assert send(client).status in {500, 503}, what
        assert (rows(), objects()) == before, what
        assert stored()[1] == 0, what
        assert send(client).status in {200, 201, 202, 204}, what
        assert [event.kind for event in new_since(seen)] == [kind], what


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_what_the_door_says_of_an_object_is_no_footage(client, method):
    """The protocol lets a sender ask what it sent; nothing of the bytes comes back."""
    client.put(BOX)
    client.put(BOX, FILE, body=b"footage of somebody")
    answer = client.ask(method, client.path(BOX, FILE), {"X-Auth-Token": client.token})
    assert b"footage of somebody" not in answer.body
