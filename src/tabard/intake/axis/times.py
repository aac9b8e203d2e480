"""When and where, as a camera writes it? A value that cannot be read is None: footage is kept and flagged. Pure."""

import re
from datetime import UTC, datetime
from math import isfinite
from typing import NamedTuple

_EPOCH = re.compile(r"\d{1,12}(\.\d{1,9})?")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


class Place(NamedTuple):
    """A point in WGS 84, in degrees."""

    latitude: float
    longitude: float


def instant(text: str) -> datetime | None:
    """The instant that epoch seconds or an RFC 3339 time names, in UTC; without an offset it is UTC already."""
    text = text.strip()
    try:
        if _EPOCH.fullmatch(text):
            return datetime.fromtimestamp(float(text), UTC)
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def place(text: str) -> Place | None:
    """The first two numbers of `<lat><long><accuracy><epoch>`, apart by sign or by anything else, if they are one."""
    numbers = [float(number) for number in _NUMBER.findall(text[:200])[:2]]
    return checked_place(*numbers) if len(numbers) == 2 else None


def checked_place(latitude: float, longitude: float) -> Place | None:
    """The place, if the degrees are on the earth."""
    on_earth = isfinite(latitude) and isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180
    return Place(latitude, longitude) if on_earth else None
