"""How does a door's draft become a recording, and how does a recording get its category?

Registering resolves who and what the draft names (`resolving`), and flags what it cannot: nothing is refused for an
administrative reason. Footage that stands already comes again, and is not registered twice (`repeats`).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.custody.services import append
from tabard.fleet.clocks import keep_satellite_reading
from tabard.kernel.ids import new_id
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.recordings import repeats
from tabard.recordings.decryption import expect_decryption
from tabard.recordings.drafts import AttachmentDraft, BookmarkDraft, RecordingDraft, SealedDraft
from tabard.recordings.errors import CategoryUnknown
from tabard.recordings.models import Attachment, Bookmark, Category, Recording, Segment, Track
from tabard.recordings.resolving import Found, resolve
from tabard.recordings.rules import When, footage_sha256, in_order, settle_times
from tabard.recordings.times import time_details, time_fields


@transaction.atomic
def register(*, draft: RecordingDraft, by: Actor, at: datetime) -> Recording:
    """The recording stands, whole, with its event `recording.sealed`, or nothing of it does.

    Footage that stands already comes again: the standing recording is returned, with the event
    `recording.came_again` (its `received_at` is then not `at`). What contradicts another recording stands beside it,
    both flagged, the later pointing at the earlier.

    The event's SHA-256 is over the segments' SHA-256s in order (`rules.footage_sha256`); its details list every file.
    """
    when = settle_times(draft, at)
    here = repeats.look_for(draft, when)
    if here.again is not None:
        repeats.record_again(recording=here.again, draft=draft, by=by, at=at)
        return here.again
    found = resolve(draft, when, at)
    recording = _create(draft, when, found, here, at)
    segments = in_order(draft.segments)
    _add_segments(recording, draft)
    Attachment.objects.bulk_create(_attachment(recording.pk, part) for part in draft.attachments)
    expect_decryption(recording_id=recording.pk, objects=draft.encrypted_ids)
    Bookmark.objects.bulk_create(_bookmark(recording, mark) for mark in draft.bookmarks)
    if draft.track:
        points = [[point.seconds, point.longitude, point.latitude] for point in draft.track]
        Track.objects.create(recording=recording, points=points)
    if found.camera is not None and found.timing.own is not None:
        keep_satellite_reading(camera_id=found.camera.pk, reading=found.timing.own, at=at)
    if here.rival is not None:
        repeats.flag_conflict(here.rival)
    append(
        kind=EventKind.RECORDING_SEALED,
        subject=Subject("recording", recording.pk),
        at=at,
        by=by,
        sha256=footage_sha256(segments),
        details=_sealed_details(draft, recording, found),
    )
    return recording


def attach_late(*, recording_id: UUID, part: AttachmentDraft, flag: Recording.Flag) -> None:
    """A file that came after the recording was sealed stands beside it, flagged, in the caller's transaction.

    The recording itself stays as it was sealed. The caller appends the event of the file.
    """
    recording = Recording.objects.select_for_update().get(pk=recording_id)
    _attachment(recording_id, part).save(force_insert=True)
    if flag not in recording.flags:
        recording.flags = [*recording.flags, flag.value]
        recording.save(update_fields=["flags"])


@transaction.atomic
def categorise(
    *, recording: Recording, category: str, viewer: Viewer, at: datetime, reason: str = ""
) -> None:
    """The recording is in the category, and the event says what it was in before; the same again changes nothing.

    Args:
        recording: The one to categorise; it is brought up to date.
        category: The code of a category.
        viewer: Who asks; recorded.
        at: When, aware.
        reason: Why, in the person's words; may be empty.

    Raises:
        Denied: the viewer may not categorise this recording.
        CategoryUnknown: no category has this code.
    """
    check_can(viewer, Action.RECORDING_CATEGORISE, recording)
    chosen = Category.objects.filter(code=category).first()
    if chosen is None:
        raise CategoryUnknown("There is no such category.", field="category", category=category)
    locked = Recording.objects.select_for_update().get(pk=recording.pk)
    recording.category, recording.flags = chosen, _without_unknown_category(locked.flags)
    if locked.category_id == chosen.code and locked.flags == recording.flags:
        return
    recording.save(update_fields=["category", "flags"])
    append(
        kind=EventKind.RECORDING_CATEGORISED,
        subject=Subject("recording", recording.pk),
        at=at,
        by=viewer.actor,
        details={"from": locked.category_id, "to": chosen.code, "reason": reason},
    )


def _create(draft: RecordingDraft, when: When, found: Found, here: repeats.Here, at: datetime) -> Recording:
    # A value longer than its column stands whole in `metadata`; the column holds its beginning, for lists and search.
    recording_id = new_id()
    return Recording.objects.create(
        id=recording_id,
        source=draft.source,
        source_name=_free_name(draft, recording_id) if here.is_name_taken else draft.source_name,
        camera=found.camera,
        camera_serial=draft.camera_serial[:64],
        officer=found.officer,
        officer_reference=draft.officer_reference[:64],
        unit_id=found.unit_id,
        category=found.category,
        started_at=when.started_at,
        stopped_at=when.stopped_at,
        received_at=at,
        begun_by_at=found.timing.begun_by_at,
        **time_fields(when.started_at, found.timing.correction),
        trigger=draft.trigger[:64],
        latitude=draft.latitude,
        longitude=draft.longitude,
        size_bytes=sum(file.size_bytes for file in draft.files),
        flags=_flags(found, here),
        conflicts_with=here.rival,
        metadata=dict(draft.metadata),
    )


def _add_segments(recording: Recording, draft: RecordingDraft) -> None:
    Segment.objects.bulk_create(
        Segment(
            recording=recording,
            ordinal=ordinal,
            name=segment.file.name,
            object_id=segment.file.object_id,
            started_at=segment.started_at,
            stopped_at=segment.stopped_at,
            sequence=repeats.number_of(segment),
            metadata=dict(segment.file.metadata),
        )
        for ordinal, segment in enumerate(in_order(draft.segments))
    )


def _attachment(recording_id: UUID, part: AttachmentDraft) -> Attachment:
    return Attachment(
        recording_id=recording_id,
        kind=part.kind.value,
        name=part.file.name,
        object_id=part.file.object_id,
        metadata=dict(part.file.metadata),
    )


def _bookmark(recording: Recording, mark: BookmarkDraft) -> Bookmark:
    return Bookmark(
        recording=recording,
        start_at=mark.start_at or recording.started_at,
        end_at=mark.end_at,
        text=mark.text,
        category_code=mark.category_code[:80],
        category_name=mark.category_name[:80],
        tags=dict(mark.tags),
    )


def _free_name(draft: RecordingDraft, recording_id: UUID) -> str:
    """The name with the end of our id, where the source has registered one of this name before."""
    return f"{draft.source_name[:240]} ({recording_id.hex[-12:]})"


def _flags(found: Found, here: repeats.Here) -> list[str]:
    conflict = Recording.Flag.CONFLICT.value
    is_new = here.rival is not None and conflict not in found.flags
    return [*found.flags, conflict] if is_new else list(found.flags)


def _without_unknown_category(flags: list[str]) -> list[str]:
    return [flag for flag in flags if flag != Recording.Flag.UNKNOWN_CATEGORY]


def _sealed_details(draft: RecordingDraft, recording: Recording, found: Found) -> dict[str, Any]:
    """What the event commits to: where it came from, what was said about it, and every file of it."""
    return {
        "source": draft.source,
        "source_name": draft.source_name,
        "started_at": recording.started_at.isoformat(),
        "stopped_at": recording.stopped_at.isoformat(),
        "time": time_details(time_fields(recording.started_at, found.timing.correction)),
        "camera": recording.camera_serial,
        "flags": recording.flags,
        "conflicts_with": str(recording.conflicts_with_id) if recording.conflicts_with_id else None,
        "metadata": recording.metadata,
        "segments": [_file_details(segment.file) for segment in in_order(draft.segments)],
        "attachments": [_file_details(part.file) for part in draft.attachments],
        **({"reason": draft.reason} if draft.reason else {}),
    }


def _file_details(file: SealedDraft) -> dict[str, Any]:
    return {
        "name": file.name,
        "object": str(file.object_id),
        "size_bytes": file.size_bytes,
        "sha256": file.sha256.hex(),
    }
