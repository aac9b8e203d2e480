"""The secret that signs sessions: made once, kept in a file that only we can read."""

import contextlib
import os
import secrets
from pathlib import Path


def secret_key(keys: Path) -> str:
    """The same 64 random characters on every call, for this home folder; made on the first."""
    path = keys / "session-secret"
    if not path.exists():
        _create(path)
    return path.read_text(encoding="ascii")


def _create(path: Path) -> None:
    """Write a new secret durably; if another process was first, its secret stands."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    staged = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(staged)
    staged.unlink()
