"""Kill -9 while a folder is taken in; real files taken in, and one stored object deleted; broken movies by the dozen.

Most of the samples are hundreds of small files that are no footage: `TABARD_ALL_SAMPLES=1` takes them too.
`TABARD_MUTANTS` says how many broken movies there are; `make mutants` makes ten thousand.
"""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from tests.conftest import SAMPLES
from tests.faults.mutants import mutants
from tests.prepared import prepare
from tests.telemetry import camera_file
from tests.world import footage

from tabard.cli.home import Home, embedded_url
from tabard.cli.postgres import Server

pytestmark = pytest.mark.slow
TABARD = [sys.executable, "-c", "from tabard.cli.main import run; run()"]
# A process is charged with the memory of whoever it was forked from, so it reads its own peak from /proc.
MEASURED = """
import atexit, resource, sys
from pathlib import Path
from tabard.cli.main import run

def tell_peak():
    said = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(max(int(said["VmHWM"].split()[0]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss), file=sys.stderr)

atexit.register(tell_peak)
run()
"""
FILES, KILLS, WITHIN_S = 16, 3, 120.0
MUTANTS = int(os.environ.get("TABARD_MUTANTS") or "12")
MOST_MEMORY_KIB = 512 * 1024
SMALL_BYTES = 64 * 1024
MOST_ATTEMPTS = 4  # what fails for ever is tried again for ever, and says so by its attempts
FOOTAGE = ("actioncam", "oddmedia", "people_vehicles", "plates", "c2pa", "tables")


