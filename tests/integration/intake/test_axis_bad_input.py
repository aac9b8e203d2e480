"""Whatever comes in at the socket, the door stays up, keeps what it can keep, and says of the rest what it is."""

import contextlib
import os
import socket
import threading
import time
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabard.intake.axis import guarded, receiving
from tabard.intake.models import Container, ReceivedObject
from tabard.vault.services import open_object

BOX = "0b0f4c5e_B8A44F000001_20261104T211403Z"

KEPT = {
    "4-byte UTF-8": quote("🎥 Café 身元.mkv"),
    "255 bytes": quote("é" * 127 + "x"),
    "reserved by Windows": "CON.mkv",
    "reserved by Windows, bare": "aux",
    "an alternate stream of Windows": "a.mkv:hidden",
    "a drive": "C:",
    "dots, but no folder": "...",
    "ends in a dot and a space": "a.%20",
    "quotes and angles": quote("<img src=x onerror=alert(1)>\"'`.mkv"),
    "looks like an option": "-rf",
    "a percent sign": "100%25.mkv",
    "right to left": quote("\u202egpj.exe"),
}
REFUSED = {
    "a folder above": "..",
    "a folder above, escaped": "%2e%2e",
    "here": ".",
    "a slash": "a%2Fb",
    "a way out": "..%2F..%2Fetc%2Fpasswd",
    "NUL": "a%00.mkv",
    "a line break": "a%0D%0AX-Evil:%201",
    "an escape": "%1b%5B2J",
    "C1 control": "%C2%85",
    "no UTF-8": "%FF%FE",
    "half a surrogate": "%ED%A0%80",
    "overlong": "%C0%AE%C0%AE",
    "a broken escape": "a%2",
    "no name": "",
    "256 bytes": "x" * 256,
    "three levels deep": "a/b",
    "six levels deep": "a/b/c/d/e",
}


