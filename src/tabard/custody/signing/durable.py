"""How does a small file survive a crash? Written beside, synced, renamed over, and the folder synced."""

import contextlib
import os
import secrets
from pathlib import Path


def write_durably(path: Path, text: str) -> None:
    """The file holds exactly this text when this returns, whatever happens; a crash leaves the old text or the new."""
    _staged(path, text).replace(path)
    _sync_folder(path.parent)


def create_durably(path: Path, text: str) -> None:
    """The file is there when this returns: with this text, or with what another process wrote first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    staged = _staged(path, text)
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(staged)
    staged.unlink()
    _sync_folder(path.parent)


def _staged(path: Path, text: str) -> Path:
    """A synced file beside `path` with the text."""
    staged = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return staged


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
