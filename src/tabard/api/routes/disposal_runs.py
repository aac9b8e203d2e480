"""Disposal runs: the list, what runs did, and a run that stopped itself."""

from uuid import UUID

from ninja import Query

from tabard.api.operations import Operations
from tabard.api.schemas.disposal_runs import (
    ListedOut,
    ListWanted,
    ReleaseIn,
    RunOut,
    RunWithReleasesOut,
    SparedOut,
    SparedWanted,
)
from tabard.api.viewers import Asked
from tabard.kernel.clock import now
from tabard.people.rules import Action
from tabard.retention import releases, sparing
from tabard.retention.models import DisposalRun, ScheduledDisposal, SparedDisposal

disposal_runs = Operations("disposal_runs")
_LAST_RUNS = 100


@disposal_runs.get("/disposal-runs", access=Action.EARLY_DISPOSAL_VIEW, answers=list[RunOut])
def listed(request: Asked) -> list[DisposalRun]:
    """The last hundred runs, newest first."""
    return list(releases.listed(request.auth)[:_LAST_RUNS])


@disposal_runs.get("/scheduled-disposals", access=Action.EARLY_DISPOSAL_VIEW, answers=list[ListedOut])
def scheduled(request: Asked, wanted: Query[ListWanted]) -> list[ScheduledDisposal]:
    """What will be disposed of unless something keeps it, soonest first."""
    return list(releases.on_the_list(request.auth)[: wanted.limit])


@disposal_runs.get("/spared-disposals", access=Action.EARLY_DISPOSAL_VIEW, answers=list[SparedOut])
def spared(request: Asked, wanted: Query[SparedWanted]) -> list[SparedDisposal]:
    """What came off the list when its turn came, newest first, and what kept it then."""
    run = releases.get(request.auth, wanted.disposal_run_id) if wanted.disposal_run_id else None
    return list(sparing.spared(request.auth, run)[: wanted.limit])


@disposal_runs.get(
    "/disposal-runs/{uuid:disposal_run_id}", access=Action.EARLY_DISPOSAL_VIEW, answers=RunWithReleasesOut
)
def one(request: Asked, disposal_run_id: UUID) -> DisposalRun:
    """One run: what it found against what is usual, what it did, and who agreed to it."""
    return releases.get(request.auth, disposal_run_id)


@disposal_runs.post(
    "/disposal-runs/{uuid:disposal_run_id}/approve",
    access=Action.EARLY_DISPOSAL_APPROVE,
    answers=RunWithReleasesOut,
)
def approve(request: Asked, disposal_run_id: UUID, sent: ReleaseIn) -> DisposalRun:
    """Agrees that a run that stopped goes on; once two people did, the next run is that one."""
    return releases.approve(run_id=disposal_run_id, reason=sent.reason, viewer=request.auth, at=now()).run


@disposal_runs.post(
    "/disposal-runs/{uuid:disposal_run_id}/refuse",
    access=Action.EARLY_DISPOSAL_APPROVE,
    answers=RunWithReleasesOut,
)
def refuse(request: Asked, disposal_run_id: UUID, sent: ReleaseIn) -> DisposalRun:
    """Refuses that a run that stopped goes on: one refusal is enough."""
    return releases.refuse(run_id=disposal_run_id, reason=sent.reason, viewer=request.auth, at=now()).run
