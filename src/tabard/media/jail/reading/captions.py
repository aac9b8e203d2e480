"""What do captions (SubRip, .srt) say of the footage beside them? Drones and cameras write time and place in them."""

import re
from datetime import timedelta

from tabard.media.jail.reading.found import MOST_POINTS, Found, Point, number, on_earth, written_time
from tabard.recordings.spellings import spelled

_TIMES = re.compile(
    r"(\d{1,3}):(\d{2}):(\d{2})[,.](\d{1,3}) {0,3}--> {0,3}(\d{1,3}):(\d{2}):(\d{2})[,.](\d{1,3})"
)
_DEGREE = r"([+-]?\d{1,3}(?:\.\d{1,12})?)"
# `[latitude: 51.4] [longitude: -0.1]`, and `GPS(-0.1,51.4,16)`, which has the longitude first.
_NAMED = re.compile(rf"(lat|lon)[a-z]{{0,8}} ?[:=] ?{_DEGREE}", re.IGNORECASE)
_BRACKETED = re.compile(rf"GPS ?\( ?{_DEGREE}, ?{_DEGREE}", re.IGNORECASE)
_PAIR = re.compile(r"([A-Za-z][A-Za-z ]{0,20}?) ?[:=] ?([A-Za-z0-9_-]{2,40})")
_TAG = re.compile(r"<[^<>]{0,200}>")
_MOST_LINES = 2_000_000


def read(found: Found, text: str) -> None:
    """The time and place in the captions; a start only where a caption has both times, its own and the clock's."""
    start_s = end_s = 0.0
    has_position = False
    for line in text.splitlines()[:_MOST_LINES]:
        if times := _TIMES.search(line[:100]):
            start_s, end_s = _seconds(times.groups()[:4]), _seconds(times.groups()[4:])
            has_position = False
            continue
        plain = _TAG.sub(" ", line[:1000])
        _say_start(found, plain, start_s)
        _say_names(found, plain)
        place = None if has_position else _place(plain)
        if place is not None and len(found.points) < 10 * MOST_POINTS:
            has_position = True
            found.points.append(Point(start_s, place[1], place[0]))
    found.kind = "track" if found.points else "notes"
    if end_s > 0:
        found.duration_s = end_s
    if found.points:
        found.track_started_at = found.started_at or found.clock_started_at


def _seconds(parts: tuple[str, ...]) -> float:
    hours, minutes, seconds, thousandths = parts
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(thousandths.ljust(3, "0")) / 1000


def _say_start(found: Found, line: str, start_s: float) -> None:
    if found.started_at or found.clock_started_at:
        return
    written = written_time(line)
    if written is not None:
        found.say_start(written - timedelta(seconds=start_s))


def _say_names(found: Found, line: str) -> None:
    """A serial number and the like, where a caption names one."""
    for name, value in _PAIR.findall(line):
        field = {"sn": "camera"}.get(name.strip().lower()) or spelled(name)
        if field in {"camera", "officer", "model", "firmware"}:
            found.say(field, value)


def _place(line: str) -> tuple[float, float] | None:
    named = {which.lower(): number(degrees) for which, degrees in _NAMED.findall(line)}
    latitude, longitude = named.get("lat"), named.get("lon")
    if (latitude is None or longitude is None) and (found := _BRACKETED.search(line)):
        longitude, latitude = number(found[1]), number(found[2])
    if latitude is None or longitude is None or not on_earth(latitude, longitude):
        return None
    return latitude, longitude
