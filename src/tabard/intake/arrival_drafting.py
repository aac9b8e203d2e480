"""What recording do the files of an arrival make? What the sender says first, then the footage, then the names. Pure.

A time without a time zone is filed as if it were UTC, and the recording says that its zone is missing; it is never
taken for local time in silence.
"""

import re
from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from tabard.intake.axis.drafting import sealed_draft
from tabard.intake.models import Container, ReceivedObject
from tabard.recordings.drafts import (
    AttachmentDraft,
    AttachmentKind,
    BookmarkDraft,
    RecordingDraft,
    SegmentDraft,
    TrackPoint,
)
from tabard.recordings.facts import FileKind, FootageFacts
from tabard.recordings.rules import in_order

UNENDED = "unended"  # under which an arrival keeps why it was closed for its sender
TRACK_POINTS = 200_000  # a fix every second for two days
_FARTHEST = timedelta(days=1)  # a track further from its footage has another clock: it says where, not when
_EPOCH = re.compile(r"\d{9,11}(\.\d{1,9})?")
# fmt: off
FOOTAGE_SUFFIXES = frozenset({
    ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".3gp", ".asf", ".wmv",
    ".m4s", ".cmfv", ".360", ".wav", ".m4a", ".mp3", ".aac",
})
# fmt: on
_COPIES = frozenset({".lrv", ".thm"})  # small copies that cameras make of their own footage
_ZONED = datetime.min.replace(tzinfo=UTC)
_NUMBER_DIGITS = 10
_DESCRIBING = ("make", "model", "firmware", "mount")


@dataclass(frozen=True, slots=True)
class Part:
    """One file as it was received, what it says of itself, and what its name says by the patterns in force."""

    received: ReceivedObject
    facts: FootageFacts
    named: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> AttachmentKind | None:
        """What the file is to its recording; None if it is a segment. A name decides only where the bytes do not."""
        if self.received.conflicts_with_id:
            return AttachmentKind.CONFLICT
        suffix = PurePosixPath(self.received.name).suffix.lower()
        if self.facts.kind is FileKind.TRACK:
            return AttachmentKind.TRACK
        if suffix in _COPIES:
            return AttachmentKind.OTHER
        is_named_footage = suffix in FOOTAGE_SUFFIXES
        is_footage = self.facts.kind is FileKind.FOOTAGE or (
            self.facts.kind is FileKind.OTHER and is_named_footage
        )
        return None if is_footage else AttachmentKind.OTHER

    @property
    def starts_at(self) -> datetime | None:
        """When it starts, as the sender says or else as it says itself; naive where no time zone was written."""
        return written_time(self.received.metadata.get("started_at", "")) or self.facts.begins_at

    @property
    def stops_at(self) -> datetime | None:
        """When it stops: as the sender says, or as long after its start as it lasts."""
        said = written_time(self.received.metadata.get("stopped_at", ""))
        if said is not None or self.starts_at is None or self.facts.duration_s is None:
            return said
        return self.starts_at + timedelta(seconds=self.facts.duration_s)

    @property
    def sequence(self) -> int | None:
        """Its number in the camera's own counting, as the sender or its name says."""
        said = self.received.metadata.get("sequence") or self.named.get("sequence", "")
        return int(said) if said.isascii() and said.isdigit() and len(said) < _NUMBER_DIGITS else None


def draft_of(container: Container, parts: Sequence[Part], source_name: str) -> RecordingDraft:
    """The draft of everything that arrived under the name, which is unique among the recordings of its door."""
    said = _said(container, parts)
    segments = in_order(_segment(part) for part in parts if part.kind is None)
    start, stop = _start(container, parts), written_time(container.metadata.get("stopped_at", ""))
    named, track = _named_time(parts), _track(parts, start)
    latitude, longitude = _start_place(parts, track)
    return RecordingDraft(
        source=container.source,
        source_name=source_name,
        officer_reference=said.get("officer", ""),
        camera_serial=said.get("camera", ""),
        started_at=_filed(start),
        stopped_at=_filed(stop),
        named_at=_filed(named),
        trigger=said.get("trigger", ""),
        latitude=latitude,
        longitude=longitude,
        segments=segments,
        attachments=tuple(
            AttachmentDraft(part.kind, sealed_draft(part.received)) for part in parts if part.kind is not None
        ),
        bookmarks=_bookmarks(said),
        track=track,
        has_conflict=any(part.received.conflicts_with_id for part in parts),
        is_complete=UNENDED not in container.metadata,
        reason=container.metadata.get(UNENDED, ""),
        has_zone=(start or named or _ZONED).tzinfo is not None,
        is_satellite_time=_is_by_satellite(parts, start),
        gnss_offset_s=_clock_ahead_s(parts),
        is_archived=container.source == Container.Source.FOLDER,
        metadata=_metadata(container, parts),
    )


def written_time(text: str) -> datetime | None:
    """The time that a text writes, naive where it writes no time zone; epoch seconds are UTC. None if it is none."""
    text = text.strip()
    try:
        if _EPOCH.fullmatch(text):
            return datetime.fromtimestamp(float(text), UTC)
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found
    except (ValueError, OverflowError, OSError):
        return None


