"""How long, and how large, may a request be before it is one? uvicorn asks neither; a door on a force's network must.

Whoever has sent no whole head (request line and headers) within `HEAD_S` seconds is hung up on, and so is whoever's
head is larger than any camera's. Nothing of this needs a password, so nothing of it may cost much.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 30.0
HEAD_BYTES = 256 * 1024


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's own protocol; a head takes a bounded time and a bounded memory."""

    _reads_head = True
    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn narrows it
        """Also starts the clock."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Also stops it."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parses; a head that is not whole after so many bytes is answered with 400, and the connection closed."""
        super().data_received(data)
        if self._reads_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("The head of this request is too large.")
            elif self.cycle is None or self.cycle.response_complete:
                self._start_clock()  # uvicorn's own has just been stopped, though nothing may have begun

    def on_message_begin(self) -> None:
        """The clock runs from the first byte of a request on."""
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._reads_head, self._head_bytes = False, 0
        self._stop_clock()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next byte begins another head."""
        super().on_message_complete()
        self.expect_head()

    def expect_head(self) -> None:
        """The next byte begins a head. How long it may be waited for is for uvicorn's keep-alive to say."""
        self._reads_head, self._head_bytes = True, 0

    def _await_head(self) -> None:
        self.expect_head()
        self._start_clock()

    def _start_clock(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_S, self._give_up)

    def _stop_clock(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.abort()
