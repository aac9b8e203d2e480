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
    """Where the pages and the door listen: the pages on loopback, the door where it is told to."""

    web: int = 8000
    door: int = 8001
    door_host: str = HOST
    door_is_tls: bool = False
    is_plain_meant: bool = False

    @property
    def web_url(self) -> str:
        """Where a browser goes."""
        return f"http://{HOST}:{self.web}"

    @property
    def door_url(self) -> str:
        """Where a body-worn system on this machine logs in."""
        host = HOST if self.door_host in {"0.0.0.0", "::"} else self.door_host  # noqa: S104 - compared, not listened on
        named = f"[{host}]" if ":" in host else host
        return f"{'https' if self.door_is_tls else 'http'}://{named}:{self.door}"

    @property
    def door_options(self) -> list[str]:
        """The options of `tabard door` that say the same."""
        options = ["--port", str(self.door), "--host", self.door_host]
        return options + ([] if self.door_is_tls else ["--no-tls"]) + ["--plain-http"] * self.is_plain_meant


def processes(home: Home, ports: Ports) -> list[ProcessSpec]:
    """Web, door and worker of this home."""
    # An address that was set is the one that systems elsewhere use, and what their connection files must say.
    door_url = os.environ.get("TABARD_DOOR_URL") or ports.door_url
    env = {"TABARD_HOME": str(home.root), "TABARD_DOOR_URL": door_url}
    # Whoever takes over one of these finds no way in as the owner of the log's tables.
    env["TABARD_OWNER_DATABASE_URL"] = ""
    (home.run / _READY_FILE).unlink(missing_ok=True)
    return [
        ProcessSpec("web", [*tabard("web"), "--port", str(ports.web)], f"{ports.web_url}/healthz", env),
        ProcessSpec("door", [*tabard("door"), *ports.door_options], f"{ports.door_url}/healthz", env),
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
