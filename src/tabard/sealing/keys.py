"""Who can open an object? Whoever can unwrap its data key: one per object, under a key-encryption key.

The wrapped key is bound to the object's id and to the id of the key that wraps it, and never stands in the
object: destroying the wrapped key makes every copy of the object unreadable.
"""

import secrets
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tabard.sealing.errors import KeyNotUnwrapped
from tabard.sealing.format import DATA_KEY_BYTES

WRAP_VERSION = 1
WRAP_NONCE_BYTES = 12
_CONTEXT = b"tabard wrapped key"


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key that only the key-encryption key called `key_id` can unwrap."""

    key_id: str
    blob: bytes


class KeyRing(Protocol):
    """Wraps and unwraps data keys; a local file now, a KMS or HSM behind the same three calls."""

    @property
    def current_key_id(self) -> str:
        """The id of the key-encryption key that `wrap` uses now; 1 to 32 printable ASCII characters."""
        ...

    def new_data_key(self) -> bytes:
        """32 bytes from the system's cryptographic random source, never returned before."""
        ...

    def wrap(self, data_key: bytes, object_id: UUID) -> WrappedKey:
        """The data key, readable only through this ring and only for this object."""
        ...

    def unwrap(self, wrapped: WrappedKey, object_id: UUID) -> bytes:
        """The data key that was wrapped for this object.

        Raises:
            KeyNotUnwrapped: the blob was changed, or was wrapped for another object or by another key.
            Unavailable: the ring does not hold, or cannot reach, the key-encryption key now.
        """
        ...


class ManagedKeyRing(KeyRing, Protocol):
    """A key ring whose key-encryption keys we look after ourselves; every process sees a change at once."""

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of all keys of the ring, the oldest first."""
        ...

    def rotate(self) -> str:
        """A new key is current and durable; objects under older keys still open. Returns the new key's id."""
        ...

    def retire(self, key_id: str) -> None:
        """The key is durably gone from the ring.

        Raises:
            Conflict: it is the current key.
            Unavailable: the ring does not hold it.
        """
        ...


def new_data_key() -> bytes:
    """32 fresh bytes from the system's cryptographic random source."""
    return secrets.token_bytes(DATA_KEY_BYTES)


def wrap_key(kek: bytes, key_id: str, data_key: bytes, object_id: UUID) -> WrappedKey:
    """The data key under AES-256-GCM with a fresh random nonce, bound to `key_id` and `object_id`.

    One key-encryption key may wrap 2**32 data keys (NIST SP 800-38D, 8.3); rotate long before.
    """
    nonce = secrets.token_bytes(WRAP_NONCE_BYTES)
    sealed = AESGCM(kek).encrypt(nonce, data_key, _binding(key_id, object_id))
    return WrappedKey(key_id, bytes([WRAP_VERSION]) + nonce + sealed)


def unwrap_key(kek: bytes, wrapped: WrappedKey, object_id: UUID) -> bytes:
    """The data key that `wrap_key` was given for this object.

    Raises:
        KeyNotUnwrapped: anything about the blob, the object or the key-encryption key differs.
    """
    start = 1 + WRAP_NONCE_BYTES
    if wrapped.blob[:1] != bytes([WRAP_VERSION]) or len(wrapped.blob) <= start:
        raise KeyNotUnwrapped("The wrapped key is of an unknown version.", key_id=wrapped.key_id)
    try:
        return AESGCM(kek).decrypt(
            wrapped.blob[1:start], wrapped.blob[start:], _binding(wrapped.key_id, object_id)
        )
    except InvalidTag as error:
        raise KeyNotUnwrapped(
            "The wrapped key does not open for this object.", key_id=wrapped.key_id, object_id=object_id
        ) from error


def _binding(key_id: str, object_id: UUID) -> bytes:
    return _CONTEXT + bytes([WRAP_VERSION]) + object_id.bytes + key_id.encode("ascii")
