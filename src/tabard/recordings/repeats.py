"""Is this footage here already? The same bytes are one recording, by whichever door and name they come.

Footage is known by the SHA-256 of its segments. A draft whose every segment stands in one recording already comes
again: nothing new is made of it. Bytes that two cameras, or two officers, lay claim to are kept twice; so is footage
that came under the name, or with the camera, start and number, of other footage: an edited file docked again. Both
stand, flagged, and the later points at the earlier. An empty file is nobody's mark: its hash says nothing.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.custody.services import append
from tabard.people import selectors as people
from tabard.recordings.continuity import file_number
from tabard.recordings.drafts import AttachmentKind, RecordingDraft, SealedDraft, SegmentDraft
from tabard.recordings.models import Attachment, EncryptedFile, Recording, Segment
from tabard.recordings.rules import When, footage_sha256, in_order

_EMPTY = hashlib.sha256().digest()
_LOCKED = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key"


def standing_by_footage(sha256s: Iterable[bytes]) -> Recording | None:
    """The first recording not disposed of that has footage with every one of these SHA-256s; None if there is none.

    Of a file that came encrypted, both the ciphertext and what it decrypts to are known.
    """
    wanted = frozenset(sha256s) - {_EMPTY}
    if not wanted:
        return None
    having: dict[UUID, set[bytes]] = {}
    for recording_id, sha256 in _segments_with(wanted):
        having.setdefault(recording_id, set()).add(bytes(sha256))
    whole = [recording_id for recording_id, found in having.items() if found == wanted]
    return Recording.objects.filter(pk=min(whole)).first() if whole else None


@dataclass(frozen=True, slots=True)
class Here:
    """What stands already: the same recording, locked; or one that this contradicts; and whether its name is taken."""

    again: Recording | None = None
    rival: Recording | None = None
    is_name_taken: bool = False


def look_for(draft: RecordingDraft, when: When) -> Here:
    """What stands already of a draft; nobody else registers the like until the caller's transaction ends."""
    _one_at_a_time(draft, when)
    standing = standing_by_footage(_footage(draft))
    if standing is not None and not _claims_differ(draft, standing):
        # A disposal may have been first.
        locked = (
            Recording.objects.select_for_update().filter(pk=standing.pk, disposed_at__isnull=True).first()
        )
        if locked is not None:
            return Here(again=locked)
        standing = None
    akin = list(Recording.objects.filter(_under_name(draft) | _of_same_start(draft, when)).order_by("pk"))
    named = [each for each in akin if (each.source, each.source_name) == (draft.source, draft.source_name)]
    rivals = (
        each for each in akin if each.disposed_at is None and (each in named or _same_number(draft, each))
    )
    return Here(rival=standing or next(rivals, None), is_name_taken=bool(named))


def record_again(*, recording: Recording, draft: RecordingDraft, by: Actor, at: datetime) -> None:
    """That the footage came again is in the log, with what is said of it now, in the caller's transaction.

    What came beside it and is not here yet is kept as a late file; nothing else changes.
    """
    here = Attachment.objects.filter(recording=recording).values_list("object__sha256", flat=True)
    known = {bytes(sha256) for sha256 in here}
    late = [part.file for part in draft.attachments if part.file.sha256 not in known]
    Attachment.objects.bulk_create(_late(recording, file) for file in late)
    if late:
        _flag(recording, Recording.Flag.LATE_FILE)
    append(
        kind=EventKind.RECORDING_CAME_AGAIN,
        subject=Subject("recording", recording.pk),
        at=at,
        by=by,
        sha256=footage_sha256(in_order(draft.segments)),
        details=_again_details(draft, late),
    )


def flag_conflict(recording: Recording) -> None:
    """The earlier of two that contradict each other is flagged too, in the caller's transaction."""
    _flag(Recording.objects.select_for_update().get(pk=recording.pk), Recording.Flag.CONFLICT)


