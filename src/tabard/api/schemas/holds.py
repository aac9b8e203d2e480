"""What keeps footage whatever its period says: holds, what they cover, and what is said to them."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.values import Reason, Sent, Words
from tabard.retention.hold_views import Rehearsal
from tabard.retention.models import Hold

MOST_HOLDS = 1_000


class HoldOut(Schema):
    """What blocks disposal until it is released. Which of the items is there depends on the scope."""

    id: UUID
    scope: Hold.Scope
    recording_id: UUID | None
    incident_id: UUID | None
    officer_id: UUID | None
    period_from_at: datetime | None
    period_to_at: datetime | None = Field(description="The first instant that is not covered any more")
    kind: Hold.Kind
    reason: str
    placed_at: datetime
    placed_by: str
    owner: str | None = Field(description="The user name of whoever answers for it")
    has_owner: bool = Field(description="Whether the owner is still here and may place holds")
    review_date: date | None = Field(description="When the owner is asked whether it is still needed")
    released_at: datetime | None
    released_reason: str

    @staticmethod
    def resolve_placed_by(hold: Hold) -> str:
        """The name of who placed it."""
        return hold.placed_by.display_name if hold.placed_by else "Tabard, when a backup was restored"

    @staticmethod
    def resolve_owner(hold: Hold) -> str | None:
        """The user name of its owner."""
        return hold.owner.username if hold.owner else None


class HoldIn(Sent):
    """Why footage must be kept, whatever its period says."""

    kind: Hold.Kind
    reason: Reason
    review_date: date | None = Field(None, description="By default half a year on, or as the kind says")


class OfficerHoldIn(HoldIn):
    """Why an officer's footage must be kept, and from which days."""

    from_date: date
    to_date: date = Field(description="The last day, included")


class HoldWanted(Sent):
    """What a rehearsal is of: one of a recording, an incident, and an officer with both days."""

    kind: Hold.Kind
    recording_id: UUID | None = None
    incident_id: UUID | None = None
    officer_id: UUID | None = None
    from_date: date | None = None
    to_date: date | None = None


class RehearsalOut(Schema):
    """What a hold would cover; asking changes nothing."""

    held: int = Field(description="Recordings that are not disposed of")
    size_bytes: int
    kept_already: int = Field(description="Of those, how many something else keeps")
    due: dict[str, int] = Field(description="How many would go when, without it")
    gone_count: int = Field(description="Recordings that were disposed of already and cannot be held")
    gone: list[UUID] = Field(description="The first of them")

    @staticmethod
    def resolve_due(found: Rehearsal) -> dict[str, int]:
        """When they would go, soonest first."""
        return dict(found.lines)

    @staticmethod
    def resolve_gone(found: Rehearsal) -> list[UUID]:
        """The first that are gone."""
        return [recording.id for recording in found.gone]


class HoldsWanted(Sent):
    """Which holds to list."""

    standing: Literal["", "in_force", "to_review", "released"] = ""
    kind: Hold.Kind | None = None
    scope: Hold.Scope | None = None
    owner: Words = Field("", max_length=64, description="A user name")
    limit: int = Field(100, ge=1, le=MOST_HOLDS)
    offset: int = Field(0, ge=0, le=1_000_000)


class ReviewIn(Sent):
    """Why a hold is kept on, and until when it may be left alone."""

    review_date: date
    reason: Reason


class HandOverIn(Sent):
    """Who owns the hold from now on, and why."""

    owner: Words = Field(max_length=64, description="A user name")
    reason: Reason


class CoveredWanted(Sent):
    """How many of the covered recordings to answer."""

    limit: int = Field(100, ge=1, le=MOST_HOLDS)
    offset: int = Field(0, ge=0, le=1_000_000)


class CoveredOut(Schema):
    """A recording that a hold covers."""

    id: UUID
    source_name: str
    filmed_at: datetime
    officer_reference: str
    size_bytes: int
    disposed_at: datetime | None
