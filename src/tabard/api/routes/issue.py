"""Giving cameras out: swaps, the rules of issue, and training."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import File, Query, UploadedFile

from tabard.api.operations import Operations
from tabard.api.routes.imports import answer_to, sent_rows
from tabard.api.routes.named import camera_named, officer_named
from tabard.api.schemas.fleet import (
    AssignmentOut,
    CameraSheet,
    DeskFaultIn,
    DeskFaultOut,
    DeskSwapIn,
    HandInIn,
    RulesShape,
    SwapIn,
    TakeIn,
    TrainingIn,
    TrainingOut,
)
from tabard.api.schemas.imports import ImportOut
from tabard.api.viewers import Asked
from tabard.fleet import desk, issuing, selectors, services
from tabard.fleet.issue_rules import as_json, from_json
from tabard.fleet.models import Assignment, Camera, Training
from tabard.fleet.selectors import CameraDetail
from tabard.fleet.training_import import import_trainings
from tabard.kernel.clock import now
from tabard.people.authorisation import check_can
from tabard.people.rules import Action

issue = Operations("issue")


@issue.post("/cameras/{uuid:camera_id}/swap", access=Action.FLEET_MANAGE, answers=CameraSheet)
def swap(request: Asked, camera_id: UUID, sent: SwapIn) -> CameraDetail:
    """Gives the wearer another camera in place of this one, in one step; answers the other."""
    check_can(request.auth, Action.FLEET_MANAGE)
    services.swap_camera(
        camera=selectors.camera(request.auth, camera_id).row.camera,
        other=camera_named(sent.other, "other"),
        change=sent.change,
        reason=sent.reason,
        by=request.auth.actor,
        at=now(),
    )
    return selectors.camera(request.auth, camera_named(sent.other, "other").id)


@issue.post("/kiosk/hand-in", access=Action.KIOSK_USE, answers=AssignmentOut)
def hand_in(request: Asked, sent: HandInIn) -> Assignment:
    """Takes a camera of your desk's unit back, by its serial number alone."""
    return desk.hand_in(viewer=request.auth, serial=sent.camera, at=now())


@issue.post("/kiosk/take", access=Action.KIOSK_USE, answers=AssignmentOut)
def take(request: Asked, sent: TakeIn) -> Assignment:
    """Gives an officer a camera of your desk's unit, or the best of its pool."""
    officer = officer_named(sent.officer, "officer")
    return desk.take(viewer=request.auth, officer=officer, serial=sent.camera, at=now())


@issue.post("/kiosk/fault", access=Action.KIOSK_USE, answers=DeskFaultOut)
def fault(request: Asked, sent: DeskFaultIn) -> Camera:
    """Notes that a camera of your desk's unit is faulty; nobody wears it then."""
    return desk.report_fault(viewer=request.auth, serial=sent.camera, reason=sent.reason, at=now())


@issue.post("/kiosk/swap", access=Action.KIOSK_USE, answers=AssignmentOut)
def desk_swap(request: Asked, sent: DeskSwapIn) -> Assignment:
    """Gives whoever has a faulty camera another of your desk's unit, or the best of its pool."""
    return desk.swap(viewer=request.auth, serial=sent.camera, other=sent.other, reason=sent.reason, at=now())


@issue.get("/issue-rules", access=Action.FLEET_MANAGE, answers=RulesShape)
def rules(request: Asked) -> dict[str, Any]:
    """The rules by which cameras are given out."""
    check_can(request.auth, Action.FLEET_MANAGE)
    return as_json(issuing.rules_in_force())


@issue.put("/issue-rules", access=Action.FLEET_MANAGE, answers=RulesShape)
def change_rules(request: Asked, sent: RulesShape) -> dict[str, Any]:
    """Puts other rules into force."""
    check_can(request.auth, Action.FLEET_MANAGE)
    issuing.change_rules(rules=from_json(sent.model_dump()), by=request.auth.actor, at=now())
    return as_json(issuing.rules_in_force())


@issue.post("/trainings", access=Action.FLEET_MANAGE, answers=TrainingOut, status=201)
def record_training(request: Asked, sent: TrainingIn) -> Training:
    """Records that an officer was trained for a duty."""
    check_can(request.auth, Action.FLEET_MANAGE)
    return issuing.record_training(
        officer=officer_named(sent.officer, "officer"),
        duty=sent.duty,
        trained_date=sent.trained_date,
        expires_date=sent.expires_date,
        by=request.auth.actor,
        at=now(),
    )


@issue.post("/trainings/import", access=Action.FLEET_MANAGE, answers=ImportOut)
def import_file(
    request: Asked,
    file: File[UploadedFile],
    dry_run: Query[bool] = False,  # noqa: FBT002 - a parameter of the address
    good_only: Query[bool] = False,  # noqa: FBT002 - the same
) -> ImportOut | HttpResponse:
    """Records every training of a CSV file; where rows are at fault none (a 422), or, if asked, the good ones."""
    check_can(request.auth, Action.FLEET_MANAGE)
    report = import_trainings(
        rows_csv=sent_rows(file), by=request.auth.actor, at=now(), dry_run=dry_run, good_only=good_only
    )
    return answer_to(report)
