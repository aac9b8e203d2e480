"""How are a file's bytes taken off a card? Once, in order, hashed on the way, and only if it held still meanwhile."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from threading import Event
from typing import Any

from tabard.intake.folder.listing import File
from tabard.kernel.errors import Conflict

_PIECE_BYTES = 1024 * 1024


class NotTaken(Conflict):
    """A file cannot be taken off its card now; the message says why. Nothing of it is kept."""

    code = "file_not_taken"


class Stopped(Exception):
    """The run was told to stop; nothing of the file in hand is kept."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the files of one folder until `stop` is set; `progress` is told of every piece, in any thread."""

    root: Path
    stop: Event
    progress: Callable[[int], None]

    def read(
        self, file: File, algorithms: Iterable[str] = (), write: Callable[[memoryview], None] | None = None
    ) -> Mapping[str, str]:
        """Every byte of the file was written, and its hashes by these algorithms are returned, in hexadecimal.

        Raises:
            NotTaken, Stopped, and what `write` raises.
        """
        digests = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
        takers = [*(digest.update for digest in digests.values()), *([write] if write else [])]
        try:
            with self._open(file) as opened:
                self._copy(opened, file, takers)
                _check_same(file, os.fstat(opened.fileno()))
        except OSError as error:
            raise NotTaken(f"It cannot be read: {error.strerror or error}.", path=file.shown) from error
        return {name: digest.hexdigest() for name, digest in digests.items()}

    def _open(self, file: File) -> FileIO:
        """The file that was listed, and no link or device that took its place."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        opened = FileIO(os.open(self.root / file.path, flags), "rb")
        try:
            _check_same(file, os.fstat(opened.fileno()))
        except BaseException:
            opened.close()
            raise
        return opened

    def _copy(self, opened: FileIO, file: File, takers: Sequence[Callable[[memoryview], Any]]) -> None:
        buffer = memoryview(bytearray(_PIECE_BYTES))
        left = file.size_bytes
        while left:
            if self.stop.is_set():
                raise Stopped
            count = opened.readinto(buffer[: min(left, _PIECE_BYTES)])
            if not count:
                raise NotTaken("It became shorter while it was read.", path=file.shown)
            for take in takers:
                take(buffer[:count])
            left -= count
            self.progress(count)


def _check_same(file: File, facts: os.stat_result) -> None:
    was = (file.device, file.inode, file.size_bytes, file.modified_ns)
    now = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)
    if not stat.S_ISREG(facts.st_mode) or now != was:
        raise NotTaken("It changed since it was listed, or while it was read.", path=file.shown)
