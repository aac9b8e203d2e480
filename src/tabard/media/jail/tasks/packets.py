"""Every coded packet of the footage, as the records of a packet list; memory stays flat however long the footage is.

The footage holds the packets of its streams interleaved and the list has them stream after stream, so blocks of records
go into the output as they fill and are copied into the list's order behind them at the end.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import sha256
from typing import Any

from av.packet import Packet
from av.stream import Stream

from tabard.media.jail.facts import PacketsFacts, PacketStreamFacts, SpanFacts
from tabard.media.jail.output import OutputFile
from tabard.media.jail.tasks.footage import Footage, opened
from tabard.media.jail.workbench import Workbench
from tabard.media.packet_list import KINDS, POSITION, UNKNOWN_POSITION, Record

_BLOCK_BYTES = 64 * 1024


def perform(bench: Workbench) -> PacketsFacts:
    """The records are in the output, each followed by its payload's byte position where that was asked for.

    Packets without payload are not listed, nor are streams that the container does not know when it is opened.
    """
    with_positions = bench.params.get("positions") is True
    with opened(bench) as footage:
        streams = {stream.index: _Rows() for stream in footage.container.streams}
        for packet in footage.packets():
            if packet.size and packet.stream_index in streams:
                streams[packet.stream_index].add(_row(packet, with_positions), bench.output)
        return PacketsFacts(
            records=_in_order(list(streams.values()), bench.output),
            truncated=footage.broke_off or _promises_more(footage, bench.source.size_bytes),
            streams=[_facts(stream, streams[stream.index]) for stream in footage.container.streams],
        )


@dataclass(slots=True)
class _Rows:
    """The rows of one stream: whole blocks in the output, the newest ones here."""

    count: int = 0
    newest: bytearray = field(default_factory=bytearray)
    blocks: list[tuple[int, int]] = field(default_factory=list)

    def add(self, row: bytes, output: OutputFile) -> None:
        self.newest += row
        self.count += 1
        if len(self.newest) >= _BLOCK_BYTES:
            self.blocks.append((output.tell(), output.write(bytes(self.newest))))
            self.newest.clear()

    def copy(self, output: OutputFile) -> None:
        """All rows stand once more in the output, one after another, from where it is now."""
        source = output.view()
        for start, length in self.blocks:
            source.seek(start)
            output.write(source.read(length))
        output.write(bytes(self.newest))


def _row(packet: "Packet[Any]", with_position: bool) -> bytes:  # noqa: FBT001 - private, one caller
    record = Record(
        stream=packet.stream_index,
        is_key=packet.is_keyframe,
        size_bytes=packet.size,
        pts=packet.pts,
        dts=packet.dts,
        sha256=sha256(packet).digest(),
    ).pack()
    if not with_position:
        return record
    return record + POSITION.pack(UNKNOWN_POSITION if packet.pos is None else packet.pos)


def _in_order(streams: list[_Rows], output: OutputFile) -> SpanFacts:
    start = output.tell()
    for rows in streams:
        rows.copy(output)
    return SpanFacts(start=start, length=output.tell() - start)


def _promises_more(footage: Footage, size_bytes: int) -> bool:
    """Whether the index names bytes past the end of the file, as that of a file cut short does."""
    indexes = [stream.index_entries for stream in footage.container.streams]
    lasts = [entries[-1] for entries in indexes if len(entries)]
    return any(last.pos + last.size > size_bytes for last in lasts)


def _facts(stream: Stream, rows: _Rows) -> PacketStreamFacts:
    context: Any = stream.codec_context
    tick = stream.time_base or Fraction(0)
    return PacketStreamFacts(
        index=stream.index,
        kind=stream.type if stream.type in KINDS else "unknown",
        codec=context.codec.canonical_name if context else "",
        tick_numerator=tick.numerator,
        tick_denominator=tick.denominator,
        packets=rows.count,
    )
