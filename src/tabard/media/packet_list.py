"""Which bytes are the leaves of a packet tree? Pure; `docs/reference/packet-tree.md` specifies them.

Leaf 0 is the header: which streams there are, how each counts time, how many packets each has. Every other leaf is one
packet's record, stream after stream, in the order in which the file holds the packets of the stream. The list as a
sealed file is the header, after its length in four bytes, and then the records.
"""

import json
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any, Final, Literal, NamedTuple

import rfc8785

from tabard.kernel.errors import Integrity

LIST_VERSION: Final = 1
KINDS = ("video", "audio", "subtitle", "data", "attachment", "unknown")
HEADER_LENGTH = struct.Struct(">I")
MOST_HEADER_BYTES = 1024 * 1024
MOST_EXACT_INTEGER = 2**53 - 1

_RECORD = struct.Struct(">BBHIqq32s")
RECORD_BYTES = _RECORD.size
POSITION = struct.Struct(">q")
UNKNOWN_POSITION = -1
_MARK = 1  # no header begins with this byte, so neither kind of leaf can pass for the other
_KEY = 1
_NO_TIME = -(2**63)


class PacketListBroken(Integrity):
    """What should be a list of packets, or a part of one, is not."""

    code = "packet_list_broken"


class Record(NamedTuple):
    """One coded packet: times are in its stream's time base, None where the file gives none."""

    stream: int
    is_key: bool
    size_bytes: int
    pts: int | None
    dts: int | None
    sha256: bytes

    def pack(self) -> bytes:
        """The leaf's bytes.

        Raises:
            PacketListBroken: a value is not one that a packet can have.
        """
        times = [_NO_TIME if time is None else time for time in (self.pts, self.dts)]
        try:
            return _RECORD.pack(
                _MARK, _KEY if self.is_key else 0, self.stream, self.size_bytes, *times, self.sha256
            )
        except struct.error as error:
            raise PacketListBroken("A packet's record holds a value that does not fit.") from error

    @classmethod
    def unpack(cls, data: bytes) -> "Record":
        """The record in exactly these bytes.

        Raises:
            PacketListBroken: they are not one.
        """
        if len(data) != RECORD_BYTES:
            raise PacketListBroken("A packet's record has another length.")
        mark, flags, stream, size_bytes, pts, dts, sha256 = _RECORD.unpack(data)
        if mark != _MARK or flags not in {0, _KEY}:
            raise PacketListBroken("A packet's record is not one.")
        return cls(stream, flags == _KEY, size_bytes, _time(pts), _time(dts), sha256)


@dataclass(frozen=True, slots=True)
class StreamHead:
    """One stream of the list: its number in the file, what it carries, how long a tick is, how many packets it has."""

    index: int
    kind: str
    codec: str
    tick_numerator: int
    tick_denominator: int
    packets: int


@dataclass(frozen=True, slots=True)
class Header:
    """Leaf 0. `truncated` says that the file broke off before what it promises was read."""

    truncated: bool
    streams: tuple[StreamHead, ...]
    v: Literal[1] = LIST_VERSION

    @property
    def packets(self) -> int:
        """How many packets the list has."""
        return sum(stream.packets for stream in self.streams)

    @property
    def leaves(self) -> int:
        """The size of the tree: the header and every packet."""
        return 1 + self.packets

    @property
    def first_leaves(self) -> list[int]:
        """For each stream, in order, the number of the leaf of its first packet."""
        return list(accumulate((stream.packets for stream in self.streams), initial=1))[:-1]

    def encode(self) -> bytes:
        """The leaf's bytes, RFC 8785 JSON."""
        return rfc8785.dumps(asdict(self))

    @classmethod
    def parse(cls, data: bytes) -> "Header":
        """The header whose encoding is exactly these bytes.

        Raises:
            PacketListBroken: they are none.
        """
        try:
            header = cls.of(json.loads(data))
        except (ValueError, RecursionError) as error:
            raise PacketListBroken("The head of a list of packets is not JSON.") from error
        if header.encode() != data:
            raise PacketListBroken("The head of a list of packets is not written canonically.")
        return header

    @classmethod
    def of(cls, value: Any) -> "Header":
        """The header that a JSON value is.

        Raises:
            PacketListBroken: it is none.
        """
        if not isinstance(value, dict) or value.keys() != {"truncated", "streams", "v"}:
            raise PacketListBroken("The head of a list of packets does not have its fields.")
        if type(value["truncated"]) is not bool or type(value["v"]) is not int or value["v"] != LIST_VERSION:
            raise PacketListBroken("The head of a list of packets is of another version.")
        if not isinstance(value["streams"], list):
            raise PacketListBroken("The head of a list of packets names no streams.")
        streams = tuple(map(_stream, value["streams"]))
        numbers = [stream.index for stream in streams]
        if numbers != sorted(set(numbers)):
            raise PacketListBroken("The streams of a list of packets are not in order.")
        return cls(value["truncated"], streams)


