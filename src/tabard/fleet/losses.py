"""What is done about a camera that was lost or stolen? A report opens a checklist, which is closed with an outcome.

The report keeps what is known at that moment of what the camera may still hold: when it was last docked, and how many
files were then left on it. What was recorded since, nobody here can know.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from tabard.custody.actors import Actor
from tabard.custody.kinds import EventKind
from tabard.fleet.errors import LossConflict
from tabard.fleet.lives import append_change, hold, move, reason_for
from tabard.fleet.models import Camera, DockedCamera, Loss
from tabard.fleet.states import TRANSITIONS, Change
from tabard.kernel.errors import Invalid, NotFound
from tabard.kernel.text import optional, required
from tabard.people.authorisation import Viewer, check_can, scope
from tabard.people.rules import Action

LONGEST_WORDS = 300
LONGEST_NUMBER = 64

STEPS: Mapping[str, str] = {
    "searched": "The places where it was last seen were searched",
    "supervisor_told": "The wearer's supervisor was told",
    "reported": "A report was made, and its number is entered here",
    "data_protection_told": "The data protection officer was told, to judge whether people are at risk",
    "regulator_considered": "Whether the Information Commissioner must be told within 72 hours was decided",
    "investigators_told": "Investigators whose footage may be on it were told",
    "shut_out": "Its body-worn system or dock was told not to accept it, or to look out for it",
}
"""The checklist. The 72 hours are those of the Data Protection Act 2018, s.67."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the checklist, and what was said when it was done."""

    name: str
    words: str
    done: Mapping[str, str] | None


def steps_of(loss: Loss) -> list[Step]:
    """The checklist as it stands."""
    return [Step(name, words, loss.steps.get(name)) for name, words in STEPS.items()]


def report_loss(
    *, camera: Camera, change: Change, reason: str, report_number: str = "", by: Actor, at: datetime
) -> Loss:
    """The camera is lost or stolen from `at` on, worn by nobody, and the checklist is open.

    A camera that was lost and turns out to be stolen, or the other way round, stays on its open checklist.

    Args:
        camera: Which.
        change: `lose` or `steal`.
        reason: How it went.
        report_number: Of the crime or loss report, where there is one already.
        by: Who reports it.
        at: When, aware.

    Raises:
        Invalid: naming the field.
        CameraStateConflict: it is lost or retired already; the words say what can be done.
        CameraNotWorn: it was given out only at or after `at`.
    """
    if change not in (Change.LOSE, Change.STEAL):
        raise Invalid("A camera is lost or stolen.", field="change")
    transition = TRANSITIONS[change]
    said = reason_for(transition, reason)
    number = optional(report_number, "report_number", LONGEST_NUMBER)
    with transaction.atomic():
        held = hold(camera)
        worn = held.worn
        details = move(held, transition, at)
        loss = camera.losses.filter(closed_at__isnull=True).first() or Loss(camera=held.camera)
        loss.kind = held.camera.kept_state
        loss.reason, loss.report_number = said, number or loss.report_number
        if loss.reported_by == "":
            loss.reported_at, loss.reported_by = at, by.name[:200]
            loss.wearer = worn.officer if worn else None
            _keep_last_docking(loss)
        loss.save()
        details |= {"reason": said, "report_number": number or None, "files_left": loss.files_left}
        append_change(EventKind.CAMERA_LOST, held.camera, details, by=by, at=at)
    return loss


def _keep_last_docking(loss: Loss) -> None:
    """What the last dock saw of the camera; later reports of the dock would take its place."""
    docked = DockedCamera.objects.filter(camera=loss.camera).order_by("-seen_at").first()
    if docked is not None:
        loss.last_docked_at, loss.files_left = docked.seen_at, docked.files


def do_step(*, loss: Loss, step: str, words: str, by: Actor, at: datetime) -> Loss:
    """The step of the checklist was done, in these words; for `reported` they are the report's number.

    Raises:
        Invalid: naming the field.
        LossConflict: the checklist is closed.
    """
    if step not in STEPS:
        raise Invalid("There is no such step.", field="step")
    longest = LONGEST_NUMBER if step == "reported" else LONGEST_WORDS
    said = required(words, "words", longest, missing="Say what was done, or with whom you spoke.")
    with transaction.atomic():
        locked = _open(loss)
        locked.steps[step] = {"at": at.isoformat(), "by": by.name, "words": said}
        if step == "reported":
            locked.report_number = said
        locked.save(update_fields=["steps", "report_number"])
        details = {"loss": str(locked.pk), "step": step, "words": said}
        append_change(EventKind.CAMERA_LOSS_FOLLOWED, locked.camera, details, by=by, at=at)
    return locked


def close_loss(*, loss: Loss, outcome: str, reason: str, by: Actor, at: datetime) -> Loss:
    """The checklist is closed: the camera was found, and is received anew; or it was given up, and stays gone.

    Raises:
        Invalid: naming the field.
        LossConflict: it is closed already; or it is given up before every step was done.
        CameraStateConflict: the camera is not lost or stolen any more.
    """
    if outcome not in Loss.Outcome.values:
        raise Invalid(f"It is one of {', '.join(Loss.Outcome.values)}.", field="outcome")
    said = required(reason, "reason", LONGEST_WORDS, missing="Say how it was found, or why it is given up.")
    with transaction.atomic():
        held = hold(loss.camera)
        locked = _open(loss)
        undone = [each.words for each in steps_of(locked) if each.done is None]
        if outcome == Loss.Outcome.GIVEN_UP and undone:
            raise LossConflict(f"Not everything was done yet: {'; '.join(undone)}.", loss=str(locked.pk))
        details: dict[str, Any] = {"loss": str(locked.pk), "outcome": outcome, "reason": said}
        if outcome == Loss.Outcome.FOUND:
            details |= move(held, TRANSITIONS[Change.FIND], at)
        locked.closed_at, locked.closed_by = at, by.name[:200]
        locked.outcome, locked.closing_reason = outcome, said
        locked.save(update_fields=["closed_at", "closed_by", "outcome", "closing_reason"])
        append_change(EventKind.CAMERA_LOSS_CLOSED, held.camera, details, by=by, at=at)
    return locked


def _open(loss: Loss) -> Loss:
    locked = Loss.objects.select_for_update(of=("self",)).select_related("camera").get(pk=loss.pk)
    if locked.closed_at is not None:
        raise LossConflict("This checklist is closed.", loss=str(locked.pk))
    return locked


def losses(viewer: Viewer) -> QuerySet[Loss]:
    """The losses of cameras that the viewer may see: open ones first, newest first.

    Raises:
        Denied: when the viewer may see no part of the fleet.
    """
    check_can(viewer, Action.FLEET_VIEW)
    seen = scope(viewer, Action.FLEET_VIEW, officer=None, unit="camera__unit_id")
    found = Loss.objects.filter(seen).select_related("camera", "camera__unit", "wearer")
    return found.order_by("closed_at", "-reported_at")


def loss_seen(viewer: Viewer, loss_id: UUID) -> Loss:
    """One of them.

    Raises:
        NotFound: when there is none that the viewer may see.
        Denied: when the viewer may see no part of the fleet.
    """
    found = losses(viewer).filter(pk=loss_id).first()
    if found is None:
        raise NotFound("There is no such loss.", loss=str(loss_id))
    return found
