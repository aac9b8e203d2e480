"""Against which installation is a shift played? One of its own, in a folder that goes again; or the running one.

Of its own it knows the processes, and so what they cost. Those of a running installation may be anywhere.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tabard.cli.home import Home
from tabard.cli.process_figures import cpu_s, peak_mib
from tabard.cli.processes import Ports, processes
from tabard.cli.supervisor import Supervisor, free_ports
from tabard.kernel.errors import Unavailable

SPARE_BYTES: Final = 2 * 1024**3
"""How much of the disk is left to others: the database, the log, and whoever else works here."""


class NoRoom(Unavailable):
    """What is to be played does not fit on the disk."""

    code = "no_room"


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor seconds so far."""

    door_s: float
    worker_s: float
    database_s: float

    def __sub__(self, before: "Cost") -> "Cost":
        return Cost(
            self.door_s - before.door_s,
            self.worker_s - before.worker_s,
            self.database_s - before.database_s,
        )


@dataclass(frozen=True, slots=True)
class OwnProcesses:
    """The processes that this command started, and the database's."""

    running: Supervisor
    home: Home

    def cost(self) -> Cost:
        """What they have cost so far."""
        return Cost(*(cpu_s(pid) if pid else 0.0 for pid in (*self._pids(), self._postmaster())))

    def peaks_mib(self) -> dict[str, float]:
        """The most memory that door and worker ever had."""
        names = ("door", "worker")
        return {name: round(peak_mib(pid), 1) for name, pid in zip(names, self._pids(), strict=True) if pid}

    def _pids(self) -> tuple[int | None, int | None]:
        return self.running.pid("door"), self.running.pid("worker")

    def _postmaster(self) -> int | None:
        """None where the database is not ours to look at."""
        try:
            return int((self.home.postgres / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
        except OSError:
            return None


@contextmanager
def own_processes(home: Home) -> Iterator[tuple[OwnProcesses, str]]:
    """Web, door and worker on free ports until the block ends; with the door's address."""
    web, door = free_ports(2)
    ports = Ports(web, door)
    with Supervisor(processes(home, ports), logs=home.logs) as running:
        yield OwnProcesses(running, home), ports.door_url


def check_room(folder: Path, wanted_bytes: int) -> None:
    """There is room in the folder for that much, with some to spare.

    Raises:
        NoRoom.
    """
    free = shutil.disk_usage(folder).free
    if wanted_bytes + SPARE_BYTES > free:
        raise NoRoom(
            f"This would write {wanted_bytes / 1e9:.1f} GB below {folder}, where {free / 1e9:.1f} GB are free and "
            f"{SPARE_BYTES / 1e9:.1f} must stay so. Choose a larger --scale.",
            field="scale",
        )