class PacketList:
    """A list as it was sealed, read in parts.

    Raises:
        PacketListBroken: the file is not one.
    """

    def __init__(self, read: Callable[[int, int], Iterable[bytes]], size_bytes: int) -> None:
        self._read = read
        if size_bytes < HEADER_LENGTH.size:
            raise PacketListBroken("A list of packets has no head.")
        (length,) = HEADER_LENGTH.unpack(self._bytes(0, HEADER_LENGTH.size))
        self._records_at = HEADER_LENGTH.size + length
        if length > MOST_HEADER_BYTES or self._records_at > size_bytes:
            raise PacketListBroken("A list of packets ends inside its head.")
        self._head = self._bytes(HEADER_LENGTH.size, self._records_at)
        self.header = Header.parse(self._head)
        if size_bytes != self._records_at + self.header.packets * RECORD_BYTES:
            raise PacketListBroken("A list of packets has not as many records as its head says.")

    def leaves(self, first: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes of leaves `[first, end)`, of which a few thousand are held at a time."""
        end = self.header.leaves if end is None else end
        if first == 0 < end:
            yield self._head
        start, stop = (self._records_at + max(0, leaf - 1) * RECORD_BYTES for leaf in (first, end))
        for batch in in_batches(self._read(start, stop), RECORD_BYTES):
            for at in range(0, len(batch), RECORD_BYTES):
                yield batch[at : at + RECORD_BYTES]

    def _bytes(self, start: int, stop: int) -> bytes:
        return b"".join(self._read(start, stop))


def write_list(header: Header, records: Iterable[bytes]) -> Iterator[bytes]:
    """The sealed file's bytes, a piece at a time."""
    head = header.encode()
    yield HEADER_LENGTH.pack(len(head))
    yield head
    yield from records


def in_batches(pieces: Iterable[bytes], size_bytes: int) -> Iterator[bytes]:
    """The same bytes in pieces that each hold whole things of `size_bytes`; at most a piece is held."""
    rest = b""
    for piece in pieces:
        data = rest + piece
        whole = len(data) // size_bytes * size_bytes
        rest = data[whole:]
        if whole:
            yield data[:whole]
    if rest:
        raise PacketListBroken("A list of packets ends inside a record.")


def _time(stamp: int) -> int | None:
    return None if stamp == _NO_TIME else stamp


_STREAM_FIELDS = ("index", "kind", "codec", "tick_numerator", "tick_denominator", "packets")


def _stream(value: Any) -> StreamHead:
    if not isinstance(value, dict) or value.keys() != set(_STREAM_FIELDS):
        raise PacketListBroken("A stream in the head of a list of packets does not have its fields.")
    texts, numbers = [value["kind"], value["codec"]], [value[name] for name in _STREAM_FIELDS[3:]]
    numbers.append(value["index"])
    if any(type(one) is not str or not one.isascii() for one in texts) or value["kind"] not in KINDS:
        raise PacketListBroken("A stream in the head of a list of packets is of no known kind.")
    if any(type(one) is not int or not 0 <= one <= MOST_EXACT_INTEGER for one in numbers):
        raise PacketListBroken("A stream in the head of a list of packets counts in no whole numbers.")
    return StreamHead(**value)
