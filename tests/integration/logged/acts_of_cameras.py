"""What is done to cameras in their lives."""

from datetime import date

from tests.integration.logged.registry import AT, BY, Call, Stage, act

from tabard.custody.kinds import EventKind as E
from tabard.fleet import desk, issuing, lives, losses, services, stocktaking
from tabard.fleet.issue_rules import Rules
from tabard.fleet.models import Camera, Loss
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


@act("fleet.desk.hand_in", E.CAMERA_RETURNED)
def hand_in(stage: Stage) -> Call:
    camera, viewer = stage.own.camera, stage.viewer
    return lambda: desk.hand_in(viewer=viewer, serial=camera.serial, at=AT) and camera.pk


@act("fleet.desk.take", E.CAMERA_ASSIGNED)
def take(stage: Stage) -> Call:
    camera, viewer, officer = spare(), stage.viewer, stage.own.officer
    services.return_camera(camera=stage.own.camera, by=BY, at=AT)
    return lambda: desk.take(viewer=viewer, officer=officer, serial=camera.serial, at=AT) and camera.pk


@act("fleet.desk.report_fault", E.CAMERA_STATE_CHANGED)
def report_fault_at_the_desk(stage: Stage) -> Call:
    told = {"viewer": stage.viewer, "serial": stage.own.camera.serial, "reason": "Dark", "at": AT}
    return lambda: desk.report_fault(**told).pk


@act("fleet.desk.swap", E.CAMERA_SWAPPED)
def swap_at_the_desk(stage: Stage) -> Call:
    camera, other = stage.own.camera, spare()
    told = {
        "viewer": stage.viewer,
        "serial": camera.serial,
        "other": other.serial,
        "reason": "Dark",
        "at": AT,
    }
    return lambda: desk.swap(**told) and camera.pk


def lost(stage: Stage) -> Loss:
    """The own camera, lost."""
    told = {"change": Change.LOSE, "reason": "In the Thames", "by": BY, "at": AT}
    return losses.report_loss(camera=stage.own.camera, **told)


@act("fleet.losses.report_loss", E.CAMERA_LOST)
def report_loss(stage: Stage) -> Call:
    return lambda: lost(stage).camera_id


@act("fleet.losses.do_step", E.CAMERA_LOSS_FOLLOWED)
def follow_loss(stage: Stage) -> Call:
    loss = lost(stage)
    return lambda: losses.do_step(loss=loss, step="searched", words="The bank", by=BY, at=AT).camera_id


@act("fleet.losses.close_loss", E.CAMERA_LOSS_CLOSED)
def close_loss(stage: Stage) -> Call:
    loss = lost(stage)
    told = {"outcome": "found", "reason": "A diver", "by": BY, "at": AT}
    return lambda: losses.close_loss(loss=loss, **told).camera_id


@act("fleet.stocktaking.begin", E.STOCKTAKE_BEGUN)
def begin_stocktake(stage: Stage) -> Call:
    return lambda: stocktaking.begin(unit=stage.world.hackney, by=BY, at=AT).pk


@act("fleet.stocktaking.close", E.STOCKTAKE_CLOSED)
def close_stocktake(stage: Stage) -> Call:
    return lambda: stocktaking.close(stocktake=stage.world.stocktake, by=BY, at=AT).pk
