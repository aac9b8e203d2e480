"""Everything that is said between parent and decoder, the parent's side, within the bounds of `wire`."""

import selectors
import socket
from collections.abc import Callable

from tabard.media.jail import wire
from tabard.media.jail.answers import Answer, read_answer


class StopDecoder(Exception):
    """The decoder broke the rules of the conversation; the text completes the sentence "it ..."."""


class Conversation:
    """Serves the footage to one decoder and listens to it, in one thread."""

    def __init__(
        self,
        *,
        source: socket.socket,
        control: socket.socket,
        read: Callable[[int, int], bytes],
        on_progress: Callable[[float], None] | None,
    ) -> None:
        self._source, self._control = source, control
        self._read, self._on_progress = read, on_progress
        self._asked, self._said = bytearray(), bytearray()
        self._frames = 0

    def until_answered(self) -> Answer | None:
        """The decoder's answer, or None when it left without one; `StopDecoder` when it broke the rules."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._source, selectors.EVENT_READ)
            selector.register(self._control, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._source in ready and not self._serve():
                    selector.unregister(self._source)
                if self._control in ready:
                    piece = _received(self._control, 65536)
                    answer = self._listen(piece)
                    if answer is not None or not piece:
                        return answer

    def _serve(self) -> bool:
        piece = _received(self._source, wire.ASK.size - len(self._asked))
        self._asked += piece
        if len(self._asked) == wire.ASK.size:
            data = self._read(*wire.ASK.unpack(self._asked))
            self._asked.clear()
            try:
                self._source.sendall(data)
            except OSError:  # the decoder is gone; its exit code says why
                return False
        return bool(piece)

    def _listen(self, piece: bytes) -> Answer | None:
        self._said += piece
        while (frame := self._next_frame()) is not None:
            answer = read_answer(frame)
            if answer is None:
                raise StopDecoder("answered with garbage")
            if answer.progress is None:
                return answer
            if self._on_progress is not None:
                self._on_progress(answer.progress)
        return None

    def _next_frame(self) -> bytes | None:
        head = wire.FRAME_HEAD.size
        if len(self._said) < head:
            return None
        (length,) = wire.FRAME_HEAD.unpack(self._said[:head])
        if length > wire.MOST_FRAME_BYTES or self._frames >= wire.MOST_FRAMES:
            raise StopDecoder("said more than any decoder needs to say")
        if len(self._said) < head + length:
            return None
        frame = bytes(self._said[head : head + length])
        del self._said[: head + length]
        self._frames += 1
        return frame


def _received(channel: socket.socket, most: int) -> bytes:
    try:
        return channel.recv(most)
    except OSError:  # a decoder that died with unread bytes resets the channel
        return b""
