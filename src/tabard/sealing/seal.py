"""How do plain bytes become a sealed object? In one pass, a chunk in memory at a time.

Hashing is the slowest part, so large pieces are hashed on a second thread while this one encrypts.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tabard.sealing.errors import SealerClosed, SealingParameter
from tabard.sealing.format import (
    DATA_KEY_BYTES,
    DEFAULT_CHUNK_BYTES,
    MAX_CHUNKS,
    TAG_BYTES,
    TRAILER_NONCE,
    Header,
    chunk_binding,
    chunk_nonce,
    pack_trailer,
    sealed_size_bytes,
    trailer_binding,
)

Sink = Callable[[bytes | memoryview], object]
_WORTH_A_THREAD_BYTES = 128 * 1024  # below this, handing over costs more than it saves
_hashing = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="seal-hash")


def _renew_hashing() -> None:
    global _hashing  # noqa: PLW0603 - a forked child has the pool's books but none of its threads
    _hashing = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="seal-hash")


os.register_at_fork(after_in_child=_renew_hashing)


@dataclass(frozen=True, slots=True)
class SealedFacts:
    """What sealing established about one object; `sha256` (32 bytes) is of the plain bytes as they came."""

    object_id: UUID
    size_bytes: int
    sealed_size_bytes: int
    sha256: bytes
    chunk_size: int


class Sealer:
    """Seals one stream of bytes into one object; `update` and `finish` give its bytes to `sink`, in order.

    The view given to `sink` is valid only during that call: it must be written or copied before returning.
    A nonce is a chunk number, so a data key must seal one object once; the sealer refuses to go on after
    `finish` or any failure. Not for two threads at once; hashing and encrypting release the interpreter lock.
    """

    def __init__(
        self,
        object_id: UUID,
        key: bytes,
        key_reference: str,
        sink: Sink,
        chunk_size: int = DEFAULT_CHUNK_BYTES,
    ) -> None:
        if len(key) != DATA_KEY_BYTES:
            raise SealingParameter("A data key has 32 bytes.", field="key")
        self._facts_header = Header(object_id, key_reference, chunk_size)
        self._header = self._facts_header.pack()
        self._cipher = AESGCM(key)
        self._sink = sink
        self._digest = hashlib.sha256()
        self._size_bytes = 0
        self._number = 0
        self._held = memoryview(bytearray(chunk_size))
        self._held_bytes = 0
        self._out = memoryview(bytearray(chunk_size + TAG_BYTES))
        self._open = True

    @property
    def header(self) -> bytes:
        """The 64 header bytes; `sink` receives them before the first chunk."""
        return self._header

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Every byte of `data` is hashed; full chunks known not to be the last have gone to `sink`.

        Raises:
            SealerClosed: after `finish`, or after an earlier failure.
        """
        self._enter()
        view = memoryview(data).cast("B")
        with self._hashed(view):
            taken = 0
            while taken < len(view):
                taken += self._take(view[taken:])
        self._size_bytes += len(view)
        self._open = True

    def finish(self) -> SealedFacts:
        """The last chunk and the trailer have gone to `sink`; the object is complete.

        Raises:
            SealerClosed: after `finish`, or after an earlier failure.
        """
        self._enter()
        self._seal_chunk(self._held[: self._held_bytes], last=True)
        sha256 = self._digest.digest()
        trailer = pack_trailer(self._size_bytes, sha256)
        binding = trailer_binding(self._header, self._number)
        self._sink(self._cipher.encrypt(TRAILER_NONCE, trailer, binding))
        chunk_size = self._facts_header.chunk_size
        sealed = sealed_size_bytes(self._size_bytes, chunk_size)
        return SealedFacts(self._facts_header.object_id, self._size_bytes, sealed, sha256, chunk_size)

    def _enter(self) -> None:
        # Closed until the call succeeds: after a failure midway the object must never be taken for whole.
        if not self._open:
            raise SealerClosed("This sealer has finished or failed; a new object needs a new sealer.")
        self._open = False

    @contextmanager
    def _hashed(self, view: memoryview) -> Iterator[None]:
        """When the block is left, even by an error, `view` is hashed and its memory is the caller's again."""
        if len(view) < _WORTH_A_THREAD_BYTES:
            self._digest.update(view)
            yield
            return
        hashing = _hashing.submit(self._digest.update, view)
        try:
            yield
        finally:
            hashing.result()

    def _take(self, view: memoryview) -> int:
        """Seal or hold some bytes from the front of `view`, which is not empty; return how many."""
        chunk_size = len(self._held)
        if self._held_bytes == chunk_size:  # more follows, so the held chunk is not the last
            self._seal_chunk(self._held, last=False)
            self._held_bytes = 0
        if self._held_bytes == 0 and len(view) > chunk_size:  # straight from the caller's memory
            self._seal_chunk(view[:chunk_size], last=False)
            return chunk_size
        taken = min(chunk_size - self._held_bytes, len(view))
        self._held[self._held_bytes : self._held_bytes + taken] = view[:taken]
        self._held_bytes += taken
        return taken

    def _seal_chunk(self, plain: memoryview, *, last: bool) -> None:
        number = self._number
        if number >= MAX_CHUNKS:
            raise SealingParameter("The object has too many chunks for one key.", field="chunk_size")
        self._number += 1
        if number == 0:
            self._sink(self._header)
        sealed = self._out[: len(plain) + TAG_BYTES]
        binding = chunk_binding(self._header, number, last=last)
        self._cipher.encrypt_into(chunk_nonce(number), plain, binding, sealed)
        self._sink(sealed)
