"""What does a docked camera hand over? Recordings: segments, bookmarks, a track and facts, with Axis names.

Names and metadata keys follow the public "Axis Body worn integration API" 1.6.10, "File Upload API":
container `<UserID>_<BWCSerialNumber>_<TriggerOnTime>`, video `<StartTime>_<RecordingID>.<ending>`, times in
UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tabard.kernel.errors import Invalid
from tabard.simulation.walk import Fix, location_text


def compact(at: datetime) -> str:
    """The instant as object names have it: `20261104_211403`."""
    return at.astimezone(UTC).strftime("%Y%m%d_%H%M%S")


def iso(at: datetime) -> str:
    """The instant in UTC as RFC 3339 with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _times(name: str, at: datetime) -> dict[str, str]:
    return {name: str(int(at.timestamp())), f"{name}ISO": iso(at)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentUpload:
    """One camera file. `key` is the JSON of its key object when the system encrypts end to end."""

    content: Path
    started_at: datetime
    stopped_at: datetime
    start_location: Fix | None = None
    stop_location: Fix | None = None
    key: bytes | None = None

    @property
    def container_type(self) -> str:
        """The file's ending without its dot; an Axis camera writes mkv or mp4."""
        return self.content.suffix.lower().lstrip(".") or "mp4"

    def metadata(self) -> dict[str, str]:
        """The object's metadata."""
        facts = {
            **_times("StartTime", self.started_at),
            **_times("StopTime", self.stopped_at),
            "ContainerType": self.container_type,
        }
        if self.start_location:
            facts["StartLocation"] = location_text(self.start_location)
        if self.stop_location:
            facts["StopLocation"] = location_text(self.stop_location)
        return facts


@dataclass(frozen=True, slots=True, kw_only=True)
class BookmarkUpload:
    """What the officer noted: text (may be empty), a category, tags. `starts_at` may be anywhere in the recording."""

    at: datetime
    number: str = "1"
    text: str = ""
    category_id: str | None = None
    category_name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    @property
    def name(self) -> str:
        """The object's name."""
        return f"bookmark_{compact(self.at)}_{self.number}"

    def metadata(self) -> dict[str, str]:
        """The object's metadata; a key that has no value is left out, except the start."""
        facts = {
            "CategoryID": self.category_id,
            "CategoryName": self.category_name,
            "Tags": ";".join(f"{key}:{value}" for key, value in self.tags.items()),
            "StartTime": iso(self.starts_at or self.at),
            "EndTime": iso(self.ends_at) if self.ends_at else None,
        }
        return {key: value for key, value in facts.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingUpload:
    """What one trigger of one camera produced.

    Attributes:
        user_id: the wearer's identity in the body-worn system (a UUID), as registered under `Users/`.
        triggered_at: when the button was pressed; `started_at` is earlier by the pre-buffer.
        ended_at: when it was pressed again; `stopped_at` is later by the post-buffer.
        recording_id: four hexadecimal digits that tell objects apart; not an identity.
        track: the body of the gpstrail file.
    """

    user_id: str
    camera_serial: str
    camera_model: str
    controller_serial: str
    started_at: datetime
    triggered_at: datetime
    ended_at: datetime
    stopped_at: datetime
    recording_id: str
    segments: tuple[SegmentUpload, ...]
    bookmarks: tuple[BookmarkUpload, ...] = ()
    track: bytes | None = None
    trigger_location: Fix | None = None
    end_location: Fix | None = None
    firmware: str = "11.11.94-sim"
    trigger_on: str = "Button"
    trigger_off: str = "Button"
    time_zone: str = "Europe/London"

    def __post_init__(self) -> None:
        if not self.segments:
            raise Invalid("A recording has at least one segment.", field="segments")

    @property
    def container(self) -> str:
        """The container's name."""
        triggered = self.triggered_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        return f"{self.user_id}_{self.camera_serial}_{triggered}"

    def segment_name(self, segment: SegmentUpload) -> str:
        """The name of a segment's object."""
        return f"{compact(segment.started_at)}_{self.recording_id}.{segment.container_type}"

    def key_name(self, segment: SegmentUpload) -> str:
        """The name of the key object beside an encrypted segment."""
        return f"{compact(segment.started_at)}_{self.recording_id}.key"

    @property
    def track_name(self) -> str:
        """The name of the GNSS track's object."""
        return f"{compact(self.started_at)}_{self.recording_id}_{self.camera_serial}_gpstrail.json"

    def metadata(self) -> dict[str, str]:
        """The container's metadata, without its status."""
        facts = {
            "ContainerName": self.container,
            "BWCSerialNumber": self.camera_serial,
            "SCUSerialNumber": self.controller_serial,
            "FirmwareVersion": self.firmware,
            "UserID": self.user_id,
            "BWCModel": self.camera_model,
            "TriggerOn": self.trigger_on,
            "TriggerOff": self.trigger_off,
            "TimeZone": self.time_zone,
            **_times("TriggerOnTime", self.triggered_at),
            **_times("TriggerOffTime", self.ended_at),
            **_times("StartTime", self.started_at),
            **_times("StopTime", self.stopped_at),
        }
        if self.trigger_location:
            facts["TriggerOnLocation"] = location_text(self.trigger_location)
        if self.end_location:
            facts["TriggerOffLocation"] = location_text(self.end_location)
        return facts
