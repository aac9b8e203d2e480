"""What does GoPro telemetry say: where, when by satellite, which camera?

GPMF is a tree of keys, types, lengths and values (github.com/gopro/gpmf-parser). A payload covers about a second of
footage. Positions stand in GPS9 (each with its own time), GPS5 (with one time, GPSU, for all of a payload), or in GPRI
and GLPI, which the Karma drone adds. Where a receiver had no fix, positions are its last known ones: they are told
only where the whole file has none better, and its time is then no satellite time.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from tabard.media.jail.reading.found import MOST_POINTS, Broken, Found, Point, on_earth

PAYLOAD_S = 1.001  # what one payload of a bare stream covers, where it does not say itself
_HEAD = struct.Struct(">4sBBH")
_NESTED = 0
_DEEPEST = 6
_MOST_ITEMS = 20_000
_FORMATS = {  # GPMF's type letters in those of struct
    "b": "b", "B": "B", "c": "c", "d": "d", "f": "f", "F": "4s", "G": "16s", "j": "q", "J": "Q", "l": "i", "L": "I",
    "q": "i", "Q": "q", "s": "h", "S": "H", "U": "16s",
}  # fmt: skip
_EPOCH_2000 = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_LEAST_FIX = 2  # two dimensions
# Which key holds positions, best first, and where latitude and longitude stand in its values.
_POSITIONS = (("GPS9", 0, 1), ("GPS5", 0, 1), ("GPRI", 1, 2), ("GLPI", 1, 2))
_GPS9_DAYS, _GPS9_SECONDS, _GPS9_FIX = 5, 6, 8
_GPRI_FIX = 8
_NAMES_NO_MODEL = frozenset({"camera", "global settings", "video global settings", "highlights"})


class Item(NamedTuple):
    """One key with its value."""

    key: str
    type: str
    size: int
    value: bytes


@dataclass(slots=True)
class Telemetry:
    """All telemetry of one file, payload by payload."""

    points: list[Point] = field(default_factory=list)
    started_at: datetime | None = None
    clock_started_at: datetime | None = None
    texts: dict[str, str] = field(default_factory=dict)

    def add(self, payload: bytes, start_s: float, length_s: float) -> None:
        """What a payload says, which covers `length_s` from `start_s` on.

        Raises:
            Broken: it is no GPMF; what came before the break counts.
        """
        streams: dict[str, _Stream] = {}
        try:
            for key, stream in _streams(payload, self.texts):
                streams.setdefault(key, stream)
        finally:
            self._take(streams, start_s, length_s)

    def _take(self, streams: dict[str, "_Stream"], start_s: float, length_s: float) -> None:
        for key, latitude, longitude in _POSITIONS:
            if key in streams and (rows := streams[key].rows):
                self._take_positions(streams[key], rows, latitude, longitude, start_s, length_s)
                self._take_time(key, streams, start_s)
                return

    def _take_positions(  # noqa: PLR0917 - private, one caller
        self, stream: "_Stream", rows: "Rows", latitude: int, longitude: int, start_s: float, length_s: float
    ) -> None:
        for number, row in enumerate(rows):
            if len(self.points) >= 10 * MOST_POINTS or len(row) <= max(latitude, longitude):
                return
            if on_earth(row[latitude], row[longitude]):
                seconds = start_s + length_s * number / len(rows)
                self.points.append(Point(seconds, row[longitude], row[latitude], stream.is_fixed(row)))

    def _take_time(self, key: str, streams: dict[str, "_Stream"], start_s: float) -> None:
        """The file's start by the first payload that had a fix; without any, by what its receiver's clock showed."""
        if self.started_at is not None:
            return
        stream, time = streams[key], _utc(key, streams)
        if time is None:
            return
        start = time - timedelta(seconds=start_s)
        if stream.is_fixed(stream.rows[0]):
            self.started_at = start
        elif self.clock_started_at is None:
            self.clock_started_at = start.replace(tzinfo=None)


Rows = Sequence[tuple[float, ...]]


@dataclass(slots=True)
class _Stream:
    """The values of one stream that tells positions or times, scaled, and what was said before them."""

    key: str
    rows: Rows
    said: dict[str, Item]

    def is_fixed(self, row: tuple[float, ...]) -> bool:
        """Whether the receiver had a fix; a stream that cannot say is believed."""
        if self.key == "GPS9":
            return len(row) > _GPS9_FIX and row[_GPS9_FIX] >= _LEAST_FIX
        if self.key == "GPRI":
            return len(row) > _GPRI_FIX and row[_GPRI_FIX] >= _LEAST_FIX
        fix = self.said.get("GPSF")
        return fix is None or int.from_bytes(fix.value[:4]) >= _LEAST_FIX


def read_bare(found: Found, payloads: bytes) -> None:
    """Telemetry in a file of its own, as tools take it out of footage; it has no times but its own."""
    telemetry, number, seen = Telemetry(), -1, set[bytes]()
    try:
        for device in _items(payloads, 0):
            identity = device.value[8:12] if device.key == "DEVC" else b""
            if not seen or identity in seen:  # the same device again: the next second
                number, seen = number + 1, set()
            seen.add(identity)
            telemetry.add(_as_bytes(device), number * PAYLOAD_S, PAYLOAD_S)
    except Broken as broken:
        found.trouble.append(f"the telemetry is broken: {broken}")
    found.kind = "track"
    if number >= 0:
        found.duration_s = round((number + 1) * PAYLOAD_S, 3)
    say(found, telemetry)


def say(found: Found, telemetry: Telemetry) -> None:
    """Everything that the telemetry says."""
    if telemetry.started_at is not None:
        found.started_at, found.is_satellite_time = telemetry.started_at, True
        found.track_started_at = telemetry.started_at
    found.say_start(telemetry.clock_started_at)
    found.points.extend(telemetry.points)
    for name, text in telemetry.texts.items():
        found.say(name, text)
    if telemetry.texts:
        found.say("make", "GoPro")


def settings(found: Found, body: bytes) -> None:
    """The camera's settings, in the same form, in the header of its file."""
    telemetry = Telemetry()
    try:
        telemetry.add(body, 0.0, 0.0)
    except Broken as broken:
        found.trouble.append(f"the camera's settings are broken: {broken}")
    for name, text in telemetry.texts.items():
        found.say(name, text)
    if telemetry.texts:
        found.say("make", "GoPro")


