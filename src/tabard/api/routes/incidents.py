"""Incidents of other systems, and which footage shows them."""

from typing import Any
from uuid import UUID

from ninja import Query

from tabard.api.keyset import newest_first
from tabard.api.operations import Operations
from tabard.api.routes.named import unit_named
from tabard.api.schemas.incidents import (
    IncidentIn,
    IncidentOut,
    IncidentSheet,
    IncidentsOut,
    IncidentsWanted,
    LinkIn,
    LinkOut,
    OutcomeIn,
    OutcomeOut,
    UnlinkIn,
)
from tabard.api.viewers import Asked
from tabard.incidents import outcomes, selectors, services
from tabard.incidents.models import Incident, Link, Outcome
from tabard.kernel.clock import now
from tabard.people.rules import Action
from tabard.recordings import selectors as recordings

incidents = Operations("incidents")


@incidents.get("/incidents", access=Action.INCIDENT_VIEW, answers=IncidentsOut)
def listed(request: Asked, wanted: Query[IncidentsWanted]) -> dict[str, Any]:
    """The incidents that you may see, newest first."""
    rows = selectors.incidents(request.auth, wanted.words)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind.value)
    page = newest_first(rows, by="start_at", cursor=wanted.cursor)
    return {"incidents": page.rows, "next_cursor": page.next_cursor}


@incidents.post("/incidents", access=Action.INCIDENT_RECORD, answers=IncidentOut, status=201)
def record(request: Asked, sent: IncidentIn) -> Incident:
    """Makes an incident known here by its reference in the system that owns it."""
    return services.record(
        kind=sent.kind.value,
        reference=sent.reference,
        title=sent.title,
        start_at=sent.start_at,
        end_at=sent.end_at,
        place=sent.place,
        unit=unit_named(sent.unit_id),
        viewer=request.auth,
        at=now(),
    )


@incidents.get(
    "/incidents/{uuid:incident_id}", access=Action.INCIDENT_VIEW, answers=IncidentSheet, takes_reason=True
)
def read(request: Asked, incident_id: UUID) -> dict[str, Any]:
    """One incident with the footage that shows it and the exhibits produced for it; the look is in the custody log."""
    incident = selectors.incident(request.auth, incident_id)
    services.record_view(incident=incident, viewer=request.auth, at=now(), reason=request.reason)
    return {
        "incident": incident,
        "outcomes": incident.outcomes.select_related("stated_by"),
        "recordings": selectors.links(request.auth, incident).select_related("recording__camera"),
        "exhibits": selectors.exhibits(request.auth).filter(incident=incident),
    }


@incidents.post(
    "/incidents/{uuid:incident_id}/outcomes", access=Action.OUTCOME_STATE, answers=OutcomeOut, status=201
)
def state_outcome(request: Asked, incident_id: UUID, sent: OutcomeIn) -> Outcome:
    """States how the incident ended, or that it is open again; its footage is kept accordingly."""
    return outcomes.state(
        incident=selectors.incident(request.auth, incident_id),
        kind=sent.kind.value,
        decided_date=sent.decided_date,
        in_custody=sent.in_custody,
        release_date=sent.release_date,
        reason=sent.reason,
        viewer=request.auth,
        at=now(),
    )


@incidents.post(
    "/incidents/{uuid:incident_id}/recordings", access=Action.INCIDENT_LINK, answers=LinkOut, status=201
)
def link(request: Asked, incident_id: UUID, sent: LinkIn) -> Link:
    """Links a recording to the incident; the link holds the recording from disposal."""
    return services.link(
        recording=recordings.get(request.auth, sent.recording_id, Action.INCIDENT_LINK),
        incident=selectors.incident(request.auth, incident_id),
        viewer=request.auth,
        at=now(),
        reason=sent.reason,
    )


@incidents.post(
    "/incidents/{uuid:incident_id}/recordings/{uuid:recording_id}/unlink",
    access=Action.INCIDENT_LINK,
    answers=None,
    status=204,
)
def unlink(request: Asked, incident_id: UUID, recording_id: UUID, sent: UnlinkIn) -> None:
    """Takes back a link that was wrong; that it was there stays in the custody log."""
    services.unlink(
        recording=recordings.get(request.auth, recording_id, Action.INCIDENT_LINK),
        incident=selectors.incident(request.auth, incident_id),
        viewer=request.auth,
        at=now(),
        reason=sent.reason,
    )
