"""What must be looked into, what was settled, and what of cameras' footage is not whole."""

from datetime import datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.people import OfficerName
from tabard.api.schemas.recordings import RecordingOut
from tabard.api.schemas.values import Instant, Reason, Sent, Words
from tabard.fleet.models import ClockReading
from tabard.fleet.offsets import Basis, Correction
from tabard.recordings.models import Recording, SettledFlag
from tabard.recordings.wholeness import FindingKind


class SettledOut(Schema):
    """A flag that was settled: how, by whom, when and why."""

    flag: Recording.Flag
    how: SettledFlag.How
    reason: str
    settled_at: datetime
    settled_by: str | None

    @staticmethod
    def resolve_settled_by(settled: SettledFlag) -> str | None:
        """The name of who settled it."""
        return settled.settled_by.display_name if settled.settled_by else None


class WorkItemOut(Schema):
    """A recording with what must be looked into, the recordings that it contradicts, and what was settled before."""

    recording: RecordingOut
    flags: list[Recording.Flag]
    conflicts: list[RecordingOut]
    settled: list[SettledOut]


class FlagCount(Schema):
    """How many recordings wait for a flag to be settled."""

    flag: Recording.Flag
    recordings: int


class WorkItemsOut(Schema):
    """One page of work items, newest footage first, and how many wait in all, by flag."""

    items: list[WorkItemOut]
    older: str | None
    newer: str | None
    counts: list[FlagCount]


class WorkItemsWanted(Sent):
    """Which work items to list; what is left out narrows nothing."""

    flag: Recording.Flag | None = None
    unit_id: UUID | None = Field(None, description="This unit and those below it")
    camera_id: UUID | None = None
    officer_id: UUID | None = None
    since: Instant | None = Field(None, description="Filmed at or after")
    until: Instant | None = Field(None, description="Filmed before")
    settled: bool = Field(
        default=False, description="Those of which something was settled, instead of the open ones"
    )
    cursor: Words = Field("", description="`older` or `newer` of another page")


class AttributionIn(Sent):
    """Whose recording it is, which camera's it is, or both; and how you know."""

    officer: Words = Field("", description="Shoulder or warrant number")
    camera: Words = Field("", description="Serial number")
    reason: Reason


class SettleIn(Sent):
    """What explains it."""

    reason: Reason


class FindingOut(Schema):
    """One thing that is not whole: at which recording, and what."""

    kind: FindingKind
    recording_id: UUID
    words: str
    lasting_s: float | None


class ShiftOut(Schema):
    """What one camera filmed on one wearer without a pause of eleven hours, and what of it is not whole."""

    camera_id: UUID | None
    camera_serial: str
    officer: OfficerName | None
    began_at: datetime
    ended_at: datetime
    recordings: int
    footage_s: float
    findings: list[FindingOut]


class WholenessOut(Schema):
    """The shifts of some cameras; `next_cursor` asks for more cameras, null on the last page."""

    shifts: list[ShiftOut]
    next_cursor: str | None


class WholenessWanted(Sent):
    """Which period to look at, half-open and three months at most, and of what."""

    since: Instant
    until: Instant
    camera_id: UUID | None = None
    officer_id: UUID | None = None
    unit_id: UUID | None = Field(None, description="This unit and those below it")
    all_shifts: bool = Field(default=False, description="Also the shifts in which nothing is amiss")
    cursor: Words = ""


class ReadingOut(Schema):
    """What a camera's clock showed at an instant of ours, and how far ahead it was."""

    camera_at: datetime
    our_at: datetime
    offset_ms: int
    uncertainty_ms: int
    source: ClockReading.Source


class ClockNow(Schema):
    """How far ahead a camera's clock is now, give or take, and on what grounds; null where that is not known."""

    basis: Basis
    offset_s: float | None
    uncertainty_s: float | None

    @staticmethod
    def resolve_offset_s(found: Correction) -> float | None:
        """How far ahead it is, in seconds."""
        return None if found.offset is None else found.offset.total_seconds()

    @staticmethod
    def resolve_uncertainty_s(found: Correction) -> float | None:
        """Give or take, in seconds."""
        return None if found.uncertainty is None else found.uncertainty.total_seconds()


class CameraClockOut(Schema):
    """A camera's newest clock readings, newest first, and how far off its clock is by now."""

    now: ClockNow
    readings: list[ReadingOut]
