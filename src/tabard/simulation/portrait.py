"""Whose face walks the simulated street? A public-domain portrait that ships with matplotlib.

Grace Hopper's official portrait (US Navy, public domain) is part of matplotlib's sample data. Face detectors
find it, and no living person's picture is needed.
"""

from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from tabard.kernel.errors import Unavailable

# The outline of head, cap and shirt collar in the 512x600 picture, clockwise from the left of the neck.
_HEAD_OUTLINE = (
    (197, 335), (196, 300), (178, 285), (160, 255), (155, 225), (152, 190), (160, 165), (149, 150),
    (148, 115), (158, 98), (175, 88), (180, 60), (200, 42), (235, 27), (275, 24), (315, 34),
    (340, 55), (352, 88), (368, 97), (370, 125), (368, 160), (375, 190), (370, 225), (357, 265),
    (345, 295), (330, 312), (328, 340), (300, 405), (262, 418), (225, 405),
)  # fmt: skip
# Where the cap is, so that a woollen hat or hair can take its place.
_CAP_OUTLINE = (
    (146, 172), (150, 112), (172, 66), (214, 34), (262, 22), (310, 34), (352, 66), (372, 112),
    (374, 172), (352, 150), (318, 138), (262, 132), (206, 138), (170, 150),
)  # fmt: skip
_HEAD_BOX = (140, 15, 384, 425)
HEAD_CROWN_TO_CHIN = 318 / 410
"""How much of the cut-out's height lies between the crown and the chin; the rest is neck and collar."""


def picture_path() -> Path:
    """The file with the portrait.

    Raises:
        Unavailable: matplotlib, which carries the picture, is not installed (extra `demo`).
    """
    try:
        import matplotlib as mpl  # only the demo needs it, and only for this picture
    except ImportError as error:
        raise Unavailable(
            "The simulated street needs the portrait that ships with matplotlib: install the extra 'demo'.",
            package="matplotlib",
        ) from error
    path = Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    if not path.is_file():
        raise Unavailable("This matplotlib does not carry the portrait.", path=str(path))
    return path


@cache
def _original() -> Image.Image:
    with Image.open(picture_path()) as picture:
        return picture.convert("RGBA")


@cache
def head(hat: tuple[int, int, int] | None) -> Image.Image:
    """The cut-out head, 244x410 pixels on a transparent ground; in its own cap, or in a hat of the colour."""
    picture = _original().copy()
    if hat is not None:
        draw = ImageDraw.Draw(picture)
        draw.polygon(_CAP_OUTLINE, fill=hat)
        rib = tuple(max(0, c - 28) for c in hat)
        for x in range(150, 374, 16):
            draw.line([(x, 168), (262 + (x - 262) * 0.55, 24)], fill=rib, width=4)
    mask = Image.new("L", picture.size, 0)
    ImageDraw.Draw(mask).polygon(_HEAD_OUTLINE if hat is None else _with_hat(), fill=255)
    picture.putalpha(mask.filter(ImageFilter.GaussianBlur(1.2)))
    return picture.crop(_HEAD_BOX)


def _with_hat() -> tuple[tuple[int, int], ...]:
    below = tuple(p for p in _HEAD_OUTLINE if p[1] > 172)
    left = tuple(p for p in below if p[0] < 262 and p[1] <= 345)
    rest = tuple(p for p in below if p not in left)
    return left + _CAP_OUTLINE[:9] + rest
