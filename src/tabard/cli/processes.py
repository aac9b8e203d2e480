"""Which processes make up one installation, and how does each say that it is ready?"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tabard.cli.home import Home
from tabard.cli.supervisor import ProcessSpec

HOST = "127.0.0.1"
_READY_FILE = "worker-ready"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the pages and the door listen, on loopback."""

    web: int = 8000
    door: int = 8001

    @property
    def web_url(self) -> str:
        """Where a browser goes."""
        return f"http://{HOST}:{self.web}"

    @property
    def door_url(self) -> str:
        """Where a body-worn system logs in."""
        return f"http://{HOST}:{self.door}"


def processes(home: Home, ports: Ports) -> list[ProcessSpec]:
    """Web, door and worker of this home."""
    env = {"TABARD_HOME": str(home.root), "TABARD_DOOR_URL": ports.door_url}
    # Whoever takes over one of these finds no way in as the owner of the log's tables.
    env["TABARD_OWNER_DATABASE_URL"] = ""
    (home.run / _READY_FILE).unlink(missing_ok=True)
    return [
        ProcessSpec("web", [*tabard("web"), "--port", str(ports.web)], f"{ports.web_url}/healthz", env),
        ProcessSpec("door", [*tabard("door"), "--port", str(ports.door)], f"{ports.door_url}/healthz", env),
        ProcessSpec("worker", tabard("worker"), lambda: _worker_is_ready(home), env),
    ]


def tabard(*arguments: str) -> list[str]:
    """This very installation's `tabard` command."""
    return [sys.executable, "-c", "from tabard.cli.main import run; run()", *arguments]


def say_ready(home: Home) -> None:
    """The worker of this process has begun; the supervisor can see it."""
    staged = home.run / f"{_READY_FILE}.{os.getpid()}"
    staged.write_text(str(os.getpid()), encoding="ascii")
    staged.rename(home.run / _READY_FILE)


def _worker_is_ready(home: Home) -> bool:
    """Whether the process that last said it was ready is still there."""
    try:
        pid = (home.run / _READY_FILE).read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return Path("/proc", pid).exists()
