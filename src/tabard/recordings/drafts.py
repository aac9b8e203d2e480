"""What does a door hand over when a recording is whole? Plain values, the same for every door. Pure.

Every object named here is sealed and recorded in the vault already. Times are the camera's, None where it gave none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class AttachmentKind(StrEnum):
    """What an attachment is, as far as the door can tell without opening it."""

    BOOKMARK = "bookmark"
    TRACK = "track"
    KEY = "key"
    OTHER = "other"
    CONFLICT = "conflict"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class SealedDraft:
    """One sealed object as it came: its name, its id in the vault, and its plain bytes' size and SHA-256."""

    name: str
    object_id: UUID
    size_bytes: int
    sha256: bytes
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SegmentDraft:
    """One camera file; `sequence` is its number in the camera's own counting, where its name does not tell."""

    file: SealedDraft
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    is_encrypted: bool = False
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class AttachmentDraft:
    """Anything else that came with the footage."""

    kind: AttachmentKind
    file: SealedDraft
    is_encrypted: bool = False


@dataclass(frozen=True, slots=True)
class BookmarkDraft:
    """A moment that the wearer marked; without a start it marks the recording's start."""

    start_at: datetime | None = None
    end_at: datetime | None = None
    text: str = ""
    category_code: str = ""
    category_name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """Where the camera was, so many seconds after the recording's start (before it, if negative)."""

    seconds: float
    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class RecordingDraft:
    """What one trigger of one camera produced.

    `started_at` and `stopped_at` are what the camera says; `named_at` is a second opinion (its file or container
    name) for a camera that says nothing. `officer_reference` is a shoulder or warrant number, `camera_serial` the
    maker's. `has_conflict` tells that one of the files came twice with different bytes. Of a transfer that a person
    ended, `is_complete` is false and `reason` says why.

    A camera that wrote no time zone `has_zone` not: its times are handed over as if they were UTC, and never taken for
    local time in silence. `gnss_offset_s` is how many seconds its clock was ahead of satellite time when it began;
    where `is_satellite_time`, the times themselves are of satellites and not of the camera's clock. What another
    system kept before `is_archived`: its age is no doubt.
    """

    source: str
    source_name: str
    officer_reference: str = ""
    camera_serial: str = ""
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    named_at: datetime | None = None
    trigger: str = ""
    latitude: float | None = None
    longitude: float | None = None
    segments: tuple[SegmentDraft, ...] = ()
    attachments: tuple[AttachmentDraft, ...] = ()
    bookmarks: tuple[BookmarkDraft, ...] = ()
    track: tuple[TrackPoint, ...] = ()
    has_conflict: bool = False
    is_complete: bool = True
    reason: str = ""
    has_zone: bool = True
    is_satellite_time: bool = False
    gnss_offset_s: float | None = None
    is_archived: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def files(self) -> tuple[SealedDraft, ...]:
        """Every sealed object of it, segments first."""
        return (
            *(segment.file for segment in self.segments),
            *(attachment.file for attachment in self.attachments),
        )

    @property
    def encrypted_ids(self) -> frozenset[UUID]:
        """The objects that came encrypted."""
        segments = {part.file.object_id for part in self.segments if part.is_encrypted}
        return frozenset(segments | {part.file.object_id for part in self.attachments if part.is_encrypted})
