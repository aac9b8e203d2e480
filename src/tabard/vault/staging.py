"""Where do bytes wait that may yet be refused? In a file without a name, under a key that only this process knows.

A part of an upload that comes with a checksum counts only once all of it is here and hashes right. Until then it must
neither meet the object's own key, which could meet other bytes at that place when it is sent again, nor lie in the
clear; and it may be too large for memory. When the process dies nobody can read it, and the kernel frees it.
"""

import hashlib
import os
from collections.abc import Callable
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tabard.sealing.format import TAG_BYTES
from tabard.vault.errors import StoreFailed
from tabard.vault.spool import Spool, failures

_NONCE_BYTES = 12


class Staging:
    """Bytes that wait, hashed with one of `hashlib`'s algorithms. A context manager. Not for two threads at once."""

    def __init__(self, spool: Spool, algorithm: str) -> None:
        self._file = spool.nameless()
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._digest = hashlib.new(algorithm, usedforsecurity=False)
        self._pieces: list[int] = []

    def write(self, data: bytes | memoryview) -> None:
        """All of `data` is hashed and waits; the caller may reuse its memory."""
        self._digest.update(data)
        sealed = memoryview(self._cipher.encrypt(self._nonce(len(self._pieces)), data, None))
        self._pieces.append(len(data))
        with failures():
            while sealed:
                sealed = sealed[os.write(self._descriptor, sealed) :]

    def digest(self) -> bytes:
        """The hash of all that waits."""
        return self._digest.digest()

    def move_to(self, sink: Callable[[bytes], object]) -> None:
        """All that waited has gone to `sink`, in order."""
        start = 0
        for number, size in enumerate(self._pieces):
            with failures():
                sealed = os.pread(self._descriptor, size + TAG_BYTES, start)
            if len(sealed) != size + TAG_BYTES:
                raise StoreFailed("The spool gave back less than was written.", step="staging")
            sink(self._cipher.decrypt(self._nonce(number), sealed, None))
            start += len(sealed)

    def __enter__(self) -> Self:
        self._descriptor = self._file.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.__exit__(kind, error, trace)

    @staticmethod
    def _nonce(number: int) -> bytes:
        return number.to_bytes(_NONCE_BYTES, "big")
