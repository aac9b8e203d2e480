"""Is every packet in this clip one of the camera's, in unbroken order? Pure, and no demuxer is needed to ask.

The proof says where in the clip's file each packet's bytes lie and which record of the original's packet list it is;
the hash is left to whoever checks, who takes it from the clip itself. `docs/reference/packet-tree.md` specifies it.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final, Literal, NamedTuple

from tabard.kernel.errors import Integrity
from tabard.media.packet_list import MOST_EXACT_INTEGER, Header, PacketList, Record, StreamHead
from tabard.merkle.proofs import InvalidProof
from tabard.merkle.runs import Run, gaps, root_of_stream, verify_runs
from tabard.merkle.tree import HASH_SIZE, leaf_hash

PROOF_VERSION: Final = 1
MOST_PROOF_BYTES = 64 * 1024 * 1024
MOST_PATH_HASHES = 4096
MOST_APART_S = 2.0

Read = Callable[[int, int], bytes]
_AHEAD_BYTES = 1024 * 1024
_MOST_PACKET_BYTES = 2**32 - 1
_SIZE32, _SIZE64, _TYPE = slice(0, 4), slice(8, 16), slice(4, 8)
_MOST_BOXES = 1000
_MATROSKA = bytes.fromhex("1a45dfa3")


class PacketProofBroken(Integrity):
    """The proof is malformed, or does not tie the clip's packets to the list that the log names."""

    code = "packet_proof_broken"


class ProvenPacket(NamedTuple):
    """One packet: where its bytes lie in the clip's file, and its record in the original's list but for the hash."""

    offset: int
    size_bytes: int
    pts: int | None
    dts: int | None
    key: int


@dataclass(frozen=True, slots=True)
class ProvenStream:
    """Consecutive packets of one stream of the original; `first` counts from that stream's first packet, which is 0."""

    stream: int
    first: int
    packets: tuple[ProvenPacket, ...]


@dataclass(frozen=True, slots=True)
class Tied:
    """What was found, by kind of stream.

    `packets` counts those that are the camera's, `spans` has their first and last time in seconds of the camera's own
    clock for that file, `left_out` counts the original's streams of which the clip has nothing.
    """

    packets: Counter[str]
    spans: Mapping[str, tuple[float, float]]
    left_out: Counter[str]


