"""A copy that every browser plays: H.264 and AAC in MP4, at most 1080 lines, with the footage's own times.

Frames keep their times to a ninety-thousandth of a second, so a moment in the rendition is that moment in the footage.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import av.error
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from tabard.media.jail.errors import CannotDecode
from tabard.media.jail.facts import RenditionFacts
from tabard.media.jail.output import OutputFile
from tabard.media.jail.tasks.footage import Footage, PictureClock, decoded, opened, threads
from tabard.media.jail.tasks.looking import Look, checked
from tabard.media.jail.workbench import Workbench

_LONG_SIDE, _SHORT_SIDE = 1920, 1080
_TICK = Fraction(1, 90_000)
_QUALITY = {"preset": "veryfast", "crf": "23"}
_KEYFRAME_EVERY_S = 2
_FPS_BOUNDS = (1, 120)
_DEFAULT_FPS = Fraction(25)
_SOUND_RATE, _SOUND_BITS = 48_000, 128_000
# Fills gaps in the sound with silence, so that it stays with the picture.
_KEEP_IN_STEP = {"async": "1"}
_WRITE_BYTES = 1024 * 1024


def perform(bench: Workbench) -> RenditionFacts:
    """The rendition is in the output, its index first."""
    looks = checked(bench)
    with opened(bench) as footage:
        if footage.video is None:
            raise CannotDecode("it holds no video")
        with mp4(bench.output, video_track_timescale=str(_TICK.denominator)) as container:
            copy = _Rendition(footage, looks, container)
            copy.make(bench)
        return RenditionFacts(
            container="mp4",
            media_type="video/mp4",
            size_bytes=bench.output.size_bytes,
            duration_s=copy.end_s,
            width=copy.pictures.stream.width,
            height=copy.pictures.stream.height,
            rotation_degrees=-looks[footage.video.index].rotation % 360,
            frames=copy.pictures.frames,
            damaged=copy.damaged,
            has_audio=copy.sound is not None,
        )


def mp4(output: OutputFile, **options: str) -> OutputContainer:
    """An MP4 being written, whose index is moved to the front when it closes."""
    # Moving the index makes FFmpeg open the file a second time, for reading.
    return av.open(
        output,
        "w",
        format="mp4",
        options={"movflags": "+faststart", **options},
        buffer_size=_WRITE_BYTES,
        io_open=lambda *_asked: output.view(),
    )


def fitted(width: int, height: int, shape: Fraction) -> tuple[int, int]:
    """Even numbers of square pixels for a picture with pixels of the shape, within 1920 x 1080 either way round."""
    across, down = width * float(shape), float(height)
    bounds = (_LONG_SIDE, _SHORT_SIDE) if across >= down else (_SHORT_SIDE, _LONG_SIDE)
    scale = min(1.0, bounds[0] / across, bounds[1] / down)
    return max(2, round(across * scale / 2) * 2), max(2, round(down * scale / 2) * 2)


@dataclass(slots=True)
class _Pictures:
    """Frames in, H.264 packets out, in order of time."""

    stream: VideoStream
    last: int = -1
    frames: int = 0

    def encode(self, time_s: float, frame: VideoFrame) -> list[Any]:
        ticks = round(time_s / _TICK)
        if ticks <= self.last:
            return []
        self.last, self.frames = ticks, self.frames + 1
        fit = frame.reformat(
            width=self.stream.width, height=self.stream.height, format="yuv420p", interpolation="BICUBIC"
        )
        fit.pts, fit.time_base, fit.pict_type = ticks, _TICK, PictureType.NONE
        return self.stream.encode(fit)


@dataclass(slots=True)
class _Sound:
    """Frames in, AAC packets out."""

    stream: AudioStream
    resampler: AudioResampler

    def encode(self, time_s: float | None, frame: AudioFrame | None) -> list[Any]:
        if frame is not None:
            frame.time_base = frame.time_base or Fraction(1, frame.sample_rate)
            frame.pts = None if time_s is None else round(time_s / frame.time_base)
        return [packet for fit in self.resampler.resample(frame) for packet in self.stream.encode(fit)]


class _Rendition:
    """One pass over the footage, decoding and encoding."""

    def __init__(self, footage: Footage, looks: dict[int, Look], container: OutputContainer) -> None:
        self._footage, self._container = footage, container
        self.damaged = 0
        self.end_s = 0.0
        self.pictures = self._add_pictures(looks)
        audio = footage.audio
        self.sound = self._add_sound(audio) if audio is not None and looks[audio.index].decodable else None

    def _add_pictures(self, looks: dict[int, Look]) -> _Pictures:
        video = self._footage.video
        if video is None:
            raise CannotDecode("it holds no video")
        rate = video.average_rate or _DEFAULT_FPS
        fps = rate if _FPS_BOUNDS[0] <= rate <= _FPS_BOUNDS[1] else _DEFAULT_FPS
        stream = self._container.add_stream("libx264", rate=fps, options=_QUALITY, time_base=_TICK)
        stream.width, stream.height = fitted(
            video.width, video.height, video.sample_aspect_ratio or Fraction(1)
        )
        stream.pix_fmt = "yuv420p"
        stream.thread_count = threads()
        stream.gop_size = max(1, round(fps * _KEYFRAME_EVERY_S))
        stream.set_display_rotation(looks[video.index].rotation)
        return _Pictures(stream)

    def _add_sound(self, audio: AudioStream) -> _Sound:
        layout = "mono" if audio.channels == 1 else "stereo"
        stream = self._container.add_stream("aac", rate=_SOUND_RATE, bit_rate=_SOUND_BITS, layout=layout)
        resampler = AudioResampler(
            format="fltp", layout=layout, rate=_SOUND_RATE, frame_size=1024, options=_KEEP_IN_STEP
        )
        return _Sound(stream, resampler)

    def make(self, bench: Workbench) -> None:
        """Every frame that decodes is in the rendition when it returns."""
        footage, video = self._footage, self._footage.video
        clock, whole_s = PictureClock(footage), footage.duration_s
        streams = [video, footage.audio] if self.sound else [video]
        for packet in footage.packets(*[stream for stream in streams if stream is not None]):
            frames, sound = decoded(packet)
            self.damaged += not sound
            for frame in frames:
                self._encode(frame, clock)
            if whole_s:
                bench.progress(min(0.99, self.end_s / whole_s))
        self._finish()

    def _encode(self, frame: VideoFrame | AudioFrame, clock: PictureClock) -> None:
        if isinstance(frame, VideoFrame):
            time_s = clock.time_s(frame)
            self.end_s = max(self.end_s, clock.next_s)
            self._container.mux(self.pictures.encode(time_s, frame))
        elif self.sound is not None:
            self._hear(self.sound, frame)

    def _hear(self, sound: _Sound, frame: AudioFrame) -> None:
        try:
            packets = sound.encode(self._footage.time_s(frame), frame)
        except av.error.MemoryError:
            raise
        except (av.error.FFmpegError, ValueError):  # sound that changes its own format midway
            self.damaged += 1
        else:
            self._container.mux(packets)

    def _finish(self) -> None:
        if self.sound is not None:
            self._container.mux(self.sound.encode(None, None))
            self._container.mux(self.sound.stream.encode(None))
        self._container.mux(self.pictures.stream.encode(None))
