"""How long recordings are kept, what holds them, and what falls due."""

from datetime import datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.custody import EventOut
from tabard.api.schemas.holds import HoldOut
from tabard.api.schemas.values import Instant, Reason, Sent

MOST_DUE = 1_000


class ReleaseIn(Sent):
    """Why a hold is no longer needed."""

    reason: Reason


class DecisionOut(Schema):
    """Why, and until when, a recording is kept; `due_at` null means until a person decides, from `review_at` on."""

    rule: str
    reason: str
    due_at: datetime | None
    review_at: datetime | None
    held_by: list[str] = Field(description="What keeps it whatever its period says, in words")


class DisposalOut(Schema):
    """That a recording was disposed of: its keys are destroyed; `removed_at` is when its bytes were gone, too."""

    rule: str
    reason: str
    due_at: datetime
    executed_at: datetime
    removed_at: datetime | None


class KeptOut(Schema):
    """The decision on one recording with the holds there are or were, and its disposal, if it came to that."""

    decision: DecisionOut
    holds: list[HoldOut]
    disposal: DisposalOut | None
    chain: list[EventOut] = Field(description="What decided how long it is kept, oldest first")


class PlanWanted(Sent):
    """What to plan for."""

    as_of: Instant | None = Field(None, description="Now, where it is left out")
    limit: int = Field(
        100, ge=0, le=MOST_DUE, description="How many of the recordings that are due to answer"
    )


class DueOut(Schema):
    """A recording that a disposal run at `as_of` would dispose of."""

    recording_id: UUID
    source_name: str
    started_at: datetime
    size_bytes: int
    rule: str
    reason: str
    due_at: datetime | None


class PlanOut(Schema):
    """What a disposal run at `as_of` would do; asking changes nothing."""

    as_of: datetime
    policy: str
    policy_version: str
    due_count: int
    due_size_bytes: int
    by_rule: dict[str, int]
    due: list[DueOut] = Field(description="The first of them, oldest first; see `limit`")
