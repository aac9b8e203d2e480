"""The log's signing key as a file, and beside it the last checkpoint signed with it; readable by us alone.

The last checkpoint is kept apart from the database so that whoever rolls the database back, or cuts off the log's
tail, cannot make us sign a second history.
"""

import contextlib
import os
import secrets
from functools import cache
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from tabard.custody.actors import Subject
from tabard.custody.errors import LogCorrupt
from tabard.merkle.note import Signer, sign_note

SEED_BYTES = 32


class FileSigner:
    """Signs checkpoints with the Ed25519 seed in a file whose two lines are the log's origin and the seed in hex."""

    def __init__(self, path: Path) -> None:
        self._last = path.with_name(f"{path.name}.last-signed")
        origin, seed = _read(path)
        self._signer = Signer(origin, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def origin(self) -> str:
        """The log's name."""
        return self._signer.name

    @property
    def vkey(self) -> str:
        """The verifier key to give to others."""
        return self._signer.vkey.encode()

    def sign(self, text: str) -> str:
        """The signed note over a checkpoint's text, remembered durably before it is given out."""
        note = sign_note(text, self._signer).encode().decode()
        _write_durably(self._last, note)
        return note

    def last_signed(self) -> str | None:
        """The last note that was signed; None before the first."""
        return self._last.read_text(encoding="utf-8") if self._last.exists() else None


def log_signer() -> FileSigner:
    """The signer of this installation's log; its key is made on first use and never replaced silently."""
    return _signer(settings.TABARD_HOME / "keys" / "log-key")


@cache
def _signer(path: Path) -> FileSigner:
    if not path.exists():
        _create(path, settings.TABARD_LOG_ORIGIN or f"tabard.invalid/log/{secrets.token_hex(4)}")
    return FileSigner(path)


def whole(kind: str) -> Subject:
    """The one subject for what concerns no single item: all of the force's recordings, or the log itself.

    Not the account that acts: the log is public, and a subject must not tell who looked for what.
    """
    return Subject(kind, uuid5(NAMESPACE_URL, f"{log_signer().origin}#{kind}"))


def _create(path: Path, origin: str) -> None:
    """Write a new key durably; if another process was first, its key stands."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    staged = _staged(path, f"{origin}\n{secrets.token_hex(SEED_BYTES)}\n")
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(staged)
    staged.unlink()
    _sync_folder(path.parent)


def _write_durably(path: Path, text: str) -> None:
    """The file holds the text, whole, whatever happens."""
    _staged(path, text).replace(path)
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


def _read(path: Path) -> tuple[str, bytes]:
    """Origin and seed of a key file.

    Raises:
        LogCorrupt: when the file is not a key file; a log must never go on under a guessed key.
    """
    lines = path.read_text(encoding="ascii").splitlines()
    if len(lines) != 2:
        raise LogCorrupt("The log's key file does not hold an origin and a seed.", path=str(path))
    return lines[0], bytes.fromhex(lines[1])