def _said(container: Container, parts: Sequence[Part]) -> Mapping[str, str]:
    """What is said of the whole: by its sender, else in its files, else by their names."""
    by_sender = [container.metadata, *(part.received.metadata for part in parts)]
    by_files = [{"camera": part.facts.camera_serial, **part.facts.said} for part in parts]
    by_names = [part.named for part in parts]
    return ChainMap(
        *({key: text for key, text in each.items() if text} for each in (*by_sender, *by_files, *by_names))
    )


def _segment(part: Part) -> SegmentDraft:
    return SegmentDraft(
        sealed_draft(part.received), _filed(part.starts_at), _filed(part.stops_at), sequence=part.sequence
    )


def _start(container: Container, parts: Sequence[Part]) -> datetime | None:
    """The recording's start, naive where written so: its own, its first segment's, or that of what lies beside."""
    of_segments = [part.starts_at for part in parts if part.kind is None]
    of_others = [
        part.starts_at for part in parts if part.kind in {AttachmentKind.TRACK, AttachmentKind.OTHER}
    ]
    own = written_time(container.metadata.get("started_at", ""))
    return own or _earliest(of_segments) or _earliest(of_others)


def _is_by_satellite(parts: Sequence[Part], start: datetime | None) -> bool:
    return start is not None and any(
        part.facts.is_satellite_time and part.facts.started_at == start for part in parts if part.kind is None
    )


def _clock_ahead_s(parts: Sequence[Part]) -> float | None:
    """How far the camera's clock was ahead of satellite time at its first segment that tells both."""
    for facts in (part.facts for part in parts if part.kind is None):
        if facts.is_satellite_time and facts.started_at and facts.clock_started_at:
            return (_in_utc(facts.clock_started_at) - facts.started_at).total_seconds()
    return None


def _earliest(times: Iterable[datetime | None]) -> datetime | None:
    return min((time for time in times if time is not None), key=_in_utc, default=None)


def _in_utc(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _filed(time: datetime | None) -> datetime | None:
    return None if time is None else _in_utc(time)


def _named_time(parts: Sequence[Part]) -> datetime | None:
    """The first start that a name tells; without one, when the first file was last written on its card."""
    named = _earliest(written_time(part.named.get("started_at", "")) for part in parts)
    return named or _earliest(written_time(part.received.metadata.get("modified_at", "")) for part in parts)


def _track(parts: Sequence[Part], start: datetime | None) -> tuple[TrackPoint, ...]:
    """Where the camera went, by its own footage; without that, by the first file beside it that says so."""
    having = [part for part in parts if part.facts.track and part.kind is not AttachmentKind.CONFLICT]
    own = [part for part in having if part.kind is None] or having[:1]
    points = [
        replace(point, seconds=point.seconds + offset_s)
        for part in own
        for offset_s in [_offset_s(part, start)]
        for point in part.facts.track
    ]
    return tuple(sorted(points, key=lambda point: point.seconds)[:TRACK_POINTS])


def _offset_s(part: Part, start: datetime | None) -> float:
    """How long after the recording's start the file's track starts, as far as both tell by one kind of clock."""
    begins_at = part.facts.track_started_at or part.starts_at
    if start is None or begins_at is None or bool(start.tzinfo) != bool(begins_at.tzinfo):
        return 0.0
    offset = begins_at - start
    return offset.total_seconds() if abs(offset) <= _FARTHEST else 0.0


def _start_place(
    parts: Sequence[Part], track: tuple[TrackPoint, ...]
) -> tuple[float, float] | tuple[None, None]:
    if track:
        return track[0].latitude, track[0].longitude
    for facts in (part.facts for part in parts):
        if facts.latitude is not None and facts.longitude is not None:
            return facts.latitude, facts.longitude
    return None, None


def _bookmarks(said: Mapping[str, str]) -> tuple[BookmarkDraft, ...]:
    """The wearer's choice and words as one bookmark at the start, where there are any."""
    category, title, reference = (said.get(key, "") for key in ("category", "title", "reference"))
    if not (category or title or reference):
        return ()
    tags = {"reference": reference} if reference else {}
    return (BookmarkDraft(text=title, category_code=category, category_name=category, tags=tags),)


def _metadata(container: Container, parts: Sequence[Part]) -> dict[str, str]:
    """What was said of the whole, and what its own files say of the camera, its clock, and what could not be read."""
    found = dict(container.metadata)
    for key in _DESCRIBING:
        value = next((text for part in parts if (text := getattr(part.facts, key))), "")
        if value:
            found.setdefault(key, value)
    clock = next((part.facts.clock_started_at for part in parts if part.facts.clock_started_at), None)
    if clock is not None:
        found["camera_clock"] = clock.isoformat()
    if not all(part.facts.is_position_fixed for part in parts):
        found["position"] = "without satellite fix"
    unread = [f"{part.received.name}: {part.facts.reason}" for part in parts if part.facts.reason]
    if unread:
        found["not_read"] = "; ".join(unread)
    return found
