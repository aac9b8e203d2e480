"""Disposal before a period ends: asked for by one person, approved by others, or refused."""

from uuid import UUID

from tabard.api.operations import Operations
from tabard.api.routes.recordings import looked_at
from tabard.api.schemas.early_disposals import ApproveIn, EarlyDisposalIn, EarlyDisposalOut
from tabard.api.schemas.shared_decisions import CloseIn
from tabard.api.viewers import Asked
from tabard.kernel.clock import now
from tabard.people.rules import Action
from tabard.recordings import selectors as recordings
from tabard.retention import early_disposal as early
from tabard.retention.models import EarlyDisposal

early_disposals = Operations("early_disposals")


@early_disposals.get("/early-disposals", access=Action.EARLY_DISPOSAL_VIEW, answers=list[EarlyDisposalOut])
def listed(request: Asked) -> list[EarlyDisposal]:
    """The requests, those that wait for a decision first."""
    return early.listed(request.auth)


@early_disposals.post(
    "/recordings/{uuid:recording_id}/early-disposals",
    access=Action.EARLY_DISPOSAL_REQUEST,
    answers=EarlyDisposalOut,
    status=201,
)
def ask(request: Asked, recording_id: UUID, sent: EarlyDisposalIn) -> EarlyDisposal:
    """Asks that a recording be disposed of before its period ends; nothing happens until others approve."""
    recording = recordings.get(request.auth, recording_id, Action.EARLY_DISPOSAL_REQUEST)
    asked = early.request(
        recording=recording,
        basis=sent.basis.value,
        reason=sent.reason,
        at_once=sent.at_once,
        viewer=request.auth,
        at=now(),
    )
    return early.get(request.auth, asked.id)


@early_disposals.get(
    "/early-disposals/{uuid:request_id}", access=Action.EARLY_DISPOSAL_VIEW, answers=EarlyDisposalOut
)
def one(request: Asked, request_id: UUID) -> EarlyDisposal:
    """One request; the look at its recording is in the custody log."""
    asked = early.get(request.auth, request_id)
    looked_at(request, asked.recording_id)
    return asked


@early_disposals.post(
    "/early-disposals/{uuid:request_id}/approve",
    access=Action.EARLY_DISPOSAL_APPROVE,
    answers=EarlyDisposalOut,
)
def approve(request: Asked, request_id: UUID, sent: ApproveIn) -> EarlyDisposal:  # noqa: ARG001 - read by its schema
    """Approves; after the last approval and the days of grace, if there are any, the keys are destroyed."""
    early.agree(request_id=request_id, viewer=request.auth, at=now())
    return early.get(request.auth, request_id)


@early_disposals.post(
    "/early-disposals/{uuid:request_id}/refuse",
    access=Action.EARLY_DISPOSAL_APPROVE,
    answers=EarlyDisposalOut,
)
def refuse(request: Asked, request_id: UUID, sent: CloseIn) -> EarlyDisposal:
    """Refuses: one refusal is enough."""
    early.refuse(request_id=request_id, reason=sent.reason, viewer=request.auth, at=now())
    return early.get(request.auth, request_id)


@early_disposals.post(
    "/early-disposals/{uuid:request_id}/withdraw",
    access=Action.EARLY_DISPOSAL_REQUEST,
    answers=EarlyDisposalOut,
)
def withdraw(request: Asked, request_id: UUID, sent: CloseIn) -> EarlyDisposal:
    """Withdraws what one asked for oneself."""
    early.withdraw(request_id=request_id, reason=sent.reason, viewer=request.auth, at=now())
    return early.get(request.auth, request_id)
