"""How does a file come to be there even if power fails now? Beside, synced, renamed, and the folder synced."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def write(path: Path, data: bytes, *, replaces: bool = True) -> None:
    """The file holds exactly the data, durably; only this user can read it. At no moment is there half of it.

    Args:
        path: Its name.
        data: All of it.
        replaces: Whether it may take the place of one that is there.

    Raises:
        FileExistsError: it is there and may not be replaced.
        OSError: it could not be written; whatever was there still is.
    """
    staged = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        publish(staged, path, replaces=replaces)
    finally:
        with suppress(OSError):
            staged.unlink(missing_ok=True)


def publish(staged: Path, path: Path, *, replaces: bool = False) -> None:
    """A synced file has its name, durably."""
    if replaces:
        staged.replace(path)
    else:
        path.hardlink_to(staged)
        staged.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path | int) -> None:
    """What was named, renamed or removed in the folder stays so.

    Args:
        folder: Its path, or a descriptor of it, which stays open.
    """
    if isinstance(folder, int):
        os.fsync(folder)
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
