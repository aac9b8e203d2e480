"""Cameras that were lost or stolen, and what is done about them."""

from uuid import UUID

from django.db.models import QuerySet

from tabard.api.operations import Operations
from tabard.api.schemas.losses import CloseIn, LossIn, LossOut, StepIn
from tabard.api.viewers import Asked
from tabard.fleet import losses as services
from tabard.fleet import selectors
from tabard.fleet.models import Loss
from tabard.kernel.clock import now
from tabard.people.authorisation import check_can
from tabard.people.rules import Action

MOST_LOSSES = 1000

losses = Operations("losses")


@losses.get("/losses", access=Action.FLEET_VIEW, answers=list[LossOut])
def listed(request: Asked) -> QuerySet[Loss]:
    """The cameras that are gone or were, open checklists first."""
    return services.losses(request.auth)[:MOST_LOSSES]


@losses.post("/cameras/{uuid:camera_id}/loss", access=Action.FLEET_MANAGE, answers=LossOut)
def report(request: Asked, camera_id: UUID, sent: LossIn) -> Loss:
    """Reports a camera lost or stolen: nobody wears it from now on, and a checklist is open."""
    check_can(request.auth, Action.FLEET_MANAGE)
    camera = selectors.camera(request.auth, camera_id).row.camera
    return services.report_loss(
        camera=camera,
        change=sent.change,
        reason=sent.reason,
        report_number=sent.report_number,
        by=request.auth.actor,
        at=now(),
    )


@losses.post("/losses/{uuid:loss_id}/steps", access=Action.FLEET_MANAGE, answers=LossOut)
def follow(request: Asked, loss_id: UUID, sent: StepIn) -> Loss:
    """Notes that a step of the checklist was done."""
    check_can(request.auth, Action.FLEET_MANAGE)
    loss = services.loss_seen(request.auth, loss_id)
    return services.do_step(loss=loss, step=sent.step, words=sent.words, by=request.auth.actor, at=now())


@losses.post("/losses/{uuid:loss_id}/close", access=Action.FLEET_MANAGE, answers=LossOut)
def close(request: Asked, loss_id: UUID, sent: CloseIn) -> Loss:
    """Closes the checklist: the camera was found, or is given up."""
    check_can(request.auth, Action.FLEET_MANAGE)
    loss = services.loss_seen(request.auth, loss_id)
    return services.close_loss(
        loss=loss, outcome=sent.outcome, reason=sent.reason, by=request.auth.actor, at=now()
    )
