"""What do the walls and the ground of a London street look like? Flat pictures, drawn once from a seed.

One street is 64 m long and then repeats. A picture's column is the place along the street (64 pixels a
metre); a facade's row is height, the ground's row is the distance from the north facade.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

PX_PER_M: Final = 64
STREET_M: Final = 64
FACADE_M: Final = 12
HALF_ROAD_M: Final = 4.5
HALF_STREET_M: Final = 8.0

Colour = tuple[int, int, int]
_Box = tuple[float, float, float, float]

_BRICKS: Final[Sequence[Colour]] = (
    (176, 148, 104),
    (150, 84, 62),
    (164, 134, 100),
    (118, 92, 76),
    (188, 160, 118),
)
_DOORS: Final[Sequence[Colour]] = ((20, 40, 90), (130, 20, 24), (16, 70, 44), (24, 24, 26), (180, 140, 40))
_FASCIAS: Final[Sequence[Colour]] = ((18, 60, 46), (120, 22, 30), (26, 34, 78), (40, 40, 44), (92, 48, 110))
_SHOPS: Final = (
    "THE TABARD",
    "BAKERY",
    "NEWS & TEA",
    "CHEMIST",
    "FISH BAR",
    "BOOKS",
    "LAUNDRY",
    "CAFE",
    "FLORIST",
)
_STONE: Final[Colour] = (214, 206, 190)
_WHITE: Final[Colour] = (236, 234, 226)
_GLASS: Final[Colour] = (46, 58, 72)


class _Facade:
    """A canvas in metres: x along the street, y above the pavement."""

    def __init__(self, rng: Generator) -> None:
        self.rng = rng
        self.image = Image.new("RGBA", (STREET_M * PX_PER_M, FACADE_M * PX_PER_M), (0, 0, 0, 0))
        self.draw = ImageDraw.Draw(self.image)

    def box(self, box: _Box, colour: Colour) -> None:
        left, bottom, right, top = box
        ys = ((FACADE_M - top) * PX_PER_M, (FACADE_M - bottom) * PX_PER_M - 1)
        self.draw.rectangle((left * PX_PER_M, ys[0], right * PX_PER_M - 1, ys[1]), fill=(*colour, 255))

    def sash(self, left: float, bottom: float, height: float) -> None:
        self.box((left - 0.12, bottom - 0.12, left + 1.12, bottom + height + 0.28), _STONE)
        self.box((left, bottom, left + 1.0, bottom + height), _WHITE)
        glow: Colour = (188, 164, 104) if self.rng.random() < 0.2 else _GLASS
        pane = (height - 0.2) / 2
        for column in range(2):
            for row in range(2):
                x, y = left + 0.07 + column * 0.45, bottom + 0.07 + row * (pane + 0.06)
                self.box((x, y, x + 0.4, y + pane), glow)
                self.box((x, y + pane * 0.6, x + 0.4, y + pane), _lighter(glow, 26))

    def text(self, words: str, box: _Box) -> None:
        left, bottom, right, top = box
        font = ImageFont.load_default((top - bottom) * PX_PER_M * 0.72)
        middle = ((left + right) / 2 * PX_PER_M, (FACADE_M - (top + bottom) / 2) * PX_PER_M)
        self.draw.text(middle, words, font=font, fill=(*_WHITE, 255), anchor="mm")


def _lighter(colour: Colour, by: int) -> Colour:
    red, green, blue = (min(255, max(0, c + by)) for c in colour)
    return red, green, blue


def facade(rng: Generator) -> NDArray[np.uint8]:
    """A terrace 64 m long and 12 m high as RGBA rows from the eaves down; transparent where there is sky."""
    canvas = _Facade(rng)
    houses = 12
    width = STREET_M / houses
    shops = rng.permutation(len(_SHOPS))
    for house in range(houses):
        brick = _BRICKS[int(rng.integers(len(_BRICKS)))]
        _house(canvas, house * width, width, brick)
        if rng.random() < 0.55:
            _shopfront(canvas, house * width, width, _SHOPS[int(shops[house % len(_SHOPS)])])
        else:
            _front_door(canvas, house * width, width)
    return _weathered(np.array(canvas.image), rng)


def _house(canvas: _Facade, left: float, width: float, brick: Colour) -> None:
    eaves = 9.4 + float(canvas.rng.choice([0.0, 0.35, 0.7]))
    canvas.box((left + 0.5, eaves, left + 1.5, eaves + 1.3), _lighter(brick, -22))
    for pot in (0.62, 1.1):
        canvas.box((left + pot, eaves + 1.3, left + pot + 0.22, eaves + 1.65), (150, 92, 66))
    canvas.box((left, 0, left + width, eaves), brick)
    canvas.box((left, eaves - 0.35, left + width, eaves - 0.1), _STONE)
    canvas.box((left + width - 0.09, 0, left + width, eaves), _lighter(brick, -34))
    for storey, height in ((4.1, 1.9), (7.0, 1.5)):
        for column in (0.6, 2.2, 3.8):
            canvas.sash(left + column - 0.15, storey, height)


def _shopfront(canvas: _Facade, left: float, width: float, name: str) -> None:
    colour = _FASCIAS[int(canvas.rng.integers(len(_FASCIAS)))]
    canvas.box((left + 0.1, 0, left + width - 0.15, 3.5), colour)
    canvas.text(name, (left + 0.2, 2.75, left + width - 0.2, 3.45))
    canvas.box((left + 0.35, 0.6, left + 3.5, 2.6), _GLASS)
    canvas.box((left + 0.35, 1.9, left + 3.5, 2.6), (206, 178, 120))
    for shelf in np.arange(0.5, 3.2, 0.42):
        tint = canvas.rng.integers(70, 210, 3)
        goods: Colour = (int(tint[0]), int(tint[1]), int(tint[2]))
        canvas.box((left + shelf, 0.7, left + shelf + 0.3, 1.0 + float(canvas.rng.random()) * 0.5), goods)
    canvas.box((left + 3.75, 0, left + 4.75, 2.6), _lighter(colour, 30))
    canvas.box((left + 3.9, 0.9, left + 4.6, 2.45), _GLASS)


def _front_door(canvas: _Facade, left: float, width: float) -> None:
    canvas.box((left, 0, left + width - 0.09, 3.5), _WHITE)
    for course in (0.9, 1.7, 2.5, 3.3):
        canvas.box((left, course, left + width - 0.09, course + 0.04), _lighter(_WHITE, -40))
    canvas.sash(left + 0.55, 1.1, 1.7)
    canvas.sash(left + 1.95, 1.1, 1.7)
    door = _DOORS[int(canvas.rng.integers(len(_DOORS)))]
    canvas.box((left + 3.55, 0, left + 4.85, 3.1), _STONE)
    canvas.box((left + 3.7, 0.1, left + 4.7, 2.3), door)
    canvas.box((left + 3.7, 2.4, left + 4.7, 2.9), _GLASS)
    canvas.box((left + 3.85, 1.3, left + 4.55, 2.1), _lighter(door, 24))
    for bar in np.arange(0.0, 3.4, 0.16):
        canvas.box((left + bar, 0, left + bar + 0.03, 1.05), (22, 22, 24))
    canvas.box((left, 0.95, left + 3.4, 1.0), (22, 22, 24))


def _weathered(pixels: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """Brick courses and soot, so that a codec has something to do and the wall does not look painted."""
    rows, columns = pixels.shape[:2]
    courses = np.where(np.arange(rows) % 6 == 0, -12, 0)[:, None, None]
    grain = rng.normal(0, 7, (rows, columns // 8, 1)) + courses
    return _grained(pixels, grain.astype(np.int16), (1, 8))


def _grained(pixels: NDArray[np.uint8], grain: NDArray[np.int16], cell: tuple[int, int]) -> NDArray[np.uint8]:
    """Adds grain to the colours, one value to a cell of rows and columns. Never quite black: zero is sky."""
    rows, columns = pixels.shape[:2]
    cells = pixels.reshape(rows // cell[0], cell[0], columns // cell[1], cell[1], 4)[..., :3]
    shaded = cells + grain[:, None, :, None, :]
    np.maximum(shaded, 1, out=shaded)
    np.minimum(shaded, 255, out=shaded)
    cells[...] = shaded
    return pixels


def ground(rng: Generator) -> NDArray[np.uint8]:
    """Pavement, road, pavement as RGBA; row 0 touches the north facade, the last row the south one."""
    rows, columns = int(2 * HALF_STREET_M * PX_PER_M), STREET_M * PX_PER_M
    pixels = np.full((rows, columns, 4), 255, np.uint8)
    distance = np.abs((np.arange(rows) + 0.5) / PX_PER_M - HALF_STREET_M)
    along = (np.arange(columns) + 0.5) / PX_PER_M
    pixels[..., :3] = (86, 86, 90)
    _slabs(pixels, distance, along, rng)
    pixels[(distance > HALF_ROAD_M) & (distance < HALF_ROAD_M + 0.3), :, :3] = (188, 184, 176)
    for line in (4.12, 4.32):
        pixels[np.abs(distance - line) < 0.04, :, :3] = (212, 176, 40)
    dashes = np.ix_(distance < 0.06, along % 4 < 2)
    pixels[dashes] = (222, 222, 216, 255)
    stripes = np.ix_((distance < HALF_ROAD_M - 0.5) & (distance % 1.2 < 0.6), (along > 52) & (along < 55))
    pixels[stripes] = (226, 226, 220, 255)
    return _grained(pixels, rng.normal(0, 6, (rows // 2, columns // 4, 1)).astype(np.int16), (2, 4))


def _slabs(
    pixels: NDArray[np.uint8], distance: NDArray[np.float64], along: NDArray[np.float64], rng: Generator
) -> None:
    pavement = np.flatnonzero(distance > HALF_ROAD_M + 0.3)
    shades = rng.integers(144, 172, (24, int(STREET_M / 0.8)), dtype=np.uint8)
    slab = np.ix_((distance[pavement] / 0.75).astype(int) % 24, (along / 0.8).astype(int) % shades.shape[1])
    pixels[pavement, :, :3] = shades[slab][..., None]
    joint: NDArray[np.uint8] = np.array((112, 108, 102, 255), np.uint8)
    pixels[np.ix_(pavement, np.flatnonzero(along % 0.8 < 0.03))] = joint
    pixels[pavement[distance[pavement] % 0.75 < 0.03]] = joint
