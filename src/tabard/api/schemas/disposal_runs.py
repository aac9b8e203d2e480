"""Disposal runs: what is on the list, what runs found and did, and who agreed that one that stopped goes on."""

from datetime import datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.shared_decisions import SharedDecisionOut
from tabard.api.schemas.values import Reason, Sent
from tabard.retention import releases
from tabard.retention.models import DisposalRun, RunRelease
from tabard.retention.under_way import state_of


class ReleaseIn(Sent):
    """What whoever agrees looked at, or why it is refused."""

    reason: Reason


class ListWanted(Sent):
    """How much of the list."""

    limit: int = Field(100, ge=1, le=1_000)


class ListedOut(Schema):
    """A recording that will be disposed of unless something keeps it."""

    recording_id: UUID
    rule: str
    size_bytes: int
    due_at: datetime
    scheduled_at: datetime
    executes_at: datetime


class SparedWanted(ListWanted):
    """Which of what came off the list, and how much of it."""

    disposal_run_id: UUID | None = None


class SparedOut(Schema):
    """A recording that came off the list when its turn came, and what kept it then."""

    recording_id: UUID
    run_id: UUID
    at: datetime
    reason: str


class RunOut(Schema):
    """One disposal run; `stop_reason` says what stopped it, if anything did."""

    id: UUID
    as_of: datetime
    started_at: datetime
    started_by: str
    ended_at: datetime | None
    state: DisposalRun.State
    stop_reason: str
    policy_version: str
    to_schedule: int = Field(description="How many it found to put on the list")
    to_dispose: int = Field(description="How many it found on the list whose turn it was")
    size_bytes: int
    usually_scheduled: int
    usually_disposed: int
    found_by_rule: dict[str, int]
    scheduled: int
    disposed: int
    spared: int
    disposed_by_rule: dict[str, int]

    @staticmethod
    def resolve_state(run: DisposalRun) -> DisposalRun.State:
        """A run that was killed does not say that it runs."""
        return state_of(run)


class RunWithReleasesOut(RunOut):
    """One disposal run, and what was asked and agreed to about it, newest first."""

    releases: list[SharedDecisionOut]

    @staticmethod
    def resolve_releases(run: DisposalRun) -> list[RunRelease]:
        """What was asked and agreed to."""
        return releases.releases_of(run)
