"""What does a camera's file say of itself: when, where, how long, by which camera? Plain values. Pure.

They were read in the decoder jail, from bytes that anybody may have made: they are what the file says, not what is so.
A time that was written without a time zone stays without one; which zone it meant is for nobody to guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tabard.recordings.drafts import TrackPoint


class FileKind(StrEnum):
    """What a file is, by what is in it and not by its name."""

    FOOTAGE = "footage"
    PICTURE = "picture"
    TRACK = "track"
    NOTES = "notes"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FootageFacts:
    """What one file says.

    `started_at` is an instant: of satellite time (`is_satellite_time`), or written with its offset. `clock_started_at`
    is what the camera's clock showed, naive where no zone was written. Track points count from the file's first
    moment, which was at `track_started_at` by the track's own times. `said` holds what else is said of the recording,
    under the names of the dock protocol (officer, category, title, reference). Positions are `is_position_fixed` unless
    the receiver had no fix and gave the last that it knew. `reason` tells what of a file could not be read; it is
    footage all the same.
    """

    kind: FileKind = FileKind.OTHER
    started_at: datetime | None = None
    is_satellite_time: bool = False
    clock_started_at: datetime | None = None
    duration_s: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    track: tuple[TrackPoint, ...] = ()
    is_position_fixed: bool = True
    track_started_at: datetime | None = None
    camera_serial: str = ""
    make: str = ""
    model: str = ""
    firmware: str = ""
    mount: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""

    @property
    def begins_at(self) -> datetime | None:
        """The best start that the file itself gives; naive where it has no time zone."""
        return self.started_at or self.clock_started_at
