"""Recordings, their segments and clips, and what happened to them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.people import OfficerName, UnitName
from tabard.api.schemas.values import Instant, Reason, Search, Sent, Sha256, Words
from tabard.fleet.offsets import Basis
from tabard.recordings.models import Attachment, Clip, Recording, Segment

LONGEST_S = 1_000_000  # eleven days: no camera writes a longer file
Seconds = Annotated[float, Field(ge=0, le=LONGEST_S, allow_inf_nan=False)]


class CategoryOut(Schema):
    """What a recording may be said to be about."""

    code: str
    name: str


class CameraName(Schema):
    """A camera as other things name it."""

    id: UUID
    serial: str
    make: str
    model: str


class RecordingOut(Schema):
    """What one trigger of one camera produced.

    `started_at` and `stopped_at` are the camera's, `received_at` is ours. `filmed_at` is what it is listed by: the
    corrected start where `corrected_start_at` is there, else the camera's. `clock_offset_ms` is how far the camera's
    clock was ahead, give or take `clock_uncertainty_ms`, on the grounds that `clock_basis` names; after a jump it is
    only known to be from `clock_least_ms` to `clock_most_ms`.
    """

    id: UUID
    source: str
    source_name: str
    camera: CameraName | None
    camera_serial: str
    officer: OfficerName | None
    officer_reference: str
    unit: UnitName | None
    category: CategoryOut | None
    started_at: datetime
    stopped_at: datetime
    received_at: datetime
    filmed_at: datetime
    corrected_start_at: datetime | None
    clock_offset_ms: int | None
    clock_uncertainty_ms: int | None
    clock_least_ms: int | None
    clock_most_ms: int | None
    clock_basis: Basis
    conflicts_with_id: UUID | None
    duration_s: float
    trigger: str
    latitude: float | None
    longitude: float | None
    size_bytes: int
    flags: list[Recording.Flag]
    disposed_at: datetime | None


class RecordingsOut(Schema):
    """One page of recordings, newest first; the cursors lead to the pages beside it."""

    recordings: list[RecordingOut]
    older: str | None
    newer: str | None


class RecordingsWanted(Sent):
    """Which recordings to list; what is left out narrows nothing. A search is in the custody log."""

    words: Search = Field("", description="In camera serials, family names, shoulder numbers, file names")
    category: Words = Field("", description="The code of a category")
    uncategorised: bool = Field(default=False, description="Only what has no category")
    unit_id: UUID | None = Field(None, description="This unit and those below it")
    officer_id: UUID | None = None
    since: Instant | None = Field(None, description="Filmed at or after")
    until: Instant | None = Field(None, description="Filmed before")
    flag: Recording.Flag | None = None
    flagged: bool = Field(default=False, description="Only what has any flag")
    incident: Search = Field("", description="Linked to an incident with this reference")
    mine_only: bool = False
    include_disposed: bool = False
    cursor: Words = Field("", description="`older` or `newer` of another page")


class SegmentName(Schema):
    """One camera file of a recording."""

    id: UUID
    ordinal: int
    name: str
    sequence: int | None = Field(None, description="Its number in its camera's own counting")
    started_at: datetime | None
    stopped_at: datetime | None
    size_bytes: int
    sha256: Sha256

    @staticmethod
    def resolve_size_bytes(segment: Segment) -> int:
        """The size of the file as the camera wrote it."""
        return segment.object.size_bytes

    @staticmethod
    def resolve_sha256(segment: Segment) -> str:
        """Its SHA-256 in hex."""
        return bytes(segment.object.sha256).hex()


class AttachmentOut(Schema):
    """Anything else that the camera sent, sealed as it came."""

    id: UUID
    kind: str
    name: str
    size_bytes: int
    sha256: Sha256

    @staticmethod
    def resolve_size_bytes(attachment: Attachment) -> int:
        """The size of the file as the camera wrote it."""
        return attachment.object.size_bytes

    @staticmethod
    def resolve_sha256(attachment: Attachment) -> str:
        """Its SHA-256 in hex."""
        return bytes(attachment.object.sha256).hex()


class BookmarkOut(Schema):
    """A moment or stretch that the wearer marked."""

    start_at: datetime
    end_at: datetime | None
    text: str
    category_code: str
    category_name: str
    tags: dict[str, Any]


class PointOut(Schema):
    """Where the camera was, so many seconds after the recording's start."""

    offset_s: float
    longitude: float
    latitude: float


class ClipOut(Schema):
    """An excerpt of one segment: what was asked for, and, once cut, what it is."""

    id: UUID
    segment_id: UUID
    title: str
    start_s: float
    end_s: float
    actual_start_s: float | None = Field(description="A stream copy begins at the key frame before")
    actual_end_s: float | None
    state: Clip.State
    reason: str = Field(description="Why it failed")
    container: str
    size_bytes: int | None
    sha256: Sha256 | None
    requested_at: datetime
    play_url: str | None = Field(description="Where its bytes are; null until it is cut")

    @staticmethod
    def resolve_size_bytes(clip: Clip) -> int | None:
        """The size of the file, once there is one."""
        return clip.object.size_bytes if clip.object else None

    @staticmethod
    def resolve_sha256(clip: Clip) -> str | None:
        """Its SHA-256 in hex, once there is one."""
        return bytes(clip.object.sha256).hex() if clip.object else None

    @staticmethod
    def resolve_play_url(clip: Clip) -> str | None:
        """Where its bytes are, once there are any."""
        return f"/play/clips/{clip.id}" if clip.object else None


class ClipIn(Sent):
    """An excerpt to cut, in seconds from the segment's first frame."""

    start_s: Seconds
    end_s: Seconds
    title: Annotated[Words, Field(max_length=120)] = ""


class LinkedIncident(Schema):
    """An incident that a recording shows."""

    id: UUID
    kind: str
    reference: str
    title: str


class MadeExhibit(Schema):
    """An exhibit that was made of a recording."""

    id: UUID
    reference: str
    description: str
    clip_id: UUID | None


class StoresOut(Schema):
    """In how many stores all that the camera sent was read back and found right, of how many it should be."""

    copies: int
    wanted: int
    damaged: bool
    is_safe: bool


class RecordingSheet(Schema):
    """Everything that is known of one recording; of incidents and exhibits, those that the viewer may see."""

    recording: RecordingOut
    stores: StoresOut
    segments: list[SegmentName]
    attachments: list[AttachmentOut]
    bookmarks: list[BookmarkOut]
    track: list[PointOut]
    clips: list[ClipOut]
    incidents: list[LinkedIncident]
    exhibits: list[MadeExhibit]


class CategoryIn(Sent):
    """What the recording is about."""

    category: Words = Field(description="The code of a category")
    reason: Reason = ""


class ProbeOut(Schema):
    """What the decoder found in a segment, or why it could not."""

    is_decodable: bool
    is_browser_playable: bool
    reason: str
    duration_s: float | None
    facts: dict[str, Any]
    probed_at: datetime


class SegmentUrls(Schema):
    """Where the bytes are, for HTTP range requests with the same session; null where there are none for this viewer."""

    play: str | None = Field(description="The camera's own file, to watch")
    rendition: str | None = Field(description="A copy that browsers play")
    poster: str | None
    strip: str | None
    original: str | None = Field(description="The camera's own file, to keep")


class SegmentOut(SegmentName):
    """One camera file with what the camera said about it."""

    recording_id: UUID
    metadata: dict[str, Any]


class SegmentSheet(Schema):
    """One camera file: what it is, what the decoder found in it, and where its bytes are."""

    segment: SegmentOut
    probe: ProbeOut | None
    urls: SegmentUrls
