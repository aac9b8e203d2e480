"""What file does the camera write? Rendered frames and sound, coded as the body-worn cameras of the trade do.

Four forms stand for the trade: H.264 in MP4 and in Matroska, HEVC in MP4, and the MJPEG AVI of old cameras. A
key frame comes every second. Encoding here is of our own pictures, so it needs no decoder jail.
"""

import io
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, Final, Literal

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from tabard.kernel.errors import Invalid
from tabard.simulation import sound
from tabard.simulation.scene import Scene, Viewpoint

Form = Literal["h264-mp4", "h264-mkv", "hevc-mp4", "mjpeg-avi"]


@dataclass(frozen=True, slots=True)
class _Coding:
    container: str
    muxer: str
    video: str
    pixels: str
    options: dict[str, str]
    audio: str


_H264: Final = {"preset": "superfast", "crf": "25", "bf": "0", "threads": "1"}
_X265: Final = "pools=1:frame-threads=1:log-level=none:bframes=0"
_CODINGS: Final[dict[Form, _Coding]] = {
    "h264-mp4": _Coding("mp4", "mp4", "libx264", "yuv420p", _H264, "aac"),
    "h264-mkv": _Coding("mkv", "matroska", "libx264", "yuv420p", _H264, "aac"),
    "hevc-mp4": _Coding(
        "mp4", "mp4", "libx265", "yuv420p", {"preset": "ultrafast", "crf": "27", "x265-params": _X265}, "aac"
    ),
    "mjpeg-avi": _Coding("avi", "avi", "mjpeg", "yuvj420p", {"qmin": "4", "qmax": "6"}, "pcm_s16le"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageSpec:
    """What to film. The same spec gives the same frames and sound.

    Attributes:
        started_at: camera time of the first frame.
        serial: burned in and written into the file.
        seed: which street; equal seeds film one street.
        viewpoint: from which side of the incident the wearer comes.
        walking_since: when the recording began, if this is a later segment of it; else `started_at`.
    """

    started_at: datetime
    serial: str
    seed: int = 1
    viewpoint: Viewpoint = Viewpoint.WEST
    duration_s: float = 8.0
    width: int = 640
    height: int = 360
    fps: int = 15
    form: Form = "h264-mp4"
    walking_since: datetime | None = None

    def __post_init__(self) -> None:
        if self.started_at.tzinfo is None:
            raise Invalid("Footage starts at an instant with a time zone.", field="started_at")
        if self.frames < 1:
            raise Invalid("Footage lasts at least one frame.", field="duration_s")
        if self.width % 2 or self.height % 2 or min(self.width, self.height) < 64:
            raise Invalid("Pictures have an even width and height of at least 64 pixels.", field="width")

    @property
    def frames(self) -> int:
        """How many frames are filmed."""
        return round(self.duration_s * self.fps)

    @property
    def container_type(self) -> str:
        """The file ending: mp4, mkv or avi."""
        return _CODINGS[self.form].container


@dataclass(frozen=True, slots=True)
class FilmedSegment:
    """What came out: one camera file."""

    spec: FootageSpec
    frames: int
    size_bytes: int
    started_at: datetime
    stopped_at: datetime


def film(spec: FootageSpec, out: BinaryIO | Path) -> FilmedSegment:
    """Renders, encodes and writes one camera file; every frame asked for is in it when this returns.

    Args:
        spec: what to film.
        out: a path to write, or an empty seekable binary file, which is left open.
    """
    with ExitStack() as stack:
        target: BinaryIO = stack.enter_context(out.open("wb")) if isinstance(out, Path) else out
        _encode(spec, target)
        size = target.seek(0, io.SEEK_END)
    lasted = timedelta(seconds=spec.frames / spec.fps)
    return FilmedSegment(spec, spec.frames, size, spec.started_at, spec.started_at + lasted)


def _encode(spec: FootageSpec, target: BinaryIO) -> None:
    coding = _CODINGS[spec.form]
    options = {"fflags": "+bitexact"}
    with av.open(target, "w", format=coding.muxer, options=options) as container:
        container.metadata.update(_facts(spec))
        video = _video_stream(container, spec, coding)
        audio = container.add_stream(coding.audio, rate=sound.RATE_HZ)
        if not isinstance(audio, AudioStream):
            raise Invalid("The sound codec has no audio.", field="form")
        audio.codec_context.layout = "mono"
        scene = _scene(spec)
        for second, pictures in enumerate(_seconds(spec)):
            for n in pictures:
                container.mux(video.encode(_picture(scene, spec, coding, n)))
            container.mux(audio.encode(_sound(spec, second, len(pictures) / spec.fps)))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def _facts(spec: FootageSpec) -> dict[str, str]:
    """What a camera writes about itself. AVI has no creation time; its INFO date holds it."""
    began = spec.started_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {"creation_time": began, "date": began, "title": spec.serial, "comment": "SIMULATED"}


def _video_stream(container: OutputContainer, spec: FootageSpec, coding: _Coding) -> VideoStream:
    stream = container.add_stream(coding.video, rate=spec.fps, options=dict(coding.options))
    if not isinstance(stream, VideoStream):
        raise Invalid("The picture codec has no video.", field="form")
    stream.width, stream.height, stream.pix_fmt = spec.width, spec.height, coding.pixels
    stream.codec_context.gop_size = spec.fps
    stream.codec_context.time_base = Fraction(1, spec.fps)
    if coding.video == "libx265":
        stream.codec_context.codec_tag = "hvc1"
    return stream


def _scene(spec: FootageSpec) -> Scene:
    return Scene(
        width=spec.width,
        height=spec.height,
        seed=spec.seed,
        viewpoint=spec.viewpoint,
        serial=spec.serial,
        walking_since=spec.walking_since or spec.started_at,
    )


def _seconds(spec: FootageSpec) -> Iterator[range]:
    for first in range(0, spec.frames, spec.fps):
        yield range(first, min(first + spec.fps, spec.frames))


def _picture(scene: Scene, spec: FootageSpec, coding: _Coding, n: int) -> av.VideoFrame:
    at = spec.started_at + timedelta(seconds=n / spec.fps)
    frame = av.VideoFrame.from_ndarray(scene.frame(at), format="rgb24").reformat(format=coding.pixels)
    frame.pts = n
    frame.time_base = Fraction(1, spec.fps)
    return frame


def _sound(spec: FootageSpec, second: int, share: float) -> av.AudioFrame:
    began = int(spec.started_at.timestamp())
    first = second == 0 and spec.walking_since in {None, spec.started_at}
    samples = sound.second(spec.seed, began + second, first=first)[: round(sound.RATE_HZ * share)]
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples)[None, :], format="s16", layout="mono")
    frame.sample_rate = sound.RATE_HZ
    frame.pts = second * sound.RATE_HZ
    frame.time_base = Fraction(1, sound.RATE_HZ)
    return frame
