"""What does a file of named values say: JSON of any shape, XML of any shape, and GPX, which is XML?

Every system has a shape of its own, so names are what counts: a value is known by what it is called
(`recordings.spellings`), and a track by being many places in a row.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.parsers import expat

from tabard.media.jail.reading.found import (
    MOST_POINTS,
    Broken,
    Found,
    Point,
    number,
    on_earth,
    say_fields,
    written_time,
)
from tabard.recordings.spellings import fields_of, spelled

_DEEPEST = 64
_MOST_VALUES = 2_000_000
_TRACK = 2  # that many places in a row are a track
_EPOCH_MS = 1e11  # no epoch time in seconds is that large


@dataclass(slots=True)
class _Place:
    latitude: float
    longitude: float
    time: str = ""
    seconds: float | None = None


@dataclass(slots=True)
class _Gathered:
    """Named values and places in the order of the file."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    places: list[_Place] = field(default_factory=list)


def read_json(found: Found, body: bytes) -> None:
    """What a JSON file says.

    Raises:
        Broken: it is none.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Broken("it is no JSON") from error
    gathered = _Gathered()
    for mapping in _mappings(document):
        _gather(gathered, mapping)
    _tell(found, gathered)


def read_xml(found: Found, body: bytes) -> None:
    """What an XML file says. Entities are never expanded.

    Raises:
        Broken: it is no XML, or declares entities.
    """
    reader = _XmlReader()
    try:
        reader.parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Broken("it is no XML that is read here") from error
    _tell(found, reader.gathered)


def _mappings(document: Any) -> Iterator[Mapping[str, Any]]:
    """Every object of a document, outermost first, without recursion; the places of a GeoJSON line as objects too."""
    waiting, seen = [(document, 0)], 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if seen > _MOST_VALUES:
            return
        if isinstance(value, dict):
            yield value
            yield from _geojson_places(value)
        if depth < _DEEPEST:
            inner = list(value.values() if isinstance(value, dict) else value)
            waiting.extend((each, depth + 1) for each in reversed(inner) if isinstance(each, dict | list))


def _geojson_places(value: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The places of a point or line (RFC 7946 clause 3.1), each `[longitude, latitude, ...]`; an area is no way."""
    coordinates = value.get("coordinates")
    if not isinstance(coordinates, list):
        return
    for place in {"Point": [coordinates], "LineString": coordinates}.get(str(value.get("type")), ()):
        if isinstance(place, list) and len(place) >= _TRACK:
            yield {"longitude": place[0], "latitude": place[1]}


def _gather(gathered: _Gathered, mapping: Mapping[str, Any]) -> None:
    pairs = [(name, _plain(value)) for name, value in mapping.items() if not isinstance(value, dict | list)]
    place = _place(pairs) or _well_known(pairs)
    if place is not None:
        gathered.places.append(place)
    else:
        gathered.pairs.extend(pairs)


def _plain(value: Any) -> str:
    return "" if value is None or isinstance(value, bool) else str(value)[:500]


def _place(pairs: list[tuple[str, str]]) -> _Place | None:
    """The place that an object of the file is; something with a serial number is no mere place."""
    fields = fields_of(pairs)
    latitude, longitude = number(fields.get("latitude", "")), number(fields.get("longitude", ""))
    if latitude is None or longitude is None or fields.keys() & {"camera", "officer"}:
        return None
    named = {name.lower(): text for name, text in pairs}
    return _Place(latitude, longitude, fields.get("started_at") or named.get("time", ""), _seconds(named))


def _well_known(pairs: list[tuple[str, str]]) -> _Place | None:
    """A place written `POINT(longitude latitude)`, as body-worn systems do."""
    for name, text in pairs:
        if name.lower().endswith("wkt") and text.upper().startswith("POINT"):
            parts = text.partition("(")[2].partition(")")[0].split()
            numbers = [number(part) for part in parts[:2]]
            if len(numbers) == 2 and numbers[0] is not None and numbers[1] is not None:
                named = {key.lower(): value for key, value in pairs}
                return _Place(numbers[1], numbers[0], named.get("time", ""), _seconds(named))
    return None


def _seconds(named: Mapping[str, str]) -> float | None:
    return next(
        (number(named[name]) for name in ("secondsfromstart", "seconds", "offset") if name in named), None
    )


def _tell(found: Found, gathered: _Gathered) -> None:
    """What was gathered, as facts; many places are a track, one is where it began."""
    found.kind = "notes"
    say_fields(found, fields_of(gathered.pairs))
    good = [place for place in gathered.places if on_earth(place.latitude, place.longitude)]
    if good:
        found.say_place(good[0].latitude, good[0].longitude)
    if len(good) >= _TRACK:
        _tell_track(found, good[: 10 * MOST_POINTS])


def _tell_track(found: Found, places: list[_Place]) -> None:
    times = [_time(place.time) for place in places]
    first = next((time for time in times if time is not None), None)
    for place, time in zip(places, times, strict=True):
        seconds = place.seconds
        if (
            seconds is None
            and first is not None
            and time is not None
            and (not time.tzinfo) == (not first.tzinfo)
        ):
            seconds = (time - first).total_seconds()
        if seconds is not None:
            found.points.append(Point(seconds, place.longitude, place.latitude))
    if found.points:
        found.kind = "track"
        if places[0].seconds is None:
            found.track_started_at = first
            found.say_start(first)


def _time(text: str) -> datetime | None:
    """A time as it is written, or epoch seconds or milliseconds, which are UTC."""
    seconds = number(text)
    if seconds is None:
        return written_time(text)
    try:
        return datetime.fromtimestamp(seconds / 1000 if seconds > _EPOCH_MS else seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


class _XmlReader:
    """Gathers elements and attributes as they are parsed; no tree is built."""

    def __init__(self) -> None:
        self.gathered = _Gathered()
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._refuse
        self._open: list[str] = []
        self._words: list[str] = []
        self._place: tuple[int, list[tuple[str, str]]] | None = None
        self._values = 0

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._values += 1 + len(attributes)
        if len(self._open) >= _DEEPEST or self._values > _MOST_VALUES:
            raise ValueError("too deep or too long")
        self._open.append(name.rpartition(":")[2])
        self._words.clear()
        pairs = [(key, value[:500]) for key, value in attributes.items()]
        if self._place is None and {spelled(key) for key in attributes} >= {"latitude", "longitude"}:
            self._place = (len(self._open), pairs)
        else:
            self._add(pairs)
        named = {key.lower(): value for key, value in pairs}
        if (
            "name" in named and "value" in named
        ):  # <meta name="Serial" value="..."/>, in as many spellings as systems
            self._add([(named["name"], named["value"])])

    def _text(self, words: str) -> None:
        if len(self._words) < 100:
            self._words.append(words[:500])

    def _end(self, _name: str) -> None:
        text, name = "".join(self._words).strip(), self._open.pop()
        self._words.clear()
        if text:
            self._add([(name, text[:500])])
        if self._place is not None and len(self._open) < self._place[0]:
            place = _place(self._place[1])
            if place is not None:
                self.gathered.places.append(place)
            self._place = None

    def _add(self, pairs: list[tuple[str, str]]) -> None:
        (self.gathered.pairs if self._place is None else self._place[1]).extend(pairs)

    @staticmethod
    def _refuse(*_: Any) -> None:
        raise ValueError("entities are not read")