class Installation:
    """A home whose database stays up; its commands are processes that can be killed."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TABARD", "DJANGO", "DATABASE"))
        }
        self.env = kept | {"TABARD_HOME": str(self.home), "TABARD_ACCEPT_MISSING_WALLS": "1"}

    def run(self, *words: str) -> dict:
        """The command's answer, its exit code, and the most memory that it or a child that it waited for had."""
        asked = [sys.executable, "-c", MEASURED, *words, "--json"]
        done = subprocess.run(asked, env=self.env, capture_output=True, text=True, check=False)
        assert done.stdout, done.stderr
        said = json.loads(done.stdout.splitlines()[-1])
        return {**said, "exit": done.returncode, "peak_kib": int(done.stderr.splitlines()[-1])}

    def kill(self, *words: str, when_sealed: int) -> None:
        """Kill the command once so many objects are recorded, or let it end."""
        with subprocess.Popen([*TABARD, *words], env=self.env, stdout=subprocess.DEVNULL) as process:
            until = time.monotonic() + WITHIN_S
            while process.poll() is None and self.count("vault_sealedobject") < when_sealed:
                assert time.monotonic() < until
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)

    def count(self, table: str) -> int:
        return self.ask(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own tables

    def ask(self, query: str, values: list | None = None):
        with psycopg.connect(embedded_url(Home(self.home))) as connection:
            return connection.execute(query, values).fetchone()[0]


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    found = Installation(tmp_path_factory.mktemp("folder"))
    with Server(prepare(Home(found.home))):
        yield found


def test_killed_at_any_point_it_goes_on_and_adds_nothing_twice(installation, tmp_path):
    card, chance = tmp_path / "card", random.Random(4)  # noqa: S311 - moments that can be repeated
    for number in range(FILES):
        path = (
            card / f"DCIM/GOPR{number // 2:04}.MP4" if number % 2 else card / f"DCIM/GP01{number // 2:04}.MP4"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(camera_file(tail=chance.randbytes(1_000_000)))
    before = installation.count("recordings_recording")
    for kill in range(KILLS):
        sealed = FILES * (kill + 1) // (KILLS + 1)
        installation.kill("intake", "folder", str(card), when_sealed=sealed)
        assert installation.count("vault_sealedobject") < FILES
    done = installation.run("intake", "folder", str(card))
    assert (done["found"], done["sealed"] + done["already"], done["failed"], done["exit"]) == (
        FILES,
        FILES,
        [],
        0,
    )
    assert done["already"] >= FILES * KILLS // (KILLS + 1)
    assert installation.count("recordings_recording") - before == FILES // 2
    assert installation.count("vault_sealedobject") == installation.count("recordings_segment") == FILES
    again = installation.run("intake", "folder", str(card))
    assert (again["sealed"], again["already"], again["exit"]) == (0, FILES, 0)
    held = {path.name for path in (installation.home / "vault").rglob("*") if path.is_file()}
    assert (
        len(held) >= FILES
    )  # what was in hand at a kill is ciphertext whose key nobody has, until it is swept


def test_every_sample_migrates_and_a_deleted_object_is_named(installation, samples, tmp_path):
    export = tmp_path / "export"
    export.mkdir()
    folders = [samples] if os.environ.get("TABARD_ALL_SAMPLES") else [samples / name for name in FOOTAGE]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    for path in files:
        link = export / path.relative_to(samples)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.write_bytes(path.read_bytes())
    manifest = tmp_path / "manifest.txt"
    manifest.write_bytes(
        subprocess.run(
            ["find", ".", "-type", "f", "-exec", "sha256sum", "{}", "+"],
            cwd=export,
            capture_output=True,
            check=True,
        ).stdout
    )
    done = installation.run("intake", "folder", str(export), "--manifest", str(manifest))
    figures = {name: done[name] for name in ("missing", "extra", "different", "failed", "skipped", "exit")}
    assert figures == {"missing": 0, "extra": 0, "different": 0, "failed": [], "skipped": 0, "exit": 0}
    assert done["listed"] == done["found"] == done["sealed"] + done["already"] == len(files)
    assert installation.run("intake", "folder", str(export), "--manifest", str(manifest))["sealed"] == 0

    assert installation.run("vault", "reconcile")["exit"] == 0
    query = "SELECT object_id FROM intake_receivedobject WHERE name = 'karma.mp4'"
    lost = str(installation.ask(query))
    (stored,) = [path for path in (installation.home / "vault").rglob(lost) if path.is_file()]
    aside = stored.rename(tmp_path / lost)
    found = installation.run("vault", "reconcile")
    assert found["exit"] == 1
    assert [(each["code"], each["object"]) for each in found["culprits"]] == [("missing", lost)]
    aside.rename(stored)  # the next test has the same installation
    assert installation.run("vault", "reconcile")["exit"] == 0


def test_broken_movies_are_kept_and_the_worker_stays_up(installation, tmp_path):
    card = tmp_path / "broken"
    card.mkdir()
    made = {}
    for number, movie in enumerate(mutants(_seeds(), MUTANTS, seed=20260302)):
        (card / f"{number:05}.mp4").write_bytes(movie)
        made[f"{number:05}.mp4"] = movie
    done = installation.run("intake", "folder", str(card))
    assert (done["found"], done["failed"], done["waiting_to_be_read"], done["exit"]) == (MUTANTS, [], 0, 0)
    most = done["peak_kib"]

    worker = subprocess.Popen([*TABARD, "worker", "--concurrency", "2"], env=installation.env)
    try:
        waiting = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND task_name = ANY(%s)"
        tasks = [
            [
                "tabard.read_arrival",
                "tabard.probe_recording",
                "tabard.make_derivatives",
                "tabard.index_packets",
            ]
        ]
        while installation.ask(waiting, tasks):
            assert worker.poll() is None
            assert installation.ask("SELECT max(attempts) FROM procrastinate_jobs") < MOST_ATTEMPTS
            most = max(most, _tree_kib(worker.pid))
            time.sleep(0.05)
        assert worker.poll() is None
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
    assert most < MOST_MEMORY_KIB
    failed = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'"
    assert installation.ask(failed) == 0
    query = "SELECT array_agg(DISTINCT encode(sha256, 'hex')) FROM vault_sealedobject"
    assert {hashlib.sha256(movie).hexdigest() for movie in made.values()} <= set(installation.ask(query))
    assert installation.run("vault", "scrub")["damaged"] == 0


def _seeds() -> list[bytes]:
    """Small movies: ours, and those of others where they are here."""
    folder = SAMPLES / "oddmedia"
    others = [
        path for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size < SMALL_BYTES
    ]
    return [camera_file(), footage("h264-mp4", 0.4), *(path.read_bytes() for path in others)]


def _tree_kib(pid: int) -> int:
    """The most memory that the process or a child of it has had."""
    most = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            said = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except (OSError, ValueError):
            continue
        if pid in {int(said["Pid"]), int(said["PPid"])} and "VmHWM" in said:
            most = max(most, int(said["VmHWM"].split()[0]))
    return most
