"""What is wrong with this installation, and what cures it?

A check looks at one thing and finds it well, doubtful or broken, in words that an administrator can act on. Each
part of the product adds its own checks to one `Registry`; `machine_checks` are those of the ground everything
stands on: folder, Python, database, space and clock. A check that fails in a way it did not expect is itself a
problem found.
"""

import ctypes
import os
import platform
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Self

import psycopg
from rich.table import Table
from rich.text import Text

from tabard.cli.home import Home, is_ours
from tabard.cli.postgres import EXTENSIONS, Server
from tabard.cli.postgres_binaries import OLDEST_MAJOR
from tabard.kernel import clock
from tabard.kernel.errors import TabardError

_OLDEST_PYTHON = (3, 11)
_GIB = 1024**3
_LITTLE_SPACE_BYTES = 20 * _GIB
_NO_SPACE_BYTES = 1 * _GIB
_CLOCKS_APART_S = 2.0
_TIME_ERROR = 5  # adjtimex(2): nothing keeps the kernel's clock right


class Level(StrEnum):
    """How bad a finding is. A warning lets Tabard run; a problem does not, or not safely."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """What one check found: a sentence, and what to do about it where it is not well."""

    level: Level
    words: str
    cure: str = ""

    @classmethod
    def ok(cls, words: str) -> Self:
        """Nothing to do."""
        return cls(Level.OK, words)

    @classmethod
    def warning(cls, words: str, cure: str) -> Self:
        """Works, but somebody should know."""
        return cls(Level.WARNING, words, cure)

    @classmethod
    def problem(cls, words: str, cure: str) -> Self:
        """Does not work, or must not be relied on."""
        return cls(Level.PROBLEM, words, cure)


@dataclass(frozen=True)
class Check:
    """One thing to look at; `run` may take a second or two, and may raise."""

    name: str
    run: Callable[[], Finding]


@dataclass(frozen=True)
class Report:
    """Every check's name with what it found, in the order they were added."""

    findings: tuple[tuple[str, Finding], ...]

    @property
    def ok(self) -> bool:
        """Whether no problem was found; warnings do not count."""
        return all(finding.level is not Level.PROBLEM for _, finding in self.findings)

    @property
    def exit_code(self) -> int:
        """0 good, 1 something is wrong."""
        return 0 if self.ok else 1

    def as_json(self) -> dict[str, object]:
        """The report as one object: `ok`, and under `checks` each `name`, `level`, `words` and `cure`."""
        checks = [
            {"name": name, "level": found.level.value, "words": found.words, "cure": found.cure}
            for name, found in self.findings
        ]
        return {"ok": self.ok, "checks": checks}

    def as_table(self) -> Table:
        """The report for a terminal; a level is a word as well as a colour."""
        colours = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "bold red"}
        table = Table("What", "", "Found", box=None, pad_edge=False)
        for name, found in self.findings:
            words = Text(found.words)
            if found.cure:
                words.append(f"\n{found.cure}", style="italic")
            table.add_row(Text(name), Text(found.level.value, style=colours[found.level]), words)
        return table


class Registry:
    """The checks of this installation, in the order they were added."""

    def __init__(self, checks: Iterable[Check] = ()) -> None:
        self._checks = list(checks)

    def add(self, *checks: Check) -> None:
        """The checks will be run after those added before."""
        self._checks.extend(checks)

    def run(self) -> Report:
        """A report with one finding for each check, whatever happens in any of them."""
        return Report(tuple((check.name, _found_by(check)) for check in self._checks))


def machine_checks(home: Home, environ: Mapping[str, str] = os.environ) -> list[Check]:
    """The checks of the ground: Python, the data folder, space, the clock and the database."""
    return [
        Check("Python", lambda: _python(sys.version_info[:2])),
        Check("Data folder", lambda: _folder(home)),
        Check("Disk space", lambda: _space(home.root)),
        Check("Clock", lambda: _clock(clock.now(), is_kept=_clock_is_kept())),
        Check("PostgreSQL", lambda: _database(home, environ)),
    ]


