"""What is done to people, cameras, incidents and the log itself."""

from io import StringIO

from tests.integration.api.access_world import PASSWORD
from tests.integration.logged.registry import AT, BY, Call, Stage, act

from tabard.custody import receipts
from tabard.custody.adapters import log_signer, whole
from tabard.custody.kinds import EventKind as E
from tabard.custody.models import Event
from tabard.custody.sequencer import sign_checkpoint
from tabard.custody.signing.changes import KeyChange, retire_key, rotate_key
from tabard.fleet import services as fleet
from tabard.fleet.importing import import_cameras
from tabard.fleet.training_import import import_trainings
from tabard.incidents import exhibits, log_reading, outcomes
from tabard.incidents import services as incidents
from tabard.kernel.errors import Denied
from tabard.people import services as people
from tabard.people import sign_in
from tabard.people.importing import import_officers
from tabard.people.leaving import officer_left
from tabard.people.refusals import record_refusal
from tabard.people.rules import Role


@act("people.services.create_unit", E.UNIT_CREATED)
def create_unit(stage: Stage) -> Call:
    return lambda: (
        people.create_unit(kind="team", code="T1", name="Team", parent=stage.world.lambeth, by=BY, at=AT).pk
    )


@act("people.services.enrol_officer", E.OFFICER_ENROLLED)
def enrol_officer(stage: Stage) -> Call:
    return lambda: (
        people.enrol_officer(
            given_name="New",
            family_name="Comer",
            rank="PC",
            warrant_number="W9",
            shoulder_number="909LX",
            unit=stage.world.lambeth,
            by=BY,
            at=AT,
        ).pk
    )


@act("people.services.post_officer", E.OFFICER_POSTED)
def post_officer(stage: Stage) -> Call:
    def call():
        people.post_officer(officer=stage.own.officer, unit=stage.world.hackney, by=BY, at=AT)
        return stage.own.officer.pk

    return call


@act("people.services.create_account", E.ACCOUNT_CREATED)
def create_account(stage: Stage) -> Call:
    return lambda: (
        people.create_account(
            username="mira", display_name="Mira", password="seven kingfishers", roles=[], by=BY, at=AT
        ).pk
    )


@act("people.services.grant_role", E.ROLE_GRANTED)
def grant_role(stage: Stage) -> Call:
    clerk = stage.world.clerk
    return lambda: people.grant_role(account=clerk, role=Role.INVESTIGATOR, by=BY, at=AT) or clerk.pk


@act("people.services.revoke_role", E.ROLE_REVOKED)
def revoke_role(stage: Stage) -> Call:
    clerk = stage.world.clerk
    return lambda: people.revoke_role(account=clerk, role=Role.AUDITOR, by=BY, at=AT) or clerk.pk


COUNTED = {"people_signinattempts": "a try is counted before the password is looked at, whatever comes of it"}


@act("people.sign_in.authenticate", E.ACCOUNT_SIGNED_IN, alone=True, keeps=COUNTED)
def authenticate(stage: Stage) -> Call:
    return lambda: sign_in.authenticate("clerk", PASSWORD, AT).pk


@act("people.sign_in.authenticate#in vain", E.ACCOUNT_SIGN_IN_FAILED, alone=True, keeps=COUNTED)
def authenticate_in_vain(stage: Stage) -> Call:
    def call():
        try:
            sign_in.authenticate("clerk", "not that", AT)
        except sign_in.SignInFailed:
            return stage.world.clerk.pk
        raise AssertionError

    return call


@act("people.sign_in.record_sign_out", E.ACCOUNT_SIGNED_OUT)
def sign_out(stage: Stage) -> Call:
    return lambda: sign_in.record_sign_out(account=stage.world.clerk, at=AT) or stage.world.clerk.pk


