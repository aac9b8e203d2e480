"""Why recordings are kept, what holds them, and what falls due."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Query

from tabard.api.operations import Operations
from tabard.api.routes.recordings import looked_at
from tabard.api.schemas.retention import DueOut, HoldIn, HoldOut, KeptOut, PlanOut, PlanWanted, ReleaseIn
from tabard.api.viewers import Asked
from tabard.kernel.clock import now
from tabard.kernel.errors import NotFound
from tabard.people.rules import Action
from tabard.recordings import selectors as recordings
from tabard.recordings.models import Recording
from tabard.retention import selectors, services
from tabard.retention.models import Disposal, Hold
from tabard.retention.policy import default_policy
from tabard.retention.rules import Decision

retention = Operations("retention")


@retention.get("/recordings/{uuid:recording_id}/retention", access=Action.RECORDING_VIEW, answers=KeptOut)
def kept(request: Asked, recording_id: UUID) -> dict[str, Any]:
    """Why and until when a recording is kept, with its holds; the look is in the custody log."""
    recording = looked_at(request, recording_id)
    decision = selectors.decision(request.auth, recording)
    holds = selectors.holds_of(request.auth, recording)
    disposal = Disposal.objects.filter(recording=recording).first()
    return {"decision": decision, "holds": holds, "disposal": disposal}


@retention.post(
    "/recordings/{uuid:recording_id}/holds", access=Action.HOLD_PLACE, answers=HoldOut, status=201
)
def place(request: Asked, recording_id: UUID, sent: HoldIn) -> Hold:
    """Places a hold: the recording cannot be disposed of until it is released."""
    recording = recordings.get(request.auth, recording_id, Action.HOLD_PLACE)
    hold = services.place_hold(
        recording=recording, kind=sent.kind.value, reason=sent.reason, viewer=request.auth, at=now()
    )
    return _hold(hold.id)


@retention.post("/holds/{uuid:hold_id}/release", access=Action.HOLD_PLACE, answers=HoldOut)
def release(request: Asked, hold_id: UUID, sent: ReleaseIn) -> Hold:
    """Releases a hold; other holds, links and exhibits may still keep the recording."""
    services.release_hold(hold=_hold(hold_id), reason=sent.reason, viewer=request.auth, at=now())
    return _hold(hold_id)


@retention.get("/retention/plan", access=Action.RETENTION_VIEW, answers=PlanOut)
def plan(request: Asked, wanted: Query[PlanWanted]) -> PlanOut:  # noqa: ARG001 - every operation is given its request
    """What a disposal run would dispose of now, or at the time `as_of`; asking changes nothing."""
    at: datetime = wanted.as_of or now()
    planned, policy = services.plan(as_of=at), default_policy()
    return PlanOut(
        as_of=at,
        policy=policy.name,
        policy_version=policy.version,
        due_count=len(planned.due),
        due_size_bytes=planned.size_bytes,
        by_rule=planned.by_rule,
        due=[_due(recording, decision) for recording, decision in planned.due[: wanted.limit]],
    )


def _due(recording: Recording, decision: Decision) -> DueOut:
    return DueOut(
        recording_id=recording.id,
        source_name=recording.source_name,
        started_at=recording.started_at,
        size_bytes=recording.size_bytes,
        rule=decision.rule,
        reason=decision.reason,
        due_at=decision.due_at,
    )


def _hold(hold_id: UUID) -> Hold:
    found = Hold.objects.select_related("recording", "placed_by").filter(id=hold_id).first()
    if found is None:
        raise NotFound("There is no such hold.", hold=str(hold_id))
    return found
