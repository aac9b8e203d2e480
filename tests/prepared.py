"""A database with all its tables, made once a run, which an installation of a test may begin with.

To make the tables takes longer than most tests do. Tests of how they are made, and of what a newcomer sees, begin with
nothing as ever.
"""

import os
import subprocess
import sys
from pathlib import Path

from tabard.cli.home import Home, locked
from tabard.cli.postgres import Server


def prepare(home: Home) -> Home:
    """The home, with the database that any first command would have made in it; its server does not run."""
    return copied(_made(), home)


def copied(postgres: Path, home: Home) -> Home:
    """The home, with a copy of the data folder of a server that does not run."""
    home.create().postgres.rmdir()
    # With its owner, who is not root where root runs the tests.
    subprocess.run(["cp", "-a", postgres, home.postgres], check=True)
    return home


def _made() -> Path:
    """The data folder to copy; whoever asks first makes it, and others wait."""
    shared = Path(os.environ["TABARD_TEST_HOME"])
    home, is_made = Home(shared / "prepared"), shared / "prepared-is-made"
    with locked(shared / "prepared.lock"):
        if not is_made.exists():
            _make(home)
            is_made.touch()
    return home.postgres


def _make(home: Home) -> None:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TABARD_", "DATABASE_", "DJANGO_"))
    }
    with Server(home, {}):
        subprocess.run(
            [sys.executable, "-c", "from tabard.cli.main import run; run()", "log", "verify", "--json"],
            env={**kept, "TABARD_HOME": str(home.root)},
            check=True,
            capture_output=True,
        )
