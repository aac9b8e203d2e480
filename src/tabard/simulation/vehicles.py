"""What stands and drives in the road? Vehicles and the furniture of the pavement, drawn in perspective.

Everything is drawn back to front by `scene`; a thing knows only where it is and how to draw itself through a
lens.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from PIL import ImageDraw

from tabard.simulation.street import Lens, Point
from tabard.simulation.textures import Colour

Kind = Literal["car", "cab", "bus", "van"]
_Profile = Sequence[tuple[float, float]]
_GLASS: Final[Colour] = (40, 50, 62)
_TYRE: Final[Colour] = (20, 20, 22)
_RIM: Final = tuple((math.cos(a * math.pi / 9), math.sin(a * math.pi / 9)) for a in range(18))
_DETAILED_M: Final = 28.0


@dataclass(frozen=True, slots=True)
class _Build:
    """Metres: length, width, waist and roof heights; how far the cabin stands back from nose and tail."""

    length: float
    width: float
    waist: float
    roof: float
    nose: float
    tail: float


_BUILDS: Final[dict[Kind, _Build]] = {
    "car": _Build(4.2, 1.75, 0.92, 1.46, 1.25, 0.55),
    "cab": _Build(4.6, 1.85, 1.02, 1.78, 1.30, 0.25),
    "van": _Build(5.2, 2.0, 1.15, 2.35, 0.85, 0.05),
    "bus": _Build(10.0, 2.45, 1.1, 4.3, 0.08, 0.05),
}


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle with its middle at `along_m`. `heading` +1 drives east; `hazards` lights the indicators."""

    kind: Kind
    colour: Colour
    lateral_m: float
    along_m: float
    heading: int
    hazards: bool = False


def vehicle_length_m(kind: Kind) -> float:
    """How long such a vehicle is."""
    return _BUILDS[kind].length


def _shade(colour: Colour, by: int) -> Colour:
    red, green, blue = (min(255, max(0, c + by)) for c in colour)
    return red, green, blue


class _Solid:
    """Draws the faces of one vehicle: `near` and `far` ends by depth; the lens sees the side `flank`."""

    def __init__(self, draw: ImageDraw.ImageDraw, lens: Lens, vehicle: Vehicle, depth_m: float) -> None:
        self.draw, self.lens, self.vehicle = draw, lens, vehicle
        self.build = _BUILDS[vehicle.kind]
        self.near = depth_m - self.build.length / 2
        self.far = depth_m + self.build.length / 2
        half = self.build.width / 2
        self.left, self.right = vehicle.lateral_m - half, vehicle.lateral_m + half
        self.flank = (
            self.left if abs(self.left - lens.lateral_m) < abs(self.right - lens.lateral_m) else self.right
        )
        self.nose_near = vehicle.heading != lens.facing
        self.detailed = depth_m < _DETAILED_M

    def face(self, points: Sequence[tuple[float, float, float]], colour: Colour) -> None:
        self.draw.polygon(self.lens.outline(points), fill=(*colour, 255))

    def side(self, profile: _Profile, colour: Colour) -> None:
        """Fills a shape on the flank; the profile is (metres behind the near end, height)."""
        self.face([(self.flank, up, self.near + back) for back, up in profile], colour)

    def end(self, left: float, bottom: float, right: float, top: float, colour: Colour) -> None:
        """Fills a rectangle on the near end; left and right run from 0 to 1 across the vehicle."""
        span = self.right - self.left
        xs = (self.left + left * span, self.left + right * span)
        corners = [(xs[0], bottom), (xs[1], bottom), (xs[1], top), (xs[0], top)]
        self.face([(x, up, self.near) for x, up in corners], colour)

    def bar(self, back: float, front_up: float, rear_up: float, depth: float, colour: Colour) -> None:
        """Fills a sheet across the vehicle, from `back` metres behind the near end over `depth` metres."""
        z0, z1 = self.near + back, self.near + back + depth
        self.face(
            [
                (self.left, front_up, z0),
                (self.right, front_up, z0),
                (self.right, rear_up, z1),
                (self.left, rear_up, z1),
            ],
            colour,
        )