@act("people.refusals.record_refusal", E.ACCESS_REFUSED)
def refuse(stage: Stage) -> Call:
    denied, viewer = Denied("No.", action="recording.view", item=stage.own.recording), stage.viewer
    return lambda: record_refusal(denied=denied, viewer=viewer, at=AT) or stage.own.recording.pk


@act("fleet.services.receive_camera", E.CAMERA_RECEIVED)
def receive_camera(stage: Stage) -> Call:
    return lambda: (
        fleet.receive_camera(
            serial="NEW-1", make="Axis", model="W120", mount="chest", unit=None, by=BY, at=AT
        ).pk
    )


@act("fleet.services.install_dock", E.DOCK_INSTALLED)
def install_dock(stage: Stage) -> Call:
    unit = stage.world.lambeth
    return lambda: fleet.install_dock(serial="DOCK-2", site="Kennington", unit=unit, bays=4, by=BY, at=AT).pk


@act("fleet.services.describe_dock", E.DOCK_DESCRIBED)
def describe_dock(stage: Stage) -> Call:
    dock, day = stage.world.dock, AT.date()
    return lambda: fleet.describe_dock(dock=dock, installed_date=day, by=BY, at=AT).pk


@act("fleet.services.return_camera", E.CAMERA_RETURNED)
def return_camera(stage: Stage) -> Call:
    camera = stage.own.camera
    return lambda: fleet.return_camera(camera=camera, by=BY, at=AT) and camera.pk


@act("fleet.services.assign_camera", E.CAMERA_ASSIGNED)
def assign_camera(stage: Stage) -> Call:
    camera = fleet.receive_camera(serial="N", make="A", model="W", mount="chest", unit=None, by=BY, at=AT)
    return lambda: fleet.assign_camera(camera=camera, officer=stage.own.officer, by=BY, at=AT) and camera.pk


@act("fleet.importing.import_cameras", E.FLEET_IMPORTED)
def import_fleet(stage: Stage) -> Call:
    rows = StringIO("serial,make,model,mount,unit_code\nNEW-1,Axis,W120,chest,LX\n")
    return lambda: import_cameras(rows_csv=rows, by=BY, at=AT) and None


@act("fleet.training_import.import_trainings", E.TRAININGS_IMPORTED)
def import_training(stage: Stage) -> Call:
    number = stage.own.officer.shoulder_number
    rows = StringIO(f"shoulder_number,duty,trained_date\n{number},General,2026-03-01\n")
    return lambda: import_trainings(rows_csv=rows, by=BY, at=AT) and None


@act("people.importing.import_officers", E.OFFICERS_IMPORTED)
def import_people(stage: Stage) -> Call:
    rows = StringIO(
        "given_name,family_name,rank,warrant_number,shoulder_number,unit_code\nNew,Comer,PC,W8,908LX,LX\n"
    )
    return lambda: import_officers(rows_csv=rows, by=BY, at=AT) and None


@act("people.leaving.officer_left", E.OFFICER_LEFT)
def leave(stage: Stage) -> Call:
    officer = stage.own.officer
    return lambda: officer_left(officer=officer, by=BY, at=AT) and officer.pk


@act("incidents.services.record", E.INCIDENT_RECORDED)
def record_incident(stage: Stage) -> Call:
    viewer = stage.viewer
    return lambda: (
        incidents.record(
            kind="call",
            reference="CAD 77",
            title="Shouting",
            start_at=AT,
            end_at=None,
            place="",
            unit=stage.world.lambeth,
            viewer=viewer,
            at=AT,
        ).pk
    )


@act("incidents.services.link", E.INCIDENT_LINKED)
def link(stage: Stage) -> Call:
    incident, recording, viewer = stage.own.unlinked_incident, stage.own.recording, stage.viewer
    return lambda: (
        incidents.link(incident=incident, recording=recording, viewer=viewer, at=AT) and recording.pk
    )