def number_of(segment: SegmentDraft) -> int | None:
    """The segment's number in its camera's counting: as it was handed over, else as its name says."""
    if segment.sequence is not None:
        return segment.sequence
    told = segment.file.metadata.get("sequence", "")
    if told.isascii() and told.isdigit() and len(told) < len(str(2**63)):
        return int(told)
    named = file_number(segment.file.name)
    return named.number if named else None


def _footage(draft: RecordingDraft) -> frozenset[bytes]:
    return frozenset(segment.file.sha256 for segment in draft.segments) - {_EMPTY}


def _segments_with(wanted: Collection[bytes]) -> Iterable[tuple[UUID, Any]]:
    """Which recordings have which of these as footage: one statement, each half by its index."""
    plain = Segment.objects.filter(object__sha256__in=wanted, recording__disposed_at__isnull=True)
    sealed = EncryptedFile.objects.filter(
        ciphertext__sha256__in=wanted, segment__isnull=False, recording__disposed_at__isnull=True
    )
    return plain.values_list("recording_id", "object__sha256").union(
        sealed.values_list("recording_id", "ciphertext__sha256")
    )


def _claims_differ(draft: RecordingDraft, found: Recording) -> bool:
    """Whether the footage is said to be of another camera or another officer than that which stands."""
    serials = {draft.camera_serial.strip().upper(), found.camera_serial.strip().upper()} - {""}
    if len(serials) > 1:
        return True
    if not draft.officer_reference.strip() or found.officer_id is None:
        return False
    officer = people.officer_by_reference(draft.officer_reference)
    return officer is not None and officer.pk != found.officer_id


def _one_at_a_time(draft: RecordingDraft, when: When) -> None:
    """Locks its footage, name, and camera with start: in one statement and one order, so none waits in a ring."""
    marks = [b"footage" + sha256 for sha256 in _footage(draft)]
    marks.append(f"name {draft.source}/{draft.source_name}".encode(errors="surrogateescape"))
    if draft.camera_serial:
        marks.append(f"start {draft.camera_serial.upper()} {when.started_at.isoformat()}".encode())
    keys = sorted({int.from_bytes(hashlib.sha256(mark).digest()[:8], signed=True) for mark in marks})
    with connection.cursor() as cursor:
        cursor.execute(_LOCKED, [keys])


def _under_name(draft: RecordingDraft) -> Q:
    return Q(source=draft.source, source_name=draft.source_name)


def _of_same_start(draft: RecordingDraft, when: When) -> Q:
    """Recordings of the same camera that began at the same instant, where the camera said when."""
    if not draft.camera_serial or not when.is_told:
        return Q(pk__in=[])
    return Q(camera_serial__iexact=draft.camera_serial[:64], started_at=when.started_at)


def _same_number(draft: RecordingDraft, other: Recording) -> bool:
    """Whether the camera's counting does not tell the two apart."""
    first = next(iter(in_order(draft.segments)), None)
    number = number_of(first) if first else None
    its_number = other.segments.values_list("sequence", flat=True).first()
    return number is None or its_number is None or number == its_number


def _late(recording: Recording, file: SealedDraft) -> Attachment:
    return Attachment(
        recording=recording,
        kind=AttachmentKind.LATE.value,
        name=file.name,
        object_id=file.object_id,
        metadata=dict(file.metadata),
    )


def _flag(recording: Recording, flag: Recording.Flag) -> None:
    """The locked recording carries the flag."""
    if flag not in recording.flags:
        recording.flags = [*recording.flags, flag.value]
        recording.save(update_fields=["flags"])


def _again_details(draft: RecordingDraft, late: Iterable[SealedDraft]) -> dict[str, Any]:
    return {
        "source": draft.source,
        "source_name": draft.source_name,
        "camera": draft.camera_serial,
        "officer": draft.officer_reference,
        "files": [{"name": file.name, "object": str(file.object_id)} for file in draft.files],
        "late": [file.name for file in late],
    }
