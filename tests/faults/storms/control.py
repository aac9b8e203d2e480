"""The disk below a store, and how it is: well, full, failing or slow. Every process of a site reads one page."""

import errno
import mmap
import os
import random
import time
from pathlib import Path
from typing import Any

WELL, FULL, FAILING, LATE = range(4)
_LATE_S = (0.01, 0.08)


class Control:
    """One page of memory that all processes share: the disk's mode, and one call in how many it strikes."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(mmap.PAGESIZE))
        with path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    def set(self, mode: int, one_in: int = 1) -> None:
        """From now on the disk is so."""
        self._page[:2] = bytes((mode, one_in))

    @property
    def mode(self) -> int:
        """How the disk is."""
        return self._page[0]

    def strike(self, call: str) -> None:
        """Nothing happens, or what the disk's mode says; a full disk fails only who writes more."""
        mode, one_in = self._page[:2]
        if mode == WELL or (mode == FULL and call != "write"):
            return
        if random.randrange(max(1, one_in)):  # noqa: S311 - which call is hit does not matter
            return
        if mode == LATE:
            time.sleep(random.uniform(*_LATE_S))  # noqa: S311 - the same
            return
        number = errno.ENOSPC if mode == FULL else errno.EIO
        raise OSError(number, os.strerror(number))


class FaultyOs:
    """The `os` of a module that keeps sealed bytes; its calls on files are struck."""

    STRUCK = ("write", "fsync", "fdatasync", "link", "pread", "preadv")

    def __init__(self, control: Control) -> None:
        self._control = control

    def __getattr__(self, name: str) -> Any:
        honest = getattr(os, name)
        if name not in self.STRUCK:
            return honest

        def struck(*arguments: Any) -> Any:
            self._control.strike(name)
            return honest(*arguments)

        return struck


def put_below_stores(control: Control) -> None:
    """In this process, whatever keeps sealed bytes in files does so on that disk."""
    from tabard.vault import spool, staging
    from tabard.vault.adapters import local

    for module in (local, spool, staging):
        module.os = FaultyOs(control)
