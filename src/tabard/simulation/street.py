"""What does a lens see of a street? Every screen pixel is looked up in a flat picture of wall or ground.

Where a pixel looks is computed once per lens. Walking only shifts the column, so a frame is one addition and
one `take`. World: X metres right of the road's middle for someone walking east (negative is the north side),
Y metres up, Z metres east.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tabard.simulation import textures
from tabard.simulation.textures import FACADE_M, HALF_STREET_M, PX_PER_M, STREET_M

_LEVELS: Final = 7
_COLUMNS: Final = PX_PER_M * STREET_M
_FAR_M: Final = 110.0
_HAZE: Final = np.array([190, 196, 202], np.float32)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Lens:
    """Where a camera is and how it projects. `facing` is +1 looking east, -1 looking west."""

    width: int
    height: int
    lateral_m: float
    facing: int
    along_m: float = 0.0
    eye_m: float = 1.4

    @property
    def focal_px(self) -> float:
        """Focal length in pixels: a wide chest camera, about 76 degrees across."""
        return 0.64 * self.width

    @property
    def centre(self) -> Point:
        """The vanishing point of the street in pixels."""
        return self.width / 2, self.height * 0.5

    def depth_m(self, along_m: float) -> float:
        """How far ahead of the camera a place along the street is; negative is behind."""
        return (along_m - self.along_m) * self.facing

    def project(self, lateral_m: float, up_m: float, depth_m: float) -> Point:
        """The pixel at which a point `depth_m` ahead appears; points nearer than 0.4 m are moved to 0.4 m."""
        return self.outline([(lateral_m, up_m, depth_m)])[0]

    def outline(self, points: Iterable[tuple[float, float, float]]) -> list[Point]:
        """The pixels of several points (lateral, up, depth), as `project` gives them."""
        focal, (middle_x, middle_y) = self.focal_px, self.centre
        eye, lateral, facing = self.eye_m, self.lateral_m, self.facing
        pixels = []
        for across, up, depth in points:
            scale = focal / (depth if depth > 0.4 else 0.4)  # noqa: FURB136 - the hot loop: max() costs a call a point
            pixels.append((middle_x + (across - lateral) * facing * scale, middle_y + (eye - up) * scale))
        return pixels


@lru_cache(maxsize=2)
def atlas(seed: int) -> tuple[NDArray[np.uint32], tuple[int, ...]]:
    """Both facades and the ground of one street in ever coarser copies, flat, and where each copy begins."""
    rng = np.random.default_rng(seed)
    north, ground, south = textures.facade(rng), textures.ground(rng), textures.facade(rng)
    picture = np.concatenate([north, ground, south[:, ::-1]])
    copies, starts, start = [], [], 0
    for level in range(_LEVELS):
        starts.append(start)
        packed = _hazed(picture, level).reshape(-1).view(np.uint32)
        copies.append(packed)
        start += packed.size
        picture = _halved(picture)
    return np.concatenate(copies), tuple(starts)


def _halved(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns = picture.shape[:2]
    packed = picture.reshape(rows, columns // 2, 8)
    pairs = packed[..., :4].astype(np.uint16)
    pairs += packed[..., 4:]
    half = ((pairs[0::2] + pairs[1::2]) >> 2).astype(np.uint8)
    half[..., 3] = np.where(half[..., 3] > 127, 255, 0)
    return half


def _hazed(picture: NDArray[np.uint8], level: int) -> NDArray[np.uint8]:
    """Far copies are paler: London air, and it hides the coarseness. Transparent pixels become plain zero."""
    share = np.float32(0.075 * level)
    hazed = np.ascontiguousarray(picture)
    if level:
        hazed = hazed.copy()
        hazed[..., :3] = (hazed[..., :3] * (1 - share) + _HAZE * share).astype(np.uint8)
    hazed[hazed[..., 3] == 0] = 0
    return hazed


class Backdrop:
    """Sky, walls and ground for one lens; `at(along_m)` is the view from a place along the street."""

    def __init__(self, lens: Lens, seed: int) -> None:
        self._pixels, starts = atlas(seed)
        self._facing = lens.facing
        self._sky = _sky(lens, seed)
        row, column, level, seen = _looks_at(lens)
        self._level = level
        self._column = column
        self._row_start = np.array(starts)[level] + (row >> level) * (_COLUMNS >> level)
        self._index = np.empty_like(column)
        self._unseen = ~seen

    def at(self, along_m: float) -> NDArray[np.uint8]:
        """The empty street as RGBA rows."""
        index = self._index
        np.add(self._column, round(along_m * PX_PER_M), out=index)
        np.bitwise_and(index, _COLUMNS - 1, out=index)
        np.right_shift(index, self._level, out=index)
        np.add(index, self._row_start, out=index)
        frame = self._pixels.take(index)
        np.copyto(frame, self._sky, where=(frame == 0) | self._unseen)
        return frame.view(np.uint8).reshape(*frame.shape, 4)


_Looks = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]


def _looks_at(lens: Lens) -> _Looks:
    """Row and column in the picture, coarseness, and whether there is anything but sky, for every pixel."""
    columns, rows = np.meshgrid(np.arange(lens.width) + 0.5, np.arange(lens.height) + 0.5)
    right = (columns - lens.centre[0]) / lens.focal_px
    down = (rows - lens.centre[1]) / lens.focal_px
    to_wall = np.where(
        right < 0, HALF_STREET_M + lens.lateral_m * lens.facing, HALF_STREET_M - lens.lateral_m * lens.facing
    )
    wall_depth = to_wall / np.maximum(np.abs(right), 1e-6)
    height = lens.eye_m - down * wall_depth
    on_ground = height < 0
    depth = np.where(on_ground, lens.eye_m / np.maximum(down, 1e-6), wall_depth)
    across = lens.lateral_m + right * depth * lens.facing
    row = np.where(on_ground, _ground_row(across), _wall_row(height, across))
    spread = np.where(on_ground, lens.eye_m, to_wall)
    texel = PX_PER_M * np.sqrt(depth**3 / spread) / lens.focal_px
    level = np.clip(np.log2(np.maximum(texel, 1)), 0, _LEVELS - 1).astype(np.int64)
    column = np.clip(depth, 0, _FAR_M) * PX_PER_M * lens.facing
    seen = (depth < _FAR_M) & (height < FACADE_M)
    return row.astype(np.int64), np.rint(column).astype(np.int64), level, seen


def _ground_row(across: NDArray[np.float64]) -> NDArray[np.float64]:
    inside = np.clip(across + HALF_STREET_M, 0, 2 * HALF_STREET_M - 0.02)
    return FACADE_M * PX_PER_M + inside * PX_PER_M


def _wall_row(height: NDArray[np.float64], across: NDArray[np.float64]) -> NDArray[np.float64]:
    from_eaves = np.clip(FACADE_M - height, 0, FACADE_M - 0.02) * PX_PER_M
    south_start = (FACADE_M + 2 * HALF_STREET_M) * PX_PER_M
    return np.where(across < 0, from_eaves, south_start + from_eaves)


def _sky(lens: Lens, seed: int) -> NDArray[np.uint32]:
    """A London sky: pale at the horizon, with soft clouds; opaque, packed like the atlas."""
    rng = np.random.default_rng(seed + 1)
    down = np.linspace(0, 1, lens.height, dtype=np.float32)[:, None, None]
    shade = np.clip(down / 0.52, 0, 1)
    colour = (
        np.array([138, 168, 206], np.float32) * (1 - shade) + np.array([212, 214, 214], np.float32) * shade
    )
    noise = rng.random((6, 9), dtype=np.float32)
    rows = np.linspace(0, 4.99, lens.height)
    columns = np.linspace(0, 7.99, lens.width)
    cloud = np.clip(_smooth(noise, rows, columns) - 0.45, 0, 1)[..., None] * 1.6
    rgb = colour * (1 - cloud) + np.array([236, 236, 238], np.float32) * cloud
    sky = np.full((lens.height, lens.width, 4), 255, np.uint8)
    sky[..., :3] = np.clip(rgb, 0, 255)
    return sky.view(np.uint32)[..., 0]


def _smooth(
    noise: NDArray[np.float32], rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.float64]:
    top, left = rows.astype(int), columns.astype(int)
    y, x = _eased(rows - top)[:, None], _eased(columns - left)[None, :]
    upper = noise[np.ix_(top, left)] * (1 - x) + noise[np.ix_(top, left + 1)] * x
    lower = noise[np.ix_(top + 1, left)] * (1 - x) + noise[np.ix_(top + 1, left + 1)] * x
    return np.asarray(upper * (1 - y) + lower * y, np.float64)


def _eased(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return share * share * (3 - 2 * share)
