"""What has this watcher seen? The last checkpoint and the hash of every leaf under it, durable before it is relied on.

state.json     the log's address and keys, the newest checkpoint seen, and when
leaf-hashes    32 bytes for each leaf, in order; what is there beyond the checkpoint's size is not yet believed
evidence/      both sides of each contradiction, as they were signed
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from tabard.kernel.errors import Integrity
from tabard.merkle.tree import HASH_SIZE

STATE_VERSION = 1


class WatchMemoryBroken(Integrity):
    """What the watcher remembers cannot be read, or does not fit together; it must not guess."""

    code = "watch_memory_broken"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is remembered of a log; times are ISO 8601 in UTC, empty where there is none yet."""

    url: str
    vkeys: tuple[str, ...]
    note: str = ""
    size: int = 0
    changed_at: str = ""
    answered_at: str = ""
    witnessed_at: str = ""
    rechecked: int = 0
    version: int = STATE_VERSION


class WatchMemory:
    """The folder of one watcher of one log."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._state = folder / "state.json"
        self._hashes = folder / "leaf-hashes"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def load(self) -> Seen | None:
        """What was remembered; None at the first start.

        Raises:
            WatchMemoryBroken: when it is damaged.
        """
        if not self._state.exists():
            return None
        try:
            found = json.loads(self._state.read_text(encoding="utf-8"))
            seen = Seen(**{**found, "vkeys": tuple(found["vkeys"])})
        except (ValueError, TypeError, KeyError) as error:
            raise WatchMemoryBroken("The watcher's state cannot be read.", path=str(self._state)) from error
        kept = self._hashes.stat().st_size if self._hashes.exists() else 0
        if seen.version != STATE_VERSION or kept < seen.size * HASH_SIZE:
            raise WatchMemoryBroken("The watcher's state does not fit together.", path=str(self._folder))
        return seen

    def leaf_hashes(self, size: int) -> list[bytes]:
        """The hashes of the first `size` leaves."""
        if not size:
            return []
        data = self._hashes.read_bytes()[: size * HASH_SIZE]
        return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]

    def keep_hashes(self, size: int, added: list[bytes]) -> None:
        """The leaves after the first `size` are these; durable when this returns."""
        descriptor = os.open(self._hashes, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            file.truncate(size * HASH_SIZE)
            file.seek(size * HASH_SIZE)
            file.write(b"".join(added))
            file.flush()
            os.fsync(file.fileno())

    def keep(self, seen: Seen) -> None:
        """This is what was seen; durable when this returns."""
        self._write(self._state, json.dumps(asdict(seen), indent=1) + "\n")

    def keep_evidence(self, code: str, at: datetime, text: str) -> Path:
        """A contradiction with both its sides, durable when this returns; where it is."""
        folder = self._folder / "evidence"
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"{at:%Y%m%dT%H%M%SZ}-{code}.txt"
        self._write(path, text)
        return path

    def _write(self, path: Path, text: str) -> None:
        write_file(path, text.encode())


def write_file(path: Path, data: bytes) -> None:
    """The file holds exactly these bytes when this returns; a crash leaves the old or the new."""
    staged = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    staged.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
