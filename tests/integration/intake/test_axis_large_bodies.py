"""Large bodies on every way into the vault: read directly from the socket, or handed on by whatever server runs."""

import os
import socket
import time

import pytest

from tabard.intake.axis import receiving
from tabard.intake.axis.direct import WORTH_BYTES
from tabard.intake.models import ReceivedObject
from tabard.vault.services import open_object

BOX = "box"
LARGE = 3 * WORTH_BYTES + 12_345


@pytest.fixture
def box(client):
    assert client.put(BOX).status == 201
    return BOX


def kept(name):
    received = ReceivedObject.objects.get(name=name, conflicts_with__isnull=True)
    return b"".join(open_object(obj=received.object).read())


class Wire:
    """One connection, kept open, on which every byte is ours to choose."""

    def __init__(self, client):
        self.client = client
        self.socket = socket.create_connection(("127.0.0.1", client.port), timeout=30)
        self.answers = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answers.close()
        self.socket.close()

    def head(self, method, *names, length=None, extra=""):
        sized = "" if length is None else f"Content-Length: {length}\r\n"
        asked = f"{method} {self.client.path(*names)} HTTP/1.1\r\nHost: x\r\n"
        return f"{asked}X-Auth-Token: {self.client.token}\r\n{sized}{extra}\r\n".encode()

    def send(self, *pieces):
        for piece in pieces:
            self.socket.sendall(piece)

    def status(self):
        """The status of the next answer; its body is read and let go."""
        status = int(self.answers.readline().split()[1])
        length = 0
        while (line := self.answers.readline().strip().lower()) != b"":
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if status >= 200:
            self.answers.read(length)
        return status


@pytest.mark.parametrize(
    "door_server",
    [
        {"loop": "uvloop", "http": "httptools"},
        {"loop": "asyncio", "http": "h11"},
        {"loop": "asyncio", "http": "tabard.intake.axis.direct:DoorProtocol"},
    ],
    ids=["httptools", "h11", "direct on asyncio"],
)
def test_every_server_hands_on_every_byte(client, box):
    body = os.urandom(LARGE)
    assert client.put(box, "a.mkv", body=body).status == 201
    assert client.put(box, "b.mkv", body=iter([body[:100], body[100:]])).status == 201
    assert (kept("a.mkv"), kept("b.mkv")) == (body, body)


@pytest.mark.parametrize("size", [WORTH_BYTES, WORTH_BYTES + 1, 2 * WORTH_BYTES, 4 * WORTH_BYTES, LARGE])
def test_every_large_size_arrives_whole(client, box, size):
    body = os.urandom(size)
    assert client.put(box, "a.mkv", body=body).status == 201
    assert kept("a.mkv") == body


def test_many_large_bodies_at_once_do_not_mix(client, box, monkeypatch):
    monkeypatch.setattr(receiving, "ALL_BATCHES_BYTES", 0)  # the smallest batches: many turns each
    bodies = [os.urandom(WORTH_BYTES + number) for number in range(4)]
    with Wire(client) as a, Wire(client) as b, Wire(client) as c, Wire(client) as d:
        wires = [a, b, c, d]
        for number, wire in enumerate(wires):
            wire.send(wire.head("PUT", box, f"{number}.mkv", length=len(bodies[number])))
        for at in range(0, WORTH_BYTES + 4, 50_000):
            for number, wire in enumerate(wires):
                wire.send(bodies[number][at : at + 50_000])
        assert [wire.status() for wire in wires] == [201] * 4
    assert [kept(f"{number}.mkv") for number in range(4)] == bodies


def test_a_connection_is_good_for_the_next_request_after_a_large_body(client, box):
    first, second = os.urandom(LARGE), os.urandom(LARGE)
    with Wire(client) as wire:
        wire.send(wire.head("PUT", box, "a.mkv", length=LARGE), first)
        assert wire.status() == 201
        wire.send(wire.head("HEAD", box))
        assert wire.status() == 204
        wire.send(wire.head("PUT", box, "b.mkv", length=LARGE), second)
        assert wire.status() == 201
    assert (kept("a.mkv"), kept("b.mkv")) == (first, second)


def test_a_request_sent_right_behind_a_large_body_is_not_swallowed(client, box):
    body = os.urandom(LARGE)
    with Wire(client) as wire:
        wire.send(wire.head("PUT", box, "a.mkv", length=LARGE) + body + wire.head("HEAD", box))
        assert [wire.status(), wire.status()] == [201, 204]
        wire.send(wire.head("HEAD", box) + wire.head("PUT", box, "b.mkv", length=LARGE) + body)
        assert [wire.status(), wire.status()] == [204, 201]
    assert (kept("a.mkv"), kept("b.mkv")) == (body, body)


def test_a_large_body_that_is_refused_is_let_go_and_the_connection_lives(client, box):
    with Wire(client) as wire:
        wire.send(wire.head("PUT", "nowhere", "a.mkv", length=LARGE), bytes(LARGE))
        assert wire.status() == 404
        wire.send(wire.head("HEAD", box))
        assert wire.status() == 204
    assert not ReceivedObject.objects.exists()


def test_a_sender_that_asks_first_is_told_to_go_on(client, box):
    body = os.urandom(LARGE)
    with Wire(client) as wire:
        wire.send(wire.head("PUT", box, "a.mkv", length=LARGE, extra="Expect: 100-continue\r\n"))
        assert wire.status() == 100
        wire.send(body)
        assert wire.status() == 201
        wire.send(wire.head("PUT", "nowhere", "a.mkv", length=LARGE, extra="Expect: 100-continue\r\n"))
        assert wire.status() == 404
    assert kept("a.mkv") == body


def test_a_sender_that_hangs_up_in_the_middle_leaves_nothing(client, box, stored):
    with Wire(client) as wire:
        wire.send(wire.head("PUT", box, "a.mkv", length=LARGE), bytes(LARGE - 1))
        wait_until(lambda: stored() == (0, 1))
    wait_until(lambda: stored() == (0, 0))
    assert not ReceivedObject.objects.exists()


def test_a_sender_that_falls_silent_is_given_up_but_a_slow_one_is_not(client, box, stored, monkeypatch):
    monkeypatch.setattr(receiving, "SILENCE_S", 0.5)
    with Wire(client) as slow, Wire(client) as silent:
        silent.send(silent.head("PUT", box, "a.mkv", length=LARGE), b"x")
        slow.send(slow.head("PUT", box, "b.mkv", length=WORTH_BYTES))
        for _ in range(16):
            slow.send(bytes(WORTH_BYTES // 16))
            time.sleep(0.06)
        assert slow.status() == 201
        assert silent.status() == 503
    assert kept("b.mkv") == bytes(WORTH_BYTES)
    wait_until(lambda: stored() == (1, 0))


def wait_until(is_so):
    for _ in range(1000):
        if is_so():
            return
        time.sleep(0.01)
    pytest.fail("it did not come to be")
