"""What does the agent know of each file already? A small SQLite database, durable at each write.

Nothing rests on it: it spares reading and sending again. No file is ever erased because of what stands here.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from tabard.dock.cards import Found
from tabard.dock.errors import MemoryUnusable
from tabard.dock.rules import ServerState

FILE = "memory.sqlite3"
VERSION = 1
KEPT_FOR = timedelta(days=200)
_BUSY_FOR_S = 30


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of one file.

    Attributes:
        sha256: Of the whole file; empty until it was hashed.
        path: From the card's root, on one line.
        spooled: The spool's entry that holds it; empty if none does.
        upload: The upload it was, or is being, sent in.
        state: What the server said last; None if nothing.
        differs: Whether it was found to differ from what was sent under its name.
        erased_at: When we erased it.
    """

    id: int
    card: str
    path: str
    size_bytes: int
    modified_ns: int
    sha256: str
    spooled: str
    upload: str
    state: ServerState | None
    object_id: str
    differs: bool
    erased_at: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """As the row has it."""
        return cls(
            id=row["id"],
            card=row["card"],
            path=row["path"],
            size_bytes=row["size_bytes"],
            modified_ns=row["modified_ns"],
            sha256=row["sha256"],
            spooled=row["spooled"],
            upload=row["upload"],
            state=ServerState(row["state"]) if row["state"] else None,
            object_id=row["object_id"],
            differs=bool(row["differs"]),
            erased_at=row["erased_at"],
        )


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure that was begun; `outcome` is empty while nobody knows how it ended."""

    permit: str
    file: Known
    outcome: str
    why: str
    at: str


class Memory:
    """The database of one agent; for many threads of one process."""

    def __init__(self, path: Path, *, is_read_only: bool = False) -> None:
        self._path = path
        self._lock = threading.RLock()
        try:
            self._db = self._open(is_read_only=is_read_only)
        except sqlite3.Error as error:
            raise MemoryUnusable(f"{path} cannot be used: {error}.", path=str(path)) from error

    def close(self) -> None:
        """Nothing is open any more."""
        self._db.close()

    def know(self, card: str, found: Found, glance: str, *, at: datetime) -> Known:
        """What is remembered of the file; from now on, at least that it was found."""
        key = (card, found.shown, found.size_bytes, found.modified_ns, glance)
        with self._writing() as db:
            db.execute(
                "INSERT INTO file (card, path, size_bytes, modified_ns, glance, changed_at)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (*key, at.isoformat()),
            )
            return Known.of(
                db.execute(
                    "SELECT * FROM file WHERE card = ? AND path = ? AND size_bytes = ?"
                    " AND modified_ns = ? AND glance = ?",
                    key,
                ).fetchone()
            )

    def get(self, file_id: int) -> Known:
        """The file, as it is remembered now."""
        with self._writing() as db:
            return Known.of(db.execute("SELECT * FROM file WHERE id = ?", (file_id,)).fetchone())

    def note(self, known: Known, *, at: datetime, **values: str) -> Known:
        """Those columns of the file have those values, durably."""
        columns = ", ".join(f"{column} = :{column}" for column in (*values, "changed_at"))
        with self._writing() as db:
            db.execute(
                f"UPDATE file SET {columns} WHERE id = :id",  # noqa: S608 - columns are keywords of our own calls
                {**values, "changed_at": at.isoformat(), "id": known.id},
            )
        return self.get(known.id)

    def intend(self, known: Known, permit: str, *, at: datetime) -> None:
        """That this file is about to be erased under that permit is known, whatever happens next."""
        with self._writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO erasure (permit, file, at) VALUES (?, ?, ?)",
                (permit, known.id, at.isoformat()),
            )

    def conclude(self, permit: str, outcome: str, *, why: str = "", at: datetime) -> None:
        """How the erasure ended is known, and is to be told; an erased file counts as erased."""
        with self._writing() as db:
            moment = at.isoformat()
            db.execute(
                "UPDATE erasure SET outcome = ?, why = ?, at = ? WHERE permit = ?",
                (outcome, why, moment, permit),
            )
            if outcome == "erased":
                db.execute(
                    "UPDATE file SET erased_at = ?, changed_at = ?"
                    " WHERE id = (SELECT file FROM erasure WHERE permit = ?)",
                    (moment, moment, permit),
                )

    def erasures(self) -> list[Erasure]:
        """Those begun, and those whose end was not told yet, the oldest first."""
        with self._writing() as db:
            rows = db.execute("SELECT * FROM erasure ORDER BY at").fetchall()
            return [
                Erasure(row["permit"], self.get(row["file"]), row["outcome"], row["why"], row["at"])
                for row in rows
            ]

    def told(self, permit: str) -> None:
        """The server knows how that erasure ended."""
        with self._writing() as db:
            db.execute("DELETE FROM erasure WHERE permit = ?", (permit,))

    def of_card(self, card: str) -> list[Known]:
        """Every file that is remembered of the card."""
        with self._writing() as db:
            rows = db.execute("SELECT * FROM file WHERE card = ? ORDER BY path", (card,)).fetchall()
            return [Known.of(row) for row in rows]

    def spooled(self) -> list[Known]:
        """Every file that the spool holds."""
        with self._writing() as db:
            return [Known.of(row) for row in db.execute("SELECT * FROM file WHERE spooled != ''")]

    def say(self, key: str, value: Any) -> None:
        """What the agent says of itself, for those who ask while it runs, and after."""
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO said (key, value) VALUES (?, ?)", (key, json.dumps(value)))

    def said(self, key: str) -> Any:
        """What the agent said last; None if nothing."""
        with self._writing() as db:
            row = db.execute("SELECT value FROM said WHERE key = ?", (key,)).fetchone()
            return json.loads(row["value"]) if row else None

    def forget_old(self, *, at: datetime) -> None:
        """What nobody has touched for long is gone, unless something about it is still to be done."""
        with self._writing() as db:
            db.execute(
                "DELETE FROM file WHERE changed_at < ? AND spooled = '' AND id NOT IN (SELECT file FROM erasure)",
                ((at - KEPT_FOR).isoformat(),),
            )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, durable when the block is left."""
        with self._lock:
            try:
                with self._db:
                    yield self._db
            except sqlite3.Error as error:
                raise MemoryUnusable(
                    f"{self._path} cannot be used: {error}.", path=str(self._path)
                ) from error

    def _open(self, *, is_read_only: bool) -> sqlite3.Connection:
        if is_read_only:
            db = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=_BUSY_FOR_S)
            db.row_factory = sqlite3.Row
            return db
        try:
            return self._prepared()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # a full disk, a folder that may not be written
                raise
            # Damaged, or of another version. It spares work and proves nothing, so it is begun anew.
            self._path.replace(self._path.with_suffix(".damaged"))
            for rest in ("-wal", "-shm"):
                Path(f"{self._path}{rest}").unlink(missing_ok=True)
            return self._prepared()

    def _prepared(self) -> sqlite3.Connection:
        self._path.touch(mode=0o600)
        db = sqlite3.connect(self._path, timeout=_BUSY_FOR_S, check_same_thread=False)
        try:
            db.row_factory = sqlite3.Row
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                db.execute(f"PRAGMA {pragma}")
            _check(db.execute("PRAGMA user_version").fetchone()[0] in {0, VERSION})
            db.executescript(files("tabard.dock").joinpath("memory.sql").read_text(encoding="utf-8"))
            db.execute(f"PRAGMA user_version = {VERSION}")
            _check(db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
        except BaseException:
            db.close()
            raise
        return db


def _check(holds: bool) -> None:  # noqa: FBT001 - what is checked stands at the call
    if not holds:
        raise sqlite3.DatabaseError("It is damaged, or of another version.")
