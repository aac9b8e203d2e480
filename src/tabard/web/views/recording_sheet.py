"""What is shown of one recording? Its segments, how each can be played, and where marks and the track lie in them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tabard.media.models import Derivative, Probe
from tabard.recordings.models import Bookmark, Recording, Segment, Track

TABLE_POINTS = 100
_MP4_PICTURES = {"h264", "av1", "vp9"}
_MP4_SOUNDS = {"aac", "mp3", "opus"}
_UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class SegmentSheet:
    """One segment as its player needs it. `begins_s` is its first frame, in seconds from the recording's start."""

    segment: Segment
    number: int
    begins_s: float
    probe: Probe | None
    derivatives: dict[str, Derivative]

    @property
    def id(self) -> UUID:
        """The segment's id."""
        return self.segment.id

    @property
    def started_at(self) -> datetime:
        """When the first frame was filmed, by the camera's clock."""
        return self.segment.started_at or self.segment.recording.started_at + timedelta(seconds=self.begins_s)

    @property
    def duration_s(self) -> float | None:
        """Its length in seconds, if the decoder could tell."""
        return self.probe.duration_s if self.probe else None

    @property
    def locked_by(self) -> str:
        """Why the camera's encryption is not undone yet; empty where there is none, or it is."""
        encrypted = getattr(self.segment, "encrypted_file", None)
        return str(encrypted.get_reason_display()) if encrypted and encrypted.reason else ""

    @property
    def reason(self) -> str:
        """Why it cannot be decoded; empty where it can, or is not looked into yet."""
        return "" if self.probe is None or self.probe.is_decodable else self.probe.reason

    @property
    def is_waiting(self) -> bool:
        """Whether something a browser could play is still being made."""
        return self.probe is None or (self.probe.is_decodable and not self.is_copy and not self.plays_itself)

    @property
    def plays_itself(self) -> bool:
        """Whether browsers play the original."""
        return self.probe is not None and self.probe.is_browser_playable

    @property
    def is_playable_as_mp4(self) -> bool:
        """Whether browsers play its streams once they are copied into MP4, as a clip is."""
        pictures = all(stream.get("codec") in _MP4_PICTURES for stream in self._streams("video"))
        return pictures and all(stream.get("codec") in _MP4_SOUNDS for stream in self._streams("audio"))

    @property
    def is_copy(self) -> bool:
        """Whether a rendition is played in the original's place."""
        return not self.plays_itself and Derivative.Kind.RENDITION in self.derivatives

    @property
    def src(self) -> str:
        """Where the playable bytes are; empty where there are none."""
        if self.plays_itself:
            return f"/play/segments/{self.id}"
        return f"/play/renditions/{self.id}" if self.is_copy else ""

    @property
    def content_type(self) -> str:
        """The type of the playable bytes."""
        if self.is_copy:
            return self.derivatives[Derivative.Kind.RENDITION].content_type
        return str(self.probe.facts.get("media_type", _UNKNOWN_TYPE)) if self.probe else _UNKNOWN_TYPE

    @property
    def poster(self) -> str:
        """The address of its picture; empty where there is none."""
        return f"/play/posters/{self.id}" if Derivative.Kind.POSTER in self.derivatives else ""

    @property
    def strip(self) -> dict[str, Any] | None:
        """The thumbnail strip as the player takes it."""
        made = self.derivatives.get(Derivative.Kind.STRIP)
        if made is None:
            return None
        return {
            "url": f"/play/strips/{self.id}",
            "times": json.dumps(made.facts["times_s"]),
            "columns": made.facts["columns"],
            "tile_width": made.facts["thumb_width"],
            "tile_height": made.facts["thumb_height"],
        }

    @property
    def frame_rate(self) -> float | None:
        """Frames a second, if known."""
        return next((stream["fps"] for stream in self._streams("video") if stream.get("fps")), None)

    @property
    def coding(self) -> str:
        """Container, codecs and picture size in words; empty where nothing is known."""
        if self.probe is None or "container" not in self.probe.facts:
            return ""
        pictures = [
            f"{stream['codec']} {stream['width']} by {stream['height']}" for stream in self._streams("video")
        ]
        sounds = [str(stream["codec"]) for stream in self._streams("audio")]
        return ", ".join([str(self.probe.facts["container"]), *pictures, *sounds])

    def _streams(self, kind: str) -> Iterator[dict[str, Any]]:
        facts = self.probe.facts if self.probe else {}
        return (stream for stream in facts.get("streams", []) if stream.get("kind") == kind)


@dataclass(frozen=True, slots=True)
class Mark:
    """A bookmark, and where it lies: `offset_s` seconds into the segment with this number."""

    bookmark: Bookmark
    segment_number: int
    offset_s: float
    into_s: float


def segment_sheets(recording: Recording) -> list[SegmentSheet]:
    """Every segment of a recording, in order; begins where the camera says, else where the one before ends."""
    segments = recording.segments.select_related(
        "object", "probe", "recording", "encrypted_file"
    ).prefetch_related("derivatives")
    sheets: list[SegmentSheet] = []
    ends_s = 0.0
    for number, segment in enumerate(segments, start=1):
        if segment.started_at is not None:
            ends_s = (segment.started_at - recording.started_at).total_seconds()
        derivatives = {made.kind: made for made in segment.derivatives.all()}
        sheet = SegmentSheet(segment, number, ends_s, getattr(segment, "probe", None), derivatives)
        ends_s += sheet.duration_s or 0.0
        sheets.append(sheet)
    return sheets


def marks(recording: Recording, sheets: Sequence[SegmentSheet]) -> list[Mark]:
    """The recording's bookmarks, each placed in the segment that was running."""
    return [_mark(bookmark, recording, sheets) for bookmark in recording.bookmarks.all()]


def _mark(bookmark: Bookmark, recording: Recording, sheets: Sequence[SegmentSheet]) -> Mark:
    into_s = (bookmark.start_at - recording.started_at).total_seconds()
    running = [sheet for sheet in sheets if sheet.begins_s <= into_s] or list(sheets[:1])
    number, begins_s = (running[-1].number, running[-1].begins_s) if running else (1, 0.0)
    return Mark(bookmark, number, max(into_s - begins_s, 0.0), into_s)


def track_feature(track: Track, begins_s: float) -> dict[str, Any]:
    """The track as a GeoJSON Feature (RFC 7946), its offsets counted from a segment's first frame."""
    points = sorted(track.points)
    return {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": [[x, y] for _, x, y in points]},
        "properties": {"offsets_s": [offset_s - begins_s for offset_s, _, _ in points]},
    }


def table_points(recording: Recording, track: Track) -> list[dict[str, Any]]:
    """The track as a table, thinned to about a hundred points; the first and the last are kept."""
    points = sorted(track.points)
    step = max(1, -(-len(points) // TABLE_POINTS))
    kept = points[::step] + ([points[-1]] if (len(points) - 1) % step else [])
    return [
        {
            "offset_s": max(offset_s, 0),
            "at": recording.started_at + timedelta(seconds=offset_s),
            "longitude": longitude,
            "latitude": latitude,
        }
        for offset_s, longitude, latitude in kept
    ]
