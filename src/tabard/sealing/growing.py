"""How does an object of known size grow, piece by piece, over many requests? As a `Sealer` would write it, in one life.

A chunk goes out as soon as it is full, for the size says which is the last; what makes no chunk yet can be asked for
and kept elsewhere. A sealer never begins in the middle: whoever goes on after its death reads back what was written
(`read_whole_chunks`), gives it to a new sealer with a new key and a new object id, and goes on from there. So no key
ever sees one chunk number twice, whatever was torn, cut off or sent again with other bytes.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tabard.sealing.errors import ChunkDamaged, SealerClosed, SealingParameter, Truncated, WrongObject
from tabard.sealing.format import (
    DATA_KEY_BYTES,
    DEFAULT_CHUNK_BYTES,
    HEADER_BYTES,
    TAG_BYTES,
    TRAILER_NONCE,
    Header,
    chunk_binding,
    chunk_nonce,
    pack_trailer,
    parse_header,
    sealed_size_bytes,
    trailer_binding,
)
from tabard.sealing.seal import SealedFacts

Sink = Callable[[bytes | memoryview], object]
ReadAt = Callable[[int, int], bytes]

_AT_ONCE = 4  # chunks given to `sink` in one piece
_WORTH_A_THREAD_BYTES = 512 * 1024
_hashing = ThreadPoolExecutor(2, thread_name_prefix="growing-hash")
_own = threading.local()


def _renew_hashing() -> None:
    global _hashing  # noqa: PLW0603 - a forked child has the pool's books but none of its threads
    _hashing = ThreadPoolExecutor(2, thread_name_prefix="growing-hash")


os.register_at_fork(after_in_child=_renew_hashing)


class GrowingSealer:
    """Seals a stream of known size into one object; its bytes go to `sink`, in order, each chunk once it is full.

    The view given to `sink` is valid only during that call. Not for two threads at once.
    """

    def __init__(
        self,
        object_id: UUID,
        *,
        key: bytes,
        key_reference: str,
        size_bytes: int,
        sink: Sink,
        chunk_size: int = DEFAULT_CHUNK_BYTES,
    ) -> None:
        if len(key) != DATA_KEY_BYTES:
            raise SealingParameter("A data key has 32 bytes.", field="key")
        self._about = Header(object_id, key_reference, chunk_size)
        self._header = self._about.pack()
        self._cipher = AESGCM(key)
        self._sink = sink
        self._digest = hashlib.sha256()
        self._size_bytes = size_bytes
        self._chunks = max(1, -(-size_bytes // chunk_size))
        self._number = 0
        self._tail = bytearray()
        self._open = True

    @property
    def taken_bytes(self) -> int:
        """How many plain bytes it was given."""
        return self._number * self._about.chunk_size + len(self._tail)

    @property
    def tail(self) -> bytes:
        """The last of them, which make no chunk yet."""
        return bytes(self._tail)

    def update(self, data: bytes | memoryview) -> None:
        """Every byte is hashed; each full chunk but the object's last has gone to `sink`.

        Raises:
            SealerClosed: after `finish`, or after an earlier failure.
            SealingParameter: these are more bytes than were said to come.
        """
        self._enter()
        view = memoryview(data).cast("B")
        if self.taken_bytes + len(view) > self._size_bytes:
            raise SealingParameter("There are more bytes than were said to come.", field="size_bytes")
        with self._hashed(view):
            self._take(view)
        self._open = True

    def digest(self) -> bytes:
        """The SHA-256 (32 bytes) of the plain bytes so far."""
        return self._digest.digest()

    def finish(self) -> SealedFacts:
        """The last chunk and the trailer have gone to `sink`; the object is complete.

        Raises:
            SealerClosed: after `finish`, or after an earlier failure.
            Truncated: bytes are missing.
        """
        self._enter()
        if self.taken_bytes != self._size_bytes:
            raise Truncated("Bytes are missing.", size_bytes=self._size_bytes, taken_bytes=self.taken_bytes)
        self._seal(memoryview(self._tail))
        sha256 = self._digest.digest()
        trailer = pack_trailer(self._size_bytes, sha256)
        self._sink(self._cipher.encrypt(TRAILER_NONCE, trailer, trailer_binding(self._header, self._number)))
        chunk_size = self._about.chunk_size
        sealed = sealed_size_bytes(self._size_bytes, chunk_size)
        return SealedFacts(self._about.object_id, self._size_bytes, sealed, sha256, chunk_size)

    def _enter(self) -> None:
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

    def _take(self, view: memoryview) -> None:
        size = self._about.chunk_size
        if self._tail:
            missing = size - len(self._tail)
            self._tail += view[:missing]
            view = view[missing:]
            if len(self._tail) == size and self._number + 1 < self._chunks:
                self._seal(memoryview(bytes(self._tail)))
                self._tail.clear()
        whole = min(len(view) // size, self._chunks - 1 - self._number)
        if whole:
            self._seal(view[: whole * size])
        self._tail += view[whole * size :]

    def _seal(self, plain: memoryview) -> None:
        """Full chunks, or the last one however short, are out."""
        size = self._about.chunk_size
        if self._number == 0:
            self._sink(self._header)
        out, filled = _scratch(_AT_ONCE * (size + TAG_BYTES)), 0
        for start in range(0, len(plain) or 1, size):
            piece = plain[start : start + size]
            sealed = out[filled : filled + len(piece) + TAG_BYTES]
            binding = chunk_binding(self._header, self._number, last=self._number == self._chunks - 1)
            self._cipher.encrypt_into(chunk_nonce(self._number), piece, binding, sealed)
            self._number += 1
            filled += len(sealed)
            if self._number % _AT_ONCE == 0:
                self._sink(out[:filled])
                filled = 0
        if filled:
            self._sink(out[:filled])


def read_whole_chunks(read_at: ReadAt, object_id: UUID, key: bytes, size_bytes: int) -> Iterator[bytes]:
    """The first `size_bytes` plain bytes of an object that may not be finished, a chunk at a time, each authenticated.

    Args:
        read_at: Gives the bytes [start, stop) of what was written so far.
        object_id: Which object it has to be.
        key: Its data key.
        size_bytes: A multiple of the chunk size, and none of the chunks the object's last.

    Raises:
        Integrity: what was written is not that.
    """
    packed = read_at(0, HEADER_BYTES)
    header = parse_header(packed)
    if header.object_id != object_id:
        raise WrongObject("This is another object.", object_id=object_id, found=header.object_id)
    cipher, step = AESGCM(key), header.chunk_size + TAG_BYTES
    for number in range(size_bytes // header.chunk_size):
        start = HEADER_BYTES + number * step
        try:
            yield cipher.decrypt(
                chunk_nonce(number), read_at(start, start + step), chunk_binding(packed, number, last=False)
            )
        except (InvalidTag, ValueError) as error:
            raise ChunkDamaged(
                f"Chunk {number} is not what was sealed there.", object_id=object_id, chunk=number
            ) from error


def _scratch(size: int) -> memoryview:
    """Memory for ciphertext on its way to `sink`, one piece for each thread: many sealers are open at once."""
    held: memoryview | None = getattr(_own, "scratch", None)
    if held is None or len(held) < size:
        held = _own.scratch = memoryview(bytearray(size))
    return held
