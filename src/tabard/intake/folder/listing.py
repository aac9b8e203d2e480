"""Which files does a folder hold? Regular files in the order of their paths, and what cannot be taken, with the reason.

No link is followed: one that points into the folder is taken where it stands, one that points out of it is said to.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tabard.intake.folder.names import shown

_SPECIAL = "It is no file but a device, a socket or a pipe."


@dataclass(frozen=True, slots=True)
class File:
    """One regular file: its path below the folder as the operating system gives it, and what it was when listed."""

    path: str
    size_bytes: int
    modified_ns: int
    device: int
    inode: int

    @property
    def shown(self) -> str:
        """The path in characters that can be shown and kept."""
        return shown(self.path)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What stands in the folder and is not taken; `is_failure` where that may be footage that we do not have."""

    path: str
    words: str
    is_failure: bool


def walk(root: Path) -> Iterator[File | LeftOut]:
    """Everything below the folder, folder by folder in the order of names."""
    home = os.path.realpath(root)
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
        except OSError as error:
            yield LeftOut(folder or ".", f"The folder cannot be read: {error.strerror}.", is_failure=True)
            continue
        inner: list[str] = []
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            found = _looked_at(entry, path, home)
            if found is None:
                inner.append(path)
            else:
                yield found
        waiting.extend(reversed(inner))


def _looked_at(entry: "os.DirEntry[str]", path: str, home: str) -> File | LeftOut | None:
    """What an entry is; None for a folder, which is gone into."""
    try:
        if entry.is_symlink():
            return _link(entry.path, path, home)
        if entry.is_dir(follow_symlinks=False):
            return None
        facts = entry.stat(follow_symlinks=False)
    except OSError as error:
        return LeftOut(path, f"It cannot be looked at: {error.strerror}.", is_failure=True)
    if not stat.S_ISREG(facts.st_mode):
        return LeftOut(path, _SPECIAL, is_failure=False)
    return File(path, facts.st_size, facts.st_mtime_ns, facts.st_dev, facts.st_ino)


def _link(where: str, path: str, home: str) -> LeftOut:
    target = os.path.realpath(where)
    is_inside = os.path.commonpath([home, target]) == home and Path(target).exists()
    if is_inside:
        return LeftOut(path, "It is a link; what it points to is taken where it stands.", is_failure=False)
    return LeftOut(path, "It is a link out of the folder, which is not followed.", is_failure=True)
