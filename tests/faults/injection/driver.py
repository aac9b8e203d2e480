"""Runs cases one after another in an installation of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Self

from tests.faults.injection.tracer import Fault, Tracer, calls, faults
from tests.prepared import prepare

from tabard.cli.home import Home, embedded_url
from tabard.cli.postgres import Server

REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Outcome:
    """What became of one case."""

    fault: Fault
    acknowledged: bool
    violations: list[str]


def environment(home: Home) -> dict[str, str]:
    """What a process of the installation in `home` is started with."""
    ours = ("TABARD_", "DJANGO_", "DATABASE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {
        **kept,
        "TABARD_HOME": str(home.root),
        "TABARD_SUPERUSER_URL": embedded_url(home, user="postgres"),
        "PYTHONPATH": f"{REPOSITORY / 'src'}:{REPOSITORY}",
    }


class Driver:
    """A database, a store and a process to fork from, all in `folder`; `plant` names a defect to put in."""

    def __init__(self, folder: Path, plant: str = "") -> None:
        self._folder = folder
        self._plant = plant
        self._numbers = count(1)
        self._server = Server(prepare(Home(folder / "home")), {})

    def __enter__(self) -> Self:
        self._server.__enter__()
        home = Home(self._folder / "home")
        env = {**environment(home), "TABARD_PLANT": self._plant}
        self._forks = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.injection.forks"],
            env=env,
            cwd=self._folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._read() == {"ready": True}
        self._ask("prepare")
        return self

    def __exit__(self, *_: object) -> None:
        self._forks.stdin.close()
        self._forks.wait(30)
        self._forks.stdout.close()
        self._server.__exit__(None, None, None)

    def cases(self, act: str) -> list[Fault]:
        """Every fault in every system call that the act makes when all is well."""
        self.trace(act)
        return faults(calls(self._log))

    def trace(self, act: str) -> list[str]:
        """The act's system calls when all is well, as strace writes them."""
        number = self._prepared(act)
        ended = self._traced(act, number)
        assert ended["answer"], ended
        return self._log.read_text(errors="replace").splitlines()

    def run(self, act: str, fault: Fault) -> Outcome:
        """The act with the fault in it, what it left behind, and whether repeating it mends that."""
        number = self._prepared(act)
        ended = self._traced(act, number, "-e", fault.injection)
        found = self._ask("check", act=act, number=number, answer=ended["answer"])
        found += self._ask("recover", act=act, number=number)
        if ended["hung"]:
            found.append("it never came to an end")
        return Outcome(fault, bool(ended["answer"]), found)

    def _prepared(self, act: str) -> int:
        number = next(self._numbers)
        failed = self._ask("before", act=act, number=number)
        assert not failed, failed
        return number

    def attack(self, name: str) -> list[str]:
        """What the installation, attacked so, did not notice."""
        return self._ask("attack", act=name, number=next(self._numbers))

    @property
    def _log(self) -> Path:
        return self._folder / "trace"

    def _traced(self, act: str, number: int, *options: str) -> dict[str, Any]:
        self._say({"do": "fork", "act": act, "number": number})
        with Tracer(self._read()["pid"], self._log, *options):
            self._say({"do": "go"})
            return self._read()

    def _ask(self, do: str, **details: Any) -> list[str]:
        self._say({"do": do, "act": "", "number": 0, **details})
        return self._read()["violations"]

    def _say(self, command: dict[str, Any]) -> None:
        self._forks.stdin.write(json.dumps(command) + "\n")
        self._forks.stdin.flush()

    def _read(self) -> Any:
        line = self._forks.stdout.readline()
        assert line, "the process that forks ended"
        return json.loads(line)
