"""How fast do docks' files come in by tus? Beside @tus/server with @tus/file-store, by the same sender, in one run.

    python bench/tus.py --store /dev/shm

Two loads: 200 uploads of 5 MiB at once, and one of 1 GiB in pieces of 8 and of 64 MiB. The sender is bare sockets in a
process of its own, so that what is measured is the server. Ours hashes, encrypts, syncs and logs each file before it
answers; the peer does none of that. The peer is installed by npm into a temporary folder. Home and database are
temporary; sealed bytes, and the peer's, go to a temporary folder under --store: on a disk the sync is measured with it,
in memory (`/dev/shm`) the door alone.
"""

import argparse
import base64
import contextlib
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from upload import parse_size, process_figures

from tabard.cli.database import database

PEER = ("@tus/server@2.4", "@tus/file-store@2")
PIECE_BYTES = 1024 * 1024
MIB = 1024 * 1024


@dataclass(frozen=True)
class Load:
    """What is sent: so many files at once, each of a size, in pieces of a size."""

    name: str
    at_once: int
    size: int
    piece: int


@dataclass(frozen=True)
class Run:
    """What came of one load; latencies are of whole files, from the creation to the last answer."""

    gb_per_s: float
    p50_s: float
    p95_s: float
    cpu_s: float
    peak_mib: float


@dataclass(frozen=True)
class Server:
    """A server that listens, and how files are sent to it."""

    port: int
    pid: int
    path: str
    headers: str


LOADS = (
    Load("200 x 5 MiB at once", 200, 5 * MIB, 5 * MIB),
    Load("1 GiB in 8 MiB pieces", 1, 1024 * MIB, 8 * MIB),
    Load("1 GiB in 64 MiB pieces", 1, 1024 * MIB, 64 * MIB),
)


class Connection:
    """One kept-alive connection, read no further than needed."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._rest = b""

    def ask(self, head: str, body: memoryview | None = None) -> dict[str, str]:
        """The headers of the answer to one request."""
        self._socket.sendall(head.encode())
        if body is not None:
            self._socket.sendall(body)
        return self._answer()

    def _answer(self) -> dict[str, str]:
        while b"\r\n\r\n" not in self._rest:
            piece = self._socket.recv(65536)
            if not piece:
                raise SystemExit(f"the server hung up: {self._rest!r}")
            self._rest += piece
        head, self._rest = self._rest.split(b"\r\n\r\n", 1)
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        left = int(headers.get("content-length", 0)) - len(self._rest)
        while left > 0:
            left -= len(self._socket.recv(left))
        self._rest = b""
        status = int(first.split()[1])
        if status not in {201, 204}:
            raise SystemExit(f"{first}: {headers}")
        return headers


def send(server: Server, data: memoryview, piece: int) -> float:
    """One file, from its creation to the last answer; how long it took."""
    started = time.perf_counter()
    connection = Connection(server.port)
    common = f"Host: 127.0.0.1:{server.port}\r\nTus-Resumable: 1.0.0\r\n{server.headers}"
    name = base64.b64encode(secrets.token_hex(8).encode()).decode()
    head = (
        f"POST {server.path} HTTP/1.1\r\n{common}Upload-Length: {len(data)}\r\n"
        f"Upload-Metadata: filename {name}\r\nContent-Length: 0\r\n\r\n"
    )
    place = "/" + connection.ask(head)["location"].split("://")[-1].partition("/")[2]
    for start in range(0, len(data), piece):
        part = data[start : start + piece]
        head = (
            f"PATCH {place} HTTP/1.1\r\n{common}Upload-Offset: {start}\r\n"
            f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(part)}\r\n\r\n"
        )
        connection.ask(head, part)
    return time.perf_counter() - started


def sender(server: Server, load: Load) -> None:
    """Runs in a process of its own; prints the seconds of all, and of each."""
    files = []
    for _ in range(load.at_once):  # every file has other bytes, or it would be a repeat
        data = bytearray(load.size)
        data[:PIECE_BYTES] = os.urandom(min(PIECE_BYTES, load.size))
        files.append(memoryview(data))
    with ThreadPoolExecutor(load.at_once) as pool:
        started = time.perf_counter()
        seconds = list(pool.map(lambda data: send(server, data, load.piece), files))
        print(json.dumps({"all_s": time.perf_counter() - started, "each_s": seconds}))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], port: int, **more: object) -> Iterator[int]:
    process = subprocess.Popen(command, **more)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


@contextlib.contextmanager
def ours(store: Path) -> Iterator[Server]:
    port = free_port()
    environ = {
        **os.environ,
        "TABARD_STORE_URL": store.as_uri(),
        "TABARD_DOCK_UPLOADS": "1000",
        "TABARD_LOW_WATER_BYTES": "1",
    }
    token = session()
    with running([sys.executable, __file__, "--serve", str(port)], port, env=environ) as pid:
        yield Server(port, pid, "/tus/", f"Authorization: Bearer {token}\r\n")


@contextlib.contextmanager
def peer(folder: Path, modules: Path) -> Iterator[Server]:
    port = free_port()
    script = shutil.copy(Path(__file__).with_name("tus_peer.mjs"), modules)
    with running(["node", script, str(port), str(folder)], port, cwd=modules) as pid:
        yield Server(port, pid, "/files", "")


def install_peer(folder: Path) -> str:
    """Installs the peer; says which versions they are."""
    subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder), *PEER], check=True
    )
    versions = (
        json.loads((folder / "node_modules" / name.rpartition("@")[0] / "package.json").read_text())
        for name in PEER
    )
    return ", ".join(f"{each['name']} {each['version']}" for each in versions)


def session() -> str:
    """A dock's session, good for an hour."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from tabard.custody.actors import Actor
    from tabard.fleet.docks import enrol_key
    from tabard.fleet.models import Dock
    from tabard.fleet.services import install_dock
    from tabard.intake.docks.sessions import issue
    from tabard.kernel import clock
    from tabard.people.models import Unit
    from tabard.people.services import create_unit

    by, at = Actor.system("bench"), clock.now()
    unit = Unit.objects.first() or create_unit(
        kind="force", code="B", name="Bench", parent=None, by=by, at=at
    )
    dock = Dock.objects.first() or install_dock(serial="BENCH", site="Bench", unit=unit, bays=8, by=by, at=at)
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    text = base64.urlsafe_b64encode(public).rstrip(b"=").decode()
    return issue(enrol_key(dock=dock, public_key=text, name="bench", by=by, at=at), at)