def draw_vehicle(draw: ImageDraw.ImageDraw, lens: Lens, vehicle: Vehicle, depth_m: float) -> None:
    """Draws the vehicle whose middle is `depth_m` ahead; nothing when it is wholly behind the lens."""
    solid = _Solid(draw, lens, vehicle, depth_m)
    if solid.far < 0.5:
        return
    shadow = [(solid.left - 0.1, 0, solid.near), (solid.right + 0.1, 0, solid.near)]
    shadow += [(solid.right + 0.1, 0, solid.far), (solid.left - 0.1, 0, solid.far)]
    solid.face(shadow, (48, 48, 52))
    if vehicle.kind == "bus":
        _bus(solid)
    else:
        _cabin(solid)
        _body(solid)
    if solid.near > 0.5:
        _lights(solid)


def _cabin(solid: _Solid) -> None:
    build, colour = solid.build, solid.vehicle.colour
    first, last = (build.nose, build.tail) if solid.nose_near else (build.tail, build.nose)
    slope = 0.55 if build.roof < 2 else 0.25
    solid.bar(0, build.waist, build.waist, build.length, _shade(colour, 24))
    roof_near, roof_far = first + slope, build.length - last - slope
    frame = [
        (first, build.waist),
        (roof_near, build.roof),
        (roof_far, build.roof),
        (build.length - last, build.waist),
    ]
    solid.side(frame, _shade(colour, -16))
    middle = (roof_near + roof_far) / 2
    low, high = build.waist + 0.06, build.roof - 0.09
    panes: list[_Profile] = [
        ((first + 0.25, low), (roof_near + 0.1, high), (middle - 0.06, high), (middle - 0.06, low))
    ]
    if solid.vehicle.kind != "van":
        panes.append(
            (
                (middle + 0.06, low),
                (middle + 0.06, high),
                (roof_far - 0.1, high),
                (build.length - last - 0.25, low),
            )
        )
    for pane in panes:
        solid.side(pane, _GLASS)
    solid.bar(first, build.waist, build.roof, slope, _shade(colour, 8))
    if solid.nose_near or solid.vehicle.kind != "van":
        solid.bar(first + 0.08, build.waist + 0.07, build.roof - 0.07, slope - 0.12, _shade(_GLASS, 14))
    if build.roof < solid.lens.eye_m:
        solid.bar(roof_near, build.roof, build.roof, roof_far - roof_near, _shade(colour, 30))


def _body(solid: _Solid) -> None:
    build, colour = solid.build, solid.vehicle.colour
    solid.side(
        [(0, 0.28), (0, build.waist), (build.length, build.waist), (build.length, 0.28)], _shade(colour, -22)
    )
    solid.side([(0, 0.28), (0, 0.4), (build.length, 0.4), (build.length, 0.28)], _shade(colour, -60))
    for at in (0.85, build.length - 0.85):
        _wheel(solid, at, 0.33)
    if solid.detailed:
        for seam in (0.36, 0.64):
            back = build.length * seam
            door = [(back, 0.42), (back, build.waist), (back + 0.03, build.waist), (back + 0.03, 0.42)]
            solid.side(door, _shade(colour, -70))
    solid.end(0, 0.28, 1, build.waist, colour)
    solid.end(0, 0.28, 1, 0.46, _shade(colour, -46))
    if solid.nose_near:
        solid.end(0.28, 0.5, 0.72, 0.68, (30, 30, 34))


def _bus(solid: _Solid) -> None:
    build, colour = solid.build, solid.vehicle.colour
    solid.side(
        [(0, 0.3), (0, build.roof), (build.length, build.roof), (build.length, 0.3)], _shade(colour, -24)
    )
    for low, high in ((1.15, 2.05), (2.85, 3.75)):
        for pane in range(6):
            back = 0.4 + pane * 1.55
            solid.side([(back, low), (back, high), (back + 1.4, high), (back + 1.4, low)], _GLASS)
    for at in (2.0, build.length - 2.4):
        _wheel(solid, at, 0.48)
    solid.end(0, 0.3, 1, build.roof, colour)
    solid.end(0.06, 1.2, 0.94, 2.2, _shade(_GLASS, 12))
    solid.end(0.06, 2.95, 0.94, 3.85, _shade(_GLASS, 8))
    solid.end(0.16, 2.36, 0.84, 2.74, (20, 20, 22))
    solid.end(0.3, 2.46, 0.7, 2.64, (232, 178, 40))


