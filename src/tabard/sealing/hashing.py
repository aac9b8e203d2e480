"""How are bytes hashed without anyone waiting for it? On a thread of their own, while the next ones are fetched.

SHA-256 is the slowest part of sealing and of reading back, and one stream of it cannot be split; so nothing else may
stand in its thread. `hashlib` releases the interpreter lock while it hashes.
"""

import hashlib
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Self

# So many that the hash has work while whoever fills them is kept waiting by other processes, and that a buffer has left
# the caches of the processor that hashed it before it is filled again: with two, decrypting took three times as long.
_BUFFERS = 8


class HashingBehind:
    """Hashes reused buffers, in the order they are handed in, behind the back of who fills them.

    A context manager: leaving it ends the thread. Not for two threads at once.
    """

    def __init__(self, buffer_bytes: int) -> None:
        self._digest = hashlib.sha256()
        self._buffer_bytes = buffer_bytes
        self._made = 0
        self._free: SimpleQueue[memoryview] = SimpleQueue()
        self._full: SimpleQueue[tuple[memoryview, int] | None] = SimpleQueue()
        self._thread = Thread(target=self._hash_all, name="hashing")

    def buffer(self) -> memoryview:
        """A buffer to fill, new or the one that was hashed longest ago, once one is free."""
        if self._made < _BUFFERS:
            self._made += 1
            return memoryview(bytearray(self._buffer_bytes))
        return self._free.get()

    def update(self, buffer: memoryview, used_bytes: int) -> None:
        """The first `used_bytes` of the buffer will be hashed; it is no longer the caller's."""
        self._full.put((buffer, used_bytes))

    def digest(self) -> bytes:
        """The SHA-256 (32 bytes) of all that was handed in; nothing more may be."""
        self._end()
        return self._digest.digest()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._full.put(None)
        self._thread.join()

    def _hash_all(self) -> None:
        while (work := self._full.get()) is not None:
            buffer, used_bytes = work
            self._digest.update(buffer[:used_bytes])
            self._free.put(buffer)
