"""The network between a sender and a door: it cuts, slows, loses answers and turns bits over in bodies.

It reads the HTTP that goes through it, to know which bytes are a body's, and to keep an account: what was sent from
which offset, and which offset the door had told before. Bits are turned over only in bodies that carry a checksum of
their own (`ETag`, `Upload-Checksum`); for anything else TLS would notice, and there is none here.
"""

import random
import re
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

_PIECE = 32 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_OFFSET = re.compile(rb"\r\nupload-offset: *(\d+)", re.IGNORECASE)
_CHECKED = re.compile(rb"\r\n(etag|upload-checksum):", re.IGNORECASE)


@dataclass
class Weather:
    """How long a piece takes, and how likely each thing is for a piece or an answer; changes while connections live."""

    pace_s: float = 0.0
    cut: float = 0.0
    stall: float = 0.0
    flip: float = 0.0
    lose_answer: float = 0.0

    def clear(self) -> None:
        """Nothing happens any more, and everything is quick."""
        self.pace_s = self.cut = self.stall = self.flip = self.lose_answer = 0.0


@dataclass(frozen=True)
class Passed:
    """One line of the account: a PATCH that was sent from an offset, or an offset that was told."""

    what: str  # sent, told
    path: str
    offset: int
    length: int = 0


@dataclass
class Account:
    """What went through, in order."""

    passed: list[Passed] = field(default_factory=list)
    pieces: int = 0
    cuts: int = 0
    flips: int = 0
    statuses: dict[int, int] = field(default_factory=dict)


class Messages:
    """Finds heads and bodies in what goes one way."""

    def __init__(self) -> None:
        self._head = b""
        self._body_left = 0

    def feed(self, data: bytes, bodyless: "deque[bool] | None" = None) -> list[tuple[str, bytes]]:
        """The pieces of the data in order, each `head` (whole) or `body`."""
        found: list[tuple[str, bytes]] = []
        while data:
            if self._body_left:
                body, data = data[: self._body_left], data[self._body_left :]
                self._body_left -= len(body)
                found.append(("body", body))
                continue
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                break
            self._head = b""
            length = _LENGTH.search(head)
            has_body = not (bodyless and bodyless.popleft())
            self._body_left = int(length[1]) if length and has_body else 0
            found.append(("head", head + end))
        return found


class Proxy:
    """A port of loopback that leads to a door's, through weather."""

    def __init__(self, door_port: int, seed: int) -> None:
        self.weather = Weather()
        self.account = Account()
        self._door_port = door_port
        self._rng = random.Random(seed)  # noqa: S311 - weather that can be repeated, as far as threads can
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()

    def cut_all(self) -> None:
        """Every connection breaks."""
        with self._lock:
            for each in self._open:
                _hang_up(each)
            self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                sender, _ = self._listener.accept()
            except OSError:
                return
            try:
                door = socket.create_connection(("127.0.0.1", self._door_port), timeout=20)
            except OSError:
                _hang_up(sender)
                continue
            with self._lock:
                self._open |= {sender, door}
            connection = _Connection(self, sender, door)
            for way in (connection.up, connection.down):
                threading.Thread(target=connection.guarded, args=(way,), daemon=True).start()

    def closed(self, *sockets: socket.socket) -> None:
        with self._lock:
            self._open -= set(sockets)

    def happens(self, odds: float) -> bool:
        with self._lock:
            return self._rng.random() < odds

    def place(self, length: int) -> int:
        with self._lock:
            return self._rng.randrange(length * 8)

    def note(self, passed: Passed) -> None:
        with self._lock:
            self.account.passed.append(passed)


class _Connection:
    """Both ways of one connection."""

    def __init__(self, proxy: Proxy, sender: socket.socket, door: socket.socket) -> None:
        self._proxy, self._sender, self._door = proxy, sender, door
        self._asked: deque[tuple[str, str]] = deque()
        self._bodyless: deque[bool] = deque()
        self._is_checked = self._is_flipped = False

    def guarded(self, way) -> None:
        try:
            way()
        except OSError:
            pass
        finally:
            for each in (self._sender, self._door):
                _hang_up(each)
            self._proxy.closed(self._sender, self._door)

    def up(self) -> None:
        messages = Messages()
        while data := self._sender.recv(_PIECE):
            for kind, piece in messages.feed(data):
                self._weather()
                if kind == "head":
                    self._note_request(piece)
                    self._door.sendall(piece)
                else:
                    self._door.sendall(self._spoilt(piece))

    def down(self) -> None:
        messages = Messages()
        while data := self._door.recv(_PIECE):
            for kind, piece in messages.feed(data, self._bodyless):
                if kind == "head" and self._proxy.happens(self._proxy.weather.lose_answer):
                    self._proxy.account.cuts += 1
                    raise OSError("the answer is lost")
                self._sender.sendall(piece)
                if kind == "head":
                    self._note_answer(piece)

    def _weather(self) -> None:
        weather = self._proxy.weather
        self._proxy.account.pieces += 1
        if self._proxy.happens(weather.cut):
            self._proxy.account.cuts += 1
            raise OSError("the connection is cut")
        time.sleep(weather.pace_s)
        if self._proxy.happens(weather.stall):
            time.sleep(0.05)

    def _spoilt(self, piece: bytes) -> bytes:
        if self._is_flipped or not self._is_checked or not self._proxy.happens(self._proxy.weather.flip):
            return piece
        self._is_flipped = True
        self._proxy.account.flips += 1
        bit = self._proxy.place(len(piece))
        spoilt = bytearray(piece)
        spoilt[bit // 8] ^= 1 << bit % 8
        return bytes(spoilt)

    def _note_request(self, head: bytes) -> None:
        method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        self._asked.append((method, path))
        self._bodyless.append(method == "HEAD")
        self._is_checked, self._is_flipped = bool(_CHECKED.search(head)), False
        offset, length = _OFFSET.search(head), _LENGTH.search(head)
        if method == "PATCH" and offset:
            self._proxy.note(Passed("sent", path, int(offset[1]), int(length[1]) if length else 0))

    def _note_answer(self, head: bytes) -> None:
        status = int(head.split(b" ", 2)[1])
        with self._proxy._lock:
            self._proxy.account.statuses[status] = self._proxy.account.statuses.get(status, 0) + 1
        if not self._asked:
            return
        method, path = self._asked.popleft()
        offset = _OFFSET.search(head)
        if method in {"PATCH", "HEAD"} and status < 300 and offset:
            self._proxy.note(Passed("told", path, int(offset[1])))


def _hang_up(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()


def went_back(passed: list[Passed], most_chunk: int) -> list[str]:
    """Every byte that was sent again although the door had told that it has it, and every chunk that is too large."""
    told: dict[str, int] = {}
    found = []
    for each in passed:
        if each.what == "told":
            if each.offset < told.get(each.path, 0):
                found.append(f"{each.path} was told {each.offset} after {told[each.path]}")
            told[each.path] = max(each.offset, told.get(each.path, 0))
        elif each.offset < told.get(each.path, 0):
            found.append(f"{each.path} was sent again from {each.offset}, {told[each.path]} are durable")
        if each.length > most_chunk:
            found.append(f"{each.path} was sent {each.length} bytes at a time")
    return found
