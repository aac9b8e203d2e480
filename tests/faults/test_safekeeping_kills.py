"""Kill -9 a scrub, a repair, a move or a sweep: run again, it ends right, and nothing is done or said twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from tests.prepared import prepare

from tabard.cli.home import Home, embedded_url
from tabard.cli.postgres import Server

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
TABARD = [sys.executable, "-c", "from tabard.cli.main import run; run()"]
OBJECTS, KILLS = 48, 3
WITHIN_S = 180.0
SWEPT = "SELECT count(*) FROM vault_swept"
DAMAGES = "SELECT count(*) FROM vault_damage"


class Force:
    """An installation with two stores; its database stays up, its commands are processes that can be killed."""

    def __init__(self, root: Path) -> None:
        self.root, self.home = root, root / "home"
        self.stores = {name: root / f"store-{name}" for name in "ab"}
        self.choose = random.Random(7)  # noqa: S311 - places and moments that can be repeated
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TABARD", "DJANGO", "DATABASE"))
        }
        self.env = kept | {
            "TABARD_HOME": str(self.home),
            "TABARD_STORE_URL": self.stores["a"].as_uri(),
            "TABARD_STORE_B_URL": self.stores["b"].as_uri(),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
        }

    def prepare(self, step: str, count: int) -> None:
        argv = [sys.executable, "-m", "tests.faults.vaulted", step, str(count)]
        done = subprocess.run(argv, env=self.env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def run(self, *words: str) -> dict:
        argv = [*TABARD, *words, "--json"]
        done = subprocess.run(argv, env=self.env, capture_output=True, text=True, check=False)
        assert done.stdout, done.stderr
        return {**json.loads(done.stdout.splitlines()[-1]), "exit": done.returncode}

    def kill_once(self, *words: str, when: Callable[[], bool]) -> bool:
        """Kill the command as soon as `when` says so; False where it ended before."""
        with subprocess.Popen([*TABARD, *words], env=self.env, stdout=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + WITHIN_S
            while not when() and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.002)
            was_running = process.poll() is None
            process.send_signal(signal.SIGKILL)
        return was_running

    def count(self, statement: str, *values: str) -> int:
        with psycopg.connect(embedded_url(Home(self.home))) as connection:
            (number,) = connection.execute(statement, values).fetchone()
            return number

    def events(self, kind: str) -> int:
        return self.count("SELECT count(*) FROM custody_event WHERE kind = %s", kind)

    def files(self, store: Path) -> dict[str, bytes]:
        found = (path for path in store.rglob("*") if path.is_file() and ".partial" not in path.parts)
        return {str(path.relative_to(store)): path.read_bytes() for path in found}


@pytest.fixture
def force(tmp_path):
    made = Force(tmp_path)
    with Server(prepare(Home(made.home))):
        made.prepare("hold", OBJECTS)
        yield made


def test_a_killed_scrub_is_gone_on_with_and_each_damage_is_found_and_repaired_once(force):
    originals = force.files(force.stores["a"])
    damaged = force.choose.sample(sorted(originals), OBJECTS // 2)
    for number, key in enumerate(damaged):
        path = force.stores["ab"[number % 2]] / key
        data = bytearray(path.read_bytes())
        data[force.choose.randrange(len(data))] ^= 1
        path.write_bytes(data)
    killed = 0
    for number in range(1, KILLS + 1):
        wanted = number * len(damaged) // (KILLS + 2)
        killed += force.kill_once("vault", "scrub", when=lambda: force.count(DAMAGES) >= wanted)  # noqa: B023
    assert killed >= 1
    force.run("vault", "scrub")
    for store in force.stores.values():
        assert force.files(store) == originals
    assert force.run("vault", "scrub")["culprits"] == []
    assert (force.events("object.damaged"), force.events("object.repaired")) == (len(damaged), len(damaged))
    assert force.count(f"{DAMAGES} WHERE repaired_at IS NULL") == 0
    assert force.run("vault", "reconcile")["findings"] == {}


def test_a_killed_move_goes_on_and_as_many_come_out_as_went_in(force):
    url = (force.root / "new").as_uri()
    killed = 0
    for number in range(1, KILLS + 1):
        wanted = number * OBJECTS // (KILLS + 2)

        def is_far_enough(wanted: int = wanted) -> bool:
            return len(force.files(force.root / "new")) >= wanted

        killed += force.kill_once("vault", "migrate", "--to", url, when=is_far_enough)
        assert force.events("store.migrated") == 0
    assert killed >= 1
    answer = force.run("vault", "migrate", "--to", url)
    assert (answer["exit"], answer["objects_in"], answer["objects_out"]) == (0, OBJECTS, OBJECTS)
    assert force.files(force.root / "new") == force.files(force.stores["a"])
    assert force.events("store.migrated") == 1


def test_a_killed_sweep_goes_on_and_takes_nothing_that_has_a_row(force):
    originals = force.files(force.stores["a"])
    force.prepare("abandon", OBJECTS)
    words = ("vault", "reconcile", "--sweep", "--yes")
    killed = 0
    for number in range(1, KILLS + 1):
        wanted = number * OBJECTS // (KILLS + 2)
        killed += force.kill_once(*words, when=lambda: force.count(SWEPT) >= wanted)  # noqa: B023
    assert killed >= 1
    force.run(*words)
    for store in force.stores.values():
        assert force.files(store) == originals
    assert force.events("object.swept") == force.count(SWEPT) == OBJECTS
    assert force.run("vault", "reconcile")["findings"] == {}
