"""The installation that storms pass over: database, door, worker and two stores, kept up from one run to the next."""

import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from tests.faults.injection.driver import REPOSITORY, environment
from tests.faults.storms.control import WELL, Control
from tests.faults.storms.roles import free_port
from tests.prepared import prepare

from tabard.cli.home import Home
from tabard.cli.postgres import Server
from tabard.cli.supervisor import answers

WITHIN_S = 60.0
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


class Site:
    """Everything of one installation in `folder`; `plant` names a defect to put in."""

    def __init__(self, folder: Path, plant: str = "") -> None:
        self.folder, self.plant = folder, plant
        self.home = prepare(Home(folder / "home"))
        self.port = free_port()
        self.control = Control(folder / "control")
        self.door_peak_mib = 0.0
        self.kills: dict[str, int] = {}
        self._server = Server(self.home, {})
        self._pids: dict[str, int] = {}
        self._ended: dict[int, int] = {}
        self._ready = folder / "worker-ready"

    def __enter__(self) -> Self:
        self._server.__enter__()
        self._begin()
        self.call("prepare")
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self._server.__exit__(None, None, None)

    def replant(self, plant: str) -> None:
        """The same database and stores, and another defect in whatever works on them."""
        self._end()
        self.plant = plant
        self._begin()

    def _begin(self) -> None:
        env = environment(self.home) | {
            "TABARD_STORE_URL": (self.folder / "store-a").as_uri(),
            "TABARD_STORE_B_URL": (self.folder / "store-b").as_uri(),
            "TABARD_LOW_WATER_BYTES": "1",
            "TABARD_ACCEPT_MISSING_WALLS": "1",
            "TABARD_PLANT": self.plant,
            "STORM_CONTROL": str(self.folder / "control"),
        }
        with (self.folder / "nursery.log").open("a") as said:
            self._nursery = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.storms.nursery"],
                env=env,
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
        assert self._read() == {"ready": True}
        self.keep_up()

    def _end(self) -> None:
        for pid in self._pids.values():
            _kill(pid)
        self._nursery.stdin.close()
        self._nursery.wait(30)
        self._nursery.stdout.close()
        self._pids, self._ended = {}, {}

    def call(self, function: str, **asked: Any) -> Any:
        """What a function of the judge or of the roles answers, in a child of its own."""
        return self._ask({"do": "call", "function": function, "log": str(self.folder / "calls.log"), **asked})

    def spawn(self, role: str, log: Path, **asked: Any) -> int:
        """The process id of a new process of that role."""
        pid = self._ask({"do": "spawn", "role": role, "log": str(log), **asked})["pid"]
        self._ended.pop(pid, None)  # the number may have been another's, who ended
        return pid

    def exit_code(self, pid: int) -> int | None:
        """How a process ended; None while it lives."""
        self._ended |= {int(each): code for each, code in self._ask({"do": "reap"})["ended"].items()}
        return self._ended.get(pid)

    def keep_up(self) -> None:
        """Database, door and worker answer when this returns; what died is started again, as a supervisor would."""
        deadline = time.monotonic() + WITHIN_S
        self.ensure_database()
        while not self._all_answer():
            assert time.monotonic() < deadline, f"the site does not come up; see {self.folder}"
            time.sleep(0.02)

    def ensure_database(self) -> None:
        """PostgreSQL runs; its children may hold its lock a moment longer than itself."""
        deadline = time.monotonic() + WITHIN_S
        while True:
            with suppress(Exception):
                self._server.ensure()
                if self._server.is_running:
                    return
            assert time.monotonic() < deadline, "PostgreSQL does not come up"
            time.sleep(0.02)

    def start_missing(self) -> None:
        """The door and the worker live, though they may not answer yet."""
        for name in ("door", "worker"):
            pid = self._pids.get(name)
            if pid is not None and self.exit_code(pid) is None:
                continue
            asked = {"port": self.port}
            if name == "worker":
                self._ready.unlink(missing_ok=True)
                asked = {"ready": str(self._ready)}
            self._pids[name] = self.spawn(name, self.folder / f"{name}.log", **asked)

    def kill(self, name: str) -> None:
        """Kill -9."""
        self.kills[name] = self.kills.get(name, 0) + 1
        if name == "postgres":
            _kill(int((self.home.postgres / "postmaster.pid").read_text().splitlines()[0]))
            return
        self.look_at_memory()
        _kill(self._pids[name])

    def look_at_memory(self) -> None:
        """The most that any life of the door had resident."""
        with suppress(OSError):
            found = _PEAK.search(Path(f"/proc/{self._pids['door']}/status").read_text())
            self.door_peak_mib = max(self.door_peak_mib, int(found[1]) / 1024 if found else 0.0)

    def limit_files(self, size: int) -> None:
        """The kernel lets the door write no file larger than that, from now on."""
        with suppress(OSError):
            resource.prlimit(self._pids["door"], resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def clear(self) -> None:
        """The disk is well again."""
        self.control.set(WELL)
        self.limit_files(resource.RLIM_INFINITY)

    def _all_answer(self) -> bool:
        self.start_missing()
        return answers(f"http://127.0.0.1:{self.port}/healthz") and self._ready.exists()

    def _ask(self, command: dict[str, Any]) -> Any:
        self._nursery.stdin.write(json.dumps(command) + "\n")
        self._nursery.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        line = self._nursery.stdout.readline()
        assert line, f"the nursery ended; see {self.folder}/nursery.log"
        return json.loads(line)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def seeded(seed: int) -> random.Random:
    """The same choices for the same seed."""
    return random.Random(seed)  # noqa: S311 - storms that can be repeated