@act("incidents.services.unlink", E.INCIDENT_UNLINKED)
def unlink(stage: Stage) -> Call:
    incident, recording, viewer = stage.own.incident, stage.own.recording, stage.viewer

    def call():
        incidents.unlink(incident=incident, recording=recording, viewer=viewer, at=AT, reason="Wrong street")
        return recording.pk

    return call


@act("incidents.outcomes.state", E.INCIDENT_OUTCOME_STATED)
def state_outcome(stage: Stage) -> Call:
    incident, viewer = stage.own.incident, stage.viewer

    def call():
        outcomes.state(
            incident=incident,
            kind="acquitted",
            decided_date=AT.date(),
            reason="Court list",
            viewer=viewer,
            at=AT,
        )
        return incident.pk

    return call


@act("incidents.services.record_view", E.INCIDENT_VIEWED)
def view_incident(stage: Stage) -> Call:
    incident, viewer = stage.own.incident, stage.viewer
    return lambda: incidents.record_view(incident=incident, viewer=viewer, at=AT) or incident.pk


@act("incidents.exhibits.produce", E.EXHIBIT_PRODUCED)
def produce(stage: Stage) -> Call:
    own, viewer = stage.own, stage.viewer
    return lambda: (
        exhibits.produce(
            recording=own.recording, producer=own.officer, description="The arrest", viewer=viewer, at=AT
        ).pk
    )


@act("incidents.exhibits.record_view", E.EXHIBIT_VIEWED)
def view_exhibit(stage: Stage) -> Call:
    exhibit, viewer = stage.own.exhibit, stage.viewer
    return lambda: exhibits.record_view(exhibit=exhibit, viewer=viewer, at=AT) or exhibit.pk


@act("incidents.log_reading.record_log_view", E.LOG_VIEWED)
def view_log(stage: Stage) -> Call:
    viewer = stage.viewer
    return lambda: log_reading.record_log_view(viewer=viewer, asked={"kind": ""}, at=AT) or whole("log").id


@act("incidents.log_reading.take_receipt", E.LOG_RECEIPT_TAKEN)
def take_receipt(stage: Stage) -> Call:
    event_id, viewer = stage.own.event_id, stage.viewer
    return lambda: log_reading.take_receipt(viewer=viewer, event_id=event_id, at=AT) and whole("log").id


@act("incidents.log_reading.take_leaf", E.LOG_RECEIPT_TAKEN)
def take_leaf(stage: Stage) -> Call:
    event_id, viewer = stage.own.event_id, stage.viewer
    return lambda: log_reading.take_leaf(viewer=viewer, event_id=event_id, at=AT) and whole("log").id


@act("custody.receipts.take_receipt", E.LOG_RECEIPT_TAKEN)
def machine_receipt(stage: Stage) -> Call:
    return lambda: receipts.take_receipt(event_id=stage.own.event_id, by=BY, at=AT) and whole("log").id


@act("custody.receipts.take_leaf", E.LOG_RECEIPT_TAKEN)
def machine_leaf(stage: Stage) -> Call:
    return lambda: receipts.take_leaf(event_id=stage.own.event_id, by=BY, at=AT) and whole("log").id


def _subject(change: KeyChange):
    """The key is named by an id worked out of its own; the event says which."""
    return Event.objects.filter(kind=change.kind.value).latest("id").subject_id


@act("custody.signing.changes.rotate_key", E.LOG_KEY_ROTATED)
def rotate_log_key(stage: Stage) -> Call:
    return lambda: _subject(rotate_key(signer=log_signer(), by=BY, at=AT))


@act("custody.signing.changes.retire_key", E.LOG_KEY_RETIRED)
def retire_log_key(stage: Stage) -> Call:
    from tabard.custody import sequencer

    rotate_key(signer=log_signer(), by=BY, at=AT)
    sequencer.sequence()
    sign_checkpoint(at=AT, signer=log_signer())
    return lambda: _subject(retire_key(signer=log_signer(), by=BY, at=AT))
