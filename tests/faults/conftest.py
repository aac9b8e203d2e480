"""A whole installation as processes of its own, to be killed at will, by process id."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from tests.prepared import prepare

from tabard.cli.home import Home, embedded_url
from tabard.cli.supervisor import answers, free_ports
from tabard.simulation.axis import AxisSystem

TABARD = [sys.executable, "-c", "from tabard.cli.main import run; run()"]
START_WITHIN_S = 90.0


@dataclass
class Installation:
    """`tabard up` in a folder of its own."""

    home: Path
    web_port: int
    door_port: int
    process: subprocess.Popen | None = None

    @property
    def env(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TABARD_", "DATABASE_", "DJANGO_"))
        }
        return {**kept, "TABARD_HOME": str(self.home), "TABARD_ACCEPT_MISSING_WALLS": "1"}

    def command(self, *arguments: str) -> dict:
        """Run a command with `--json`; its answer, with the exit code under `exit`."""
        done = subprocess.run(
            [*TABARD, *arguments, "--json"],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.stdout, done.stderr
        return {**json.loads(done.stdout.splitlines()[-1]), "exit": done.returncode}

    def start(self) -> None:
        ports = ["--port", str(self.web_port), "--door-port", str(self.door_port)]
        with (self.home.parent / "up.log").open("ab") as log:
            self.process = subprocess.Popen([*TABARD, "up", *ports], env=self.env, stdout=log, stderr=log)
        self.wait_for_door()

    def wait_for_door(self) -> None:
        deadline = time.monotonic() + START_WITHIN_S
        while not all(
            answers(f"http://127.0.0.1:{port}/healthz") for port in (self.door_port, self.web_port)
        ):
            assert self.process is not None
            assert self.process.poll() is None, (self.home.parent / "up.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def pid_of(self, name: str) -> int:
        """The process id of web, door or worker, found among the children of our own `tabard up`."""
        assert self.process is not None
        deadline = time.monotonic() + START_WITHIN_S
        while time.monotonic() < deadline:
            for folder in Path("/proc").iterdir():
                if (
                    folder.name.isdigit()
                    and _parent(folder) == self.process.pid
                    and name in _arguments(folder)
                ):
                    return int(folder.name)
            time.sleep(0.1)
        raise AssertionError(f"no {name} runs")

    def received(self) -> int:
        """How many objects the door has on record."""
        with psycopg.connect(embedded_url(Home(self.home))) as connection:
            (count,) = connection.execute("SELECT count(*) FROM intake_receivedobject").fetchone()
            return count

    def postmaster(self) -> int:
        return int((self.home / "postgres" / "postmaster.pid").read_text().splitlines()[0])

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def axis(self) -> AxisSystem:
        path = self.home.parent / f"connection-{time.monotonic_ns()}.json"
        url = f"http://127.0.0.1:{self.door_port}"
        self.command(
            "intake", "axis-connection-file", "--out", str(path), "--username", path.stem, "--door-url", url
        )
        return AxisSystem.from_connection_file(path.read_bytes())


def _parent(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _arguments(folder: Path) -> list[str]:
    try:
        return (folder / "cmdline").read_bytes().decode().split("\0")
    except OSError:
        return []


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    found = Installation(prepare(Home(tmp_path / "home")).root, *free_ports(2))
    found.start()
    try:
        yield found
    finally:
        if found.process and found.process.poll() is None:
            found.stop()