@dataclass(frozen=True, slots=True)
class PacketProof:
    """The header of the original's list, the clip's packets, and the hashes of all of the tree that is not the clip."""

    header: Header
    streams: tuple[ProvenStream, ...]
    path: tuple[bytes, ...]
    v: Literal[1] = PROOF_VERSION

    def encode(self) -> bytes:
        """The file's bytes: RFC 8785 JSON, which for whole numbers and plain texts is what `json` sorts and packs."""
        streams = [{"stream": s.stream, "first": s.first, "packets": s.packets} for s in self.streams]
        path = [one.hex() for one in self.path]
        value = {"header": asdict(self.header), "streams": streams, "path": path, "v": self.v}
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def parse(cls, data: bytes) -> "PacketProof":
        """The proof whose encoding is exactly these bytes; nothing is verified yet.

        Raises:
            Integrity: they are none.
        """
        if len(data) > MOST_PROOF_BYTES:
            raise PacketProofBroken("The proof of packets is larger than one is.")
        try:
            value = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise PacketProofBroken("The proof of packets is not JSON.") from error
        if not isinstance(value, dict) or value.keys() != {"header", "path", "streams", "v"}:
            raise PacketProofBroken("The proof of packets does not have its fields.")
        if type(value["v"]) is not int or value["v"] != PROOF_VERSION:
            raise PacketProofBroken("The proof of packets is of another version.")
        proof = cls(Header.of(value["header"]), _streams(value["streams"]), _path(value["path"]))
        if proof.encode() != data:
            raise PacketProofBroken("The proof of packets is not written canonically.")
        return proof

    def verify(self, root: bytes, read: Read, size_bytes: int) -> Tied:
        """What the clip holds of the original, only if all of it is that.

        Args:
            root: The root of the original's packet tree, from the log.
            read: Bytes [start, stop) of the clip's file.
            size_bytes: The size of the clip's file.

        Raises:
            PacketProofBroken: a packet is not in the list at its place, or the clip's media data holds something else.
        """
        places = self._places(size_bytes)
        _check_media_data(places, read, size_bytes)
        ahead = _Ahead(read, size_bytes)
        hashes = {start: sha256(ahead.read(start, stop)).digest() for start, stop in places}
        head = Run(0, [leaf_hash(self.header.encode())])
        try:
            verify_runs([head, *self._runs(hashes)], self.header.leaves, self.path, root)
        except InvalidProof as error:
            raise PacketProofBroken(
                "The packets of the clip are not, in unbroken order, those of the camera's file that the log lists."
            ) from error
        return self._tied()

    def _places(self, size_bytes: int) -> list[tuple[int, int]]:
        """Where packets lie in the clip's file, [start, stop), in the file's order.

        Raises:
            PacketProofBroken: a place is not in the file, two overlap, or a stream's are not in the stream's order.
        """
        for stream in self.streams:
            offsets = [packet.offset for packet in stream.packets]
            if offsets != sorted(offsets):
                raise PacketProofBroken("The packets of the clip are not in order.")
        found = (packet for stream in self.streams for packet in stream.packets)
        places = sorted((packet.offset, packet.offset + packet.size_bytes) for packet in found)
        if not places or places[-1][1] > size_bytes:
            raise PacketProofBroken("The proof names bytes that the clip does not have.")
        if any(stop > start for (_, stop), (start, _) in pairwise(places)):
            raise PacketProofBroken("Two packets of the clip share bytes.")
        return places

    def _runs(self, hashes: dict[int, bytes]) -> Iterator[Run]:
        firsts = {
            head.index: (first, head.packets)
            for head, first in zip(self.header.streams, self.header.first_leaves, strict=True)
        }
        for stream in self.streams:
            first, count = firsts.get(stream.stream, (0, 0))
            if stream.first + len(stream.packets) > count:
                raise PacketProofBroken("The proof names packets that the camera's file does not have.")
            records = (_record(stream.stream, packet, hashes[packet.offset]) for packet in stream.packets)
            yield Run(first + stream.first, [leaf_hash(record.pack()) for record in records])

    def _tied(self) -> Tied:
        heads = {head.index: head for head in self.header.streams}
        packets, spans = Counter[str](), dict[str, tuple[float, float]]()
        for stream in self.streams:
            head = heads[stream.stream]
            packets[head.kind] += len(stream.packets)
            times = _times_s(head, stream)
            if times:
                earlier = spans.get(head.kind, (times[0], times[0]))
                spans[head.kind] = (min(*times, earlier[0]), max(*times, earlier[1]))
        _check_together(spans)
        held = {stream.stream for stream in self.streams}
        left_out = Counter(head.kind for head in heads.values() if head.packets and head.index not in held)
        return Tied(packets, spans, left_out)


def prove(packets: PacketList, streams: Sequence[ProvenStream]) -> PacketProof:
    """The proof that these streams' packets stand in the list; the list is read once, a part at a time."""
    firsts = dict(
        zip((head.index for head in packets.header.streams), packets.header.first_leaves, strict=True)
    )
    ordered = tuple(sorted(streams, key=lambda stream: stream.stream))
    runs = [
        range(start := firsts[stream.stream] + stream.first, start + len(stream.packets))
        for stream in ordered
    ]
    path = tuple(
        root_of_stream(map(leaf_hash, packets.leaves(gap.start, gap.stop)))
        for gap in gaps([range(1), *runs], packets.header.leaves)
    )
    return PacketProof(packets.header, ordered, path)


class _Ahead:
    """Reads a file mostly forwards, in large pieces."""

    def __init__(self, read: Read, size_bytes: int) -> None:
        self._read, self._size_bytes = read, size_bytes
        self._start, self._data = 0, b""

    def read(self, start: int, stop: int) -> memoryview:
        if not self._start <= start <= stop <= self._start + len(self._data):
            self._start = start
            self._data = self._read(start, min(self._size_bytes, max(stop, start + _AHEAD_BYTES)))
        return memoryview(self._data)[start - self._start : stop - self._start]


def _check_media_data(places: Sequence[tuple[int, int]], read: Read, size_bytes: int) -> None:
    """Return only if an MP4 file's media data is the packets and nothing else; of Matroska nothing is asked.

    The index of the file can then point to no other picture, unless outside the media data.
    """
    if read(0, min(len(_MATROSKA), size_bytes)) == _MATROSKA:
        return
    held: list[tuple[int, int]] = []
    for start, stop in places:
        if held and held[-1][1] == start:
            held[-1] = (held[-1][0], stop)
        else:
            held.append((start, stop))
    if held != list(_media_data(read, size_bytes)):
        raise PacketProofBroken("The clip's media data holds more or less than the packets of the proof.")


