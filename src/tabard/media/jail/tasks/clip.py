"""An excerpt by stream copy: from the keyframe at or before the start to past the end, no packet altered or left out.

Each packet's payload is hashed as it is copied, and the finished clip is read back and compared, because some
containers rewrite some codecs silently; `verbatim` says what was found.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import av
import av.error
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from tabard.kernel.errors import Invalid
from tabard.media.jail.errors import CannotDecode
from tabard.media.jail.facts import ClipFacts, ClipStreamFacts
from tabard.media.jail.output import OutputFile
from tabard.media.jail.tasks.footage import Footage, opened
from tabard.media.jail.tasks.looking import checked
from tabard.media.jail.tasks.probe import MEDIA_TYPES
from tabard.media.jail.tasks.rendition import mp4
from tabard.media.jail.workbench import Workbench

_MP4_CODECS = {"h264", "hevc", "av1", "vp9", "mpeg4", "aac", "mp3", "opus", "ac3", "eac3", "flac", "alac"}
# How far before the start a keyframe is looked for, and how far before it sound may lie in the file.
_LOOK_BACK_S = (0.0, 2.0, 15.0, 120.0, float("inf"))
_SOUND_LEAD_S = 2.0


def perform(bench: Workbench) -> ClipFacts:
    """The clip is in the output."""
    start_s, end_s = float(bench.params["start_s"]), float(bench.params["end_s"])
    checked(bench)
    with opened(bench) as footage:
        streams = _streams(footage)
        from_s = _keyframe(footage, start_s)
        container = "mp4" if all(_codec(s) in _MP4_CODECS for s in streams) else "matroska"
        with _writing(container, bench.output) as written:
            copy = _Copy(footage, written, streams, from_s)
            copy.make(end_s)
        if copy.end_s <= start_s:
            raise Invalid("The clip starts after the footage ends.", field="start_s")
        return ClipFacts(
            container=container,
            media_type=MEDIA_TYPES[container],
            size_bytes=bench.output.size_bytes,
            start_s=from_s,
            end_s=copy.end_s,
            verbatim=_read_back(bench.output) == [copy.hashes[stream.index] for stream in streams],
            streams=[_facts(stream, copy) for stream in streams],
            left_out=[s.index for s in footage.container.streams if s not in streams],
        )


def _codec(stream: Stream) -> str:
    return stream.codec_context.codec.canonical_name


def _streams(footage: Footage) -> list[Stream]:
    pictures = [footage.video] if footage.video is not None else []
    known = [s for s in [*pictures, *footage.container.streams.audio] if s.codec_context is not None]
    if not known:
        raise CannotDecode("none of its streams is of a known kind")
    return known


def _facts(stream: Stream, copy: "_Copy") -> ClipStreamFacts:
    first_pts, first_dts = copy.firsts.get(stream.index, (None, None))
    return ClipStreamFacts(
        index=stream.index,
        kind=stream.type,
        codec=_codec(stream),
        packets=len(copy.hashes[stream.index]),
        first_pts=first_pts,
        first_dts=first_dts,
    )


def _writing(container: str, output: OutputFile) -> OutputContainer:
    return mp4(output) if container == "mp4" else av.open(output, "w", format=container)


def _keyframe(footage: Footage, start_s: float) -> float:
    """When the last keyframe at or before the start is shown; the first keyframe of all where none is."""
    first = 0.0
    for back_s in _LOOK_BACK_S:
        if not footage.seek(max(0.0, start_s - back_s)):
            break
        shown = list(_keyframes(footage, start_s))
        before = [time_s for time_s in shown if time_s <= start_s]
        if before:
            return max(before)
        first = min(shown, default=first)
    return first


def _keyframes(footage: Footage, until_s: float) -> Iterator[float]:
    """Times of keyframes from the current position until decoding has passed the time."""
    main = footage.video or footage.audio
    for packet in footage.packets(*([main] if main else [])):
        time_s = footage.time_s(packet)
        if packet.is_keyframe and packet.size and time_s is not None:
            yield time_s
        if packet.dts is not None and float(packet.dts * packet.time_base) - footage.start_s > until_s:
            return


def _read_back(output: OutputFile) -> list[list[bytes]]:
    """The payload hashes of the finished clip, stream by stream."""
    found: dict[int, list[bytes]] = defaultdict(list)
    with av.open(output.view(), "r") as clip:
        for packet in clip.demux():
            if packet.size:
                found[packet.stream_index].append(sha256(packet).digest())
        return [found[stream.index] for stream in clip.streams]


@dataclass(slots=True)
class _Copy:
    """One pass over the footage, copying packets."""

    footage: Footage
    written: OutputContainer
    streams: list[Stream]
    from_s: float
    end_s: float = 0.0
    hashes: dict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    firsts: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)

    def make(self, end_s: float) -> None:
        """Every packet from the keyframe until the end, in the footage's order, is copied when it returns."""
        copies = {s.index: self._added(s) for s in self.streams}
        main, begun, done = self.streams[0].index, False, set[int]()
        self.footage.seek(max(0.0, self.from_s - _SOUND_LEAD_S))
        for packet in self.footage.packets(*self.streams):
            time_s, decode_s = self._times(packet)
            index = packet.stream_index
            begun = begun or (index == main and packet.is_keyframe and time_s >= self.from_s)
            if not packet.size or index in done or (time_s < self.from_s if index != main else not begun):
                continue
            if decode_s >= end_s:
                done.add(index)
                if len(done) == len(self.streams):
                    return
                continue
            self._take(packet, copies[index])

    def _added(self, stream: Stream) -> Stream:
        try:
            return self.written.add_stream_from_template(stream, opaque=True)
        except ValueError as refused:
            raise CannotDecode(
                f"its {stream.type} ({_codec(stream)}) fits no container for clips"
            ) from refused

    def _times(self, packet: "Packet[Any]") -> tuple[float, float]:
        shown = self.footage.time_s(packet)
        time_s = self.from_s if shown is None else shown
        if packet.dts is None:
            return time_s, time_s
        return time_s, float(packet.dts * packet.time_base) - self.footage.start_s

    def _take(self, packet: "Packet[Any]", into: Stream) -> None:
        self.firsts.setdefault(packet.stream_index, (packet.pts, packet.dts))
        self.hashes[packet.stream_index].append(sha256(packet).digest())
        span_s = float((packet.duration or 0) * packet.time_base)
        self.end_s = max(self.end_s, self._times(packet)[0] + span_s)
        shift = round((self.from_s + self.footage.start_s) / packet.time_base)
        shown = packet.dts if packet.pts is None else packet.pts
        if shown is None:
            raise CannotDecode("its packets carry no times")
        packet.pts, packet.dts = shown - shift, None if packet.dts is None else packet.dts - shift
        packet.stream = into
        try:
            self.written.mux_one(packet)
        except av.error.MemoryError:
            raise
        except av.error.FFmpegError as refused:
            raise CannotDecode(f"its packets cannot be copied ({refused.strerror})") from refused
