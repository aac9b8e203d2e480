"""How fast is footage sealed? One large upload through the Axis door, beside the limit SHA-256 sets on this machine.

    python bench/upload.py --size 1GiB

The door runs in a process of its own, on uvicorn as in production; the sender is a bare
socket, so that what is measured is the door. Home and database are temporary unless DATABASE_URL names a migrated one,
which gains a destination. Sealed bytes go to a temporary folder under --store; a store in memory (`/dev/shm`) shows
what the door can do, one on a disk what the disk can.
"""

import argparse
import contextlib
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from tabard.cli.database import database

PIECE_BYTES = 1024 * 1024
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True)
class Run:
    """One upload, or several at once."""

    seconds: float
    gb_per_s: float
    server_cpu_s: float
    server_peak_mib: float
    server_written_mib: float


@dataclass(frozen=True)
class Door:
    """The door's process and where it listens."""

    port: int
    pid: int


def parse_size(text: str) -> int:
    found = re.fullmatch(r"(\d+)\s*([KMG]?)(iB|B)?", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"not a size: {text}")
    return int(found[1]) * UNITS[found[2]]


def hashlib_limit(size: int) -> float:
    """GB/s of SHA-256 over memory that is there already: no door can be faster with one stream."""
    piece = os.urandom(PIECE_BYTES)
    digest = hashlib.sha256()
    started = time.perf_counter()
    for _ in range(size // PIECE_BYTES):
        digest.update(piece)
    digest.digest()
    return size / (time.perf_counter() - started) / 1e9


def openssl_limit(size: int) -> float | None:
    """GB/s of `openssl dgst -sha256` over a file in the page cache."""
    if shutil.which("openssl") is None:
        return None
    with tempfile.NamedTemporaryFile(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as file:  # noqa: S108 - memory, to keep the disk out of a hash's speed
        for _ in range(size // PIECE_BYTES):
            file.write(b"\0" * PIECE_BYTES)
        file.flush()
        started = time.perf_counter()
        subprocess.run(["openssl", "dgst", "-sha256", file.name], check=True, capture_output=True)
        return size / (time.perf_counter() - started) / 1e9


def store_limit(size: int, folder: Path) -> float:
    """GB/s of writing and syncing the same bytes unsealed into the store's folder: what its disk allows."""
    piece = os.urandom(PIECE_BYTES)
    with tempfile.TemporaryFile(dir=folder) as file:
        started = time.perf_counter()
        for _ in range(size // PIECE_BYTES):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
        return size / (time.perf_counter() - started) / 1e9


def open_destination() -> tuple[str, str]:
    from tabard.custody.actors import Actor
    from tabard.intake.destinations import open_destination as open_one
    from tabard.kernel import clock
    from tabard.kernel.ids import new_id

    username = f"bench-{new_id().hex[-8:]}"
    _, key = open_one(name="bench", username=username, by=Actor.system("bench"), at=clock.now())
    return username, key


def serve(port: int) -> None:
    """The door alone, as the supervisor starts it."""
    import django
    import uvicorn

    django.setup()
    from tabard.intake.axis.asgi import axis_door
    from tabard.intake.axis.direct import DoorProtocol

    uvicorn.run(
        axis_door,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http=DoorProtocol,
        log_level="warning",
        access_log=False,
    )


@contextlib.contextmanager
def server(store: Path) -> Iterator[Door]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {**os.environ, "TABARD_STORE_URL": store.as_uri()}
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(port)], env=environ)
    try:
        wait_until_healthy(port)
        yield Door(port, process.pid)
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
    raise SystemExit("the door did not come up")


def sign_in(port: int, username: str, key: str) -> tuple[str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/auth/v1.0", headers={"X-Auth-User": username, "X-Auth-Key": key})
    answer = connection.getresponse()
    assert answer.status == 200, answer.status
    return urlsplit(answer.headers["X-Storage-Url"]).path, answer.headers["X-Auth-Token"]


def put_container(port: int, path: str, token: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("PUT", path, headers={"X-Auth-Token": token})
    assert connection.getresponse().status in {201, 202}


def upload(port: int, path: str, token: str, size: int) -> None:
    """Sends `size` bytes as fast as the door takes them; every upload has other bytes, or it would be a repeat."""
    head = (
        f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Auth-Token: {token}\r\nContent-Length: {size}\r\n\r\n"
    )
    piece = os.urandom(PIECE_BYTES)
    with socket.create_connection(("127.0.0.1", port)) as sender:
        sender.sendall(head.encode())
        rest = size
        while rest:
            sender.sendall(memoryview(piece)[: min(rest, PIECE_BYTES)])
            rest -= min(rest, PIECE_BYTES)
        answer = sender.recv(4096)
    assert b" 201 " in answer.split(b"\r\n", 1)[0], answer


def process_figures(pid: int) -> tuple[float, float, float]:
    """CPU seconds, peak memory in MiB and MiB written, of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    status = Path(f"/proc/{pid}/status").read_text()
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    written = re.search(r"^wchar: (\d+)", Path(f"/proc/{pid}/io").read_text(), re.MULTILINE)
    return cpu_s, int(peak[1]) / 1024 if peak else 0.0, int(written[1]) / 2**20 if written else 0.0


def empty(store: Path) -> None:
    """The next run writes into the memory and the blocks that this one used: the first pays for fresh ones."""
    for path in store.rglob("*"):
        if path.is_file():
            path.unlink()


def measure(door: Door, prefix: str, token: str, *, size: int, at_once: int) -> Run:
    before = process_figures(door.pid)
    started = time.perf_counter()
    threads = [
        Thread(target=upload, args=(door.port, f"{prefix}/{number}.mkv", token, size // at_once))
        for number in range(at_once)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    after = process_figures(door.pid)
    return Run(seconds, size / seconds / 1e9, after[0] - before[0], after[1], after[2] - before[2])


def report(figures: dict[str, object], runs: list[Run], limits: dict[str, float | None]) -> None:
    print(f"{'run':>4} {'GB/s':>6} {'seconds':>8} {'server CPU s':>13} {'server peak MiB':>16}")
    for number, run in enumerate(runs, 1):
        print(
            f"{number:>4} {run.gb_per_s:>6.2f} {run.seconds:>8.3f} {run.server_cpu_s:>13.2f}"
            f" {run.server_peak_mib:>16.0f}"
        )
    for name, limit in limits.items():
        if limit:
            print(f"{name} {limit:.2f} GB/s; the door reaches {figures['ratio_' + name]:.2f} of it")


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast is footage sealed?")
    parser.add_argument("--size", type=parse_size, default="1GiB", help="bytes to send in all, such as 1GiB")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--at-once", type=int, default=1, help="how many uploads share the size")
    parser.add_argument(
        "--store", type=Path, default=None, help="where sealed bytes go (default: temporary folder)"
    )
    parser.add_argument("--json", action="store_true", help="one object on the last line")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tabard.config.settings")
    if options.serve:
        serve(options.serve)
        return
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory(dir=options.store) as store:
        os.environ["TABARD_HOME"] = home
        with database():
            runs, limits = run_all(options, Path(store))
    middle = statistics.median(run.gb_per_s for run in runs)
    figures: dict[str, object] = {"size_bytes": options.size, "at_once": options.at_once, "gb_per_s": middle}
    for name, limit in limits.items():
        figures |= {f"{name}_gb_per_s": limit, f"ratio_{name}": middle / limit if limit else None}
    report(figures, runs, limits)
    if options.json:
        print(json.dumps({**figures, "runs": [asdict(run) for run in runs]}))


def run_all(options: argparse.Namespace, store: Path) -> tuple[list[Run], dict[str, float | None]]:
    username, key = open_destination()
    runs = []
    with server(store) as door:
        prefix, token = sign_in(door.port, username, key)
        for number in range(options.runs):
            container = f"{prefix}/bench_{number}_20260101T000000Z"
            put_container(door.port, container, token)
            runs.append(measure(door, container, token, size=options.size, at_once=options.at_once))
            empty(store)
    # The same moment, the same machine: a limit measured on another day says nothing.
    limits = {
        "hashlib": hashlib_limit(options.size),
        "openssl": openssl_limit(options.size),
        "store": store_limit(options.size, store),
    }
    return runs, limits


if __name__ == "__main__":
    main()