def serve(port: int) -> None:
    """The door alone, as the supervisor starts it."""
    import uvicorn

    from tabard.config.asgi import door
    from tabard.intake.axis.direct import DoorProtocol

    uvicorn.run(
        door,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http=DoorProtocol,
        log_level="warning",
        access_log=False,
    )


def measure(server: Server, load: Load) -> Run:
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")  # the peak begins anew
    before = process_figures(server.pid)
    wanted = json.dumps({"server": asdict(server), "load": asdict(load)})
    done = subprocess.run(
        [sys.executable, __file__, "--send", wanted], check=True, capture_output=True, text=True
    )
    after = process_figures(server.pid)
    took = json.loads(done.stdout.splitlines()[-1])
    each = sorted(took["each_s"])
    return Run(
        gb_per_s=load.at_once * load.size / took["all_s"] / 1e9,
        p50_s=statistics.median(each),
        p95_s=each[min(len(each) - 1, round(len(each) * 0.95))],
        cpu_s=after[0] - before[0],
        peak_mib=after[1],
    )


def empty(folder: Path) -> None:
    """The next run writes into the memory and the blocks that this one used."""
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "spool-id":
            path.unlink()


def compare(options: argparse.Namespace, modules: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    with (
        tempfile.TemporaryDirectory(dir=options.store) as store,
        tempfile.TemporaryDirectory(dir=options.store) as folder,
        ours(Path(store)) as tabard,
        peer(Path(folder), modules) as other,
    ):
        for load in LOADS:
            runs: dict[str, list[Run]] = {"tabard": [], "peer": []}
            for _ in range(options.runs):  # in turn, so that a busy minute spoils both
                for name, server, place in (("tabard", tabard, store), ("peer", other, folder)):
                    runs[name].append(measure(server, load))
                    empty(Path(place))
            rows += [{"load": load.name, "server": name, **_median(each)} for name, each in runs.items()]
    return rows


def _median(runs: list[Run]) -> dict[str, float]:
    return {
        name: round(statistics.median(getattr(run, name) for run in runs), 3)
        for name in Run.__dataclass_fields__
    }


def report(rows: list[dict[str, object]]) -> None:
    print(f"{'load':<24} {'server':<8} {'GB/s':>6} {'p50 s':>7} {'p95 s':>7} {'CPU s':>7} {'peak MiB':>9}")
    for row in rows:
        print(
            f"{row['load']:<24} {row['server']:<8} {row['gb_per_s']:>6.2f} {row['p50_s']:>7.2f} "
            f"{row['p95_s']:>7.2f} {row['cpu_s']:>7.2f} {row['peak_mib']:>9.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast do docks' files come in by tus?")
    parser.add_argument("--runs", type=int, default=3, help="the median of so many is shown")
    parser.add_argument("--store", type=Path, default=None, help="where bytes go (default: temporary folder)")
    parser.add_argument("--load", type=int, default=None, help="only this one of the loads, from 0")
    parser.add_argument("--size", type=parse_size, default=None, help="another size of the large file")
    parser.add_argument("--json", action="store_true", help="one object on the last line")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--send", help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tabard.config.settings")
    if options.serve:
        serve(options.serve)
    elif options.send:
        wanted = json.loads(options.send)
        sender(Server(**wanted["server"]), Load(**wanted["load"]))
    else:
        run(options)


def run(options: argparse.Namespace) -> None:
    global LOADS  # noqa: PLW0603 - a script's choice
    if options.load is not None:
        LOADS = LOADS[options.load : options.load + 1]
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as modules:
        os.environ["TABARD_HOME"] = home
        versions = install_peer(Path(modules))
        with database():
            rows = compare(options, Path(modules))
    print(f"tabard; {versions}; median of {options.runs}")
    report(rows)
    if options.json:
        print(json.dumps({"peer": versions, "rows": rows}))


if __name__ == "__main__":
    main()
