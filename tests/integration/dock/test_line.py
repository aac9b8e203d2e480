"""The line drops, the server is busy, full, or does not know us: the agent goes on where it was."""

import socket
import ssl
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from tests.dock_door import Answer
from tests.docked import GoPro, seeded

from tabard.dock.agent import Agent, hold
from tabard.dock.door import Door
from tabard.dock.errors import BadConfiguration, DockBusy, DoorAway
from tabard.dock.keys import DockKey
from tabard.dock.line import Line
from tabard.dock.sending import MOST_CHUNK_BYTES


def once_at(what, method, path):
    """A trouble that strikes the first request of that kind."""
    struck = []

    def trouble(asked, place):
        if not struck and asked == method and place.startswith(path):
            struck.append(place)
            return what
        return None

    return trouble


REQUESTS = [
    ("POST", "/dock/v1/session"),
    ("POST", "/dock/v1/status/find"),
    ("POST", "/tus/"),
    ("PATCH", "/tus/"),
    ("GET", "/dock/v1/uploads/"),
    ("POST", "/dock/v1/permits"),
    ("POST", "/dock/v1/erasures"),
]


@pytest.mark.parametrize("what", ["drop", "drop after", 503])
@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_any_request_may_fail_once(station, card, what, method, path):
    door = station.door
    card.film("GX010001.MP4", seeded(1).randbytes(5000))
    door.trouble = once_at(what, method, path)
    outcome = station.once()
    assert (outcome.sealed, outcome.is_wrong) == (1, False)
    assert door.created == 1
    station.once(patience_s=0)  # what was not told then is told now
    assert (card.remaining(), len(door.sealed())) == ([], 1)
    assert [each["outcome"] for each in door.erasures.values()].count("erased") == 1


def test_a_broken_line_costs_at_most_the_chunk_on_the_way(station, door, card):
    content = seeded(1).randbytes(3 * MOST_CHUNK_BYTES)
    card.film("GX010001.MP4", content)
    patches = []

    def second_is_cut(method, path):
        patches.append(path) if method == "PATCH" else None
        return "cut" if method == "PATCH" and len(patches) == 2 else None

    door.trouble = second_is_cut
    assert station.once().sealed == 1
    assert bytes(door.sealed()[0].data) == content
    assert door.received_bytes <= len(content) + MOST_CHUNK_BYTES


def test_an_upload_that_expired_is_begun_anew(station, door, card):
    content = seeded(1).randbytes(MOST_CHUNK_BYTES + 1000)
    card.film("GX010001.MP4", content)
    door.trouble = lambda method, path: "drop" if method == "PATCH" and door.received_bytes else None
    station.once(patience_s=0.2)
    door.trouble = lambda method, path: None
    door.expire()
    assert station.once().sealed == 1
    assert door.created == 2


def test_a_token_that_ran_out_is_renewed(station, door, card):
    card.film_many(3, seeded(1))
    asked = []

    def forget_before_every_other_patch(method, path):
        if method == "PATCH":
            asked.append(path)
            if len(asked) % 2:
                door.forget_tokens()

    door.trouble = forget_before_every_other_patch
    assert station.once().sealed == 3
    assert len(asked) == 6


def test_a_dock_that_is_not_enrolled_says_what_to_do(station, door, card):
    card.film_many(1, seeded(1))
    door.revoke()
    outcome = station.once(patience_s=0.5)
    assert (outcome.sealed, outcome.in_spool) == (0, 1)
    assert any(station.key.public in why for why in outcome.why)


def test_too_many_uploads_are_waited_for(station, door):
    door.most_uploads = 1
    for number in range(3):
        GoPro(station.media / f"c{number}", serial=f"S{number}").film_many(1, seeded(number))
    refused = []

    def busy(method, path):
        if path == "/tus/" and len(refused) < 2:
            refused.append(path)
            return 423  # comes back after two seconds; 429 after ten
        return None

    door.trouble = busy
    assert station.once(patience_s=20).sealed == 3


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_what_is_refused_for_good_waits_for_a_person(station, door, card, status):
    card.film_many(2, seeded(1))
    door.trouble = lambda method, path: status if path == "/tus/" else None
    outcome = station.once(patience_s=1)
    assert (outcome.sealed, outcome.troubled) == (0, 2)
    assert len(card.remaining()) == 2


def answering(body):
    def session(request):
        request.read_body()
        return Answer(200, body)

    return session


@pytest.mark.parametrize(
    "answer", [b"<html>", b"[]", b'{"token": 7}', b'{"token": "x", "dock": "y", "server_time": "soon"}']
)
def test_what_is_not_our_server_is_not_believed(station, door, card, answer):
    card.film_many(1, seeded(1))
    door._session = answering(answer)
    outcome = station.once(patience_s=0.5)
    assert (outcome.sealed, len(card.remaining())) == (0, 1)


def test_an_endless_answer_is_cut_off(station, door, card):
    door._session = answering(b" " * (5 * 1024 * 1024))
    parts = station.open()
    try:
        with pytest.raises(DoorAway, match="too long"):
            parts.door.sign_in()
    finally:
        parts.close()


