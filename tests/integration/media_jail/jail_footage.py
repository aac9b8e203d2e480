"""Footage made here, and the decoder pointed at it."""

import tempfile
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tabard.media.jail import runner
from tabard.media.jail.limits import Limits


@dataclass(frozen=True)
class Recipe:
    container: str = "mp4"
    video: str | None = "libx264"
    audio: str | None = "aac"
    pixels: str = "yuv420p"
    seconds: float = 3.0
    fps: int = 20
    size: tuple[int, int] = (192, 108)
    keyframe_every: int = 20
    begins_at_s: float = 0.0
    dark_frames: int = 0
    turn: int = 0
    options: dict[str, str] = field(default_factory=dict)
    movie: dict[str, str] = field(default_factory=dict)
    created: str | None = None


def film(recipe: Recipe) -> bytes:
    """Footage in which frame n is a grey that depends on n, so that a picture tells its time."""
    with tempfile.NamedTemporaryFile() as made:
        _film(made.name, recipe)
        return Path(made.name).read_bytes()


def _film(path, recipe):
    with av.open(path, "w", format=recipe.container, options=recipe.movie) as container:
        if recipe.created:
            container.metadata["creation_time"] = recipe.created
        video = _video_stream(container, recipe) if recipe.video else None
        audio = container.add_stream(recipe.audio, rate=48_000) if recipe.audio else None
        if video is not None:
            _film_pictures(container, video, recipe)
        if audio is not None:
            _film_sound(container, audio, recipe)


def _video_stream(container, recipe):
    keys = recipe.keyframe_every
    regular = {
        "libx264": {"sc_threshold": "0"},
        "libx265": {"x265-params": f"log-level=none:keyint={keys}:min-keyint={keys}:scenecut=0:open-gop=0"},
    }
    options = {**regular.get(recipe.video, {}), **recipe.options}
    stream = container.add_stream(recipe.video, rate=recipe.fps, options=options)
    stream.width, stream.height = recipe.size
    stream.pix_fmt = recipe.pixels
    stream.gop_size = recipe.keyframe_every
    if recipe.turn:
        stream.set_display_rotation(recipe.turn)
    return stream


def grey_of(number: int, recipe: Recipe) -> int:
    return 0 if number < recipe.dark_frames else 60 + (number * 2) % 160


def _film_pictures(container, stream, recipe):
    width, height = recipe.size
    for number in range(round(recipe.seconds * recipe.fps)):
        picture = np.full((height, width, 3), grey_of(number, recipe), dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = number + round(recipe.begins_at_s * recipe.fps)
        frame.time_base = Fraction(1, recipe.fps)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _film_sound(container, stream, recipe):
    step = 1024
    for start in range(0, round(recipe.seconds * 48_000), step):
        wave = np.sin(np.arange(start, start + step) * 2 * np.pi * 440 / 48_000)
        samples = (wave * 8000).astype(np.int16).repeat(2)[np.newaxis, :]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
        frame.sample_rate, frame.time_base = 48_000, Fraction(1, 48_000)
        frame.pts = start + round(recipe.begins_at_s * 48_000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def look(task, footage: bytes, scratch: Path, params=None, **settings):
    """The facts and the output's bytes of one task, with the walls demanded unless a test says otherwise."""
    settings = {"limits": Limits(cpu_s=120, wall_s=120), "accept_missing": False, **settings}
    result = runner.run(
        task, params or {}, lambda start, stop: footage[start:stop], len(footage), scratch, **settings
    )
    if result.output is None:
        return result.facts, b""
    with result.output as output:
        return result.facts, output.read()