def _found_by(check: Check) -> Finding:
    try:
        return check.run()
    except TabardError as error:
        return Finding.problem(error.message, "")
    except Exception as error:  # noqa: BLE001 - a check that breaks must not hide what the others found
        return Finding.problem(
            f"The check itself failed: {type(error).__name__}: {error}", "Please report this."
        )


def _python(version: tuple[int, int]) -> Finding:
    words = f"Python {platform.python_version()}"
    if version < _OLDEST_PYTHON:
        return Finding.problem(words, "Tabard needs Python 3.11 or later.")
    return Finding.ok(words)


def _folder(home: Home) -> Finding:
    """Others may pass through the folder (a database under another user needs that), never read or list it."""
    if not home.root.exists():
        return Finding.ok(f"{home.root} is not there yet; the first start creates it")
    home.create()
    inside = (home.root, home.postgres, home.run, home.logs, home.vault, home.keys, home.scratch)
    open_ones = [folder for folder in inside if folder != home.postgres and not is_ours(folder)]
    if open_ones:
        paths = " ".join(str(folder) for folder in open_ones)
        return Finding.problem(
            f"Not closed to other users, or not this user's: {paths}",
            f"Run Tabard as the folder's owner, and: chmod 700 {paths}",
        )
    return Finding.ok(
        f"{home.root} is closed to other users (mode {stat.S_IMODE(home.root.stat().st_mode):o})"
    )


def _space(folder: Path) -> Finding:
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free_bytes = shutil.disk_usage(there).free
    words = f"{free_bytes / _GIB:.1f} GiB free under {there}"
    cure = "Free some space, or set TABARD_HOME or TABARD_STORE_URL to a larger place."
    if free_bytes < _NO_SPACE_BYTES:
        return Finding.problem(words, cure)
    if free_bytes < _LITTLE_SPACE_BYTES:
        return Finding.warning(words, cure)
    return Finding.ok(words)


def _clock(now: datetime, *, is_kept: bool | None) -> Finding:
    """Retention counts from recorded times, so a clock that is far off disposes of footage too early or too late."""
    installed_at = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    cure = "Set the clock, and let the machine keep it by NTP (chrony or systemd-timesyncd)."
    if now < installed_at:
        return Finding.problem(f"The clock says {now:%d %B %Y %H:%M} UTC, before Tabard was installed", cure)
    words = f"{now:%d %B %Y %H:%M} UTC"
    if is_kept is False:
        return Finding.warning(f"{words}; nothing keeps the clock right", cure)
    return Finding.ok(words)


def _clock_is_kept() -> bool | None:
    """Whether the kernel believes that its clock is synchronised; None where it cannot be asked."""
    ask = getattr(ctypes.CDLL(None), "adjtimex", None)
    # struct timex is 208 bytes on 64-bit Linux; all zero bytes ask and change nothing.
    state = ask(ctypes.create_string_buffer(1024)) if ask else -1
    return None if state < 0 else state != _TIME_ERROR


def _database(home: Home, environ: Mapping[str, str]) -> Finding:
    with Server(home, environ) as server, psycopg.connect(server.url) as connection:
        major = connection.info.server_version // 10_000
        where = "DATABASE_URL" if server.is_external else "embedded, private to this folder"
        row = connection.execute("SELECT array_agg(name::text) FROM pg_available_extensions").fetchone()
        there = connection.execute("SELECT clock_timestamp()").fetchone()
    missing = set(EXTENSIONS) - set(row[0] or () if row else ())
    return _judge_database(
        f"PostgreSQL {major} answers ({where})",
        major=major,
        missing=missing,
        apart_s=abs((clock.now() - there[0]).total_seconds()) if there else 0.0,
    )


def _judge_database(words: str, *, major: int, missing: set[str], apart_s: float) -> Finding:
    if major < OLDEST_MAJOR:
        return Finding.problem(words, f"Tabard needs PostgreSQL {OLDEST_MAJOR} or later.")
    if missing:
        names = " and ".join(sorted(missing))
        return Finding.problem(f"{words}, without {names}", "Install PostgreSQL's contrib extensions there.")
    if apart_s > _CLOCKS_APART_S:
        return Finding.warning(
            f"{words}; its clock is {apart_s:.0f} s from this machine's",
            "Let both machines keep their clocks by NTP.",
        )
    return Finding.ok(words)
