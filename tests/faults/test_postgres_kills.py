"""PostgreSQL is killed again and again while cameras dock: what was acknowledged is there, once.

`make kills` kills it 200 times; a run of the suite `TABARD_KILLS` times (4 unless told otherwise).
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from typing import Self

import pytest
from tests.faults.injection.driver import environment
from tests.faults.injection.load import SENDERS, STRIDE
from tests.prepared import prepare

from tabard.cli.home import Home
from tabard.cli.postgres import Server

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("TABARD_KILLS", "4"))


class Load:
    """The docking cameras as a process, and what they were told."""

    def __init__(self, home: Home) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.injection.load"],
            env={**environment(home), "TABARD_OBJECT_BYTES": "4096"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "ready\n"
        self.lines: list[str] = []
        self._reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def finish(self) -> tuple[list[int], dict]:
        """The numbers that were acknowledged, and how things stand at the end."""
        self.process.stdin.close()
        assert self.process.wait(300) == 0
        self._reader.join()
        self.process.stdout.close()
        *numbers, found = self.lines
        return [int(number) for number in numbers], json.loads(found)


def kill_postgres(home: Home) -> None:
    pid = int((home.postgres / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)


def test_postgresql_killed_under_load_loses_and_doubles_nothing(tmp_path):
    home = prepare(Home(tmp_path / "home"))
    chance = random.Random(20261121)  # noqa: S311 - when to kill, the same each run
    with Server(home, {}) as server, Load(home) as load:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.2, 1.0))
            kill_postgres(home)
            while not server.ensure():  # its children may hold its lock a moment longer
                time.sleep(0.01)
        time.sleep(1.0)
        acknowledged, found = load.finish()
    names = found["names"]
    print(f"{KILLS} kills, {len(acknowledged)} acknowledged, {found['events']} events")
    assert len(acknowledged) > KILLS, "the load did not get through"
    assert [number for number in acknowledged if names.get(f"Clip_{number}.mp4") != 1] == []
    assert [name for name, count in names.items() if count != 1] == []
    # One object of each sender may have been stored without its sender hearing of it.
    assert len(acknowledged) <= len(names) <= len(acknowledged) + SENDERS
    assert found["events"] == len(names)
    assert found["log"] == []
    assert {int(name[5:-4]) // STRIDE for name in names} == set(range(SENDERS))
