"""Incidents, their links to footage, and exhibits."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.people import OfficerName, UnitName
from tabard.api.schemas.recordings import ClipOut, LinkedIncident, RecordingOut
from tabard.api.schemas.values import Instant, Reason, Search, Sent, Words
from tabard.incidents.models import Exhibit, Incident, Link, Outcome
from tabard.incidents.rules import OutcomeKind


class IncidentOut(Schema):
    """A crime report, call, stop or use of force, by its reference in the system that owns it."""

    id: UUID
    kind: Incident.Kind
    reference: str
    title: str
    start_at: datetime
    end_at: datetime | None
    place: str
    unit: UnitName | None
    recorded_at: datetime


class IncidentsOut(Schema):
    """One page of incidents, the newest first."""

    incidents: list[IncidentOut]
    next_cursor: str | None


class IncidentsWanted(Sent):
    """Which incidents to list."""

    words: Search = Field("", description="In reference, title and place")
    kind: Incident.Kind | None = None
    cursor: Words = ""


class IncidentIn(Sent):
    """An incident as another system knows it."""

    kind: Incident.Kind
    reference: Words
    title: Annotated[Words, Field(max_length=160)]
    start_at: Instant
    end_at: Instant | None = None
    place: Annotated[Words, Field(max_length=160)] = ""
    unit_id: UUID | None = Field(None, description="The unit that deals with it")


class LinkOut(Schema):
    """A recording that shows something of an incident."""

    recording: RecordingOut
    linked_at: datetime
    linked_by: str
    reason: str

    @staticmethod
    def resolve_linked_by(link: Link) -> str:
        """The name of who linked it."""
        return link.linked_by.display_name


class OutcomeOut(Schema):
    """How an incident ended, as somebody stated it; `stated_at` is when we were told, which its periods run from."""

    id: UUID
    kind: OutcomeKind
    decided_date: date
    in_custody: bool
    release_date: date | None
    reason: str
    stated_at: datetime
    stated_by: str

    @staticmethod
    def resolve_stated_by(outcome: Outcome) -> str:
        """The name of who stated it."""
        return outcome.stated_by.display_name


class OutcomeIn(Sent):
    """How the incident ended; `reopened` where it has not after all."""

    kind: OutcomeKind
    decided_date: date = Field(description="Of the decision or verdict; not in the future")
    in_custody: bool = Field(
        False, description="Only after a conviction; kept until a day of release is stated"
    )
    release_date: date | None = None
    reason: Reason


class IncidentSheet(Schema):
    """One incident, how it ended, and the footage and exhibits that the viewer may see; `outcomes` oldest first."""

    incident: IncidentOut
    outcomes: list[OutcomeOut]
    recordings: list[LinkOut]
    exhibits: list["ExhibitOut"]


class LinkIn(Sent):
    """The recording that shows something of the incident."""

    recording_id: UUID
    reason: Annotated[Words, Field(max_length=200, description="What it shows of it")] = ""


class UnlinkIn(Sent):
    """Why a link was wrong."""

    reason: Annotated[Words, Field(max_length=200)]


class ExhibitOut(Schema):
    """A recording, or a clip of one, that a witness produces under a reference such as LB/1."""

    id: UUID
    reference: str
    description: str
    producer: OfficerName
    produced_at: datetime
    produced_by: str
    recording_id: UUID
    clip: ClipOut | None
    incident: LinkedIncident | None

    @staticmethod
    def resolve_produced_by(exhibit: Exhibit) -> str:
        """The name of whose account produced it."""
        return exhibit.produced_by.display_name


class ExhibitsOut(Schema):
    """One page of exhibits, the newest first."""

    exhibits: list[ExhibitOut]
    next_cursor: str | None


class ExhibitsWanted(Sent):
    """Which exhibits to list."""

    words: Search = Field("", description="In description, producer, incident reference and initials")
    cursor: Words = ""


class ExhibitIn(Sent):
    """What is produced, by whom, and how their statement describes it."""

    recording_id: UUID
    clip_id: UUID | None = Field(
        None, description="A clip of the recording; without one, the whole recording"
    )
    incident_id: UUID | None = None
    producer: Words | None = Field(
        None, description="Shoulder or warrant number; without one, the officer who is signed in"
    )
    description: Annotated[Words, Field(max_length=300)]
