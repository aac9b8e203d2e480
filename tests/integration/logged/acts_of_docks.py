"""What docks do: sign in with keys that somebody enrolled, send, report, and ask what a camera may forget."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from tests.integration.api.access_world import DONE_AT, sign_log
from tests.integration.logged.registry import AT, BY, Call, Stage, act

from tabard.custody.kinds import EventKind as E
from tabard.fleet import docks
from tabard.fleet.docks import CameraSeen, ClockShown, Report
from tabard.intake.docks import permits
from tabard.intake.docks.messages import ErasureTold, PermitAsked
from tabard.intake.models import Upload
from tabard.intake.tus import uploads
from tabard.intake.tus.protocol import parse_announcement
from tabard.safekeeping.securing import secure
from tabard.vault.partials import GrowingObject

ANOTHER_KEY = "A" * 43
FILE = b"what a camera filmed"


def announced(stage: Stage, more: str = "") -> tuple[Upload, GrowingObject]:
    """An upload of the stage's dock, all of whose bytes have come."""
    said = parse_announcement(str(len(FILE)), f"filename YS5tcDQ=,camera Q0FN{more}", {})
    upload, growing = uploads.open_upload(key=stage.world.dock_key, announced=said, at=DONE_AT)
    growing.write(FILE)
    return upload, growing


def completed(stage: Stage, upload: Upload, growing: GrowingObject, at: datetime) -> Upload:
    key_id = stage.world.dock_key.pk
    return uploads.complete_upload(upload=upload, grown=growing.seal(), key_id=key_id, at=at)


def sealed(stage: Stage) -> Upload:
    """The same, sealed and safe."""
    done = completed(stage, *announced(stage), DONE_AT)
    secure(object_id=UUID(str(done.object_id)), by=BY, at=DONE_AT)
    sign_log()
    return done


def permit(stage: Stage, upload: Upload) -> str:
    assert upload.object is not None
    asked = PermitAsked(upload.pk, bytes(upload.object.sha256), len(FILE), "CAM")
    return permits.issue(asked=asked, key=stage.world.dock_key, at=AT)


@act("fleet.docks.enrol_key", E.DOCK_KEY_ENROLLED)
def enrol_key(stage: Stage) -> Call:
    dock = stage.world.dock
    return lambda: docks.enrol_key(dock=dock, public_key=ANOTHER_KEY, name="PC", by=BY, at=AT).dock_id


@act("fleet.docks.revoke_key", E.DOCK_KEY_REVOKED)
def revoke_key(stage: Stage) -> Call:
    key = stage.world.dock_key
    return lambda: docks.revoke_key(key=key, by=BY, at=AT) or key.dock_id


@act(
    "fleet.docks.report",
    E.CAMERA_CLOCK_READ,
    keeps={
        "fleet_dock": "when it was last heard of",
        "fleet_dockstatus": "what it says of itself, which the next report replaces",
        "fleet_dockedcamera": "and of the cameras in it",
        "fleet_camera": "when each of them was last heard of, which comes again in an hour",
    },
)
def report(stage: Stage) -> Call:
    camera = stage.own.camera
    told = Report(AT, cameras=(CameraSeen(camera.serial, clock=ClockShown(AT, AT, 1.0)),))
    return lambda: docks.report(dock=stage.world.dock, told=told, by=BY, at=AT) or camera.pk


@act("intake.tus.uploads.complete_upload", E.OBJECT_SEALED, E.ARRIVAL_COMPLETED)
def complete_upload(stage: Stage) -> Call:
    upload, growing = announced(stage)
    return lambda: completed(stage, upload, growing, AT).object_id


@act("intake.tus.uploads.complete_upload#one_of_many", E.OBJECT_SEALED)
def complete_one_of_many(stage: Stage) -> Call:
    upload, growing = announced(stage, ",recording Ug==,files Mg==")
    return lambda: completed(stage, upload, growing, AT).object_id


@act("intake.tus.uploads.give_up", E.UPLOAD_GIVEN_UP)
def give_up(stage: Stage) -> Call:
    upload, growing = announced(stage)
    growing.close()
    why = Upload.End.TERMINATED
    return lambda: uploads.give_up(upload=upload, why=why, by=BY, at=AT) and upload.pk


@act("intake.docks.permits.issue", E.ERASE_PERMIT_ISSUED)
def issue_permit(stage: Stage) -> Call:
    upload = sealed(stage)
    return lambda: permit(stage, upload) and upload.object_id


@act("intake.docks.permits.tell", E.CAMERA_FILE_ERASED)
def tell_erased(stage: Stage) -> Call:
    return _telling(stage, "erased")


@act("intake.docks.permits.tell#kept", E.CAMERA_FILE_KEPT)
def tell_kept(stage: Stage) -> Call:
    return _telling(stage, "not_erased")


def _telling(stage: Stage, outcome: str) -> Call:
    upload = sealed(stage)
    with transaction.atomic():
        permit_id = UUID(permit(stage, upload).splitlines()[1])
    told = ErasureTold(permit_id, outcome, AT, "")
    return lambda: permits.tell(told=told, dock=stage.world.dock, at=AT) and upload.object_id
