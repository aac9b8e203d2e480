"""Reviews of footage whose period ends in a person's decision: what waits, what was decided, and who agreed."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.values import Reason, Sent, Words
from tabard.people.models import Account
from tabard.retention.models import Review
from tabard.retention.review_questions import Question
from tabard.retention.review_queue import PAGE_ROWS, QueueItem


class ReviewsWanted(Sent):
    """Which part of the queue to answer."""

    rule: Words = ""
    unit: UUID | None = Field(None, description="The unit, with all below it")
    first: int = Field(0, ge=0, le=10_000_000, description="How many of the queue to leave out")
    limit: int = Field(PAGE_ROWS, ge=1, le=1_000)


class KeepIn(Sent):
    """Until when it is kept, and why."""

    until_date: date
    reason: Reason
    yes: list[Question] = Field(default_factory=list, description="The questions that were answered yes")


class LetGoIn(Sent):
    """Why it may go; whoever answers yes to a question keeps it."""

    reason: Reason
    all_answered_no: Literal[True] = Field(description="True: each question was asked, and the answer is no")


class RefusalIn(Sent):
    """Why it must stay."""

    reason: Reason


class ReviewOut(Schema):
    """One decision at the end of a period; to let go counts once `agreed_at` is there."""

    id: UUID
    recording_id: UUID
    choice: Review.Choice
    reason: str
    decided_at: datetime
    decided_by: str
    keep_until: datetime | None
    agreed_at: datetime | None
    agreed_by: str | None
    refused_at: datetime | None
    refused_by: str | None
    refused_reason: str

    @staticmethod
    def resolve_decided_by(review: Review) -> str:
        """The name of who decided."""
        return review.decided_by.display_name

    @staticmethod
    def resolve_agreed_by(review: Review) -> str | None:
        """The name of who agreed."""
        return _name(review.agreed_by)

    @staticmethod
    def resolve_refused_by(review: Review) -> str | None:
        """The name of who refused."""
        return _name(review.refused_by)


class QueuedOut(Schema):
    """A recording about which a person has to decide, since when, and the proposal to let it go if there is one."""

    recording_id: UUID
    officer: str
    category: str | None
    size_bytes: int
    rule: str
    review_at: datetime
    proposal: ReviewOut | None

    @staticmethod
    def resolve_recording_id(item: QueueItem) -> UUID:
        """The recording."""
        return item.recording.id

    @staticmethod
    def resolve_officer(item: QueueItem) -> str:
        """Who filmed it, as far as that is known."""
        return str(item.recording.officer or item.recording.officer_reference)

    @staticmethod
    def resolve_category(item: QueueItem) -> str | None:
        """Its category's code."""
        return item.recording.category_id

    @staticmethod
    def resolve_size_bytes(item: QueueItem) -> int:
        """How many bytes of footage it is."""
        return item.recording.size_bytes


class QueueOut(Schema):
    """The queue, longest over first, with how many there are by rule."""

    by_rule: dict[str, int]
    items: list[QueuedOut]


def _name(account: Account | None) -> str | None:
    return account.display_name if account else None
