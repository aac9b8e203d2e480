"""Disposal of recordings before their period ends: what is asked for, by whom, and who agreed."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from tabard.api.schemas.shared_decisions import SharedDecisionOut
from tabard.api.schemas.values import Reason, Sent
from tabard.retention.models import EarlyDisposal


class EarlyDisposalIn(Sent):
    """What in law requires the disposal, and what was ordered or found, with its reference."""

    basis: EarlyDisposal.Basis
    reason: Reason
    at_once: bool = Field(
        False, description="Whether the law allows no days of grace after the last approval"
    )


class ApproveIn(Sent):
    """The second confirmation."""

    understood: Literal[True] = Field(description="True: the basis was checked, and this cannot be undone")


class EarlyDisposalOut(SharedDecisionOut):
    """A request that a recording be disposed of early, and how far it is."""

    id: UUID
    recording_id: UUID
    basis: EarlyDisposal.Basis
    at_once: bool
    executes_at: datetime | None = Field(description="When it goes; null until all have approved")
