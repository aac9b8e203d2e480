"""Open footage, say in plain words why it cannot be, and hand out its packets and frames whatever they hold.

All times are seconds from the footage's first moment.
"""

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tabard.media.jail.errors import CannotDecode
from tabard.media.jail.limits import Limits
from tabard.media.jail.workbench import Workbench

# PyAV imports these when it first meets such a stream, which the walls would forbid.
for _module in ("audio.codeccontext", "video.codeccontext", "subtitles.codeccontext", "subtitles.stream"):
    import_module(f"av.{_module}")

_BUFFER_BYTES = 256 * 1024
_MOST_THREADS = 4
_MICROSECONDS = 1_000_000
_DEFAULT_FPS = 25.0
_SPARE_BYTES, _PICTURE_BYTES = 8 * 1024 * 1024, 3
_MOVIE_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"styp", b"moof")


def threads() -> int:
    """How many threads a codec may use: the processors this process may run on, but few."""
    return min(_MOST_THREADS, len(os.sched_getaffinity(0)))


class Footage:
    """An opened container with its main picture and sound."""

    def __init__(self, container: InputContainer, head: bytes) -> None:
        self.container, self.head = container, head
        self.broke_off = False
        self.video = self._main_video()
        self.audio: AudioStream | None = next(iter(container.streams.audio), None)
        starts = [
            s.start_time * s.time_base
            for s in self._heard_and_seen()
            if s.start_time is not None and s.time_base is not None
        ]
        self.start_s = float(min(starts, default=0))
        if self.video is not None and self.video.codec_context is not None:
            self.video.thread_type = "AUTO"
            self.video.thread_count = threads()

    def _main_video(self) -> VideoStream | None:
        moving = [s for s in self.container.streams.video if not s.disposition & Disposition.attached_pic]
        return max(moving, key=lambda s: (s.width or 0) * (s.height or 0), default=None)

    def _heard_and_seen(self) -> list[Stream]:
        return [*self.container.streams.video, *self.container.streams.audio]

    @property
    def duration_s(self) -> float | None:
        """How long it lasts as the container says, else as its longest stream does."""
        if self.container.duration:
            return self.container.duration / _MICROSECONDS
        lasting = [s.duration * s.time_base for s in self._heard_and_seen() if s.duration and s.time_base]
        return float(max(lasting)) if lasting else None

    def seek(self, time_s: float) -> bool:
        """Whether the next packets come from the keyframe at or before the time."""
        stream = self.video or self.audio
        if stream is None or not stream.time_base:
            return False
        try:
            self.container.seek(int((time_s + self.start_s) / stream.time_base), stream=stream)
        except av.error.MemoryError:
            raise
        except av.error.FFmpegError:
            return False
        return True

    def packets(self, *streams: Stream) -> Iterator["Packet[Any]"]:
        """Every packet that can still be read; the end of damaged footage is where reading fails (`broke_off`)."""
        source = self.container.demux(*streams)
        while True:
            try:
                packet = next(source)
            except StopIteration:
                return
            except av.error.MemoryError:
                raise
            except av.error.FFmpegError:
                self.broke_off = True
                return
            yield packet

    def time_s(self, thing: Any) -> float | None:
        """When a packet or frame is shown, or None where the footage does not say."""
        stamp = thing.pts if thing.pts is not None else thing.dts
        if stamp is None or thing.time_base is None:
            return None
        return float(stamp * thing.time_base) - self.start_s

    def pictures(self, most_packets: int | None = None) -> Iterator[tuple[float, VideoFrame]]:
        """Decoded frames with their times, from the current position, damaged ones left out."""
        if self.video is None:
            return
        clock = PictureClock(self)
        for number, packet in enumerate(self.packets(self.video)):
            if most_packets is not None and number >= most_packets:
                return
            for frame in decoded(packet)[0]:
                yield clock.time_s(frame), frame


class PictureClock:
    """Gives every frame a time, also those that carry none: one step after the frame before."""

    def __init__(self, footage: Footage) -> None:
        rate = footage.video.average_rate if footage.video else None
        self._footage, self._step_s = footage, 1 / float(rate or _DEFAULT_FPS)
        self.next_s = 0.0

    def time_s(self, frame: VideoFrame) -> float:
        """The frame's time."""
        own = self._footage.time_s(frame)
        time_s = self.next_s if own is None else own
        self.next_s = time_s + self._step_s
        return time_s


def decoded(packet: "Packet[Any]") -> tuple[list[Any], bool]:
    """A packet's frames, and whether it was sound."""
    try:
        return packet.decode(), True
    except av.error.MemoryError:
        raise
    except (av.error.FFmpegError, ValueError):
        _require_memory(packet.stream)
        return [], False


def _require_memory(stream: Stream) -> None:
    """Passes where two more pictures would fit; several decoders call footage damaged when memory fails them."""
    pixels = stream.width * stream.height if isinstance(stream, VideoStream) else 0
    try:
        mmap.mmap(
            -1, _SPARE_BYTES + pixels * _PICTURE_BYTES * 2, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        ).close()
    except OSError as refused:
        raise MemoryError from refused


@contextmanager
def opened(bench: Workbench) -> Iterator[Footage]:
    """The footage, opened within the limits on pictures; `CannotDecode` says why not."""
    bench.source.seek(0)
    head = bench.source.read(64)
    bench.source.seek(0)
    with _container(bench, head) as container:
        footage = Footage(container, head)
        if not container.streams.video and not container.streams.audio:
            raise CannotDecode("it holds no video and no audio")
        for stream in container.streams.video:
            _check_pictures(stream, bench.limits)
        yield footage


def _container(bench: Workbench, head: bytes) -> InputContainer:
    # FFmpeg decodes the first frames itself while opening, within the same bound.
    options = {"max_pixels": str(bench.limits.max_pixels), "protocol_whitelist": "none"}
    try:
        return av.open(
            bench.source, "r", options=options, metadata_errors="replace", buffer_size=_BUFFER_BYTES
        )
    except av.error.MemoryError:
        raise
    except (av.error.InvalidDataError, av.error.EOFError) as refused:
        raise CannotDecode(_why_unreadable(head)) from refused
    except (av.error.FFmpegError, ValueError) as refused:
        raise CannotDecode(f"it cannot be opened ({_said(refused)})") from refused


def _why_unreadable(head: bytes) -> str:
    if head[4:8] in _MOVIE_BOXES:
        return "its index is missing or damaged, as in a recording that was cut short"
    return "it is not a video or audio file that can be read"


def _said(refused: Exception) -> str:
    return str(getattr(refused, "strerror", None) or refused)


def _check_pictures(stream: VideoStream, limits: Limits) -> None:
    width, height = stream.width or 0, stream.height or 0
    if max(width, height) > limits.max_side or width * height > limits.max_pixels:
        raise CannotDecode(f"its pictures are {width} x {height}, larger than is decoded here")
    # The pictures themselves may be larger than the header admits.
    if stream.codec_context is not None:
        stream.codec_context.options = {"max_pixels": str(limits.max_pixels)}
