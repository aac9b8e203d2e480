"""What has been found in a file so far, by however many readers?"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tabard.media.jail.facts import ReadFacts
from tabard.media.jail.source import SourceFile

MOST_POINTS = 40_000
_LONGEST = 200
_SAID = ("officer", "category", "title", "reference")
# A time as cameras write it: ISO 8601 with any of the usual marks between, and perhaps its offset.
_WRITTEN = re.compile(
    r"(\d{4})[-:./](\d{2})[-:./](\d{2})[ T_]+(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"
    r"(?:,\d{1,3})? ?(Z|[+-]\d{2}:?\d{2})?"
)
_ISO_6709 = re.compile(r"([+-]\d{1,2}(?:\.\d{1,10})?)([+-]\d{1,3}(?:\.\d{1,10})?)")


class Broken(Exception):
    """The bytes are not what they claim to be; only ever raised and caught among the readers."""


@dataclass(slots=True)
class Point:
    """Where the camera was, so many seconds after the file's first moment; `is_fixed` if satellites said so."""

    seconds: float
    longitude: float
    latitude: float
    is_fixed: bool = True


@dataclass(slots=True)
class Found:
    """Facts in the making; the first who says something is believed."""

    kind: str = "other"
    started_at: datetime | None = None
    is_satellite_time: bool = False
    clock_started_at: datetime | None = None
    duration_s: float | None = None
    place: tuple[float, float] | None = None
    points: list[Point] = field(default_factory=list)
    track_started_at: datetime | None = None
    texts: dict[str, str] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)

    def say(self, name: str, text: str) -> None:
        """A text under one of our names, cleaned of what cannot be shown; nothing where there is one already."""
        clean = "".join(c if c.isprintable() else " " for c in text[: 2 * _LONGEST]).strip()
        if clean and not self.texts.get(name):
            self.texts[name] = clean[:_LONGEST]

    def say_start(self, written: datetime | None) -> None:
        """A start as somebody wrote it: an instant if it has an offset, else what a clock showed."""
        if written is None:
            return
        if written.tzinfo is None:
            self.clock_started_at = self.clock_started_at or written
        elif self.started_at is None:
            self.started_at = written.astimezone(UTC)

    def say_place(self, latitude: float, longitude: float) -> None:
        """A place, if it is one on the earth."""
        if self.place is None and on_earth(latitude, longitude):
            self.place = (latitude, longitude)

    def as_facts(self) -> ReadFacts:
        """The shape that leaves the jail."""
        fixed = [point for point in self.points if point.is_fixed]
        points = thinned(fixed or self.points)
        return ReadFacts(
            kind=self.kind,
            started_at=_iso(self.started_at),
            is_satellite_time=self.is_satellite_time,
            clock_started_at=_iso(self.clock_started_at),
            duration_s=self.duration_s,
            latitude=self.place[0] if self.place else None,
            longitude=self.place[1] if self.place else None,
            track=[[round(p.seconds, 3), round(p.longitude, 7), round(p.latitude, 7)] for p in points],
            is_position_fixed=bool(fixed) or not points,
            track_started_at=_iso(self.track_started_at),
            camera_serial=self.texts.get("camera", ""),
            make=self.texts.get("make", ""),
            model=self.texts.get("model", ""),
            firmware=self.texts.get("firmware", ""),
            mount=self.texts.get("mount", ""),
            said={name: self.texts[name] for name in _SAID if name in self.texts},
            trouble="; ".join(self.trouble)[:_LONGEST],
        )


def exactly(source: SourceFile, start: int, count: int) -> bytes:
    """The `count` bytes from `start` on.

    Raises:
        Broken: the file ends before.
    """
    if start < 0 or count < 0 or start + count > source.size_bytes:
        raise Broken("the file ends too early")
    source.seek(start)
    pieces = []
    while count:
        piece = source.read(count)
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def on_earth(latitude: float, longitude: float) -> bool:
    """Whether the degrees are a place; that where both are exactly zero is what a receiver without a fix writes."""
    is_finite = math.isfinite(latitude) and math.isfinite(longitude)
    return is_finite and abs(latitude) <= 90 and abs(longitude) <= 180 and (latitude, longitude) != (0, 0)


def thinned(points: list[Point]) -> list[Point]:
    """The points, or as many as may leave the jail, evenly among them."""
    if len(points) <= MOST_POINTS:
        return points
    return [points[index * len(points) // MOST_POINTS] for index in range(MOST_POINTS)]


def written_time(text: str) -> datetime | None:
    """The first time that is written in the text, naive where it has no offset; None where there is none."""
    found = _WRITTEN.search(text[:_LONGEST])
    if found is None:
        return None
    *parts, fraction, offset = found.groups()
    try:
        written = datetime(*(int(part or 0) for part in parts))  # type: ignore[arg-type]  # noqa: DTZ001 - naive until an offset is seen
        written += timedelta(seconds=float(f"0.{fraction or 0}"))
        return written if offset is None else datetime.fromisoformat(f"{written.isoformat()}{offset}")
    except (ValueError, OverflowError):
        return None


def iso_6709(text: str) -> tuple[float, float] | None:
    """Latitude and longitude as cameras write a place, `+51.4613-000.0106/`."""
    found = _ISO_6709.match(text.strip())
    return (float(found[1]), float(found[2])) if found else None


def say_fields(found: Found, fields: Mapping[str, str]) -> None:
    """What a file says under names of its own, once those are known as ours (`recordings.spellings`)."""
    found.say_start(written_time(fields.get("started_at", "")))
    for name in ("camera", "make", "model", "firmware", "mount", *_SAID):
        found.say(name, fields.get(name, ""))
    latitude, longitude = number(fields.get("latitude", "")), number(fields.get("longitude", ""))
    if latitude is not None and longitude is not None:
        found.say_place(latitude, longitude)
    if found.duration_s is None and (duration := number(fields.get("duration_s", ""))) and duration > 0:
        found.duration_s = duration


def number(text: str) -> float | None:
    """The finite number that the text is."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