def _media_data(read: Read, size_bytes: int) -> Iterator[tuple[int, int]]:
    """The content of each `mdat` box at the top of an MP4 file (ISO/IEC 14496-12, 4.2)."""
    start = 0
    for _ in range(_MOST_BOXES):
        if start >= size_bytes:
            return
        head = read(start, min(start + 16, size_bytes))
        small, large = int.from_bytes(head[_SIZE32]), int.from_bytes(head[_SIZE64])
        head_bytes, length = {0: (8, size_bytes - start), 1: (16, large)}.get(small, (8, small))
        if not head_bytes <= length <= size_bytes - start:
            break
        if head[_TYPE] == b"mdat" and length > head_bytes:
            yield start + head_bytes, start + length
        start += length
    raise PacketProofBroken("The clip is not made of MP4 boxes from its first byte to its last.")


def _times_s(head: StreamHead, stream: ProvenStream) -> list[float]:
    """When the packets are shown, those that say so."""
    if not head.tick_denominator:
        return []
    tick_s = head.tick_numerator / head.tick_denominator
    stamps = (packet.dts if packet.pts is None else packet.pts for packet in stream.packets)
    return [stamp * tick_s for stamp in stamps if stamp is not None]


def _check_together(spans: Mapping[str, tuple[float, float]]) -> None:
    """Return only if sound and everything else is from the moments that the pictures show."""
    first_s, last_s = spans.get("video", (-math.inf, math.inf))
    for start_s, end_s in spans.values():
        if start_s < first_s - MOST_APART_S or end_s > last_s + MOST_APART_S:
            raise PacketProofBroken("The sound of the clip is from another moment than its pictures.")


def _record(stream: int, packet: ProvenPacket, payload_hash: bytes) -> Record:
    return Record(stream, bool(packet.key), packet.size_bytes, packet.pts, packet.dts, payload_hash)


def _path(value: Any) -> tuple[bytes, ...]:
    if not isinstance(value, list) or len(value) > MOST_PATH_HASHES:
        raise PacketProofBroken("The proof of packets has no list of hashes.")
    try:
        path = tuple(map(bytes.fromhex, value))
    except (TypeError, ValueError) as error:
        raise PacketProofBroken("A hash in the proof of packets is not one.") from error
    if any(len(one) != HASH_SIZE for one in path):
        raise PacketProofBroken("A hash in the proof of packets is not 32 bytes.")
    return path


def _streams(value: Any) -> tuple[ProvenStream, ...]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise PacketProofBroken("The proof of packets has no list of streams.")
    streams = tuple(map(_stream, value))
    numbers = [stream.stream for stream in streams]
    if not numbers or numbers != sorted(set(numbers)):
        raise PacketProofBroken("The streams of the proof of packets are not in order.")
    return streams


def _stream(value: dict[str, Any]) -> ProvenStream:
    if value.keys() != {"stream", "first", "packets"} or not isinstance(value["packets"], list):
        raise PacketProofBroken("A stream of the proof of packets does not have its fields.")
    _whole(value["stream"], 0, 2**16 - 1)
    _whole(value["first"], 0, MOST_EXACT_INTEGER)
    packets = tuple(map(_packet, value["packets"]))
    if not packets:
        raise PacketProofBroken("A stream of the proof of packets has none.")
    return ProvenStream(value["stream"], value["first"], packets)


def _packet(value: Any) -> ProvenPacket:
    if not isinstance(value, list) or len(value) != len(ProvenPacket._fields):
        raise PacketProofBroken("A packet of the proof does not have its fields.")
    packet = ProvenPacket(*value)
    _whole(packet.offset, 0, MOST_EXACT_INTEGER)
    _whole(packet.size_bytes, 1, _MOST_PACKET_BYTES)
    _whole(packet.key, 0, 1)
    for time in (packet.pts, packet.dts):
        if time is not None:
            _whole(time, -MOST_EXACT_INTEGER, MOST_EXACT_INTEGER)
    return packet


def _whole(value: Any, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise PacketProofBroken("A number in the proof of packets is not one that it can be.")