def _wheel(solid: _Solid, back: float, radius: float) -> None:
    rim = _RIM if solid.detailed else _RIM[::3]
    solid.side([(back + x * radius, radius + y * radius) for x, y in rim], _TYRE)
    if solid.detailed:
        hub = radius * 0.55
        solid.side([(back + x * hub, radius + y * hub) for x, y in rim], (150, 152, 156))


def _lights(solid: _Solid) -> None:
    lamp: Colour = (250, 246, 214) if solid.nose_near else (186, 20, 24)
    plate: Colour = (238, 238, 236) if solid.nose_near else (240, 206, 60)
    waist = solid.build.waist
    for left in (0.04, 0.82):
        solid.end(left, waist - 0.3, left + 0.14, waist - 0.12, lamp)
        if solid.vehicle.hazards:
            solid.end(left, waist - 0.12, left + 0.14, waist - 0.03, (255, 150, 20))
    solid.end(0.36, 0.36, 0.64, 0.48, plate)


PropKind = Literal["lamp", "pillar box", "phone box", "tree", "bin"]


@dataclass(frozen=True, slots=True)
class Prop:
    """A piece of street furniture at a place."""

    kind: PropKind
    lateral_m: float
    along_m: float


_BLOCKS: Final[dict[PropKind, Sequence[tuple[float, float, float, Colour]]]] = {
    "lamp": ((0.07, 0, 5.6, (34, 38, 40)), (0.13, 0, 0.9, (28, 32, 34)), (0.24, 5.4, 5.9, (232, 226, 190))),
    "pillar box": (
        (0.26, 0, 0.14, (20, 20, 22)),
        (0.25, 0.14, 1.42, (190, 22, 28)),
        (0.29, 1.42, 1.56, (206, 30, 36)),
    ),
    "phone box": (
        (0.47, 0, 2.4, (190, 20, 26)),
        (0.36, 0.45, 2.0, (70, 84, 92)),
        (0.36, 2.1, 2.28, (238, 236, 226)),
        (0.05, 0.4, 2.05, (190, 20, 26)),
    ),
    "tree": ((0.17, 0, 3.2, (92, 80, 62)),),
    "bin": ((0.28, 0, 1.05, (32, 36, 38)), (0.3, 0.9, 1.0, (196, 168, 70))),
}
_CROWN: Final = (
    (0, 4.6, 1.7, 78),
    (-1.0, 4.1, 1.2, 62),
    (1.0, 4.2, 1.2, 70),
    (0.3, 5.6, 1.2, 92),
    (-0.6, 5.4, 1.1, 84),
)


def draw_prop(draw: ImageDraw.ImageDraw, lens: Lens, prop: Prop, depth_m: float) -> None:
    """Draws the piece of furniture `depth_m` ahead, as upright slabs that face the lens."""
    for half, bottom, top, colour in _BLOCKS[prop.kind]:
        low: Point = lens.project(prop.lateral_m - half, bottom, depth_m)
        high: Point = lens.project(prop.lateral_m + half, top, depth_m)
        left, right = sorted((low[0], high[0]))
        draw.rectangle((left, high[1], right, low[1]), fill=(*colour, 255))
        draw.rectangle(
            (left + (right - left) * 0.7, high[1], right, low[1]), fill=(*_shade(colour, -24), 255)
        )
    if prop.kind == "tree":
        for across, up, radius, green in _CROWN:
            x, y = lens.project(prop.lateral_m + across, up, depth_m)
            r = radius * lens.focal_px / depth_m
            draw.ellipse(
                (x - r, y - r * 0.8, x + r, y + r * 0.8), fill=(green - 26, green + 22, green - 34, 255)
            )
