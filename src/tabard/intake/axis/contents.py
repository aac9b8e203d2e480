"""What is in a recording's container? Which object is what, and what bookmarks and tracks say. Pure.

Video is never opened. A bookmark or a track that cannot be read is None here and stays sealed as it came.
"""

import json
import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from tabard.intake.axis.protocol import value
from tabard.intake.axis.times import checked_place, instant
from tabard.recordings.drafts import AttachmentKind, BookmarkDraft, TrackPoint

BOOKMARK_BYTES = 64 * 1024
TRACK_BYTES = 16 * 1024 * 1024
TRACK_POINTS = 200_000  # a fix every second for two days

_VIDEO_NAME = re.compile(r".+\.(mkv|mp4)", re.IGNORECASE)
_BOOKMARK_NAME = re.compile(r"bookmark_(?P<time>.+)_[^_]*")
_POINT = re.compile(
    r"\s*POINT\s*\(\s*(?P<lon>[+-]?\d+(\.\d+)?)\s+(?P<lat>[+-]?\d+(\.\d+)?)\s*\)\s*", re.IGNORECASE
)


def attachment_kind(name: str, metadata: Mapping[str, str]) -> AttachmentKind | None:
    """What the object is, by its name and metadata alone; None if it is a segment, one of the camera's video files."""
    file_type = value(metadata, "FileType").lower()
    if name.startswith("bookmark_"):
        return AttachmentKind.BOOKMARK
    if name.endswith("_gpstrail.json"):
        return AttachmentKind.TRACK
    if name.endswith(".key") or file_type == "key":
        return AttachmentKind.KEY
    is_video = bool(value(metadata, "ContainerType") or _VIDEO_NAME.fullmatch(name))
    return None if is_video and file_type != "json" else AttachmentKind.OTHER


def parse_bookmark(name: str, metadata: Mapping[str, str], body: bytes) -> BookmarkDraft:
    """What the wearer marked; bytes that are not UTF-8 read as U+FFFD, and a NUL, which no text has, is left out."""
    named = _BOOKMARK_NAME.fullmatch(name)
    start_at = instant(value(metadata, "StartTime")) or (instant(named["time"]) if named else None)
    return BookmarkDraft(
        start_at=start_at,
        end_at=instant(value(metadata, "EndTime")),
        text=body[:BOOKMARK_BYTES].decode("utf-8", "replace").replace("\0", ""),
        category_code=value(metadata, "CategoryID"),
        category_name=value(metadata, "CategoryName"),
        tags=parse_tags(value(metadata, "Tags")),
    )


def parse_tags(text: str) -> dict[str, str]:
    """The `key:value` pairs between semicolons; a key without a value has an empty one, a repeated key has all."""
    tags: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(";"))):
        key, _, tag = pair.partition(":")
        tags[key] = f"{tags[key]};{tag}" if key in tags else tag
    return tags


def parse_trail(body: bytes) -> tuple[TrackPoint, ...] | None:
    """The points of a track in time order, without those that cannot be read; None if it is no track at all."""
    try:
        entries = json.loads(body)["CoordinateEntries"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(entries, list):
        return None
    points = [point for entry in entries[:TRACK_POINTS] for point in _points(entry)]
    return tuple(sorted(points, key=lambda point: point.seconds))


def _points(entry: Any) -> Iterator[TrackPoint]:
    """The entry's point, if it is one on the earth at a time."""
    if not isinstance(entry, dict):
        return
    found = _POINT.fullmatch(text) if isinstance(text := entry.get("LocationWKT"), str) else None
    seconds = _number(entry.get("SecondsFromStart"))
    where = checked_place(float(found["lat"]), float(found["lon"])) if found else None
    if where is not None and seconds is not None:
        yield TrackPoint(seconds, where.longitude, where.latitude)


def _number(given: Any) -> float | None:
    """A finite number, which a boolean is not."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    try:
        number = float(given)
    except OverflowError:
        return None
    return number if isfinite(number) else None
