"""What did the camera write? Any range of it, from only the chunks it needs, or an integrity error."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tabard.kernel.errors import Invalid
from tabard.sealing.errors import (
    ChunkDamaged,
    DigestMismatch,
    SealingParameter,
    TrailerDamaged,
    Truncated,
    WrongObject,
)
from tabard.sealing.format import (
    DATA_KEY_BYTES,
    HEADER_BYTES,
    TAG_BYTES,
    TRAILER_NONCE,
    Header,
    Layout,
    chunk_binding,
    chunk_nonce,
    parse_header,
    parse_trailer,
    trailer_binding,
)
from tabard.sealing.hashing import HashingBehind

ReadAt = Callable[[int, int], bytes]
ReadInto = Callable[[int, memoryview], int]
Sink = Callable[[bytes | memoryview], object]
COALESCED_BYTES = 4 * 1024 * 1024
HASHED_BYTES = 1024 * 1024  # at a time: what is larger has left the processor's caches before it is hashed


class RangeOutside(Invalid):
    """The asked range does not lie within the plain bytes."""

    code = "range_outside"


class SealedReader:
    """Reads one sealed object; header and trailer are authenticated before the constructor returns.

    `read_at(start, stop)` returns those bytes of the sealed object, fewer only where the object ends. A store that is
    near, so that reading takes hardly longer than copying, also gives `read_into(start, view)`: it puts them into
    memory of ours and returns how many. Then `verify` makes no memory for each batch, and no thread to fetch ahead.
    The reader keeps no position, so threads may share it if they may share these.

    Raises:
        Integrity: `sealed_not_ours`, `sealed_version`, `sealed_wrong_object`, `sealed_truncated` or
            `sealed_trailer`.
    """

    def __init__(
        self,
        read_at: ReadAt,
        sealed_size_bytes: int,
        object_id: UUID,
        key: bytes,
        read_into: ReadInto | None = None,
    ) -> None:
        if len(key) != DATA_KEY_BYTES:
            raise SealingParameter("A data key has 32 bytes.", field="key")
        self._read_at = read_at
        self._read_into = read_into
        self._object_id = object_id
        self._cipher = AESGCM(key)
        header = self._read_header(min(HEADER_BYTES, sealed_size_bytes))
        self._header = header.pack()
        self._layout = Layout(header.chunk_size, sealed_size_bytes)
        self._batch_chunks = max(1, COALESCED_BYTES // header.chunk_size)
        self._piece_chunks = max(1, HASHED_BYTES // header.chunk_size)
        self._trailer = self._exactly(self._layout.trailer_at, sealed_size_bytes)
        self._sha256 = self._open_trailer()

    @property
    def size_bytes(self) -> int:
        """The size of the plain bytes, authenticated."""
        return self._layout.size_bytes

    @property
    def sha256(self) -> bytes:
        """The SHA-256 of the plain bytes as they were sealed (32 bytes), authenticated."""
        return self._sha256

    @property
    def chunk_size(self) -> int:
        """The plain bytes in every chunk but the last, authenticated."""
        return self._layout.chunk_size

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Exactly the plain bytes [start, stop), in pieces of at most a chunk, each authenticated first.

        Store reads begin with one chunk, for a quick first byte, and double up to 4 MiB.

        Raises:
            RangeOutside: at once, unless 0 <= start <= stop <= size_bytes.
            ChunkDamaged, Truncated: while iterating, before any byte of the chunk at fault.
        """
        stop = self.size_bytes if stop is None else stop
        if not 0 <= start <= stop <= self.size_bytes:
            raise RangeOutside("The range lies outside the bytes.", field="range", size_bytes=self.size_bytes)
        return self._pieces(start, stop)

    def verify(self, sink: Sink | None = None) -> bytes:
        """The SHA-256 of every plain byte read back from the store, equal to the sealed one.

        Hashing has a thread, and so has reading from a store that is far; memory is bounded, whatever the size.

        Args:
            sink: Given the sealed object, whole and in order, each part once it is authenticated; a view is valid
                during the call only. What it got must not become visible before this returns.

        Raises:
            Integrity: `sealed_chunk`, `sealed_truncated`, or `sealed_digest` where the hash differs.
        """
        take = sink or _nowhere
        take(self._header)
        if self._hashed(take) != self._sha256:
            raise DigestMismatch(
                "The bytes read back are not those that were sealed.", object_id=self._object_id
            )
        take(self._trailer)
        return self._sha256

    def _hashed(self, sink: Sink) -> bytes:
        if self._layout.chunk_count <= self._batch_chunks:
            return self._hashed_at_once(sink)
        with HashingBehind(self._piece_chunks * self._layout.chunk_size) as hashing:
            for first, stop, sealed in self._sealed_batches():
                self._hash_behind(hashing, first, stop, sealed)
                sink(sealed)
            return hashing.digest()

    def _hash_behind(self, hashing: HashingBehind, first: int, stop: int, sealed: memoryview) -> None:
        """The sealed chunks are authentic, and will be hashed in their order, a piece at a time."""
        size, step = self._layout.chunk_size, self._layout.chunk_size + TAG_BYTES
        for start in range(first, stop, self._piece_chunks):
            end = min(start + self._piece_chunks, stop)
            plain_bytes = min(end * size, self.size_bytes) - start * size
            plain = hashing.buffer()
            self._open_into(start, end, sealed[(start - first) * step :], plain[:plain_bytes])
            hashing.update(plain, plain_bytes)

    def _hashed_at_once(self, sink: Sink) -> bytes:
        """Of a small object: starting threads would take longer than hashing."""
        sealed = memoryview(self._exactly(*self._layout.chunks_at(0, self._layout.chunk_count)))
        plain = memoryview(bytearray(self.size_bytes))
        # Empty input has one empty chunk; it is authenticated too, although nothing of it is hashed.
        self._open_into(0, self._layout.chunk_count, sealed, plain)
        sink(sealed)
        return hashlib.sha256(plain).digest()

    def _sealed_batches(self) -> Iterator[tuple[int, int, memoryview]]:
        """Every chunk as it is sealed, in batches; the view is the caller's until the next is asked for."""
        if self._read_into is None:
            return self._fetched_ahead()
        return self._filled(self._read_into)

    def _filled(self, read_into: ReadInto) -> Iterator[tuple[int, int, memoryview]]:
        """Every chunk, in batches that all have the same memory."""
        memory = memoryview(bytearray(self._piece_chunks * (self._layout.chunk_size + TAG_BYTES)))
        for first, end in self._spans(self._piece_chunks):
            start, stop = self._layout.chunks_at(first, end)
            sealed = memory[: stop - start]
            self._check_whole(start, stop, read_into(start, sealed))
            yield first, end, sealed

    def _fetched_ahead(self) -> Iterator[tuple[int, int, memoryview]]:
        """Every chunk, in batches; the next is fetched while the caller works on one."""
        spans = self._spans(self._batch_chunks)
        with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as pool:
            ahead = pool.submit(self._exactly, *self._layout.chunks_at(*spans[0]))
            for span, after in zip(spans, [*spans[1:], None], strict=True):
                sealed = ahead.result()
                if after is not None:
                    ahead = pool.submit(self._exactly, *self._layout.chunks_at(*after))
                yield *span, memoryview(sealed)

    def _spans(self, chunks: int) -> list[tuple[int, int]]:
        """Every chunk, so many at a time, as half-open spans of their numbers."""
        return list(pairwise([*range(0, self._layout.chunk_count, chunks), self._layout.chunk_count]))

    def _open_into(self, first: int, stop: int, sealed: memoryview, plain: memoryview) -> None:
        size, step = self._layout.chunk_size, self._layout.chunk_size + TAG_BYTES
        for at, number in enumerate(range(first, stop)):
            self._open_chunk_into(
                number, sealed[at * step : (at + 1) * step], plain[at * size : (at + 1) * size]
            )

    def _pieces(self, start: int, stop: int) -> Iterator[bytes]:
        if start == stop:
            return
        size = self._layout.chunk_size
        first, end = start // size, -(-stop // size)
        for number, plain in enumerate(self._chunks(first, end), first):
            low, high = max(start - number * size, 0), min(stop - number * size, size)
            yield plain[low:high]  # a whole slice of bytes is the same object, not a copy

    def _chunks(self, first: int, end: int) -> Iterator[bytes]:
        batch, most = 1, self._batch_chunks
        while first < end:
            stop = min(first + batch, end)
            yield from self._open_batch(first, stop)
            first, batch = stop, min(batch * 2, most)

    def _open_batch(self, first: int, stop: int) -> Iterator[bytes]:
        sealed = memoryview(self._exactly(*self._layout.chunks_at(first, stop)))
        step = self._layout.chunk_size + TAG_BYTES
        for number in range(first, stop):
            at = (number - first) * step
            yield self._open_chunk(number, sealed[at : at + step])

    def _open_chunk(self, number: int, sealed: memoryview) -> bytes:
        with self._authentic(number):
            return self._cipher.decrypt(chunk_nonce(number), sealed, self._binding(number))

    def _open_chunk_into(self, number: int, sealed: memoryview, plain: memoryview) -> None:
        with self._authentic(number):
            self._cipher.decrypt_into(chunk_nonce(number), sealed, self._binding(number), plain)

    def _binding(self, number: int) -> bytes:
        return chunk_binding(self._header, number, last=number == self._layout.chunk_count - 1)

    @contextmanager
    def _authentic(self, number: int) -> Iterator[None]:
        try:
            yield
        except InvalidTag as error:
            raise ChunkDamaged(
                f"Chunk {number} is not what was sealed there.", object_id=self._object_id, chunk=number
            ) from error

    def _read_header(self, available_bytes: int) -> Header:
        header = parse_header(self._exactly(0, available_bytes))
        if header.object_id != self._object_id:
            raise WrongObject(
                "The store returned another object.", object_id=self._object_id, found=header.object_id
            )
        return header

    def _open_trailer(self) -> bytes:
        binding = trailer_binding(self._header, self._layout.chunk_count)
        try:
            size_bytes, sha256 = parse_trailer(self._cipher.decrypt(TRAILER_NONCE, self._trailer, binding))
        except InvalidTag as error:
            raise TrailerDamaged(
                "The trailer does not authenticate under this key.", object_id=self._object_id
            ) from error
        if size_bytes != self._layout.size_bytes:
            raise Truncated("The size of the object does not fit its trailer.", object_id=self._object_id)
        return sha256

    def _exactly(self, start: int, stop: int) -> bytes:
        data = self._read_at(start, stop)
        self._check_whole(start, stop, len(data))
        return data

    def _check_whole(self, start: int, stop: int, returned_bytes: int) -> None:
        if returned_bytes != stop - start:
            raise Truncated(
                "The store returned fewer bytes than the object had.",
                object_id=self._object_id,
                start=start,
                stop=stop,
                returned_bytes=returned_bytes,
            )


def _nowhere(_: bytes | memoryview) -> None:
    """Nobody wants the sealed bytes."""
