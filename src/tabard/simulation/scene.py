"""What does a chest camera see at an instant? A deterministic London street of people with a licensed face.

Everything that moves depends on the seed and the absolute time alone, so two cameras in one street (same
seed, other viewpoint) film one incident: the same red car with its hazard lights on and the same stopped
people, from two sides, at the same time. Only the wearer's own walk depends on when the recording began:
twelve metres towards the incident, then standing by it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TypeVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tabard.simulation import figures, vehicles
from tabard.simulation.figures import Figure
from tabard.simulation.street import Backdrop, Lens
from tabard.simulation.textures import HALF_ROAD_M, Colour
from tabard.simulation.vehicles import Kind, Prop, PropKind, Vehicle

LOOP_M: Final = 128.0
INCIDENT_M: Final = 40.0
_NEAREST_M: Final = 0.7
_FARTHEST_M: Final = 95.0
_APPROACH_M: Final = 12.0
_PACE_M_S: Final = 1.35
_LANE_M: Final = 1.6
_KERB_M: Final = 3.35

_T = TypeVar("_T")


class Viewpoint(StrEnum):
    """From which side of the incident the wearer comes."""

    WEST = "west"
    EAST = "east"


_STANDS: Final = {Viewpoint.WEST: (INCIDENT_M - 2.0, 1, -5.5), Viewpoint.EAST: (INCIDENT_M + 2.3, -1, -5.9)}
"""Where the wearer stops (metres east), which way they look, and how far from the middle of the road."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the street. `heading` 0 stands still and looks at the lens; else +1 walks east."""

    figure: Figure
    lateral_m: float
    along_m: float
    heading: int = 0
    stride: int | None = None


Thing = Vehicle | Prop | Person


@dataclass(frozen=True, slots=True)
class _Mover:
    """What drives or walks: where it was at the epoch and its speed in metres a second (positive is east)."""

    thing: Vehicle | Person
    speed_m_s: float

    def at(self, epoch_s: float) -> Vehicle | Person:
        along = (self.thing.along_m + self.speed_m_s * (epoch_s % (LOOP_M / abs(self.speed_m_s)))) % LOOP_M
        if isinstance(self.thing, Vehicle):
            return replace(self.thing, along_m=along)
        return replace(self.thing, along_m=along, stride=int(epoch_s * figures.STRIDES) % figures.STRIDES)


