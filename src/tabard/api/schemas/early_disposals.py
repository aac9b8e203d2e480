"""Disposal of recordings before their period ends: what is asked for, by whom, and who agreed."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.values import Reason, Sent
from tabard.retention import early_disposal
from tabard.retention.models import EarlyDisposal, EarlyDisposalApproval
from tabard.retention.quorum import State


class EarlyDisposalIn(Sent):
    """What in law requires the disposal, and what was ordered or found, with its reference."""

    basis: EarlyDisposal.Basis
    reason: Reason


class ApproveIn(Sent):
    """The second confirmation."""

    understood: Literal[True] = Field(description="True: the basis was checked, and this cannot be undone")


class CloseIn(Sent):
    """Why a request is refused or withdrawn."""

    reason: Reason


class ApprovalOut(Schema):
    """One person's approval."""

    approved_by: str
    approved_at: datetime

    @staticmethod
    def resolve_approved_by(approval: EarlyDisposalApproval) -> str:
        """The name of who approved."""
        return approval.approved_by.display_name


class EarlyDisposalOut(Schema):
    """A request that a recording be disposed of early, and how far it is."""

    id: UUID
    recording_id: UUID
    basis: EarlyDisposal.Basis
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
    def resolve_requested_by(asked: EarlyDisposal) -> str:
        """The name of who asked for it."""
        return asked.requested_by.display_name

    @staticmethod
    def resolve_still_missing(asked: EarlyDisposal) -> int:
        """How many more have to approve."""
        return early_disposal.still_missing(asked)
