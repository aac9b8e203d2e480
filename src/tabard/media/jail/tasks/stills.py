"""A poster and a strip of thumbnails, as JPEG."""

import math
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from typing import NamedTuple

from av.video.frame import VideoFrame
from PIL import Image

from tabard.media.jail.errors import CannotDecode
from tabard.media.jail.facts import PosterFacts, StillsFacts, StripFacts
from tabard.media.jail.output import OutputFile
from tabard.media.jail.tasks.footage import Footage, opened
from tabard.media.jail.tasks.looking import checked
from tabard.media.jail.workbench import Workbench

_POSTER_WIDTH, _POSTER_QUALITY = 640, 82
_THUMB_WIDTH, _THUMB_QUALITY = 160, 75
_MOST_THUMBS, _COLUMNS = 20, 5
_LOOK_FRAMES = 150  # how far from the start a poster is looked for
_LOOK_EVERY = 5
_SAMPLE = 32  # brightness is judged on a picture this small
_DARK = 32
_FORWARD_PACKETS = 400  # how far a thumbnail is decoded onwards from its keyframe
_TALLEST = 4  # no picture is made taller than this times its width
_TURNS = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}

# Pillow imports its formats when first used, which the walls would forbid.
Image.preinit()


class Moment(NamedTuple):
    """One picture and its time."""

    time_s: float
    frame: VideoFrame


def perform(bench: Workbench) -> StillsFacts:
    """The poster and the strip are in the output, one after the other."""
    checked(bench)
    with opened(bench) as footage:
        if footage.video is None:
            raise CannotDecode("it holds no video")
        poster = _poster(footage)
        if poster is None:
            raise CannotDecode("no picture in it decodes")
        bench.progress(0.2)
        facts = _write_poster(poster, footage, bench.output)
        return StillsFacts(poster=facts, strip=_write_strip(_thumbs(footage, poster), bench.output))


def _brightness(frame: VideoFrame) -> float:
    plane = frame.reformat(width=_SAMPLE, height=_SAMPLE, format="gray").planes[0]
    data, line = bytes(plane), plane.line_size
    return sum(sum(data[row * line : row * line + _SAMPLE]) for row in range(_SAMPLE)) / _SAMPLE**2


def _poster(footage: Footage) -> Moment | None:
    best, best_brightness = None, -1.0
    for time_s, frame in islice(footage.pictures(), 0, _LOOK_FRAMES, _LOOK_EVERY):
        brightness = _brightness(frame)
        if brightness > best_brightness:
            best, best_brightness = Moment(time_s, frame), brightness
        if brightness >= _DARK:
            break
    return best


def _image(frame: VideoFrame, footage: Footage, width: int) -> Image.Image:
    """The picture upright, with square pixels, `width` wide."""
    turn = frame.rotation % 360
    shape = (footage.video.sample_aspect_ratio if footage.video else None) or 1
    shown = (frame.width * float(shape), float(frame.height))
    across, down = shown[::-1] if turn in {90, 270} else shown
    height = max(1, min(round(width * down / across), width * _TALLEST))
    size = (height, width) if turn in {90, 270} else (width, height)
    plane = frame.reformat(width=size[0], height=size[1], format="rgb24", interpolation="AREA").planes[0]
    image = Image.frombytes("RGB", size, bytes(plane), "raw", "RGB", plane.line_size, 1)
    return image.transpose(_TURNS[turn]) if turn in _TURNS else image


def _write_jpeg(image: Image.Image, quality: int, output: OutputFile) -> tuple[int, int]:
    start, encoded = output.tell(), BytesIO()
    image.save(encoded, "JPEG", quality=quality)
    return start, output.write(encoded.getvalue())


def _write_poster(poster: Moment, footage: Footage, output: OutputFile) -> PosterFacts:
    image = _image(poster.frame, footage, _POSTER_WIDTH)
    start, length = _write_jpeg(image, _POSTER_QUALITY, output)
    return PosterFacts(
        start=start, length=length, width=image.width, height=image.height, time_s=max(0.0, poster.time_s)
    )


def _thumbs(footage: Footage, poster: Moment) -> list[tuple[float, Image.Image]]:
    thumbs: dict[float, Image.Image] = {}
    for moment in _moments(footage):
        if moment.time_s not in thumbs:
            thumbs[moment.time_s] = _image(moment.frame, footage, _THUMB_WIDTH)
    if not thumbs:
        thumbs[poster.time_s] = _image(poster.frame, footage, _THUMB_WIDTH)
    return sorted(thumbs.items(), key=lambda thumb: thumb[0])


def _moments(footage: Footage) -> Iterator[Moment]:
    """One moment from each of up to twenty equal parts of the footage, where it can be had."""
    duration_s = footage.duration_s or 0.0
    count = min(_MOST_THUMBS, max(1, round(duration_s)))
    part_s = duration_s / count
    for number in range(count):
        if not footage.seek(number * part_s):
            return
        # A keyframe inside the part will do; only where there is none is more decoded.
        for time_s, frame in footage.pictures(_FORWARD_PACKETS):
            if time_s >= number * part_s:
                yield Moment(time_s, frame)
                break


def _write_strip(thumbs: list[tuple[float, Image.Image]], output: OutputFile) -> StripFacts:
    width, height = thumbs[0][1].size
    columns = min(_COLUMNS, len(thumbs))
    rows = math.ceil(len(thumbs) / columns)
    sheet = Image.new("RGB", (columns * width, rows * height))
    for number, (_, image) in enumerate(thumbs):
        row, column = divmod(number, columns)
        fitting = image if image.size == (width, height) else image.resize((width, height))
        sheet.paste(fitting, (column * width, row * height))
    start, length = _write_jpeg(sheet, _THUMB_QUALITY, output)
    return StripFacts(
        start=start,
        length=length,
        columns=columns,
        rows=rows,
        thumb_width=width,
        thumb_height=height,
        times_s=[max(0.0, time_s) for time_s, _ in thumbs],
    )
