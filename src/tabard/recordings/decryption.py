"""What becomes of a camera file that came encrypted? Ciphertext, key file and plain text are all kept.

The ciphertext stays sealed exactly as it came, and `recording.sealed` speaks of it. The plain text is a sealed object
of its own, which the segment (or the track) points at from then on; the event `object.decrypted` ties the three
together by their hashes. How a file is decrypted is the business of the door that it came by.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.custody.services import append
from tabard.recordings.drafts import TrackPoint
from tabard.recordings.errors import AlreadyDecrypted, RecordingDisposed
from tabard.recordings.models import Attachment, EncryptedFile, Recording, Segment, Track
from tabard.vault import services as vault
from tabard.vault.models import SealedObject
from tabard.vault.services import PendingObject

_FLAG = Recording.Flag.CANNOT_DECRYPT.value


@dataclass(frozen=True, slots=True)
class Opened:
    """A plain text with what opened it: the key file that came with it, and the footage key that it was wrapped to."""

    plain: PendingObject
    key_file: SealedObject
    footage_key_id: str
    track: Sequence[TrackPoint] = ()


def expect_decryption(*, recording_id: UUID, objects: Collection[UUID]) -> None:
    """Each of these files of the recording is known to be encrypted and waits; in the caller's transaction."""
    if not objects:
        return
    segments = Segment.objects.filter(recording_id=recording_id, object_id__in=objects)
    attachments = Attachment.objects.filter(recording_id=recording_id, object_id__in=objects)
    EncryptedFile.objects.bulk_create(
        [
            *(_waiting(recording_id, part.object_id, segment=part) for part in segments),
            *(_waiting(recording_id, part.object_id, attachment=part) for part in attachments),
        ]
    )


def waiting() -> QuerySet[EncryptedFile]:
    """The files of kept recordings that are not decrypted, oldest first."""
    rows = EncryptedFile.objects.filter(plain__isnull=True, recording__disposed_at__isnull=True)
    return rows.select_related("segment", "attachment", "ciphertext", "recording").order_by("id")


def keep_decrypted(*, encrypted: EncryptedFile, opened: Opened, by: Actor, at: datetime) -> None:
    """The plain text is recorded, logged, and what the segment or attachment points at, in one transaction.

    Args:
        encrypted: A file that waits.
        opened: Its plain text, sealed and durable in the store, and what opened it.
        by: Who decrypted it.
        at: When, aware.

    Raises:
        RecordingDisposed, AlreadyDecrypted: the plain text must be given up.
    """
    with transaction.atomic():
        recording, locked = _lock(encrypted)
        plain = vault.record(pending=opened.plain, at=at)
        _point_at(locked, plain)
        locked.plain, locked.key_file, locked.decrypted_at = plain, opened.key_file, at
        locked.footage_key_id, locked.reason = opened.footage_key_id, ""
        locked.save()
        _keep_track(recording, opened.track)
        _flag(recording)
        append(
            kind=EventKind.OBJECT_DECRYPTED,
            subject=Subject("object", plain.pk),
            at=at,
            by=by,
            sha256=bytes(plain.sha256),
            details={
                "recording": str(recording.pk),
                "name": locked.file_name,
                "ciphertext": _object(locked.ciphertext),
                "key_file": _object(opened.key_file),
                "plain": _object(plain),
                "footage_key": opened.footage_key_id,
            },
        )


def note_failure(
    *, encrypted: EncryptedFile, reason: EncryptedFile.Reason, tried_with: str, by: Actor, at: datetime
) -> None:
    """The recording is flagged, the file says why it is not decrypted, and the log says so.

    Raises:
        RecordingDisposed, AlreadyDecrypted: there is nothing to note any more.
    """
    with transaction.atomic():
        recording, locked = _lock(encrypted)
        locked.reason, locked.tried_with = reason, tried_with
        locked.save(update_fields=["reason", "tried_with"])
        _flag(recording)
        append(
            kind=EventKind.OBJECT_DECRYPTION_FAILED,
            subject=Subject("object", locked.ciphertext_id),
            at=at,
            by=by,
            details={"recording": str(recording.pk), "name": locked.file_name, "reason": reason.value},
        )


def _waiting(recording_id: UUID, ciphertext_id: UUID, **part: Segment | Attachment) -> EncryptedFile:
    return EncryptedFile(recording_id=recording_id, ciphertext_id=ciphertext_id, **part)


def _lock(encrypted: EncryptedFile) -> tuple[Recording, EncryptedFile]:
    """The recording, locked against disposal, and the file, which still waits."""
    recording = Recording.objects.select_for_update().get(pk=encrypted.recording_id)
    if recording.disposed_at is not None:
        raise RecordingDisposed("The recording was disposed of.", recording=str(recording.pk))
    rows = EncryptedFile.objects.select_for_update(of=("self",))
    locked = rows.select_related("segment", "attachment", "ciphertext").get(pk=encrypted.pk)
    if locked.plain_id is not None:
        raise AlreadyDecrypted("The file is decrypted already.", recording=str(recording.pk))
    return recording, locked


def _point_at(encrypted: EncryptedFile, plain: SealedObject) -> None:
    part = encrypted.segment or encrypted.attachment
    if part is not None:  # one of them is there: a constraint says so
        part.object = plain
        part.save(update_fields=["object"])


def _keep_track(recording: Recording, track: Sequence[TrackPoint]) -> None:
    """The recording's track, where it has none; and where it began, if nothing has told that yet."""
    if not track:
        return
    points = [[point.seconds, point.longitude, point.latitude] for point in track]
    Track.objects.get_or_create(recording=recording, defaults={"points": points})
    if recording.latitude is None:
        recording.latitude, recording.longitude = track[0].latitude, track[0].longitude
        recording.save(update_fields=["latitude", "longitude"])


def _flag(recording: Recording) -> None:
    """Flagged while a file of it was tried in vain, and no longer; never again once somebody has settled it."""
    failed = recording.encrypted_files.filter(plain__isnull=True).exclude(reason=EncryptedFile.Reason.WAITING)
    is_open = failed.exists() and not recording.settled_flags.filter(flag=_FLAG).exists()
    flags = [flag for flag in recording.flags if flag != _FLAG] + [_FLAG] * is_open
    if flags != recording.flags:
        recording.flags = flags
        recording.save(update_fields=["flags"])


def _object(sealed: SealedObject) -> dict[str, str]:
    return {"object": str(sealed.pk), "sha256": bytes(sealed.sha256).hex()}