class Raw:
    """One connection on which every byte is ours to choose."""

    def __init__(self, client):
        self.client = client
        self.socket = socket.create_connection(("127.0.0.1", client.port), timeout=20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def put(self, name, *headers, body=b""):
        lines = [
            f"PUT {self.client.path(BOX)}/{name} HTTP/1.1",
            "Host: x",
            f"X-Auth-Token: {self.client.token}",
        ]
        self.socket.sendall("\r\n".join([*lines, *headers, "", ""]).encode() + body)

    def status(self):
        """The status of the answer; 0 where the connection was closed without one."""
        try:
            line = self.socket.makefile("rb").readline()
        except ConnectionError:
            return 0
        return int(line.split()[1]) if line else 0


@pytest.fixture
def box(client):
    assert client.put(BOX).status == 201
    return BOX


def is_well(client):
    return client.ask("GET", "/healthz").status == 200 and client.put(BOX).status == 202


def test_names_are_kept_as_they_came_or_refused_for_ever(client, box, stored):
    token = {"X-Auth-Token": client.token}
    statuses = {}
    for what, name in {**KEPT, **REFUSED}.items():
        answer = client.ask("PUT", f"{client.path(BOX)}/{name}", token, b"footage")
        statuses[what] = answer.status
    assert {what for what, status in statuses.items() if status == 201} == set(KEPT)
    assert {statuses[what] for what in REFUSED} == {400}
    assert ReceivedObject.objects.count() == len(KEPT)
    for what, name in KEPT.items():
        assert client.ask("HEAD", f"{client.path(BOX)}/{name}", token).status == 200, what
    files, partial = stored()
    assert (files, partial) == (len(KEPT), 0), "each stands under an id of ours, and nothing else was written"
    assert client.post(BOX, meta={"Status": "Complete"}).status == 204
    recording = Container.objects.get().recording
    assert recording.attachments.count() + recording.segments.count() == len(KEPT)


def test_a_lying_length_keeps_nothing_that_is_not_whole(client, box, stored):
    cases = {
        "longer than what comes": (["Content-Length: 100"], b"x" * 40, {0}),
        "negative": (["Content-Length: -1"], b"x", {400}),
        "no number": (["Content-Length: many"], b"x", {400}),
        "two that differ": (["Content-Length: 3", "Content-Length: 4"], b"xxxx", {400}),
        "larger than any number": ([f"Content-Length: {10**40}"], b"x", {400}),
        "larger than any disk": ([f"Content-Length: {2**62}"], b"x", {503}),
        "none, in chunks that break off": (["Transfer-Encoding: chunked"], b"5\r\nab", {0}),
        "none, in chunks that are none": (["Transfer-Encoding: chunked"], b"zz\r\nab\r\n", {0, 400}),
        "a length and chunks": (
            ["Content-Length: 3", "Transfer-Encoding: chunked"],
            b"5\r\nabcde\r\n0\r\n\r\n",
            {400},
        ),
    }
    for what, (headers, body, allowed) in cases.items():
        with Raw(client) as raw:
            raw.put("a.mkv", *headers, body=body)
            if allowed == {0}:
                raw.socket.shutdown(socket.SHUT_WR)
            assert raw.status() in allowed, what
    wait_until(lambda: stored()[1] == 0)
    assert not ReceivedObject.objects.exists()
    with Raw(client) as raw:  # shorter than what comes: the rest is no request, and may be told so first
        raw.put("short.mkv", "Content-Length: 3", body=b"abcdefgh")
        assert raw.status() in {201, 400}
    assert is_well(client)
    wait_until(lambda: stored()[1] == 0)
    assert all(
        b"".join(open_object(obj=each.object).read()) == b"abc" for each in ReceivedObject.objects.all()
    )


def test_a_head_is_bounded_in_size(client, box):
    floods = {
        "one endless header": b"X-Object-Meta-A: " + b"a" * 3_000_000,
        "endlessly many headers": b"X-Object-Meta-A: a\r\n" * 150_000,
        "an endless path": b"",
    }
    for what, flood in floods.items():
        with Raw(client) as raw:
            start = b"PUT /v1/" + (b"a" * 3_000_000 if not flood else b"x/y/z HTTP/1.1\r\nHost: x\r\n")
            with contextlib.suppress(ConnectionError):
                raw.socket.sendall(start + flood)
            assert raw.status() in {0, 400}, what
    with Raw(client) as raw:  # more metadata than is kept, in a head that is not too large
        raw.put(
            "a.mkv",
            *(f"X-Object-Meta-K{n}: {'v' * 1000}" for n in range(100)),
            "Content-Length: 1",
            body=b"x",
        )
        assert raw.status() == 400
    assert is_well(client)


def test_who_never_finishes_a_head_is_hung_up_on_and_keeps_nobody_out(client, box, monkeypatch):
    monkeypatch.setattr(guarded, "HEAD_S", 1.0)
    drips = [b"P", b"PUT /v1/x", b"PUT /v1/x/y HTTP/1.1\r\nHost: x\r\nX-A: ", b"\r\n", b""]
    senders = [Raw(client) for _ in range(100)]
    for number, raw in enumerate(senders):
        raw.socket.sendall(drips[number % len(drips)])
    assert is_well(client)
    began = time.monotonic()
    for raw in senders:
        with raw:
            assert raw.status() == 0
    assert time.monotonic() - began < 15
    with Raw(client) as raw:  # a good request first does not buy any more time
        raw.socket.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert raw.status() == 200
        raw.socket.sendall(b"GET /heal")
        raw.socket.settimeout(10)
        while raw.socket.recv(1000):
            pass


@pytest.mark.parametrize("length", [100_000, 5_000_000], ids=["received", "read directly"])
def test_who_drips_a_body_loses_the_place_that_others_need(client, box, stored, monkeypatch, length):
    monkeypatch.setattr(receiving, "SILENCE_S", 1.0)
    with Raw(client) as raw:
        raw.put("a.mkv", f"Content-Length: {length}")
        stop = threading.Event()

        def drip():
            while not stop.wait(0.05):
                try:
                    raw.socket.sendall(b"x")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        assert raw.status() in {503, 0}
        stop.set()
        thread.join()
    wait_until(lambda: stored() == (0, 0))


def test_every_method_and_every_upgrade_is_answered(client, box):
    for method in ("GET", "PUT", "BREW", "CONNECT", "TRACE", "PROPFIND", "get"):
        with Raw(client) as raw:
            raw.socket.sendall(f"{method} /nowhere HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert raw.status() == 400, method
    with Raw(client) as raw:
        raw.socket.sendall(
            b"GET /v1/x/y HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert raw.status() in {400, 401}
    assert is_well(client)


PIECES = st.sampled_from(
    [
        b"PUT /v1/",
        b"GET /auth/v1.0",
        b"POST /v1/a/b/c/d",
        b" HTTP/1.1\r\n",
        b" HTTP/9.9\r\n",
        b" HTTP/0.9\r\n",
        b"Host: x\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 99999999999\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Expect: 100-continue\r\n",
        b"X-Auth-Token: x\r\n",
        b"X-Object-Meta-A: %ff%00\r\n",
        b" folded: header\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"5\r\nhello\r\n0\r\n\r\n",
        b"-1\r\n",
        b"ffffffffffffffff\r\n",
        b"\x16\x03\x01\x02\x00",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x00",
        b"%",
        b"../../",
    ]
)
JUNK = st.lists(PIECES | st.binary(max_size=64), max_size=12).map(b"".join)


def test_the_door_survives_whatever_is_sent(client, box, stored):
    @settings(max_examples=int(os.environ.get("TABARD_FUZZ_EXAMPLES") or 150), deadline=None, database=None)
    @given(junk=JUNK, with_head=st.booleans())
    def survives(junk, with_head):
        head = (
            f"PUT {client.path(BOX)}/a HTTP/1.1\r\nX-Auth-Token: {client.token}\r\n".encode()
            if with_head
            else b""
        )
        with Raw(client) as raw:
            try:
                raw.socket.sendall(head + junk)
                raw.socket.shutdown(socket.SHUT_WR)
                while raw.socket.recv(65_536):
                    pass
            except ConnectionError:
                pass

    survives()
    assert is_well(client)
    wait_until(lambda: stored()[1] == 0)
    assert stored()[0] == ReceivedObject.objects.count()


def wait_until(is_so):
    for _ in range(1000):
        if is_so():
            return
        time.sleep(0.01)
    pytest.fail("it did not come to be")
