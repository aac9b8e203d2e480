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
LARGEST_BUFFER_BYTES = 8 * 1024 * 1024
ALL_BUFFERS_BYTES = 64 * 1024 * 1024


class Source(Protocol):
    """Where a body comes from."""

    async def read_into(self, buffer: memoryview) -> int:
        """Fills the buffer, less only where the body ends or breaks off; 0 once it has ended.

        Raises:
            SenderGone, SenderStalled: the body did not end, and all that came was given out before.
        """
        ...


class Buffers:
    """The memory that one body goes through, and how much of it is filled at a time."""

    def __init__(self, *, uploads: int, offset_bytes: int, length: int | None) -> None:
        share = ALL_BUFFERS_BYTES // (2 * max(1, uploads))
        most = min(LARGEST_BUFFER_BYTES, length if length is not None else DEFAULT_CHUNK_BYTES)
        chunks = max(
            1, min(share, -(-most // DEFAULT_CHUNK_BYTES) * DEFAULT_CHUNK_BYTES) // DEFAULT_CHUNK_BYTES
        )
        number = 1 if share < 2 * DEFAULT_CHUNK_BYTES else 2
        self._free = [memoryview(bytearray(chunks * DEFAULT_CHUNK_BYTES)) for _ in range(number)]
        self._first = chunks * DEFAULT_CHUNK_BYTES - offset_bytes % DEFAULT_CHUNK_BYTES

    @property
    def is_one(self) -> bool:
        """Whether what is in it must be sealed before more is read."""
        return len(self._free) == 1

    def next(self) -> memoryview:
        """What to fill now."""
        buffer = self._free.pop(0)
        self._free.append(buffer)
        filling, self._first = buffer[: self._first or len(buffer)], 0
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
