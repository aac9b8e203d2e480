"""What is done to cameras in their lives."""

from datetime import date

from tests.integration.logged.registry import AT, BY, Call, Stage, act

from tabard.custody.kinds import EventKind as E
from tabard.fleet import issuing, lives, services
from tabard.fleet.issue_rules import Rules
from tabard.fleet.models import Camera
from tabard.fleet.states import Change


def spare(serial: str = "SPARE-1", **told: object) -> Camera:
    """A camera that nobody has."""
    facts = {"make": "Axis", "model": "W120", "mount": "chest", "unit": None, **told}
    return services.receive_camera(serial=serial, **facts, by=BY, at=AT)


@act("fleet.services.order_camera", E.CAMERA_ORDERED)
def order(stage: Stage) -> Call:
    facts = {"serial": "NEW-1", "make": "Axis", "model": "W120", "mount": "chest", "unit": None}
    return lambda: services.order_camera(**facts, by=BY, at=AT).pk


@act("fleet.services.receive_camera#ordered", E.CAMERA_RECEIVED)
def receive_an_ordered_one(stage: Stage) -> Call:
    facts = {"serial": "NEW-1", "make": "Axis", "model": "W120", "mount": "chest", "unit": None}
    services.order_camera(**facts, by=BY, at=AT)
    return lambda: services.receive_camera(**facts, by=BY, at=AT).pk


@act("fleet.lives.change_state", E.CAMERA_STATE_CHANGED)
def change(stage: Stage) -> Call:
    camera = stage.own.camera
    return lambda: (
        lives.change_state(camera=camera, change=Change.REPORT_FAULT, reason="Cracked", by=BY, at=AT).pk
    )


@act("fleet.lives.describe_camera", E.CAMERA_DESCRIBED)
def describe(stage: Stage) -> Call:
    camera, told = stage.own.camera, lives.Description("head", None, firmware="11.8")
    return lambda: lives.describe_camera(camera=camera, told=told, by=BY, at=AT).pk


@act("fleet.services.swap_camera", E.CAMERA_SWAPPED)
def swap(stage: Stage) -> Call:
    camera, other = stage.own.camera, spare()
    told = {"change": Change.REPORT_FAULT, "reason": "Cracked", "by": BY, "at": AT}
    return lambda: services.swap_camera(camera=camera, other=other, **told) and camera.pk


@act("fleet.issuing.change_rules", E.ISSUE_RULES_CHANGED)
def change_rules(stage: Stage) -> Call:
    return lambda: issuing.change_rules(rules=Rules(must_be_trained=True), by=BY, at=AT) and None


@act("fleet.issuing.record_training", E.OFFICER_TRAINED)
def train(stage: Stage) -> Call:
    officer, day = stage.own.officer, date(2026, 3, 2)
    told = {"duty": "General", "trained_date": day, "by": BY, "at": AT}
    return lambda: issuing.record_training(officer=officer, **told) and officer.pk
