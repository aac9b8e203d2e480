"""What several people agree to: who asked for it, who agreed, and how far it is."""

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.values import Reason, Sent
from tabard.retention import agreeing
from tabard.retention.quorum import State


class CloseIn(Sent):
    """Why it is refused or withdrawn."""

    reason: Reason


class ApprovalOut(Schema):
    """One person's approval."""

    approved_by: str
    approved_at: datetime

    @staticmethod
    def resolve_approved_by(approval: Any) -> str:
        """The name of who approved."""
        return str(approval.approved_by.display_name)


class SharedDecisionOut(Schema):
    """What was asked for, by whom, who agreed, and how far it is."""

    reason: str
    state: State
    quorum: int = Field(description="How many people it takes, the one who asked included")
    still_missing: int = Field(description="How many more have to approve")
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    closed_reason: str
    approvals: list[ApprovalOut]

    @staticmethod
    def resolve_requested_by(asked: agreeing.Request) -> str:
        """The name of who asked for it."""
        return asked.requested_by.display_name

    @staticmethod
    def resolve_still_missing(asked: agreeing.Request) -> int:
        """How many more have to approve."""
        return agreeing.still_missing(asked)
