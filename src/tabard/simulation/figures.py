"""Who is in the street? People drawn once per stride and size: a coat, legs, and the portrait's head.

A figure is a flat picture that always faces the lens, from the front or from behind; `picture` gives it at
the height wanted.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw

from tabard.simulation import portrait
from tabard.simulation.textures import Colour

STRIDES: Final = 6
_REFERENCE_PX: Final = 900
_WIDTH_PX: Final = 460
HEIGHT_M: Final = 1.78
_HEAD_PX: Final = 190
_STEP: Final = 1.04


@dataclass(frozen=True, slots=True)
class Figure:
    """How one person looks. `hat` None is the portrait's own cap; `flipped` mirrors the face."""

    coat: Colour
    trousers: Colour
    hat: Colour | None = None
    flipped: bool = False


def picture(figure: Figure, *, stride: int | None, from_behind: bool, height_px: float) -> Image.Image:
    """The figure about `height_px` tall, feet at the bottom edge, on a transparent ground.

    Args:
        figure: who.
        stride: which of the `STRIDES` phases of a step; None stands still.
        from_behind: whether the person walks away from the lens.
        height_px: wanted height; rounded to steps of 4 % so that sizes can be kept.
    """
    size = max(4, round(_STEP ** round(math.log(max(height_px, 4), _STEP))))
    return _sized(_Pose(figure, stride, from_behind), size)


@dataclass(frozen=True, slots=True)
class _Pose:
    figure: Figure
    stride: int | None
    from_behind: bool


@lru_cache(maxsize=512)
def _sized(pose: _Pose, height: int) -> Image.Image:
    halvings = max(0, min(3, int(math.log2(_REFERENCE_PX / height))))
    width = max(2, round(_WIDTH_PX * height / _REFERENCE_PX))
    return _halved(pose, halvings).resize((width, height), Image.Resampling.BILINEAR)


@lru_cache(maxsize=256)
def _halved(pose: _Pose, times: int) -> Image.Image:
    """The reference picture at a half, a quarter, an eighth: cheap to start from for far figures."""
    return _halved(pose, times - 1).reduce(2) if times else _drawn(pose)


def _drawn(pose: _Pose) -> Image.Image:
    figure, stride = pose.figure, pose.stride
    image = Image.new("RGBA", (_WIDTH_PX, _REFERENCE_PX), (*figure.coat, 0))
    draw = ImageDraw.Draw(image)
    swing = 0.0 if stride is None else math.sin(2 * math.pi * stride / STRIDES)
    _legs(draw, figure.trousers, swing)
    _arm(draw, figure.coat, -1, -swing)
    _arm(draw, figure.coat, 1, swing)
    _coat(draw, figure.coat)
    if pose.from_behind:
        _back_of_head(draw, figure)
    else:
        _face(image, figure)
    return image


def _shade(colour: Colour, by: int) -> tuple[int, int, int, int]:
    red, green, blue = (min(255, max(0, c + by)) for c in colour)
    return red, green, blue, 255


def _legs(draw: ImageDraw.ImageDraw, colour: Colour, swing: float) -> None:
    for side, lift in ((-1, max(0.0, swing)), (1, max(0.0, -swing))):
        hip, foot = 230 + side * 34, 230 + side * 40
        bottom = 872 - lift * 46
        draw.polygon(
            [(hip - 36, 470), (hip + 36, 470), (foot + 26, bottom), (foot - 26, bottom)],
            fill=_shade(colour, -10 if side < 0 else 4),
        )
        draw.line([(foot - side * 18, 520), (foot - side * 12, bottom)], fill=_shade(colour, -26), width=5)
        draw.ellipse((foot - 34, bottom - 16, foot + 34, bottom + 26), fill=(24, 22, 22, 255))


def _arm(draw: ImageDraw.ImageDraw, colour: Colour, side: int, swing: float) -> None:
    shoulder, hand = 230 + side * 104, 230 + side * (126 - 8 * swing)
    wrist = 500 - swing * 22
    draw.ellipse((hand - 20, wrist - 6, hand + 20, wrist + 44), fill=(206, 158, 138, 255))
    draw.line(
        [(shoulder, 232), (shoulder + side * 16, 370), (hand, wrist)],
        fill=_shade(colour, -18),
        width=54,
        joint="curve",
    )


def _coat(draw: ImageDraw.ImageDraw, coat: Colour) -> None:
    draw.rounded_rectangle((120, 196, 340, 420), 62, fill=_shade(coat, 0))
    draw.polygon([(128, 250), (332, 250), (348, 560), (112, 560)], fill=_shade(coat, 0))
    draw.polygon([(300, 250), (332, 250), (348, 560), (318, 560)], fill=_shade(coat, -14))
    draw.polygon([(128, 250), (150, 250), (140, 560), (112, 560)], fill=_shade(coat, 12))
    draw.polygon([(178, 196), (230, 330), (214, 340), (158, 206)], fill=_shade(coat, 22))
    draw.polygon([(282, 196), (230, 330), (246, 340), (302, 206)], fill=_shade(coat, 16))
    draw.line([(230, 330), (230, 556)], fill=_shade(coat, -34), width=5)
    for button in (370, 430, 490):
        draw.ellipse((238, button, 250, button + 12), fill=_shade(coat, -44))


def _face(image: Image.Image, figure: Figure) -> None:
    head = portrait.head(figure.hat)
    width = round(head.width * _HEAD_PX / (head.height * portrait.HEAD_CROWN_TO_CHIN))
    height = round(_HEAD_PX / portrait.HEAD_CROWN_TO_CHIN)
    small = head.resize((width, height), Image.Resampling.LANCZOS)
    if figure.flipped:
        small = small.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    image.alpha_composite(small, (230 - width // 2, 6))


def _back_of_head(draw: ImageDraw.ImageDraw, figure: Figure) -> None:
    draw.rectangle((200, 150, 260, 216), fill=(196, 150, 132, 255))
    draw.ellipse((168, 18, 292, 186), fill=(120, 108, 100, 255))
    draw.pieslice((162, 4, 298, 150), 180, 360, fill=_shade(figure.hat or (28, 30, 44), 0))
    draw.rounded_rectangle((150, 196, 310, 250), 30, fill=_shade(figure.coat, 6))
