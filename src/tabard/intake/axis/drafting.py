"""What recording do a container and its objects make? Metadata first, then what the names say."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from tabard.intake.axis.contents import (
    BOOKMARK_BYTES,
    TRACK_BYTES,
    attachment_kind,
    parse_bookmark,
    parse_trail,
)
from tabard.intake.axis.key_files import BEGINNING_BYTES, key_names, looks_like_footage
from tabard.intake.axis.protocol import RecordingName, parse_recording_name, value
from tabard.intake.axis.times import Place, instant, place
from tabard.intake.models import Container, ReceivedObject
from tabard.recordings.drafts import (
    AttachmentDraft,
    AttachmentKind,
    BookmarkDraft,
    RecordingDraft,
    SealedDraft,
    SegmentDraft,
    TrackPoint,
)
from tabard.recordings.rules import in_order
from tabard.vault.services import open_object

SOURCE = "axis"


def draft_of(container: Container, source_name: str) -> RecordingDraft:
    """The draft of everything in the container; reads bookmarks and tracks.

    Of video at most the first bytes are read, and only where it should be encrypted and no key file came.

    Raises:
        Integrity, Unavailable: a bookmark or a track cannot be read from the vault.
    """
    received = list(container.received.select_related("object"))
    encrypted = _encrypted(container, received)
    segments, attachments = _parts(received, encrypted)
    marks, track = _bookmarks(received), _track(received, encrypted)
    named = parse_recording_name(container.name) or RecordingName("", "", None)
    metadata: Mapping[str, str] = container.metadata
    where = _start_place(track, segments, metadata)
    return RecordingDraft(
        source=SOURCE,
        source_name=source_name,
        officer_reference=_officer_reference(container, value(metadata, "UserID") or named.user_id),
        camera_serial=value(metadata, "BWCSerialNumber") or named.camera_serial,
        started_at=_time(metadata, "StartTime") or _time(metadata, "TriggerOnTime"),
        stopped_at=_time(metadata, "StopTime") or _time(metadata, "TriggerOffTime"),
        named_at=named.triggered_at,
        trigger=value(metadata, "TriggerOn"),
        latitude=where.latitude if where else None,
        longitude=where.longitude if where else None,
        segments=segments,
        attachments=attachments,
        bookmarks=marks,
        track=track,
        has_conflict=any(part.conflicts_with_id for part in received),
        metadata=metadata,
    )


def sealed_draft(received: ReceivedObject) -> SealedDraft:
    """What the vault and the sender say about one object."""
    sealed = received.object
    return SealedDraft(
        received.name, sealed.pk, sealed.size_bytes, bytes(sealed.sha256), dict(received.metadata)
    )


def _parts(
    received: Iterable[ReceivedObject], encrypted: frozenset[UUID]
) -> tuple[tuple[SegmentDraft, ...], tuple[AttachmentDraft, ...]]:
    segments: list[SegmentDraft] = []
    attachments: list[AttachmentDraft] = []
    for part in received:
        kind = _kind(part)
        is_encrypted = part.object_id in encrypted
        if kind is None:
            segments.append(_segment(part, is_encrypted=is_encrypted))
        else:
            attachments.append(AttachmentDraft(kind, sealed_draft(part), is_encrypted))
    return in_order(segments), tuple(attachments)


def _kind(received: ReceivedObject) -> AttachmentKind | None:
    if received.conflicts_with_id:
        return AttachmentKind.CONFLICT
    return attachment_kind(received.name, received.metadata)


def _segment(received: ReceivedObject, *, is_encrypted: bool) -> SegmentDraft:
    metadata = received.metadata
    return SegmentDraft(
        sealed_draft(received), _time(metadata, "StartTime"), _time(metadata, "StopTime"), is_encrypted
    )


def _encrypted(container: Container, received: Iterable[ReceivedObject]) -> frozenset[UUID]:
    """The segments and tracks that came encrypted: a key file is beside them, or should be and they are no footage."""
    names = {part.name for part in received}
    is_expected = bool(container.destination and container.destination.footage_key_id)
    secret = (
        part.object_id
        for part in received
        if _kind(part) in {None, AttachmentKind.TRACK}
        and (key_names(part.name) & names or (is_expected and not _is_clear(part)))
    )
    return frozenset(secret)


def _is_clear(received: ReceivedObject) -> bool:
    """Whether a file is what its name says: footage by its first bytes, a track by its points. Nothing is no secret."""
    if not received.object.size_bytes:
        return True
    if _kind(received) is AttachmentKind.TRACK:
        return parse_trail(_body(received, TRACK_BYTES)) is not None
    return looks_like_footage(_body(received, BEGINNING_BYTES))


def _bookmarks(received: Iterable[ReceivedObject]) -> tuple[BookmarkDraft, ...]:
    marks = [part for part in received if _kind(part) is AttachmentKind.BOOKMARK]
    return tuple(parse_bookmark(part.name, part.metadata, _body(part, BOOKMARK_BYTES)) for part in marks)


def _track(received: Iterable[ReceivedObject], encrypted: frozenset[UUID]) -> tuple[TrackPoint, ...]:
    """The points of the container's track; of several, the first by name that can be read."""
    for part in received:
        if part.object_id in encrypted:
            continue
        if _kind(part) is AttachmentKind.TRACK and (points := parse_trail(_body(part, TRACK_BYTES))):
            return points
    return ()


def _body(received: ReceivedObject, at_most: int) -> bytes:
    reader = open_object(obj=received.object)
    return b"".join(reader.read(0, min(reader.size_bytes, at_most)))


def _start_place(
    track: tuple[TrackPoint, ...], segments: tuple[SegmentDraft, ...], metadata: Mapping[str, str]
) -> Place | None:
    """Where the recording began: by its track, else its first segment, else its trigger."""
    if track:
        return Place(track[0].latitude, track[0].longitude)
    first = place(value(segments[0].file.metadata, "StartLocation")) if segments else None
    return first or place(value(metadata, "TriggerOnLocation"))


def _officer_reference(container: Container, user_id: str) -> str:
    """The number that the body-worn system has on file for its user; the user's id itself where it has none.

    A real system names recordings by its own UUID of a user and tells us that user's number once, in `Users/<uuid>`.
    """
    users = ReceivedObject.objects.filter(
        container__destination=container.destination,
        container__name="Users",
        name=user_id,
        conflicts_with__isnull=True,
    )
    known = users.first()
    return (value(known.metadata, "UserID") if known else "") or user_id


def _time(metadata: Mapping[str, str], key: str) -> datetime | None:
    return instant(value(metadata, f"{key}ISO")) or instant(value(metadata, key))