def _streams(payload: bytes, texts: dict[str, str]) -> Iterator[tuple[str, _Stream]]:
    """The streams that tell positions or times; what names the camera goes into `texts` on the way."""
    for item in _items(payload, 0):
        if item.key == "DEVC":
            for inner in _items(item.value, 1):
                _note(inner, texts)
                if inner.key == "STRM" and (stream := _stream(inner.value)) is not None:
                    yield stream.key, stream


def _note(item: Item, texts: dict[str, str]) -> None:
    name = {"CASN": "camera", "MINF": "model", "FMWR": "firmware", "FIRM": "firmware", "DVNM": "device"}.get(
        item.key
    )
    text = item.value.split(b"\0")[0].decode("latin-1").strip() if name else ""
    if name == "device":
        name = "model" if text.lower() not in _NAMES_NO_MODEL else ""
    if name and text and (name not in texts or item.key in {"MINF", "FMWR"}):
        texts[name] = text


def _stream(body: bytes) -> _Stream | None:
    """The stream, if it is one of those that are asked for."""
    wanted = {key for key, *_ in _POSITIONS} | {"SYST"}
    said: dict[str, Item] = {}
    for item in _items(body, 2):
        said[item.key] = item
        if item.key in wanted:
            return _Stream(item.key, _scaled(item, said), said)
    return None


def _scaled(item: Item, said: dict[str, Item]) -> Rows:
    """The rows of a value, each number divided by its scale."""
    letters = (
        said["TYPE"].value.rstrip(b"\0").decode("latin-1") if item.type == "?" and "TYPE" in said else ""
    )
    rows = list(_rows(item, letters))
    scale = [float(number) for row in _rows(said["SCAL"], "") for number in row] if "SCAL" in said else []
    if not rows or not scale:
        return rows
    scale = scale * len(rows[0]) if len(scale) == 1 else scale
    return [tuple(value / (by or 1.0) for value, by in zip(row, scale, strict=False)) for row in rows]


def _rows(item: Item, letters: str) -> Iterator[tuple[float, ...]]:
    """The value's numbers, row by row.

    Raises:
        Broken: its type is unknown, or its rows are not of the size they claim.
    """
    if not letters:
        one = _FORMATS.get(item.type)
        width = struct.calcsize(f">{one}") if one else 0
        if not one or not item.size or item.size % width:
            raise Broken(f"{item.key} has values of no known type")
        letters = item.type * (item.size // width)
    try:
        row = struct.Struct(">" + "".join(_FORMATS[letter] for letter in letters))
    except KeyError as unknown:
        raise Broken(f"{item.key} has values of no known type") from unknown
    if row.size != item.size:
        raise Broken(f"{item.key} has rows of another size than it says")
    for values in row.iter_unpack(item.value[: len(item.value) // row.size * row.size]):
        yield tuple(value if isinstance(value, int | float) else 0 for value in values)


def _utc(key: str, streams: dict[str, _Stream]) -> datetime | None:
    """When a payload's first position was taken, as the telemetry says."""
    stream, first = streams[key], streams[key].rows[0]
    try:
        if key == "GPS9" and len(first) > _GPS9_SECONDS:
            return _EPOCH_2000 + timedelta(days=first[_GPS9_DAYS], seconds=first[_GPS9_SECONDS])
        if "SYST" in streams and key in {"GPRI", "GLPI"}:
            since_boot, since_epoch = streams["SYST"].rows[0][:2]
            return _EPOCH_1970 + timedelta(seconds=since_epoch + first[0] - since_boot)
        return _written(stream.said["GPSU"].value.decode("ascii"))
    except (KeyError, ValueError, OverflowError, IndexError):
        return None


def _written(text: str) -> datetime:
    """The time that GPSU writes, as `220920132938.299`."""
    year, month, day, hour, minute, second = (int(text[at : at + 2]) for at in range(0, 12, 2))
    time = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
    return time + timedelta(seconds=float(f"0{text[12:16]}"))


def _items(body: bytes, depth: int) -> Iterator[Item]:
    """The keys at one level of the tree.

    Raises:
        Broken: a length passes the end, there is something that is no key, or the tree is too deep or too wide.
    """
    if depth > _DEEPEST:
        raise Broken("it is nested too deeply")
    at = 0
    for _ in range(_MOST_ITEMS):
        if at + _HEAD.size > len(body):
            return
        key, kind, size, repeat = _HEAD.unpack_from(body, at)
        if key == b"\0\0\0\0":  # filler at the end
            return
        if not key.isalnum():
            raise Broken("there is something that is no key")
        start, length = at + _HEAD.size, size * repeat
        if start + length > len(body):
            raise Broken("a value is longer than what holds it")
        letter = chr(kind) if kind != _NESTED else ""
        yield Item(key.decode("ascii"), letter, size, body[start : start + length])
        at = start + (length + 3) // 4 * 4
    raise Broken("it holds too many values")


def _as_bytes(item: Item) -> bytes:
    """The item as it stood in the file, for a reader of whole payloads."""
    return _HEAD.pack(item.key.encode("ascii"), _NESTED, 1, len(item.value)) + item.value
