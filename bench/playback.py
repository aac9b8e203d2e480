"""How fast is sealed footage played? Reading in order and seeking, through the real server and beside its limit.

    python bench/playback.py --size 1GiB --seeks 400

The limit is `SealedReader` on the same object in this process: what decryption alone allows, with no person asked
for, no log and no socket. The server is `tabard.config.asgi:application` on uvicorn in a process of its own; the reader
is a bare socket that keeps its connection, as a browser does. A seek is a range of 1 MiB at a random place, from the
request's first byte sent to the answer's last byte read; each finds its session, account and object still good in the
database. A bare socket that sends memory to the same reader shows what the loopback alone allows. Home and database are
temporary.
"""

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from tabard.cli.database import database

MIB = 1024 * 1024
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True)
class Figures:
    """What one way of reading reached."""

    sequential_gb_per_s: float
    seek_p50_ms: float
    seek_p95_ms: float


def parse_size(text: str) -> int:
    found = re.fullmatch(r"(\d+)\s*([KMG]?)(iB|B)?", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"not a size: {text}")
    return int(found[1]) * UNITS[found[2]]


class Player:
    """One browser's connection: whole ranges, read into the same memory again and again."""

    def __init__(self, port: int, path: str, session: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sessionid={session}\r\n"
        self._memory = memoryview(bytearray(4 * MIB))

    def read(self, start: int, stop: int) -> None:
        """Every byte of the range has arrived when this returns."""
        self._socket.sendall(f"{self._request}Range: bytes={start}-{stop - 1}\r\n\r\n".encode())
        begun = bytearray()
        while (end := begun.find(b"\r\n\r\n")) < 0:
            begun += self._socket.recv(4096)
        assert begun.startswith(b"HTTP/1.1 206"), begun[:200]
        left = stop - start - (len(begun) - end - 4)
        while left:
            got = self._socket.recv_into(self._memory, min(left, len(self._memory)))
            assert got, "the server hung up"
            left -= got

    def close(self) -> None:
        """The connection is closed."""
        self._socket.close()


def measured(read: Callable[[int, int], None], size: int, seeks: int, runs: int) -> Figures:
    """The median of several readings in order, then single seeks."""
    read(0, size)
    speeds = [size / seconds_of(read, 0, size) / 1e9 for _ in range(runs)]
    chooser = random.Random(7)  # noqa: S311 - the same places for every reader, nothing secret
    places = [chooser.randrange(max(size - MIB, 1)) for _ in range(seeks)]
    waits = sorted(seconds_of(read, start, min(start + MIB, size)) * 1000 for start in places)
    return Figures(statistics.median(speeds), waits[len(waits) // 2], waits[len(waits) * 95 // 100])


def seconds_of(read: Callable[[int, int], None], start: int, stop: int) -> float:
    began = time.perf_counter()
    read(start, stop)
    return time.perf_counter() - began


def prepare(size: int) -> tuple[str, str, Callable[[int, int], None]]:
    """A sealed segment, the session of its wearer, and the direct reader of the same object."""
    from tabard.custody.actors import Actor
    from tabard.kernel.clock import now
    from tabard.people import services as people
    from tabard.people.rules import Role
    from tabard.recordings.drafts import RecordingDraft, SegmentDraft
    from tabard.recordings.services import register
    from tabard.vault import services as vault

    by, at = Actor.system("bench"), now() - timedelta(days=1)
    force = people.create_unit(kind="force", code="B", name="Bench", parent=None, by=by, at=at)
    officer = people.enrol_officer(
        given_name="Bea",
        family_name="Nch",
        rank="PC",
        warrant_number="1",
        shoulder_number="1B",
        unit=force,
        by=by,
        at=at,
    )
    account = people.create_account(
        username="bench", display_name="Bench", password=os.urandom(12).hex(), roles=[Role.OFFICER], officer=officer,
        by=by, at=at,
    )  # fmt: skip
    draft = RecordingDraft(
        source="bench",
        source_name="bench",
        officer_reference="1B",
        started_at=at,
        segments=(SegmentDraft(seal(size)),),
    )
    segment = register(draft=draft, by=by, at=now()).segments.select_related("object").get()
    reader = vault.open_object(obj=segment.object)

    def direct(start: int, stop: int) -> None:
        for _ in reader.read(start, stop):
            pass

    return f"/play/segments/{segment.id}", session_of(account), direct


def seal(size: int) -> "SealedDraft":  # noqa: F821 - importable only once Django is ready
    from tabard.kernel.clock import now
    from tabard.recordings.drafts import SealedDraft
    from tabard.vault import services as vault

    piece = os.urandom(MIB)
    with vault.start() as pending:
        for start in range(0, size, MIB):
            pending.write(memoryview(piece)[: min(MIB, size - start)])
        facts = pending.seal()
        kept = vault.record(pending=pending, at=now())
    return SealedDraft("bench.mp4", kept.id, size, facts.sha256)


def session_of(account: "Account") -> str:  # noqa: F821 - importable only once Django is ready
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session.create()
    return str(session.session_key)


@contextlib.contextmanager
def server() -> Iterator[tuple[int, int]]:
    """The port and process id of the running server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "tabard.config.asgi:application", "--host", "127.0.0.1"]
    options = ["--port", str(port), "--loop", "uvloop", "--http", "httptools", "--log-level", "warning"]
    process = subprocess.Popen([*command, *options, "--no-access-log"])
    try:
        wait_until_healthy(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until_healthy(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise SystemExit("the server did not come up")


def bare_socket(size: int) -> float:
    """GB/s of a process that sends memory to our reader, with nothing to decrypt and nobody to ask."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sender = multiprocessing.Process(target=send_memory, args=(listener, size))
        sender.start()
        memory, left = memoryview(bytearray(4 * MIB)), size
        with socket.create_connection(listener.getsockname()) as reader:
            began = time.perf_counter()
            while left:
                left -= reader.recv_into(memory, min(left, len(memory)))
            seconds = time.perf_counter() - began
        sender.join()
    return size / seconds / 1e9


def send_memory(listener: socket.socket, size: int) -> None:
    connection, _ = listener.accept()
    piece = os.urandom(MIB)
    with connection:
        for start in range(0, size, MIB):
            connection.sendall(memoryview(piece)[: min(MIB, size - start)])


def peak_mib(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def report(served: Figures, direct: Figures, socket_gb_per_s: float, memory_mib: float) -> None:
    print(f"{'':<26}{'server':>10}{'limit':>10}{'ratio':>8}")
    speeds = served.sequential_gb_per_s, direct.sequential_gb_per_s
    print(f"{'in order, GB/s':<26}{speeds[0]:>10.2f}{speeds[1]:>10.2f}{speeds[0] / speeds[1]:>8.2f}")
    for name in ("seek_p50_ms", "seek_p95_ms"):
        ours, limit = getattr(served, name), getattr(direct, name)
        print(f"{f'seek of 1 MiB, {name[5:8]}, ms':<26}{ours:>10.2f}{limit:>10.2f}{limit / ours:>8.2f}")
    print(
        f"a bare socket sends {socket_gb_per_s:.2f} GB/s to the same reader; both in turn would give", end=" "
    )
    print(f"{1 / (1 / socket_gb_per_s + 1 / speeds[1]):.2f}")
    print(f"server peak memory {memory_mib:.0f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast is sealed footage played?")
    parser.add_argument(
        "--size", type=parse_size, default="1GiB", help="bytes of the sealed object, such as 1GiB"
    )
    parser.add_argument("--seeks", type=int, default=400)
    parser.add_argument("--runs", type=int, default=3, help="readings in order; the median counts")
    parser.add_argument("--json", action="store_true", help="one object on the last line")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"TABARD_HOME": home, "DJANGO_SETTINGS_MODULE": "tabard.config.settings"}
        (Path(home) / "static").mkdir()
        with database():
            path, session, read_direct = prepare(options.size)
            direct = measured(read_direct, options.size, options.seeks, options.runs)
            with server() as (port, pid):
                player = Player(port, path, session)
                served = measured(player.read, options.size, options.seeks, options.runs)
                player.close()
                memory_mib = peak_mib(pid)
            socket_gb_per_s = bare_socket(options.size)
    report(served, direct, socket_gb_per_s, memory_mib)
    if options.json:
        figures = {"size_bytes": options.size, "server": asdict(served), "limit": asdict(direct)}
        print(json.dumps({**figures, "bare_socket_gb_per_s": socket_gb_per_s, "server_peak_mib": memory_mib}))


if __name__ == "__main__":
    main()
