"""Which packets does a segment consist of, and which of them does a clip hold?

After a segment is probed, its packet list is made in the decoder jail and sealed, and the root of the tree over the
list is logged. When a clip is cut, its own packets are looked up in the list and the proof that they stand there, in
unbroken order, is sealed with it. A clip without a proof is still a clip; the reason is kept.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from hashlib import sha256
from itertools import chain
from typing import Any, BinaryIO

from django.db import transaction

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import Invalid
from tabard.media.jail.errors import CannotDecode, DecoderKilled
from tabard.media.jail.limits import Limits
from tabard.media.making import jailed, jailed_bytes, output_of, still_kept
from tabard.media.models import ClipPackets, PacketTree, Probe
from tabard.media.packet_list import (
    MOST_EXACT_INTEGER,
    POSITION,
    RECORD_BYTES,
    Header,
    PacketList,
    PacketListBroken,
    Record,
    write_list,
)
from tabard.media.packet_proof import (
    MOST_PROOF_BYTES,
    PacketProof,
    PacketProofBroken,
    ProvenPacket,
    ProvenStream,
    prove,
)
from tabard.merkle.runs import root_of_stream
from tabard.merkle.tree import leaf_hash
from tabard.recordings.models import Clip, Segment
from tabard.vault import services as vault
from tabard.vault.services import PendingObject

_BATCH_BYTES = RECORD_BYTES * 16_384
# A Matroska block has a few bytes of its own before the payload, and its position is where those begin.
_MOST_BLOCK_HEAD_BYTES = 16
_SLOWEST_BYTES_S = 10_000_000
_Row = tuple[Record, int]
_Read = Callable[[int, int], bytes]


class Untied(Invalid):
    """A clip's packets cannot be tied to the original's; the message completes "there is no proof, because"."""

    code = "clip_untied"


def index_packets(*, segment: Segment, by: Actor, at: datetime) -> PacketTree | None:
    """The segment's packets are listed and the root over the list is logged; None where it cannot be decoded.

    Raises:
        DisposedMeanwhile: the recording was disposed of.
    """
    known = PacketTree.objects.select_related("object").filter(segment=segment).first()
    if known or Probe.objects.filter(segment=segment, is_decodable=False).exists():
        return known
    try:
        result = jailed("packets", segment, {}, _time_to_read(segment.object.size_bytes))
        output, header = output_of(result), _header(result.facts)
    except (CannotDecode, DecoderKilled):
        return None
    start = result.facts["records"]["start"]
    with closing(output), vault.start() as pending:
        for piece in write_list(header, _batches(output, start)):
            pending.write(piece)
        pending.seal()
        root = root_of_stream(map(leaf_hash, chain([header.encode()], _records(output, start))))
        return _record_tree(segment, header.packets, root, pending=pending, by=by, at=at)


def prove_clip(
    *,
    segment: Segment,
    output: BinaryIO,
    facts: Mapping[str, Any],
    into: PendingObject,
    by: Actor,
    at: datetime,
) -> str:
    """The proof that a freshly cut clip's packets are the segment's is sealed in `into`; else why there is none.

    Args:
        segment: What it was cut from; its packets are listed first where they are not yet.
        output: The clip's file.
        facts: What the jail said of the clip.
        into: Where the proof goes.
        by: Who cuts.
        at: Now.
    """
    try:
        proof = _proof(segment, output, facts, by, at)
    except (Untied, CannotDecode, DecoderKilled) as error:
        return error.message
    into.write(proof)
    into.seal()
    return ""


def record_proof(*, clip: Clip, proof: PendingObject, untied: str, at: datetime) -> ClipPackets:
    """What `prove_clip` found stands with the clip. Call inside the transaction that records the clip."""
    sealed = None if untied else vault.record(pending=proof, at=at)
    return ClipPackets.objects.create(clip=clip, object=sealed, reason=untied, made_at=at)


def _record_tree(
    segment: Segment, count: int, root: bytes, *, pending: PendingObject, by: Actor, at: datetime
) -> PacketTree:
    with transaction.atomic():
        still_kept(segment.recording_id)
        known = PacketTree.objects.select_related("object").filter(segment=segment).first()
        if known is not None:  # another worker was first
            pending.abort()
            return known
        sealed = vault.record(pending=pending, at=at)
        tree = PacketTree.objects.create(
            segment=segment, packet_count=count, root=root, object=sealed, made_at=at
        )
        custody.append(
            kind=EventKind.SEGMENT_PACKETS_INDEXED,
            subject=Subject("segment", segment.id),
            at=at,
            by=by,
            sha256=root,
            details={"packets": count, "object": str(sealed.id), "sha256": bytes(sealed.sha256).hex()},
        )
    return tree


def _header(facts: Mapping[str, Any]) -> Header:
    """The head of the list that the jail made.

    Raises:
        DecoderKilled: there are not as many records as it says.
    """
    try:
        header = Header.of({"v": 1, "truncated": facts["truncated"], "streams": facts["streams"]})
    except PacketListBroken as error:
        raise DecoderKilled("answered with garbage") from error
    if header.packets == 0 or facts["records"]["length"] != header.packets * RECORD_BYTES:
        raise DecoderKilled("listed other packets than it counted")
    return header


def _proof(segment: Segment, output: BinaryIO, facts: Mapping[str, Any], by: Actor, at: datetime) -> bytes:
    if not facts["verbatim"]:
        raise Untied("Its container writes packets otherwise than the camera did.")
    tree = index_packets(segment=segment, by=by, at=at)
    if tree is None:
        raise Untied("The packets of the camera's file could not be listed.")
    reader = vault.open_object(obj=tree.object)
    packets = PacketList(reader.read, reader.size_bytes)
    rows = _rows_of_clip(output)
    streams = [
        _stream(packets, copied, rows[number])
        for number, copied in enumerate(facts["streams"])
        if rows[number]
    ]
    proof = prove(packets, streams)
    return _checked(proof, bytes(tree.root), output)


def _checked(proof: PacketProof, root: bytes, output: BinaryIO) -> bytes:
    """The proof's bytes, only if whoever gets it will find it good."""
    encoded = proof.encode()
    if len(encoded) > MOST_PROOF_BYTES:
        raise Untied("It is too long to be proven packet by packet.")
    try:
        PacketProof.parse(encoded).verify(root, _reader(output), os.fstat(output.fileno()).st_size)
    except (PacketProofBroken, PacketListBroken) as error:
        raise Untied(error.message) from error
    return encoded


