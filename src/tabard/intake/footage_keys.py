"""Which RSA keys do cameras encrypt footage to? Those among the data folder's keys, a file each; none is ever removed.

A key's id says its number and the SHA-256 of its public half, and is its file's name; the highest number is the one
that new connection files carry. Older ones stay: footage that was encrypted to them may still be on a camera. A backup
of the keys holds them like any other key file. A file that others can read, or whose key is not the one it is named
after, is not used.
"""

import base64
import hashlib
import re
import stat
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from tabard.custody.signing.durable import create_durably
from tabard.intake.errors import FootageKeyUnsafe

BITS = 3072
_NAME = re.compile(r"(?P<id>footage-key-(?P<number>\d{4})-(?P<fingerprint>[0-9a-f]{16}))\.pem")
_OTHERS = 0o077


class FootageKey(NamedTuple):
    """The public half of a footage key, as a connection file carries it."""

    id: str
    public_pem: bytes

    @property
    def base64_pem(self) -> str:
        """The PEM text in base64, as the protocol wants it."""
        return base64.b64encode(self.public_pem).decode("ascii")


class FootageKeys:
    """The footage keys in one folder. Reads the folder anew each time, so every process sees a new key at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys, the oldest first."""
        return tuple(name["id"] for name in self._names())

    def current(self) -> FootageKey | None:
        """The key that new connection files carry; None while there is none.

        Raises:
            FootageKeyUnsafe.
        """
        ids = self.ids
        return self._public(ids[-1]) if ids else None

    def get(self, key_id: str) -> FootageKey | None:
        """The public half of this key; None where we have no such key.

        Raises:
            FootageKeyUnsafe.
        """
        return self._public(key_id) if key_id in self.ids else None

    def make(self) -> FootageKey:
        """A new key, durable when this returns; it is the current one from now on."""
        private = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
        names = self._names()
        number = int(names[-1]["number"]) + 1 if names else 1
        key_id = f"footage-key-{number:04d}-{_fingerprint(private)}"
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        create_durably(self._folder / f"{key_id}.pem", pem.decode("ascii"))
        return self._public(key_id)

    def private(self, key_id: str) -> rsa.RSAPrivateKey | None:
        """The private half of this key; None where we have no such key.

        Raises:
            FootageKeyUnsafe: others may read its file, or it holds another key.
        """
        return self._read(key_id) if key_id in self.ids else None

    def _names(self) -> list[re.Match[str]]:
        found = (_NAME.fullmatch(path.name) for path in self._folder.glob("footage-key-*.pem"))
        return sorted((name for name in found if name), key=lambda name: name["id"])

    def _public(self, key_id: str) -> FootageKey:
        public = self._read(key_id).public_key()
        return FootageKey(key_id, public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    def _read(self, key_id: str) -> rsa.RSAPrivateKey:
        path = self._folder / f"{key_id}.pem"
        try:
            if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
                raise FootageKeyUnsafe(f"Others can read {path}; `chmod 600` it.", key_id=key_id)
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise FootageKeyUnsafe(f"{path} holds no private key that can be read.", key_id=key_id) from error
        if not isinstance(key, rsa.RSAPrivateKey) or not key_id.endswith(_fingerprint(key)):
            raise FootageKeyUnsafe(f"{path} does not hold the key that it is named after.", key_id=key_id)
        return key


def _fingerprint(private: rsa.RSAPrivateKey) -> str:
    """The beginning of the SHA-256 of the public half, in hexadecimal."""
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public).hexdigest()[:16]
