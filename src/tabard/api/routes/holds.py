"""What keeps footage whatever its period says: placed, looked at again, handed over, released."""

from typing import Any
from uuid import UUID

from ninja import Query

from tabard.api.operations import Operations
from tabard.api.schemas.holds import (
    CoveredOut,
    CoveredWanted,
    HandOverIn,
    HoldIn,
    HoldOut,
    HoldsWanted,
    HoldWanted,
    OfficerHoldIn,
    RehearsalOut,
    ReviewIn,
)
from tabard.api.schemas.retention import ReleaseIn
from tabard.api.viewers import Asked
from tabard.incidents import selectors as incidents
from tabard.kernel.clock import now
from tabard.kernel.errors import Invalid, NotFound
from tabard.people.authorisation import Viewer
from tabard.people.models import Account, Officer
from tabard.people.rules import Action
from tabard.recordings import selectors as recordings
from tabard.recordings.models import Recording
from tabard.retention import hold_views, keeping
from tabard.retention import holds as services
from tabard.retention.holds import Held, OfficerPeriod
from tabard.retention.models import Hold

holds = Operations("holds")


@holds.get("/holds", access=Action.HOLD_VIEW, answers=list[HoldOut])
def listed(request: Asked, wanted: Query[HoldsWanted]) -> list[Hold]:
    """The holds that you may see, those in force first, soonest review first."""
    narrowed = hold_views.HoldFilter(
        standing=wanted.standing,
        kind=wanted.kind.value if wanted.kind else "",
        scope=wanted.scope.value if wanted.scope else "",
        owner=wanted.owner,
    )
    found = hold_views.holds(request.auth, now(), narrowed)
    return list(found[wanted.offset : wanted.offset + wanted.limit])


@holds.get("/holds/{uuid:hold_id}", access=Action.HOLD_VIEW, answers=HoldOut)
def one(request: Asked, hold_id: UUID) -> Hold:
    """One hold, with what it covers and who answers for it."""
    return hold_views.get(request.auth, hold_id)


@holds.get("/holds/{uuid:hold_id}/recordings", access=Action.HOLD_VIEW, answers=list[CoveredOut])
def covered(request: Asked, hold_id: UUID, wanted: Query[CoveredWanted]) -> list[Recording]:
    """What a hold covers now, newest first; those disposed of are among them."""
    found = keeping.covered(hold_views.get(request.auth, hold_id)).order_by("-filmed_at", "-id")
    return list(found[wanted.offset : wanted.offset + wanted.limit])


@holds.post("/holds/rehearsal", access=Action.HOLD_PLACE, answers=RehearsalOut)
def rehearse(request: Asked, sent: HoldWanted) -> hold_views.Rehearsal:
    """What a hold would cover, and what of it would go when without it; changes nothing."""
    on = _held(request.auth, sent)
    return hold_views.rehearse(on=on, kind=sent.kind.value, viewer=request.auth, at=now())


@holds.post("/recordings/{uuid:recording_id}/holds", access=Action.HOLD_PLACE, answers=HoldOut, status=201)
def place(request: Asked, recording_id: UUID, sent: HoldIn) -> Hold:
    """Places a hold on a recording: it cannot be disposed of until the hold is released."""
    return _placed(request, recordings.get(request.auth, recording_id, Action.HOLD_PLACE), sent)


@holds.post("/incidents/{uuid:incident_id}/holds", access=Action.HOLD_PLACE, answers=HoldOut, status=201)
def place_on_incident(request: Asked, incident_id: UUID, sent: HoldIn) -> Hold:
    """Places a hold on whatever is linked to an incident, now or later."""
    return _placed(request, incidents.incident(request.auth, incident_id), sent)


@holds.post("/officers/{uuid:officer_id}/holds", access=Action.HOLD_PLACE, answers=HoldOut, status=201)
def place_on_officer(request: Asked, officer_id: UUID, sent: OfficerHoldIn) -> Hold:
    """Places a hold on whatever an officer may have filmed on some days, whenever it comes in."""
    return _placed(request, OfficerPeriod(_officer(officer_id), sent.from_date, sent.to_date), sent)


@holds.post("/holds/{uuid:hold_id}/review", access=Action.HOLD_PLACE, answers=HoldOut)
def review(request: Asked, hold_id: UUID, sent: ReviewIn) -> Hold:
    """Keeps a hold on; its owner is asked again on the review date."""
    hold = hold_views.get(request.auth, hold_id)
    services.review(
        hold=hold, review_date=sent.review_date, reason=sent.reason, viewer=request.auth, at=now()
    )
    return hold_views.get(request.auth, hold_id)


@holds.post("/holds/{uuid:hold_id}/hand-over", access=Action.HOLD_PLACE, answers=HoldOut)
def hand_over(request: Asked, hold_id: UUID, sent: HandOverIn) -> Hold:
    """Hands a hold over to another owner, who is asked from now on."""
    hold = hold_views.get(request.auth, hold_id)
    owner = Account.objects.filter(username=sent.owner.lower()).first()
    if owner is None:
        raise Invalid("Nobody has this user name.", field="owner")
    services.hand_over(hold=hold, owner=owner, reason=sent.reason, viewer=request.auth, at=now())
    return hold_views.get(request.auth, hold_id)


@holds.post("/holds/{uuid:hold_id}/release", access=Action.HOLD_PLACE, answers=HoldOut)
def release(request: Asked, hold_id: UUID, sent: ReleaseIn) -> Hold:
    """Releases a hold; other holds, links and exhibits may still keep what it covered."""
    hold = hold_views.get(request.auth, hold_id)
    services.release(hold=hold, reason=sent.reason, viewer=request.auth, at=now())
    return hold_views.get(request.auth, hold_id)


def _placed(request: Asked, on: Held, sent: HoldIn) -> Hold:
    placed = services.place(
        on=on,
        kind=sent.kind.value,
        reason=sent.reason,
        review_date=sent.review_date,
        viewer=request.auth,
        at=now(),
    )
    return hold_views.get(request.auth, placed.id)


def _held(viewer: Viewer, sent: HoldWanted) -> Held:
    """What the rehearsal is of.

    Raises:
        Invalid: when it is not exactly one thing.
    """
    named: list[Any] = [sent.recording_id, sent.incident_id, sent.officer_id]
    if sum(each is not None for each in named) != 1:
        raise Invalid("Name one recording, one incident or one officer.", field="recording_id")
    if sent.recording_id is not None:
        return recordings.get(viewer, sent.recording_id, Action.HOLD_PLACE)
    if sent.incident_id is not None:
        return incidents.incident(viewer, sent.incident_id)
    if sent.from_date is None or sent.to_date is None:
        raise Invalid("Say from which day to which.", field="from_date")
    return OfficerPeriod(_officer(named[2]), sent.from_date, sent.to_date)


def _officer(officer_id: UUID) -> Officer:
    found = Officer.objects.filter(id=officer_id).first()
    if found is None:
        raise NotFound("There is no such officer.", officer=str(officer_id))
    return found
