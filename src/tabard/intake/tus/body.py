"""How does a body come into our buffers, so that what came before a break is not lost?

Two ways, one shape: from the socket, where the door's own protocol reads it (`axis.direct`), else from whatever the
server hands on. A buffer holds whole chunks and its first filling ends where a chunk does, so that chunks are sealed
straight from it. One upload has two buffers, one being filled while the other is sealed; many have one each, and fill
while others seal.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

from tabard.intake.axis.direct import EXTENSION, DirectBody
from tabard.intake.errors import SenderGone, SenderStalled
from tabard.sealing.format import DEFAULT_CHUNK_BYTES

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

SILENCE_S = 120.0
LARGE_BUFFER_BYTES = 4 * DEFAULT_CHUNK_BYTES
SMALL_BUFFER_BYTES = DEFAULT_CHUNK_BYTES
LARGE_BUFFERS = 24
PATIENCE_S = 2.0


class Source(Protocol):
    """Where a body comes from."""

    async def read_into(self, buffer: memoryview) -> int:
        """Fills the buffer, less only where the body ends or breaks off; 0 once it has ended.

        Raises:
            SenderGone, SenderStalled: the body did not end, and all that came was given out before.
        """
        ...


class BufferPool:
    """Memory that bodies go through, lent and taken back: fresh memory for each would cost more than sealing does.

    Used by the event loop alone. Large buffers are few, and a body waits a moment for its turn to have two: a few that
    are quick cost less than many at once. Whoever has waited long enough, behind slow senders, has one small one.
    """

    def __init__(self, large: int = LARGE_BUFFERS) -> None:
        self._large_pairs = asyncio.Semaphore(large // 2)
        self._free: dict[int, list[memoryview]] = {LARGE_BUFFER_BYTES: [], SMALL_BUFFER_BYTES: []}

    async def lend(self, *, offset_bytes: int, length: int | None) -> "Buffers":
        """Buffers for a body of that length, to be taken back."""
        is_large = (length or 0) > SMALL_BUFFER_BYTES and await self._has_large_pair()
        size = LARGE_BUFFER_BYTES if is_large else SMALL_BUFFER_BYTES
        free = self._free[size]
        lent = [free.pop() if free else memoryview(bytearray(size)) for _ in range(2 if is_large else 1)]
        return Buffers(lent, offset_bytes)

    def take_back(self, buffers: "Buffers") -> None:
        """Nobody uses them any more."""
        for buffer in buffers.all:
            self._free[len(buffer)].append(buffer)
        if not buffers.is_one:
            self._large_pairs.release()

    async def _has_large_pair(self) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._large_pairs.acquire()
        except TimeoutError:
            return False


class Buffers:
    """What one body goes through: one buffer is filled while the other, if there is one, is being sealed."""

    def __init__(self, buffers: list[memoryview], offset_bytes: int) -> None:
        self.all = buffers
        self._turn = 0
        self._first = len(buffers[0]) - offset_bytes % DEFAULT_CHUNK_BYTES

    @property
    def is_one(self) -> bool:
        """Whether what is in it must be sealed before more is read."""
        return len(self.all) == 1

    def next(self) -> memoryview:
        """What to fill now; the first time only so much that it ends where a chunk does."""
        buffer = self.all[self._turn]
        self._turn = (self._turn + 1) % len(self.all)
        filling, self._first = buffer[: self._first], len(buffer)
        return filling


class FromSocket:
    """A body that the door's protocol reads from the socket."""

    def __init__(self, direct: DirectBody) -> None:
        self._direct = direct
        self._broke: SenderGone | SenderStalled | None = None

    async def read_into(self, buffer: memoryview) -> int:
        """Fills the buffer, less only where the body ends or breaks off; 0 once it has ended."""
        if self._broke is not None:
            raise self._broke
        try:
            return await self._direct.read_into(buffer, SILENCE_S)
        except (SenderGone, SenderStalled) as error:
            self._broke = error
            if not self._direct.filled_bytes:
                raise
            return self._direct.filled_bytes


class FromServer:
    """A body as any ASGI server hands it on."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._piece = memoryview(b"")
        self._is_more = True
        self._broke: SenderGone | SenderStalled | None = None

    async def read_into(self, buffer: memoryview) -> int:
        """Fills the buffer, less only where the body ends or breaks off; 0 once it has ended."""
        filled = 0
        while filled < len(buffer) and await self._has_piece(filled):
            taken = min(len(self._piece), len(buffer) - filled)
            buffer[filled : filled + taken] = self._piece[:taken]
            self._piece = self._piece[taken:]
            filled += taken
        return filled

    async def _has_piece(self, filled: int) -> bool:
        while not self._piece and self._is_more and self._broke is None:
            await self._next()
        if not self._piece and self._broke is not None and not filled:
            raise self._broke
        return bool(self._piece)

    async def _next(self) -> None:
        try:
            async with asyncio.timeout(SILENCE_S):
                message = await self._receive()
        except TimeoutError:
            self._broke = SenderStalled("The sender fell silent in the middle of a body.")
            return
        if message["type"] == "http.disconnect":
            self._broke = SenderGone("The sender hung up in the middle of a body.")
            return
        self._is_more = message.get("more_body", False)
        self._piece = memoryview(message.get("body", b""))


def source_of(scope: MutableMapping[str, Any], receive: Receive) -> Source:
    """The body of a request: read from the socket where the server can, else received."""
    offered = scope.get("extensions", {}).get(EXTENSION)
    return FromSocket(offered["body"]) if offered else FromServer(receive)
