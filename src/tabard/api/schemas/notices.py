"""Notices before disposal: what is about to go although it overlaps an incident that its wearer attended."""

from datetime import datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.values import Sent
from tabard.incidents.models import Incident
from tabard.retention.models import Notice

MOST = 1_000


class NoticesWanted(Sent):
    """Which of the notices that wait for an answer."""

    mine: bool = Field(default=False, description="Only those to whoever asks")
    limit: int = Field(100, ge=1, le=MOST)


class UnitsWanted(Sent):
    """What counts as soon."""

    within_days: int = Field(3, ge=1, le=366)


class DismissalIn(Sent):
    """Recordings that are not of the incident."""

    recording_ids: list[UUID] = Field(min_length=1, max_length=MOST)


class DismissedOut(Schema):
    """How many notices were answered so."""

    dismissed: int


class NoticedIncidentOut(Schema):
    """The incident that a notice is about."""

    id: UUID
    kind: Incident.Kind
    reference: str
    title: str
    start_at: datetime
    end_at: datetime | None


class NoticeOut(Schema):
    """That a recording which is about to go overlaps an incident which its wearer attended."""

    recording_id: UUID
    incident: NoticedIncidentOut
    officer: str = Field(description="The wearer's shoulder number")
    ground: Notice.Ground = Field(description="What says that they attended it")
    is_certain: bool = Field(description="False where the times only may overlap")
    given_at: datetime
    seen_at: datetime | None
    goes_at: datetime

    @staticmethod
    def resolve_officer(notice: Notice) -> str:
        """The wearer's shoulder number."""
        return notice.officer.shoulder_number

    @staticmethod
    def resolve_goes_at(notice: Notice) -> datetime:
        """When the recording is disposed of unless something keeps it."""
        return notice.recording.scheduled_disposal.executes_at


class UnitNoticesOut(Schema):
    """How many recordings of a unit have a notice that nobody answered."""

    unit: str
    recordings: int
    officers: int
    unseen: int = Field(description="Of which the officer was not shown the notice yet")
    soon: int = Field(description="That go within the days asked for")
    first_goes_at: datetime
