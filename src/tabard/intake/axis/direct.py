"""How do large bodies get from the socket into the vault's buffers without being copied on the way?

uvicorn hands a body on in pieces that were copied four times since the kernel. For a PUT or a tus upload with a large
announced length this protocol steps aside: the socket is read straight into the buffer that will be hashed, and handed
back to uvicorn's parser for the next request. Everything else, and any server that does not use it, goes by `receive`.
"""

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from tabard.intake.axis.guarded import GuardedProtocol
from tabard.intake.errors import SenderGone, SenderStalled

EXTENSION = "tabard.body"
WORTH_BYTES = 1024 * 1024  # below this, stepping aside costs more than it saves
SLOWEST_BYTES_S = 256  # whoever sends less keeps a place that others need
_ASIDE_BYTES = 64 * 1024


class DoorProtocol(GuardedProtocol):
    """uvicorn's, guarded; a request it steps aside for finds a `DirectBody` in `scope["extensions"][EXTENSION]`."""

    _direct: "DirectBody | None" = None

    def on_headers_complete(self) -> None:
        """Steps aside for a large body, unless requests are queued up behind one another."""
        before = self.cycle
        super().on_headers_complete()
        length = _announced(self.headers)
        is_alone = before is None or before.response_complete
        if _is_taken_directly(self.scope) and length >= WORTH_BYTES and is_alone:
            self._direct = DirectBody(self, self.cycle, length)
            self.scope["extensions"] = {EXTENSION: {"body": self._direct}}

    def on_body(self, body: bytes) -> None:
        """What arrived in one piece with the headers is the beginning of the direct body."""
        if self._direct is None:
            super().on_body(body)
        else:
            self._direct.begin(body)

    def data_received(self, data: bytes) -> None:
        """Parses; and once the headers of a large body are through, parses no more of it."""
        super().data_received(data)
        direct, self._direct = self._direct, None
        if direct is not None and direct.rest_bytes and not self.transport.is_closing():
            self.flow.pause_reading()
            self.transport.set_protocol(direct)

    def shutdown(self) -> None:
        """As uvicorn; but an idle connection's TLS goodbye is not waited for, which a client may take 30 s to say."""
        super().shutdown()
        if self.transport.is_closing() and not self.transport.get_write_buffer_size():
            self.transport.abort()

    def take_back(self) -> None:
        """The body is over: the next byte begins a request, for a parser that never saw the body."""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.expect_head()
        self.transport.set_protocol(self)


class DirectBody(asyncio.BufferedProtocol):
    """One body of known length, read into whatever buffer its reader offers; nothing is read while none is."""

    def __init__(self, http: DoorProtocol, cycle: RequestResponseCycle, length: int) -> None:
        self.rest_bytes = length  # still on the wire
        self._http = http
        self._cycle = cycle
        self._early = b""
        self._target: memoryview | None = None
        self._filled = 0
        self._aside = memoryview(b"")
        self._waiter: asyncio.Future[None] | None = None

    @property
    def filled_bytes(self) -> int:
        """How much the last `read_into` filled, also where it raised."""
        return self._filled

    def begin(self, body: bytes) -> None:
        """These bytes came with the headers."""
        self._early += body
        self.rest_bytes -= len(body)

    async def read_into(self, buffer: memoryview, silence_s: float) -> int:
        """Fills the buffer, less only at the end of the body; 0 once there is no more.

        Raises:
            SenderGone: the sender hung up before the end.
            SenderStalled: in so many seconds came less than `SLOWEST_BYTES_S` a second.
        """
        early = min(len(self._early), len(buffer))
        buffer[:early], self._early = self._early[:early], self._early[early:]
        self._filled = early
        if early < len(buffer) and self.rest_bytes:
            await self._fill(buffer, silence_s)
        return self._filled

    async def _fill(self, buffer: memoryview, silence_s: float) -> None:
        if self._cycle.waiting_for_100_continue:
            self._http.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._cycle.waiting_for_100_continue = False
        filled = self._waiter = asyncio.get_running_loop().create_future()
        self._target = buffer
        try:
            if not self._cycle.disconnected:
                self._http.flow.resume_reading()
                await self._until(filled, silence_s)
        finally:
            self._waiter, self._target = None, None
        if self._cycle.disconnected and self.rest_bytes:
            raise SenderGone("The sender hung up in the middle of a body.")

    async def _until(self, filled: asyncio.Future[None], silence_s: float) -> None:
        """Returns once the buffer is full or the sender gone; a slow sender is waited for, one that drips is not."""
        while not filled.done():
            before = self.rest_bytes
            await asyncio.wait({filled}, timeout=silence_s)
            if not filled.done() and before - self.rest_bytes < SLOWEST_BYTES_S * silence_s:
                raise SenderStalled("The sender fell silent in the middle of a body.")

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Where the next bytes go; never past the end of the body, which belongs to the next request."""
        if self._target is not None:
            return self._target[self._filled : self._filled + self.rest_bytes]
        if not self._aside:
            self._aside = memoryview(bytearray(_ASIDE_BYTES))
        return self._aside[: self.rest_bytes]

    def buffer_updated(self, nbytes: int) -> None:
        """Counts what arrived; bytes that nobody asks for any more, after an early answer, are let go."""
        self.rest_bytes -= nbytes
        if self._target is not None:
            self._filled += nbytes
            if self._filled == len(self._target) or not self.rest_bytes:
                self._target = None
                self._http.flow.pause_reading()
                self._wake()
        elif not self._cycle.response_complete:
            self._early += bytes(self._aside[:nbytes])
            self._http.flow.pause_reading()
        if not self.rest_bytes:
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """The reader learns it; so does uvicorn."""
        self._http.connection_lost(exc)
        self._wake()

    def eof_received(self) -> None:
        """As uvicorn: the connection closes."""
        self._http.eof_received()

    def pause_writing(self) -> None:
        """As uvicorn."""
        self._http.pause_writing()

    def resume_writing(self) -> None:
        """As uvicorn."""
        self._http.resume_writing()

    def _end(self) -> None:
        self._cycle.more_body = False
        self._cycle.message_event.set()
        self._http.take_back()
        if self._cycle.response_complete:
            self._http.flow.resume_reading()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _is_taken_directly(scope: Any) -> bool:
    """Whether whoever is behind that address reads the body through `scope`, and not through `receive` alone."""
    return scope["method"] == "PUT" or (
        scope["method"] in {"PATCH", "POST"} and scope["path"].startswith("/tus/")
    )


def _announced(headers: list[tuple[bytes, bytes]]) -> int:
    """The announced length of a body; 0 where it is none or comes in chunks."""
    named: dict[bytes, Any] = dict(headers)
    length = named.get(b"content-length", b"")
    return int(length) if length.isdigit() and b"transfer-encoding" not in named else 0
