"""How does a machine that has no time to film get files as long and as large as real ones? One second, over and over.

The file is real: every packet can be listed and every picture decoded. What it lacks in size is put behind it as noise
in a `free` box, which players skip (ISO/IEC 14496-12, 8.1.2), so that no two files are alike.
"""

import io
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream

FPS: Final = 25
_WIDTH, _HEIGHT = 128, 72
_PIECE_BYTES: Final = 1024 * 1024
_BOX_HEADER: Final = 8
_OPTIONS: Final = {"preset": "superfast", "crf": "30", "bf": "0", "threads": "1"}


class _Coded(NamedTuple):
    """One packet of the second that is repeated."""

    data: bytes
    pts: int
    is_key: bool


class LongFootage:
    """Makes files of any length from one second of footage that is encoded once."""

    def __init__(self) -> None:
        self._second = _one_second()
        with av.open(io.BytesIO(self._second), "r") as source:
            stream = source.streams.video[0]
            packets = [packet for packet in source.demux(stream) if packet.size]
            self._packets = [_Coded(bytes(each), each.pts or 0, each.is_keyframe) for each in packets]
            self._time_base = packets[0].time_base
            self._step = round(1 / (FPS * self._time_base))

    def of_length(self, length_s: float) -> bytes:
        """An MP4 of that many whole seconds."""
        made = io.BytesIO()
        with av.open(io.BytesIO(self._second), "r") as source, av.open(made, "w", format="mp4") as target:
            original = source.streams.video[0]
            copy = target.add_stream_from_template(original)
            for packet in self._repeated(round(length_s)):
                packet.stream = copy
                packet.time_base = self._time_base
                target.mux(packet)
        return made.getvalue()

    def _repeated(self, seconds: int) -> Iterator[Any]:
        for second in range(seconds):
            for coded in self._packets:
                packet = av.Packet(coded.data)
                packet.pts = packet.dts = coded.pts + second * FPS * self._step
                packet.duration, packet.is_keyframe = self._step, coded.is_key
                yield packet


def write_padded(footage: bytes, size_bytes: int, path: Path) -> int:
    """The footage stands in the file, with noise behind it up to the size; returns how large the file is.

    It is never smaller than the footage and 16 bytes of noise.
    """
    noise_bytes = max(16, size_bytes - len(footage) - _BOX_HEADER)
    with path.open("wb") as file:
        file.write(footage)
        file.write(struct.pack(">I4s", _BOX_HEADER + noise_bytes, b"free"))
        for start in range(0, noise_bytes, _PIECE_BYTES):
            file.write(os.urandom(min(_PIECE_BYTES, noise_bytes - start)))
    return len(footage) + _BOX_HEADER + noise_bytes


def _one_second() -> bytes:
    made = io.BytesIO()
    with av.open(made, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS, options=_OPTIONS)
        assert isinstance(stream, VideoStream)  # noqa: S101 - narrows the type of what was just asked for
        stream.width, stream.height, stream.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        _encode(container, stream)
    return made.getvalue()


def _encode(container: OutputContainer, stream: VideoStream) -> None:
    """A patch of light that moves across a grey street."""
    for number in range(FPS):
        picture = np.full((_HEIGHT, _WIDTH, 3), 90, np.uint8)
        picture[20:40, 4 * number : 4 * number + 16] = 200
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = number
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
