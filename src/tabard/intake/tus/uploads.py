"""How does an upload begin, go on and end? Its row, beside that of the growing object in the vault.

The order of writes is the vault's: bytes are durable before their row says so, and the sender is told after that. With
the last byte the sealed object, what was received, its event and the end of the upload are one commit. Nothing is
acknowledged under a key that was revoked: every commit looks, and holds the key as it is until it is done.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Sum

from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.custody.services import append
from tabard.fleet.docks import dock_actor
from tabard.fleet.errors import DockNotSignedIn
from tabard.fleet.models import Dock, DockKey
from tabard.intake import arrivals, services
from tabard.intake.errors import StoreLow
from tabard.intake.models import Container, ReceivedObject, Upload
from tabard.intake.services import Receipt
from tabard.intake.tus.errors import (
    ChecksumWrong,
    TooManyUploads,
    UploadGone,
    UploadNotYours,
    UploadTooLarge,
    UploadUnknown,
)
from tabard.intake.tus.protocol import Announced, parse_announcement, short
from tabard.kernel.errors import TabardError
from tabard.kernel.ids import new_id
from tabard.vault import partials
from tabard.vault import services as vault
from tabard.vault.errors import PartialInUse, PartialUnknown, StoreFull
from tabard.vault.models import PartialObject, SealedObject
from tabard.vault.partials import GrowingObject, GrownObject, Mark
from tabard.vault.stores import configured_spool

IDLE_AFTER = timedelta(hours=1)  # then it gives way to another of its dock
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one dock may have under way, and how much room has to stay free."""

    uploads: int
    upload_bytes: int
    dock_bytes: int
    reserve_bytes: int
    keep_for: timedelta

    @classmethod
    def configured(cls) -> "Limits":
        """Those of this installation."""
        return cls(
            settings.TABARD_DOCK_UPLOADS,
            settings.TABARD_DOCK_UPLOAD_BYTES,
            settings.TABARD_DOCK_BYTES,
            settings.TABARD_LOW_WATER_BYTES,
            timedelta(days=settings.TABARD_UPLOAD_DAYS),
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an upload is; `expires_at` and `object_id` (of the growing object) are None once it is sealed."""

    upload: Upload
    offset_bytes: int
    growing_as: UUID | None = None
    expires_at: datetime | None = None


def open_upload(*, key: DockKey, announced: Announced, at: datetime) -> tuple[Upload, GrowingObject]:
    """A new upload of the key's dock; its growing object is ours, and locked.

    Raises:
        UploadTooLarge: larger than a dock may send.
        TooManyUploads: the dock has too much under way.
        StoreLow, StoreFull: there is too little room, for now or for ever.
    """
    limits = Limits.configured()
    if announced.size_bytes > limits.upload_bytes:
        raise UploadTooLarge(
            f"A dock may send files of at most {limits.upload_bytes} bytes.", field="upload-length"
        )
    check_room(announced.size_bytes)
    try:
        return _opened(key.dock, announced, limits, at)
    except TooManyUploads:
        if not make_way(dock=key.dock, at=at):
            raise
    return _opened(key.dock, announced, limits, at)


def _opened(dock: Dock, announced: Announced, limits: Limits, at: datetime) -> tuple[Upload, GrowingObject]:
    upload_id = new_id()
    growing: GrowingObject | None = None
    try:
        with transaction.atomic():
            _check_dock(dock, announced.size_bytes, limits)
            growing = partials.start(partial_id=upload_id, size_bytes=announced.size_bytes, at=at)
            upload = Upload.objects.create(
                id=upload_id,
                dock=dock,
                filename=announced.filename,
                camera=announced.camera,
                raw_metadata=announced.raw_metadata,
                sha256=announced.sha256,
                size_bytes=announced.size_bytes,
                created_at=at,
            )
    except BaseException:
        if growing is not None:
            growing.remove()
        raise
    return upload, growing


def look(*, upload_id: UUID, dock: Dock, at: datetime) -> Standing:
    """How far the dock's upload is; what expired or was lost is given up by this.

    Raises:
        UploadUnknown, UploadNotYours.
        UploadGone: it ended before it was whole.
    """
    try:
        upload = Upload.objects.get(pk=upload_id)
    except Upload.DoesNotExist as error:
        raise UploadUnknown("There is no such upload.", upload=upload_id) from error
    if upload.dock_id != dock.pk:
        raise UploadNotYours("This is another dock's upload.", upload=upload_id)
    upload.dock = dock
    if upload.object is not None:  # read here, for whoever has no connection
        return Standing(upload, upload.size_bytes)
    if upload.ended_at is not None:
        raise _gone(upload)
    return _growing(upload, at)


def acknowledge(*, growing: GrowingObject, mark: Mark, key_id: UUID, at: datetime) -> None:
    """So many bytes are durable, and the sender may be told; `growing.sync` has returned.

    Raises:
        DockNotSignedIn: the key was revoked meanwhile.
        PartialOvertaken: another process has gone on with the upload.
    """
    with transaction.atomic():
        _hold_key(key_id)
        partials.acknowledge(growing=growing, mark=mark, at=at)


def complete_upload(*, upload: Upload, grown: GrownObject, key_id: UUID, at: datetime) -> Upload:
    """The file is kept, logged and part of its recording, and the upload over; if it is the last, so is the arrival.

    Args:
        upload: Whose last byte has come.
        grown: The object, durable in the store.
        key_id: The row of the key that its sender is signed in with.
        at: When the last byte arrived, aware.

    Raises:
        DockNotSignedIn, PartialOvertaken: as `acknowledge`; nothing of the object remains.
        Unavailable.
    """
    try:
        with transaction.atomic():
            _hold_key(key_id)
            # Whoever removes this row, alone, ends the upload: nobody else completes it, or gives it up.
            partials.end(partial_id=upload.pk, object_id=grown.object_id)
            return _received(upload, grown, dock_actor(upload.dock), at)
    except BaseException:
        vault.give_up(grown)
        raise


def complete_recording(*, dock: Dock, recording: str, at: datetime) -> Container:
    """The recording that the dock calls so has all its files; again, the same.

    Raises:
        UploadUnknown: nothing has come under that name.
    """
    container = Container.objects.filter(dock=dock, name=short(recording)).first()
    if container is None or not container.received.exists():
        raise UploadUnknown("No file of that recording has come yet.", recording=recording)
    arrivals.close(container=container, by=dock_actor(dock), at=at)
    return container


def give_up(*, upload: Upload, why: Upload.End, by: Actor, at: datetime) -> bool:
    """Nothing of the unfinished upload remains, and the log says so; False where it had ended before.

    Raises:
        PartialInUse: somebody is writing to it.
        PartialElsewhere: it is in the spool of another machine.
    """
    row = PartialObject.objects.filter(pk=upload.pk).first()
    file = partials.hold(row) if row is not None else None
    try:
        with transaction.atomic():
            locked = Upload.objects.select_for_update().get(pk=upload.pk)
            if not locked.is_open:
                return False
            if row is not None:
                partials.end(partial_id=row.pk, object_id=row.object_id)
            locked.ended_at, locked.end = at, why
            locked.save(update_fields=["ended_at", "end"])
            offset_bytes = row.offset_bytes if row is not None else None
            _append_given_up(locked, offset_bytes, by, at)
        if file is not None:
            file.remove()
    finally:
        if file is not None:
            file.close()
    return True


def refuse_different(*, upload: Upload, at: datetime) -> ChecksumWrong:
    """The upload is given up because it hashes to something else than was announced; the error to raise."""
    give_up(upload=upload, why=Upload.End.DIFFERS, by=dock_actor(upload.dock), at=at)
    return ChecksumWrong(
        "The file does not have the SHA-256 that was announced. Send it anew.", field="sha256"
    )


def tidy(*, at: datetime) -> int:
    """Uploads in our spool of which nothing came for too long are given up, and leftovers gone. Returns how many."""
    stale = PartialObject.objects.filter(
        spool=configured_spool().id, touched_at__lt=at - Limits.configured().keep_for
    )
    ended = 0
    for upload in Upload.objects.filter(pk__in=list(stale.values_list("pk", flat=True))).select_related(
        "dock"
    ):
        ended += _give_up_if_idle(upload, Upload.End.EXPIRED, at)
    return ended + partials.clean()


def check_room(size_bytes: int) -> None:
    """Return only if so many bytes more leave the reserve untouched.

    Raises:
        StoreLow: not now.
        StoreFull: not even if the spool were empty.
    """
    spool = configured_spool()
    reserve = Limits.configured().reserve_bytes
    if size_bytes + reserve > spool.total_bytes:
        raise StoreFull("This can never be stored here: the disk is too small.", step="spool")
    if size_bytes + reserve > spool.free_bytes:
        raise StoreLow("There is too little room for what arrives. Try again later.", size_bytes=size_bytes)


def make_way(*, dock: Dock, at: datetime) -> bool:
    """Whether the dock's upload that nothing came for longest was given up; none is that had bytes in the last hour."""
    mine = Upload.objects.filter(dock=dock, sealed_at__isnull=True, ended_at__isnull=True)
    idle = PartialObject.objects.filter(pk__in=mine.values("pk"), touched_at__lt=at - IDLE_AFTER)
    longest = idle.order_by("touched_at").first()
    if longest is None:
        return False
    upload = Upload.objects.select_related("dock").get(pk=longest.pk)
    return _give_up_if_idle(upload, Upload.End.CROWDED_OUT, at)


def announced_of(upload: Upload) -> Announced:
    """What its sender announced."""
    return parse_announcement(str(upload.size_bytes), upload.raw_metadata, {})


def _growing(upload: Upload, at: datetime) -> Standing:
    try:
        row = partials.find(upload.pk)
    except PartialUnknown:
        raise lost(upload, at) from None
    expires_at = row.touched_at + Limits.configured().keep_for
    if expires_at <= at:
        _give_up_if_idle(upload, Upload.End.EXPIRED, at)
        raise _gone(upload)
    spool = configured_spool()
    if row.offset_bytes and row.spool == spool.id and not spool.holds(row.object_id):
        # Unless it was finished or went on elsewhere while we looked.
        if PartialObject.objects.filter(pk=row.pk, object_id=row.object_id).exists():
            raise lost(upload, at)
        return look(upload_id=upload.pk, dock=upload.dock, at=at)
    return Standing(upload, row.offset_bytes, row.object_id, expires_at)


def lost(upload: Upload, at: datetime) -> UploadGone:
    """The upload is given up because what was acknowledged is gone or damaged; the error to raise."""
    logger.error("What had arrived of upload %s is lost; its sender has to begin anew.", upload.pk)
    give_up(upload=upload, why=Upload.End.LOST, by=Actor.system("door"), at=at)
    return _gone(upload)


def _gone(upload: Upload) -> UploadGone:
    return UploadGone("The upload is over; the file must be sent anew.", upload=upload.pk)


def _give_up_if_idle(upload: Upload, why: Upload.End, at: datetime) -> bool:
    try:
        return give_up(upload=upload, why=why, by=Actor.system("door"), at=at)
    except PartialInUse:
        return False
    except TabardError:
        logger.exception("Upload %s could not be given up.", upload.pk)
        return False


def _check_dock(dock: Dock, size_bytes: int, limits: Limits) -> None:
    """Counted without a lock, which would let one file begin at a time: at once, a few too many may fit in."""
    mine = Upload.objects.filter(dock=dock, sealed_at__isnull=True, ended_at__isnull=True)
    under_way = mine.aggregate(uploads=Count("pk"), size_bytes=Sum("size_bytes"))
    size_bytes += under_way["size_bytes"] or 0
    if under_way["uploads"] >= limits.uploads or size_bytes > limits.dock_bytes:
        raise TooManyUploads(
            "The dock has as much under way as it may have.",
            uploads=limits.uploads,
            size_bytes=limits.dock_bytes,
        )


def _hold_key(key_id: UUID) -> None:
    """The key stands, and nobody revokes it before the caller's transaction ends; many may ask for that at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM fleet_dockkey WHERE id = %s AND revoked_at IS NULL FOR SHARE", [key_id])
        if cursor.fetchone() is None:
            raise DockNotSignedIn("The dock is not signed in.")


def _received(upload: Upload, grown: GrownObject, by: Actor, at: datetime) -> Upload:
    """The upload as it ends: what it became is in it."""
    announced = announced_of(upload)
    fresh = SealedObject(pk=grown.object_id, sha256=grown.sha256, size_bytes=upload.size_bytes)
    # Without a recording's name the bytes themselves say whether it is the same file again.
    name = announced.recording or short(f"{upload.filename} {grown.sha256.hex()[:16]}")
    container = arrivals.open_for_dock(dock=upload.dock, name=name, at=at)
    receipt = services.receive(
        container_id=container.pk,
        name=upload.filename,
        metadata=announced.metadata,
        pending=grown,
        by=by,
        at=at,
    )
    is_again = receipt is Receipt.REPEATED
    upload.object = _kept(container, upload.filename, grown.sha256) if is_again else fresh
    upload.container, upload.sealed_at = container, at
    ended = {"object_id": upload.object.pk, "container": container, "sealed_at": at}
    Upload.objects.filter(pk=upload.pk).update(**ended)
    if _is_last(container, announced):
        arrivals.close(container=container, by=by, at=at)
    return upload


def _kept(container: Container, name: str, sha256: bytes) -> SealedObject:
    """The object that was kept when these bytes came first."""
    kept = ReceivedObject.objects.filter(container=container, name=name, object__sha256=sha256)
    return kept.select_related("object").earliest("received_at").object


def _is_last(container: Container, announced: Announced) -> bool:
    """Whether all files of the recording are here, as far as its sender says how many there are."""
    if not announced.recording:
        return True
    here = container.received.filter(conflicts_with__isnull=True)
    return announced.files is not None and here.count() >= announced.files


def _append_given_up(upload: Upload, offset_bytes: int | None, by: Actor, at: datetime) -> None:
    details = {
        "name": upload.filename,
        "dock": str(upload.dock_id),
        "size_bytes": upload.size_bytes,
        "arrived_bytes": offset_bytes,
        "why": upload.end,
    }
    append(
        kind=EventKind.UPLOAD_GIVEN_UP, subject=Subject("upload", upload.pk), at=at, by=by, details=details
    )