class World:
    """Everything in one street; `things(at)` is where it all is at an instant."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([seed, 7])
        self._movers = [*_traffic(rng), *_walkers(rng)]
        self._standing: list[Thing] = [*_parked(rng), *_furniture(rng), *_bystanders(rng)]

    def things(self, epoch_s: float) -> Iterator[Thing]:
        """All things of the street at the instant, in no order."""
        yield from self._standing
        blinking = epoch_s % 1.0 < 0.5
        yield Vehicle("car", (190, 18, 26), -_KERB_M, INCIDENT_M + 0.6, 1, hazards=blinking)
        for mover in self._movers:
            yield mover.at(epoch_s)


def _pick(rng: Generator, choices: tuple[_T, ...]) -> _T:
    return choices[int(rng.integers(len(choices)))]


_PAINTS: Final[tuple[Colour, ...]] = (
    (60, 74, 110),
    (120, 124, 130),
    (206, 206, 204),
    (36, 38, 42),
    (58, 92, 78),
)
_COATS: Final[tuple[Colour, ...]] = (
    (60, 66, 92),
    (120, 44, 48),
    (66, 88, 70),
    (150, 122, 84),
    (74, 74, 78),
    (148, 96, 40),
)
_HATS: Final[tuple[Colour, ...]] = ((150, 34, 44), (36, 84, 120), (96, 90, 86), (176, 140, 52), (62, 48, 44))


def _traffic(rng: Generator) -> Iterator[_Mover]:
    for heading in (1, -1):
        offset = float(rng.random()) * LOOP_M
        kinds: tuple[Kind, ...] = ("cab", "car", "bus", "van")
        for n, kind in enumerate(rng.permutation(np.array(kinds)).tolist()):
            colour = {"cab": (24, 24, 28), "bus": (196, 24, 30)}.get(kind) or _pick(rng, _PAINTS)
            yield _Mover(Vehicle(kind, colour, -_LANE_M * heading, offset + n * 32, heading), 8.0 * heading)


def _walkers(rng: Generator) -> Iterator[_Mover]:
    for n, lateral in enumerate((-6.9, -5.1, -7.2, 6.3, 5.3, -6.6)):
        heading = 1 if n % 2 else -1
        figure = Figure(_pick(rng, _COATS), (44, 46, 60), _pick(rng, _HATS), flipped=bool(n % 2))
        speed = heading * (1.1 + 0.35 * float(rng.random()))
        yield _Mover(Person(figure, lateral, float(rng.random()) * LOOP_M, heading), speed)


def _parked(rng: Generator) -> Iterator[Vehicle]:
    for along in (8.0, 14.0, 22.0, 62.0, 70.0, 98.0, 110.0):
        yield Vehicle("car", _pick(rng, _PAINTS), -_KERB_M, along, 1)
    for along in (12.0, 30.0, 36.0, 58.0, 84.0, 92.0, 118.0):
        yield Vehicle(_pick(rng, ("car", "van")), _pick(rng, _PAINTS), _KERB_M, along, -1)


def _furniture(rng: Generator) -> Iterator[Prop]:
    for along in range(4, int(LOOP_M), 16):
        yield Prop("lamp", -4.95 if along % 32 == 4 else 4.95, along)
        kind: PropKind = _pick(rng, ("pillar box", "phone box", "tree", "bin", "tree"))
        side = 1 if along % 32 == 4 or abs(along - INCIDENT_M) < 24 else -1
        yield Prop(kind, side * 5.1, along + 7.0)


def _bystanders(rng: Generator) -> Iterator[Person]:
    yield Person(Figure(_pick(rng, _COATS), (40, 44, 60)), -5.6, INCIDENT_M)
    yield Person(
        Figure(_pick(rng, _COATS), (52, 48, 46), _pick(rng, _HATS), flipped=True), -6.7, INCIDENT_M + 0.6
    )


class Scene:
    """Renders what one camera films. Deterministic: equal arguments give equal pixels."""

    def __init__(
        self,
        *,
        width: int,
        height: int,
        seed: int,
        viewpoint: Viewpoint,
        serial: str,
        walking_since: datetime,
    ) -> None:
        stand_m, facing, lateral_m = _STANDS[viewpoint]
        self._margin = max(4, width // 32)
        self._size = (width, height)
        self._lens = Lens(width + 2 * self._margin, height + 2 * self._margin, lateral_m, facing, eye_m=1.42)
        self._backdrop = Backdrop(self._lens, seed)
        self._world = World(seed)
        self._stand_m, self._since = stand_m, walking_since
        self._label = _Label(width, height, serial)

    def frame(self, at: datetime) -> NDArray[np.uint8]:
        """The picture at the instant as (height, width, 3) RGB."""
        walked_s = max(0.0, (at - self._since).total_seconds())
        to_go = max(0.0, _APPROACH_M - _PACE_M_S * walked_s)
        lens = replace(self._lens, along_m=self._stand_m - self._lens.facing * to_go)
        image = Image.fromarray(self._backdrop.at(lens.along_m))
        draw = ImageDraw.Draw(image)
        for depth, thing in self._in_view(lens, at.timestamp()):
            _draw(image, draw, lens, thing, depth)
        cropped = self._swayed(image, walked_s, moving=to_go > 0)
        self._label.burn_in(cropped, at)
        return np.asarray(cropped)

    def _in_view(self, lens: Lens, epoch_s: float) -> list[tuple[float, Thing]]:
        seen: list[tuple[float, Thing]] = []
        for thing in self._world.things(epoch_s):
            behind = vehicles.vehicle_length_m(thing.kind) if isinstance(thing, Vehicle) else -_NEAREST_M
            depth = (lens.depth_m(thing.along_m) + behind) % LOOP_M - behind
            if depth < _FARTHEST_M:
                seen.append((depth, thing))
        return sorted(seen, key=_painted_after)

    def _swayed(self, image: Image.Image, walked_s: float, *, moving: bool) -> Image.Image:
        """Cuts the picture out of its margin, a little off centre: breath, and steps while walking."""
        reach = self._margin * (0.5 if moving else 0.12)
        steps = 2 * math.pi * 1.8 * walked_s
        left = self._margin + reach * math.sin(steps / 2) + self._margin * 0.4 * math.sin(walked_s * 0.7)
        top = (
            self._margin
            + reach * 0.8 * abs(math.sin(steps / 2))
            + self._margin * 0.1 * math.sin(walked_s * 1.3)
        )
        x, y = round(left), round(top)
        return image.crop((x, y, x + self._size[0], y + self._size[1])).convert("RGB")


def _painted_after(seen: tuple[float, Thing]) -> tuple[int, float]:
    """Far things first; seen from the north pavement, a southern lane never hides one north of it."""
    depth, thing = seen
    lanes = (HALF_ROAD_M, (_KERB_M + _LANE_M) / 2, 0, -(_KERB_M + _LANE_M) / 2, -HALF_ROAD_M)
    return sum(thing.lateral_m < edge for edge in lanes), -depth


def _draw(image: Image.Image, draw: ImageDraw.ImageDraw, lens: Lens, thing: Thing, depth: float) -> None:
    match thing:
        case Vehicle():
            vehicles.draw_vehicle(draw, lens, thing, depth)
        case Prop():
            vehicles.draw_prop(draw, lens, thing, depth)
        case Person():
            _draw_person(image, lens, thing, depth)


def _draw_person(image: Image.Image, lens: Lens, person: Person, depth: float) -> None:
    x, feet = lens.project(person.lateral_m, 0, depth)
    away = person.heading == lens.facing
    picture = figures.picture(
        person.figure,
        stride=person.stride,
        from_behind=away,
        height_px=figures.HEIGHT_M * lens.focal_px / depth,
    )
    left, top = round(x - picture.width / 2), round(feet - picture.height)
    image.paste(picture, (left, top), picture)


class _Label:
    """The strip a camera burns in: the time, its serial, and that this is a simulation."""

    def __init__(self, width: int, height: int, serial: str) -> None:
        self._serial = serial
        self._text_px = max(9, height // 24)
        self._strip = (width, self._text_px + 8)
        self._font = ImageFont.load_default(self._text_px)
        self._drawn: tuple[str, Image.Image] | None = None

    def burn_in(self, image: Image.Image, at: datetime) -> None:
        image.paste(self._at(at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")), (0, 0))

    def _at(self, clock: str) -> Image.Image:
        if self._drawn is None or self._drawn[0] != clock:
            strip = Image.new("RGB", self._strip, (12, 12, 14))
            draw = ImageDraw.Draw(strip)
            middle = self._strip[1] / 2
            draw.text((6, middle), clock, font=self._font, fill=(255, 255, 255), anchor="lm")
            draw.text(
                (self._strip[0] / 2, middle), self._serial, font=self._font, fill=(220, 220, 220), anchor="mm"
            )
            draw.text(
                (self._strip[0] - 6, middle), "SIMULATED", font=self._font, fill=(255, 214, 0), anchor="rm"
            )
            self._drawn = (clock, strip)
        return self._drawn[1]
