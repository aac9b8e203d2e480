"""How does a door's draft become a recording, and how does a recording get its category?

Registering resolves who and what the draft names, and flags what it cannot: nothing is refused for an
administrative reason. Officer and unit are those of the time of recording, not of arrival.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.custody.services import append
from tabard.fleet import selectors as fleet
from tabard.fleet.models import Camera
from tabard.people import selectors as people
from tabard.people.authorisation import Viewer, check_can
from tabard.people.models import Officer
from tabard.people.rules import Action
from tabard.recordings.decryption import expect_decryption
from tabard.recordings.drafts import AttachmentDraft, BookmarkDraft, RecordingDraft, SealedDraft
from tabard.recordings.errors import CategoryUnknown, RecordingExists
from tabard.recordings.models import Attachment, Bookmark, Category, Recording, Segment, Track
from tabard.recordings.rules import When, footage_sha256, in_order, newest_category, settle_times


@dataclass(frozen=True, slots=True)
class _Found:
    """Who and what the draft names, as far as we know them."""

    camera: Camera | None
    officer: Officer | None
    unit_id: UUID | None
    category: Category | None
    flags: list[str]


@transaction.atomic
def register(*, draft: RecordingDraft, by: Actor, at: datetime) -> Recording:
    """The recording stands, whole, with its event `recording.sealed`, or nothing of it does.

    The event's SHA-256 is over the segments' SHA-256s in order (`rules.footage_sha256`); its details list every file.

    Raises:
        RecordingExists: this source has registered one of this name before.
    """
    if Recording.objects.filter(source=draft.source, source_name=draft.source_name).exists():
        raise RecordingExists("This recording is registered already.", source_name=draft.source_name)
    when = settle_times(draft, at)
    found = _resolve(draft, when, at)
    recording = _create(draft, when, found, at)
    segments = in_order(draft.segments)
    _add_segments(recording, draft)
    Attachment.objects.bulk_create(_attachment(recording.pk, part) for part in draft.attachments)
    expect_decryption(recording_id=recording.pk, objects=draft.encrypted_ids)
    Bookmark.objects.bulk_create(_bookmark(recording, mark) for mark in draft.bookmarks)
    if draft.track:
        points = [[point.seconds, point.longitude, point.latitude] for point in draft.track]
        Track.objects.create(recording=recording, points=points)
    append(
        kind=EventKind.RECORDING_SEALED,
        subject=Subject("recording", recording.pk),
        at=at,
        by=by,
        sha256=footage_sha256(segments),
        details=_sealed_details(draft, recording),
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


def _resolve(draft: RecordingDraft, when: When, received_at: datetime) -> _Found:
    """Who had the camera and where they worked when it recorded; on arrival, if its clock cannot be trusted."""
    worn_at = received_at if when.is_suspect else when.started_at
    officer = people.officer_by_reference(draft.officer_reference) if draft.officer_reference else None
    camera = fleet.camera_by_serial(draft.camera_serial) if draft.camera_serial else None
    unit_id = people.unit_at(officer.pk, worn_at) if officer else None
    chosen = newest_category(draft.bookmarks)
    category = _category(chosen) if chosen else None
    wearer = fleet.wearer_at(camera.pk, worn_at) if camera else None
    flag = Recording.Flag
    doubts = {
        flag.UNKNOWN_CAMERA: camera is None,
        flag.UNKNOWN_OFFICER: officer is None,
        flag.UNKNOWN_CATEGORY: _names_unknown_category(draft),
        flag.WEARER_DIFFERS: wearer is not None and officer is not None and wearer.pk != officer.pk,
        flag.CLOCK_SUSPECT: when.is_suspect,
        flag.NO_FOOTAGE: not draft.segments,
        flag.CONFLICT: draft.has_conflict,
        flag.INCOMPLETE: not draft.is_complete,
    }
    flags = [doubt.value for doubt, is_raised in doubts.items() if is_raised]
    return _Found(camera, officer, unit_id or (camera.unit_id if camera else None), category, flags)


def _create(draft: RecordingDraft, when: When, found: _Found, at: datetime) -> Recording:
    # A value longer than its column stands whole in `metadata`; the column holds its beginning, for lists and search.
    return Recording.objects.create(
        source=draft.source,
        source_name=draft.source_name,
        camera=found.camera,
        camera_serial=draft.camera_serial[:64],
        officer=found.officer,
        officer_reference=draft.officer_reference[:64],
        unit_id=found.unit_id,
        category=found.category,
        started_at=when.started_at,
        stopped_at=when.stopped_at,
        received_at=at,
        trigger=draft.trigger[:64],
        latitude=draft.latitude,
        longitude=draft.longitude,
        size_bytes=sum(file.size_bytes for file in draft.files),
        flags=found.flags,
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


def _category(mark: BookmarkDraft) -> Category | None:
    """The category that a bookmark chooses: by its code, else by its name; one no longer offered is still known."""
    by_code = Category.objects.filter(code=mark.category_code).first() if mark.category_code else None
    if by_code is not None or not mark.category_name:
        return by_code
    return Category.objects.filter(name__iexact=mark.category_name).first()


def _names_unknown_category(draft: RecordingDraft) -> bool:
    """Whether any bookmark chooses a category that we do not know."""
    choosing = [mark for mark in draft.bookmarks if mark.category_code or mark.category_name]
    return any(_category(mark) is None for mark in choosing)


def _without_unknown_category(flags: list[str]) -> list[str]:
    return [flag for flag in flags if flag != Recording.Flag.UNKNOWN_CATEGORY]


def _sealed_details(draft: RecordingDraft, recording: Recording) -> dict[str, Any]:
    """What the event commits to: where it came from, what was said about it, and every file of it."""
    return {
        "source": draft.source,
        "source_name": draft.source_name,
        "started_at": recording.started_at.isoformat(),
        "stopped_at": recording.stopped_at.isoformat(),
        "camera": recording.camera_serial,
        "flags": recording.flags,
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
