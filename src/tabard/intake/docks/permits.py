"""May this card's copy be erased? A permit says so, for one file of one card and ten minutes; and it is told what came.

No camera forgets a file without one. The file, as it was just read from the card, has to be the sealed one in size,
hash and camera, and the sealed one has to be safe by `safety`. Between looking and signing nobody can destroy its key
or revoke the dock's: both rows are held until the permit, with its event, is committed. Only then is it given out.
"""

from base64 import b64encode
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from tabard.custody.actors import Subject
from tabard.custody.kinds import EventKind
from tabard.custody.services import append
from tabard.fleet.docks import dock_actor
from tabard.fleet.errors import DockNotSignedIn
from tabard.fleet.models import Dock, DockKey
from tabard.intake.docks import permit_key, safety
from tabard.intake.docks.errors import (
    FileDiffers,
    FootageDisposed,
    NotSafeYet,
    OutcomeDiffers,
    PermitUnknown,
)
from tabard.intake.docks.messages import ErasureTold, PermitAsked
from tabard.intake.models import ErasePermit, Upload
from tabard.intake.tus.uploads import announced_of, look
from tabard.vault.models import SealedObject

GOOD_FOR = timedelta(minutes=10)
FORMAT = "tabard/erase-permit/v1"


def issue(*, asked: PermitAsked, key: DockKey, at: datetime) -> str:
    """The signed note that lets the dock erase the file; logged and committed when this returns. Not in a transaction.

    Args:
        asked: The file, as the card gave it just now.
        key: The key that the dock is signed in with.
        at: Now, aware.

    Raises:
        UploadUnknown, UploadNotYours, UploadGone: as `look`.
        NotSafeYet: saying what it waits for.
        FileDiffers: the file is not what was sealed, or was sent as another camera's.
        FootageDisposed: the footage is no longer here.
        DockNotSignedIn: the key was revoked this moment.
    """
    upload = look(upload_id=asked.upload_id, dock=key.dock, at=at).upload
    if upload.object is None:
        raise NotSafeYet("The file has not come whole yet.", waits_for=["the rest of the file"])
    _check_same(upload, upload.object, asked)
    _check_safe(safety.by_looking(upload.object))
    with transaction.atomic():
        _hold(key, upload.object)
        again = safety.by_record(SealedObject.objects.get(pk=upload.object.pk))
        permit = _permit(upload, _check_safe(again), at)
        text = _text(permit, upload, upload.object)
        note = permit_key.sign(text)
        _append(EventKind.ERASE_PERMIT_ISSUED, permit, at, {"checkpoint": permit.tree_size})
    return note


@transaction.atomic
def tell(*, told: ErasureTold, dock: Dock, at: datetime) -> ErasePermit:
    """What became of the permit is on record and logged; told again, nothing happens.

    Raises:
        PermitUnknown: the dock was given no such permit.
        OutcomeDiffers: something else was told before.
    """
    found = ErasePermit.objects.select_for_update(of=("self",)).filter(pk=told.permit_id, upload__dock=dock)
    permit = found.select_related("upload__dock", "upload__object").first()
    if permit is None:
        raise PermitUnknown("The dock was given no such permit.", permit=told.permit_id)
    if permit.outcome:
        if permit.outcome != told.outcome:
            raise OutcomeDiffers("Something else was told of this permit before.", outcome=permit.outcome)
        return permit
    permit.outcome, permit.why = told.outcome, told.why
    permit.acted_at, permit.told_at = told.acted_at, at
    permit.save(update_fields=["outcome", "why", "acted_at", "told_at"])
    erased = told.outcome == ErasePermit.Outcome.ERASED
    kind = EventKind.CAMERA_FILE_ERASED if erased else EventKind.CAMERA_FILE_KEPT
    _append(kind, permit, at, {"acted_at": told.acted_at.isoformat(), "why": told.why})
    return permit


def _check_same(upload: Upload, sealed: SealedObject, asked: PermitAsked) -> None:
    is_same = (asked.sha256, asked.size_bytes) == (bytes(sealed.sha256), sealed.size_bytes)
    if not is_same or asked.camera.casefold() != upload.camera.casefold():
        raise FileDiffers(
            "The file on the card is not the one that was sealed. It is kept.",
            upload=upload.pk,
            object=sealed.pk,
        )


def _check_safe(found: safety.Safety) -> safety.Covering:
    if safety.DISPOSED in found.waits_for:
        raise FootageDisposed("The footage was disposed of; a person has to say what becomes of the card.")
    if found.checkpoint is None or not found.is_safe:
        raise NotSafeYet("The footage is not safe yet.", waits_for=list(found.waits_for))
    return found.checkpoint


def _hold(key: DockKey, sealed: SealedObject) -> None:
    """Until the caller's transaction ends, the dock's key stands and the footage's key is not destroyed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM fleet_dockkey WHERE id = %s AND revoked_at IS NULL FOR SHARE", [key.pk])
        if cursor.fetchone() is None:
            raise DockNotSignedIn("The dock is not signed in.")
        cursor.execute("SELECT 1 FROM vault_sealedobject WHERE id = %s FOR SHARE", [sealed.pk])


def _permit(upload: Upload, checkpoint: safety.Covering, at: datetime) -> ErasePermit:
    issued_at = at.replace(microsecond=0)
    return ErasePermit.objects.create(
        upload=upload,
        issued_at=issued_at,
        expires_at=issued_at + GOOD_FOR,
        tree_size=checkpoint.tree_size,
        root=checkpoint.root,
    )


def _text(permit: ErasePermit, upload: Upload, sealed: SealedObject) -> str:
    lines = (
        FORMAT,
        str(permit.pk),
        f"dock {upload.dock_id}",
        f"camera {upload.camera}",
        f"file {announced_of(upload).told_filename}",
        f"size {sealed.size_bytes}",
        f"sha256 {bytes(sealed.sha256).hex()}",
        f"object {sealed.pk}",
        f"checkpoint {permit.tree_size} {b64encode(bytes(permit.root)).decode()}",
        f"issued {_rfc3339(permit.issued_at)}",
        f"expires {_rfc3339(permit.expires_at)}",
    )
    return "".join(f"{line}\n" for line in lines)


def _rfc3339(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _append(kind: EventKind, permit: ErasePermit, at: datetime, more: dict[str, object]) -> None:
    upload, sealed = permit.upload, permit.upload.object
    details = {
        "name": upload.filename,
        "permit": str(permit.pk),
        "dock": str(upload.dock_id),
        "camera": upload.camera,
        **more,
    }
    append(
        kind=kind,
        subject=Subject("object", UUID(str(upload.object_id))),
        at=at,
        by=dock_actor(upload.dock),
        sha256=bytes(sealed.sha256) if sealed is not None else None,
        details=details,
    )