def test_the_line_waits_longer_each_time_and_never_for_all_equally(monkeypatch):
    now = 1000.0
    monkeypatch.setattr("tabard.dock.line._FIRST_WAIT_S", 1.0)
    monkeypatch.setattr("tabard.dock.line.steady_s", lambda: now)
    line, waits = Line(), []
    for _ in range(12):
        line.failed("It is away.")
        begun = now
        while not line.is_up():
            now += 0.05
        waits.append(now - begun)
    assert waits[0] <= 1.1
    assert 29 <= waits[-1] <= 60.1
    assert len({round(wait, 1) for wait in waits[-5:]}) > 1
    line.worked()
    line.failed("It is away.", retry_after_s=20)
    begun = now
    while not line.is_up():
        now += 0.05
    assert 20 <= now - begun <= 25.1


def test_a_server_with_a_certificate_that_nobody_vouches_for_gets_nothing(tmp_path):
    make = ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    make += [
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        f"{tmp_path}/key.pem",
        "-out",
        f"{tmp_path}/cert.pem",
    ]
    subprocess.run(make, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"https://127.0.0.1:{listening.getsockname()[1]}"

        def serve():
            while True:
                try:
                    plain, _ = listening.accept()
                except OSError:
                    return
                with plain:
                    try:
                        with context.wrap_socket(plain, server_side=True) as secure:
                            heard.append(secure.recv(1000))
                            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
                    except OSError:
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            key = DockKey.make(tmp_path)
            for ca_file, is_trusted in ((None, False), (tmp_path / "cert.pem", True)):
                door = Door(url, key, ca_file=ca_file)
                if is_trusted:
                    assert door.public("/") == b"hi"
                else:
                    with pytest.raises(DoorAway, match=r"(?i)certificate"):
                        door.public("/")
                    assert heard == []
                door.close()
        finally:
            listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_a_ca_file_that_holds_none_is_named(tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(BadConfiguration) as caught:
        Door("https://127.0.0.1:1", DockKey.make(tmp_path), ca_file=tmp_path / "ca.pem")
    assert caught.value.fields["field"] == "server.ca_file"


def test_two_agents_do_not_share_a_folder(tmp_path):
    with hold(tmp_path / "home"), pytest.raises(DockBusy), hold(tmp_path / "home"):
        pass


def test_the_agent_never_listens(station, door, card):
    """Asked of the kernel, again and again while it works: no socket of the process is in the state LISTEN."""
    card.film_many(6, seeded(1))
    code = "from tabard.cli.main import run; run()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "dock", "run", "--config", str(station.path)], stdout=subprocess.DEVNULL
    )
    try:
        until, looked = time.monotonic() + 90, 0
        while card.remaining() and time.monotonic() < until:
            assert listening(process.pid) == set()
            looked += 1
            time.sleep(0.02)
        assert looked > 5
        assert card.remaining() == []
    finally:
        process.terminate()
    assert process.wait(20) == 0


def listening(pid):
    """The inodes of sockets of the process that listen, on TCP, or are bound, on UDP."""
    ours = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            ours.add(str(link.readlink()))
        except OSError:
            continue
    found = set()
    for table, states in (("tcp", {"0A"}), ("tcp6", {"0A"}), ("udp", {"07"}), ("udp6", {"07"})):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] in states and f"socket:[{words[9]}]" in ours:
                found.add(words[1])
    return found


def test_what_looks_for_listeners_finds_one():
    code = "import socket; s = socket.create_server(('127.0.0.1', 0)); print('up', flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        assert listening(process.pid)
    finally:
        process.communicate(b"\n")


def test_a_card_pulled_in_the_middle_of_a_file_is_no_fault_and_goes_on_later(station, door, card, tmp_path):
    content = seeded(1).randbytes(2 * MOST_CHUNK_BYTES)
    card.film("GX010001.MP4", content)

    def pull_at_the_second_chunk(method, path):
        if method == "PATCH" and door.received_bytes and card.root.exists():
            card.root.rename(tmp_path / "pulled")

    door.trouble = pull_at_the_second_chunk
    stop = threading.Event()
    parts = station.open(stop)
    agent = threading.Thread(target=Agent(parts, station.said.append).run)
    agent.start()
    try:
        until = time.monotonic() + 60
        while card.root.exists() or parts.board.cameras():
            assert time.monotonic() < until
            time.sleep(0.05)
        (tmp_path / "pulled").rename(card.root)
        while card.remaining():
            assert time.monotonic() < until + 20
            time.sleep(0.05)
    finally:
        stop.set()
        agent.join()
        parts.close()
    assert [bytes(upload.data) for upload in door.sealed()] == [content]
    assert parts.board.faults() == []


def test_a_clock_that_is_off_is_told_apart_from_a_wrong_key(station, door, card):
    card.film_many(1, seeded(1))
    door.ahead = timedelta(hours=3)
    assert station.once().sealed == 1
