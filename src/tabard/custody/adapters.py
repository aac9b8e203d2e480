"""The log's signing keys as a file, and beside it the last checkpoint signed with them; readable by us alone.

The last checkpoint is kept apart from the database so that whoever rolls the database back, or cuts off the log's
tail, cannot make us sign a second history. The key file is looked at anew before each use, so that a key rotated by
another process signs at once.
"""

import secrets
from functools import cache
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings

from tabard.custody.actors import Subject
from tabard.custody.errors import LogCorrupt
from tabard.custody.signing.durable import create_durably, write_durably
from tabard.custody.signing.keys import LogKeys, read_keys
from tabard.merkle.note import VerifierKey, sign_note


class FileSigner:
    """Signs checkpoints with every Ed25519 seed in a key file (`log_keys`), as it is when it signs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._last = path.with_name(f"{path.name}.last-signed")
        self._read: tuple[tuple[int, ...], LogKeys] | None = None
        self.keys()

    def keys(self) -> LogKeys:
        """The log's keys as the file has them now; read again only when the file was replaced.

        Raises:
            LogCorrupt: when the file is gone, or is not a key file.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError as error:
            raise LogCorrupt("The log's key file is gone.", path=str(self.path)) from error
        version = (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)
        if self._read is None or self._read[0] != version:
            self._read = version, read_keys(self.path)
        return self._read[1]

    @property
    def origin(self) -> str:
        """The log's name."""
        return self.keys().origin

    @property
    def vkey(self) -> str:
        """The verifier key to give to others: the newest one's."""
        return self.keys().current.vkey.encode()

    @property
    def verifiers(self) -> tuple[VerifierKey, ...]:
        """Every key that ever signed this log, newest first."""
        return self.keys().verifiers

    def sign(self, text: str) -> str:
        """The note over a checkpoint's text, signed by every key that signs now; remembered durably first."""
        note = sign_note(text, *self.keys().signers).encode().decode()
        write_durably(self._last, note)
        return note

    def last_signed(self) -> str | None:
        """The last note that was signed; None before the first."""
        return self._last.read_text(encoding="utf-8") if self._last.exists() else None


def log_signer() -> FileSigner:
    """The signer of this installation's log; its key is made on first use and never replaced silently."""
    return _signer(key_path())


def key_path() -> Path:
    """Where this installation keeps the log's keys."""
    path: Path = settings.TABARD_HOME / "keys" / "log-key"
    return path


@cache
def _signer(path: Path) -> FileSigner:
    if not path.exists():
        origin = settings.TABARD_LOG_ORIGIN or f"tabard.invalid/log/{secrets.token_hex(4)}"
        create_durably(path, LogKeys.begun(origin).encode())
    return FileSigner(path)


def whole(kind: str) -> Subject:
    """The one subject for what concerns no single item: all of the force's recordings, or the log itself.

    Not the account that acts: the log is public, and a subject must not tell who looked for what.
    """
    return Subject(kind, uuid5(NAMESPACE_URL, f"{log_signer().origin}#{kind}"))