def _rows_of_clip(output: BinaryIO) -> list[list[_Row]]:
    """The records of the clip's own packets, stream by stream, with where each payload lies in its file."""
    size_bytes, read = os.fstat(output.fileno()).st_size, _reader(output)
    result = jailed_bytes("packets", read, size_bytes, {"positions": True}, _time_to_read(size_bytes))
    with closing(output_of(result)) as listed:
        span = result.facts["records"]
        listed.seek(span["start"])
        data = listed.read(span["length"])
    step = RECORD_BYTES + POSITION.size
    rows: list[list[_Row]] = [[] for _ in result.facts["streams"]]
    for at in range(0, len(data) - step + 1, step):
        record = Record.unpack(data[at : at + RECORD_BYTES])
        if record.stream >= len(rows):
            raise DecoderKilled("answered with garbage")
        (position,) = POSITION.unpack(data[at + RECORD_BYTES : at + step])
        rows[record.stream].append((record, _payload_at(record, position, read)))
    return rows


def _payload_at(record: Record, position: int, read: _Read) -> int:
    """Where the packet's bytes begin in the file, found by their hash at or shortly after the demuxer's position."""
    window = read(position, position + record.size_bytes + _MOST_BLOCK_HEAD_BYTES) if position >= 0 else b""
    for head_bytes in range(len(window) - record.size_bytes + 1):
        if sha256(window[head_bytes : head_bytes + record.size_bytes]).digest() == record.sha256:
            return position + head_bytes
    raise Untied("Its packets are not stored in one piece each.")


def _stream(packets: PacketList, copied: Mapping[str, Any], rows: Sequence[_Row]) -> ProvenStream:
    """Where one stream of the clip stands in the original's list."""
    first_leaf, first = _find(packets, copied, rows[0][0].sha256)
    leaves = packets.leaves(first_leaf + first, first_leaf + first + len(rows))
    originals = list(map(Record.unpack, leaves))
    if [one.sha256 for one in originals] != [record.sha256 for record, _ in rows]:
        raise Untied("Its packets are not consecutive ones of the camera's file.")
    times = [time for one in originals for time in (one.pts, one.dts) if time is not None]
    if any(abs(time) > MOST_EXACT_INTEGER for time in times):
        raise Untied("The camera's file counts time in numbers too large to be written.")
    return ProvenStream(
        stream=copied["index"],
        first=first,
        packets=tuple(
            ProvenPacket(offset, one.size_bytes, one.pts, one.dts, int(one.is_key))
            for one, (_, offset) in zip(originals, rows, strict=True)
        ),
    )


def _find(packets: PacketList, copied: Mapping[str, Any], payload_hash: bytes) -> tuple[int, int]:
    """The stream's first leaf, and the place in the stream of the packet that the clip begins with."""
    wanted = copied["first_dts"] if copied["first_pts"] is None else copied["first_pts"]
    heads = zip(packets.header.streams, packets.header.first_leaves, strict=True)
    for head, first_leaf in heads:
        if head.index != copied["index"]:
            continue
        for place, leaf in enumerate(packets.leaves(first_leaf, first_leaf + head.packets)):
            if leaf.endswith(payload_hash):
                record = Record.unpack(leaf)
                if wanted == (record.dts if copied["first_pts"] is None else record.pts):
                    return first_leaf, place
    raise Untied("Its first packet is not found in the camera's file.")


def _time_to_read(size_bytes: int) -> Limits:
    allowance_s = 600 + size_bytes // _SLOWEST_BYTES_S
    return Limits(cpu_s=allowance_s, wall_s=1.5 * allowance_s)


def _reader(output: BinaryIO) -> _Read:
    return lambda start, stop: os.pread(output.fileno(), stop - start, start)


def _batches(output: BinaryIO, start: int) -> Iterator[bytes]:
    """Whole records from the output, thousands at a time."""
    output.seek(start)
    return iter(lambda: output.read(_BATCH_BYTES), b"")


def _records(output: BinaryIO, start: int) -> Iterator[bytes]:
    for batch in _batches(output, start):
        for at in range(0, len(batch), RECORD_BYTES):
            yield batch[at : at + RECORD_BYTES]
