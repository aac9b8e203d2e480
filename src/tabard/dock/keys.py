"""Which dock is this? Whoever holds its Ed25519 key; only the public half ever leaves the station.

Beside it lies the key of the spool. It is worth no more than the spool: who loses it loses what was not sent yet and is
no longer on any card.
"""

import re
import secrets
from base64 import urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tabard.dock import durable
from tabard.dock.errors import BadConfiguration

DOCK_KEY_FILE = "dock-key"
SPOOL_KEY_FILE = "spool-key"
KEY_BYTES = 32
_HEX = re.compile(r"[0-9a-f]{64}")
_SESSION = "tabard-dock-session-v1"


@dataclass(frozen=True, slots=True)
class DockKey:
    """The key that a dock signs in with."""

    private_key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The key in the agent's folder.

        Raises:
            BadConfiguration: there is none, or it is damaged.
        """
        return cls(Ed25519PrivateKey.from_private_bytes(_read(folder / DOCK_KEY_FILE)))

    @classmethod
    def make(cls, folder: Path) -> Self:
        """A new key is in the folder, durably; one that is there is kept and returned."""
        make_key(folder / DOCK_KEY_FILE)
        return cls.read(folder)

    @property
    def public(self) -> str:
        """The public half as a BWV administrator enrols it: base64url without padding, 43 characters."""
        return _base64url(self.private_key.public_key().public_bytes_raw())

    @property
    def key_id(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the public key."""
        return sha256(self.private_key.public_key().public_bytes_raw()).hexdigest()[:16]

    def session_request(self, *, host: str, at: datetime) -> dict[str, str]:
        """What signs this dock in (dock protocol, "Signing in").

        Args:
            host: As the request's `Host` header has it.
            at: Now, as well as we know it.
        """
        signed_at = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        nonce = secrets.token_hex(16)
        lines = (_SESSION, host, self.key_id, signed_at, nonce)
        signature = self.private_key.sign("".join(f"{line}\n" for line in lines).encode())
        return {
            "key_id": self.key_id,
            "signed_at": signed_at,
            "nonce": nonce,
            "signature": _base64url(signature),
        }


def make_key(path: Path) -> None:
    """There is a key of 32 random bytes, durably, readable by this user alone; never over one that is there."""
    if not path.exists():
        with suppress(FileExistsError):
            durable.write(path, f"{secrets.token_hex(KEY_BYTES)}\n".encode(), replaces=False)


def spool_key(folder: Path) -> bytes:
    """The key of the spool; made at its first use."""
    make_key(folder / SPOOL_KEY_FILE)
    return _read(folder / SPOOL_KEY_FILE)


def _read(path: Path) -> bytes:
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise BadConfiguration(f"There is no {path}. `tabard dock init` makes it.", field="folder") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{path} cannot be read: {error}.", field="folder") from error
    if not _HEX.fullmatch(text):
        raise BadConfiguration(f"{path} does not hold a key.", field="folder")
    return bytes.fromhex(text)


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
