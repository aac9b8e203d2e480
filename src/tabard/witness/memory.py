"""What did this witness cosign last? One file for each log, durable before the cosignature is given out.

A file is the signed note itself, with the log's signatures and ours, so it can be shown to anyone and tells when it was
damaged. Who forgets could be led to cosign a second history; so whatever cannot be read stops the witness, and
a folder of memory must never be put back from a copy.
"""

import fcntl
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from tabard.kernel.errors import Integrity
from tabard.merkle.checkpoint import Checkpoint
from tabard.merkle.note import SignedNote, VerifierKey, cosigned_at, open_note
from tabard.witness.errors import HomeBusy, MemoryLost, MemoryNotKept

MAX_FORKS = 100
_CURE = "Retire this witness and start another with a new folder, a new name and so a new key."


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The newest checkpoint that this witness cosigned for a log, the note as it is kept, and when."""

    checkpoint: Checkpoint
    note: bytes
    at: datetime


class Memory:
    """The files of one witness. `hold` first: then no other process works with them."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._states = home / "cosigned"
        self._forks = home / "forks"
        self._held: int | None = None

    def hold(self) -> None:
        """This process alone may use the folder until it ends; half-written files of a killed one are gone.

        Raises:
            HomeBusy: when another process holds it.
        """
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._held = os.open(self._home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._held)
            raise HomeBusy(f"Another witness runs in {self._home}.", path=str(self._home)) from error
        for staged in self._states.glob("*.staged"):
            staged.unlink()

    def begin(self) -> None:
        """The folders are there, durably; only for a witness that has no key yet and so has cosigned nothing."""
        for folder in (self._states, self._forks):
            folder.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(self._home)

    def check(self, key: VerifierKey) -> int:
        """How many logs are remembered, every one of them readable.

        Raises:
            MemoryLost: when the folder is gone or a file in it cannot be read.
        """
        if not self._states.is_dir():
            raise MemoryLost(f"{self._states} is gone, and with it what was cosigned. {_CURE}")
        remembered = sorted(self._states.glob("*.note"))
        for path in remembered:
            _read(path, key)
        return len(remembered)

    def recall(self, origin: str, key: VerifierKey) -> Cosigned | None:
        """What was cosigned last for the log, as it is on disk; None if nothing ever was.

        Raises:
            MemoryLost: when the file is there and is not what was written.
        """
        path = self._path(origin)
        if not self._states.is_dir():
            raise MemoryLost(f"{self._states} is gone, and with it what was cosigned. {_CURE}")
        if not path.exists():
            return None
        found = _read(path, key)
        if found.checkpoint.origin != origin:
            raise MemoryLost(f"{path} speaks of another log. {_CURE}", path=str(path))
        return found

    def remember(self, origin: str, note: SignedNote) -> None:
        """The note is what was cosigned last, even if power fails now.

        Raises:
            MemoryNotKept: when that could not be made sure; the old memory or the new may be there, both whole.
        """
        _write(self._path(origin), note.encode())

    def keep_fork(self, note: bytes) -> None:
        """The signed checkpoint that contradicts one we cosigned is kept, as far as there is room: it is evidence."""
        self._forks.mkdir(mode=0o700, exist_ok=True)
        path = self._forks / f"{sha256(note).hexdigest()}.note"
        if not path.exists() and len(list(self._forks.iterdir())) < MAX_FORKS:
            _write(path, note)

    def _path(self, origin: str) -> Path:
        return self._states / f"{sha256(origin.encode()).hexdigest()}.note"


def _read(path: Path, key: VerifierKey) -> Cosigned:
    try:
        data = path.read_bytes()
        note = open_note(data, [key])
        line = next(line for line in note.signatures if (line.name, line.key_id) == (key.name, key.key_id))
        return Cosigned(Checkpoint.parse(note.text), data, cosigned_at(line))
    except OSError as error:
        raise MemoryLost(f"{path} cannot be read: {error.strerror}.", path=str(path)) from error
    except Integrity as error:
        raise MemoryLost(f"{path} is damaged: {error.message} {_CURE}", path=str(path)) from error


def _write(path: Path, data: bytes) -> None:
    """Beside, synced, renamed over, the folder synced: at no moment is there less than one whole note."""
    staged = path.with_name(f"{path.name}.{secrets.token_hex(4)}.staged")
    try:
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            staged.unlink(missing_ok=True)
        raise MemoryNotKept(f"{path} could not be written: {error.strerror}.", path=str(path)) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
