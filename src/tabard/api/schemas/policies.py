"""Retention policies: the versions that were proposed, and what another would change."""

from datetime import datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.shared_decisions import SharedDecisionOut
from tabard.api.schemas.values import Instant, Reason, Sent, Sha256, Words
from tabard.retention.models import PolicyVersion
from tabard.retention.what_if import Shift


class PolicyTextIn(Sent):
    """A policy file."""

    text: Words


class PolicyIn(PolicyTextIn):
    """A policy that is proposed, why, and from when on where that is not as soon as may be."""

    reason: Reason
    not_before: Instant | None = None


class PolicyOut(Schema):
    """The policy in force; `id` is null while it is the one that ships with Tabard."""

    id: UUID | None
    name: str
    version: str
    sha256: Sha256
    effective_at: datetime | None
    text: str


class PolicyVersionOut(SharedDecisionOut):
    """A policy that was proposed; `effective_at` is from when on, or the earliest that was asked for."""

    id: UUID
    name: str
    version: str
    sha256: Sha256
    effective_at: datetime | None

    @staticmethod
    def resolve_sha256(found: PolicyVersion) -> str:
        """Of its text, in hex."""
        return bytes(found.sha256).hex()


class PolicyVersionWithTextOut(PolicyVersionOut):
    """A policy that was proposed, with its text."""

    text: str


class ChangeOut(Schema):
    """A class of footage, or a setting, and what each policy says of it."""

    what: str
    before: str
    after: str
    shortens: bool = Field(description="Whether anything may go sooner")


class TotalsOut(Schema):
    """What would be due under one policy."""

    due: int
    held: int
    size_bytes: int
    by_rule: dict[str, int]


class WhatIfOut(Schema):
    """The policy in force beside another, over every recording, as of now. Nothing changes by asking."""

    as_of: datetime
    version: str
    effective_at: datetime = Field(description="From when it would be in force, were it adopted now")
    changes: list[ChangeOut]
    before: TotalsOut
    after: TotalsOut
    shifts: dict[Shift, int] = Field(description="How many recordings' ends move, and how")
    at_once: int = Field(description="How many would be due now that are not under the policy in force")
    saved: int = Field(description="How many are due now and would not be")
