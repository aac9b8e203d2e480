"""Why recordings are kept, what holds them, and what falls due."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Query

from tabard.api.operations import Operations
from tabard.api.routes.recordings import looked_at
from tabard.api.schemas.custody import EventOut
from tabard.api.schemas.retention import DueOut, KeptOut, PlanOut, PlanWanted
from tabard.api.viewers import Asked
from tabard.kernel.clock import now
from tabard.people.rules import Action
from tabard.recordings.models import Recording
from tabard.retention import hold_views, policies, selectors, services
from tabard.retention.chain import chain
from tabard.retention.models import Disposal
from tabard.retention.rules import Decision

retention = Operations("retention")


@retention.get("/recordings/{uuid:recording_id}/retention", access=Action.RECORDING_VIEW, answers=KeptOut)
def kept(request: Asked, recording_id: UUID) -> dict[str, Any]:
    """Why and until when a recording is kept, with its holds; the look is in the custody log."""
    recording = looked_at(request, recording_id)
    decision = selectors.decision(request.auth, recording, now())
    holds = hold_views.of_recording(request.auth, recording)
    disposal = Disposal.objects.filter(recording=recording).first()
    events = EventOut.all_of(chain(request.auth, recording, now()))
    return {"decision": decision, "holds": holds, "disposal": disposal, "chain": events}


@retention.get("/retention/plan", access=Action.RETENTION_VIEW, answers=PlanOut)
def plan(request: Asked, wanted: Query[PlanWanted]) -> PlanOut:  # noqa: ARG001 - every operation is given its request
    """What a disposal run would dispose of now, or at the time `as_of`; asking changes nothing."""
    at: datetime = wanted.as_of or now()
    planned, policy = services.plan(as_of=at), policies.current(at)
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
