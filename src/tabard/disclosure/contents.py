"""Which files and facts make up an exhibit? Read from the rows as they are, decided here, packed elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tabard.custody.leaf import rfc3339
from tabard.disclosure.bag import plain_names
from tabard.disclosure.errors import PackDisposed, PackNotReady
from tabard.disclosure.facts import (
    FACTS_VERSION,
    BookmarkFacts,
    CameraFacts,
    ClipFacts,
    ClockFacts,
    ExhibitFacts,
    Facts,
    FileFacts,
    IncidentFacts,
    IssueFacts,
    Person,
    RecordingFacts,
    SegmentFacts,
)
from tabard.fleet.models import Assignment, Camera
from tabard.fleet.selectors import assignment_at
from tabard.incidents.models import Exhibit, Incident
from tabard.media.models import ClipPackets
from tabard.people.models import Officer
from tabard.recordings.models import Attachment, Clip, Recording, Segment
from tabard.vault.models import SealedObject

CLIP = "clip"
SEGMENT = "segment"
DECRYPTED = "decrypted"


@dataclass(frozen=True, slots=True)
class PackedFile:
    """One original file of the exhibit: what it is, what it was called, and the sealed object that holds it."""

    kind: str
    name: str
    object: SealedObject


@dataclass(frozen=True, slots=True)
class Contents:
    """An exhibit as a pack holds it: its facts, and the object behind each of the facts' files, in their order.

    `packets` is the proof that an excerpt's packets are the camera's, where there is one; `decrypted` are the plain
    texts of what came encrypted.
    """

    facts: Facts
    objects: tuple[SealedObject, ...]
    packets: SealedObject | None = None
    decrypted: tuple[UUID, ...] = ()

    @property
    def subject_ids(self) -> list[UUID]:
        """What the log's entries for this exhibit are about, whether or not it is in the pack."""
        facts = self.facts
        named = [facts.exhibit.id, facts.recording.id, *(one.object for one in facts.recording.segments)]
        clip = [facts.clip.id] if facts.clip else []
        return [UUID(text) for text in [*named, *clip, *(file.object for file in facts.files)]]

    @property
    def proven_ids(self) -> list[UUID]:
        """What the entries that a pack proves are about."""
        clip = self.facts.clip
        found = [*self.subject_ids, *self.decrypted]
        return [*found, UUID(clip.segment)] if clip and self.packets else found


def contents_of(exhibit_id: UUID) -> Contents:
    """Everything that goes into the pack of an exhibit: a clip's own file, or all that the camera sent.

    Raises:
        PackDisposed: the recording was disposed of.
        PackNotReady: the clip is not cut.
    """
    exhibit = Exhibit.objects.select_related(
        "producer", "incident", "recording__camera", "recording__officer", "recording__unit", "clip__object"
    ).get(id=exhibit_id)
    if exhibit.recording.disposed_at is not None:
        raise PackDisposed("The recording was disposed of; nothing can be packed from it.")
    segments = list(exhibit.recording.segments.select_related("object", "encrypted_file__ciphertext"))
    packed = _clip_file(exhibit.clip) if exhibit.clip else _camera_files(exhibit.recording, segments)
    facts = Facts(
        v=FACTS_VERSION,
        exhibit=_exhibit(exhibit),
        incident=_incident(exhibit.incident) if exhibit.incident else None,
        recording=_recording(exhibit, segments),
        clip=_clip(exhibit.clip) if exhibit.clip else None,
        files=_files(packed),
    )
    plain = exhibit.recording.encrypted_files.filter(plain__isnull=False).order_by("plain_id")
    return Contents(
        facts,
        tuple(file.object for file in packed),
        _packets(exhibit.clip),
        tuple(plain.values_list("plain_id", flat=True)),
    )


def _camera_files(recording: Recording, segments: Sequence[Segment]) -> list[PackedFile]:
    """Every segment, then all else the camera sent, each as it wrote it; then the plain text of what it encrypted."""
    attachments = recording.attachments.select_related("object", "encrypted_file__ciphertext")
    opened = recording.encrypted_files.filter(plain__isnull=False)
    return [
        *(PackedFile(SEGMENT, segment.name, _as_it_came(segment)) for segment in segments),
        *(PackedFile(one.kind, one.name, _as_it_came(one)) for one in attachments.order_by("name", "id")),
        *(
            PackedFile(DECRYPTED, _plain_name(one.file_name), one.plain)
            for one in opened.select_related("plain", "segment", "attachment").order_by("plain_id")
            if one.plain is not None
        ),
    ]


def _as_it_came(part: Segment | Attachment) -> SealedObject:
    """The file as the camera sent it: of one that it encrypted, the ciphertext."""
    encrypted = getattr(part, "encrypted_file", None)
    return encrypted.ciphertext if encrypted else part.object


def _plain_name(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}-decrypted.{suffix}" if dot else f"{name}-decrypted"


def _clip_file(clip: Clip) -> list[PackedFile]:
    if clip.object is None:
        raise PackNotReady("The clip is not cut; nothing can be packed from it.")
    stem = clip.segment.name.rsplit("/", 1)[-1].rpartition(".")[0] or clip.segment.name
    return [PackedFile(CLIP, f"{stem}-clip.{clip.container}", clip.object)]


def _packets(clip: Clip | None) -> SealedObject | None:
    found = ClipPackets.objects.select_related("object").filter(clip=clip).first() if clip else None
    return found.object if found else None


def _files(packed: Sequence[PackedFile]) -> tuple[FileFacts, ...]:
    names = plain_names(file.name for file in packed)
    return tuple(
        FileFacts(
            file=name,
            kind=file.kind,
            name=file.name,
            object=str(file.object.id),
            size_bytes=file.object.size_bytes,
            sha256=bytes(file.object.sha256).hex(),
        )
        for name, file in zip(names, packed, strict=True)
    )


def _exhibit(exhibit: Exhibit) -> ExhibitFacts:
    return ExhibitFacts(
        id=str(exhibit.id),
        reference=exhibit.reference,
        description=exhibit.description,
        producer=_person(exhibit.producer),
        produced_at=rfc3339(exhibit.produced_at),
    )


def _incident(incident: Incident) -> IncidentFacts:
    return IncidentFacts(
        id=str(incident.id), kind=incident.kind, reference=incident.reference, title=incident.title
    )


def _recording(exhibit: Exhibit, segments: Sequence[Segment]) -> RecordingFacts:
    recording = exhibit.recording
    camera = recording.camera
    issue = assignment_at(camera.id, recording.filmed_at) if camera else None
    return RecordingFacts(
        id=str(recording.id),
        name=recording.source_name,
        started_at=rfc3339(recording.started_at),
        stopped_at=rfc3339(recording.stopped_at),
        received_at=rfc3339(recording.received_at),
        clock=_clock(recording),
        trigger=recording.trigger,
        named_camera=recording.camera_serial,
        camera=_camera(camera, issue) if camera else None,
        named_wearer=recording.officer_reference,
        wearer=_person(recording.officer) if recording.officer else None,
        camera_issued_to=_person(issue.officer) if issue else None,
        issue=_issue(issue) if issue else None,
        unit=recording.unit.name if recording.unit else None,
        category=recording.category.name if recording.category else None,
        # What was settled since was a doubt all the same, and whoever gets the footage must know of it.
        flags=tuple(sorted({*recording.flags, *recording.settled_flags.values_list("flag", flat=True)})),
        # What was said about the rest of a recording is not the business of whoever gets an excerpt.
        bookmarks=() if exhibit.clip_id else _bookmarks(recording),
        segments=tuple(map(_segment, segments)),
    )


def _issue(issue: Assignment) -> IssueFacts:
    """From when until when; who had a camera when is evidence itself."""
    return IssueFacts(rfc3339(issue.during.lower), _time(issue.during.upper))


def _clock(recording: Recording) -> ClockFacts | None:
    """What was measured of the camera's clock; nothing where the start could not be corrected by it."""
    start, ahead, uncertainty = (
        recording.corrected_start_at,
        recording.clock_offset_ms,
        recording.clock_uncertainty_ms,
    )
    if start is None or ahead is None or uncertainty is None:
        return None
    return ClockFacts(rfc3339(start), ahead, uncertainty, recording.clock_basis)


def _bookmarks(recording: Recording) -> tuple[BookmarkFacts, ...]:
    return tuple(
        BookmarkFacts(rfc3339(mark.start_at), _time(mark.end_at), mark.text, mark.category_name)
        for mark in recording.bookmarks.order_by("start_at", "id")
    )


def _segment(segment: Segment) -> SegmentFacts:
    came = _as_it_came(segment)
    return SegmentFacts(
        id=str(segment.id),
        ordinal=segment.ordinal,
        name=segment.name,
        object=str(came.id),
        size_bytes=came.size_bytes,
        sha256=bytes(came.sha256).hex(),
        started_at=_time(segment.started_at),
        stopped_at=_time(segment.stopped_at),
    )


def _clip(clip: Clip) -> ClipFacts:
    return ClipFacts(
        id=str(clip.id),
        title=clip.title,
        segment=str(clip.segment_id),
        asked_start_ms=round(clip.start_s * 1000),
        asked_end_ms=round(clip.end_s * 1000),
        actual_start_ms=round((clip.actual_start_s or 0) * 1000),
        actual_end_ms=round((clip.actual_end_s or 0) * 1000),
    )


def _camera(camera: Camera, issue: Assignment | None) -> CameraFacts:
    mount = issue.mount if issue and issue.mount else camera.mount
    return CameraFacts(serial=camera.serial, make=camera.make, model=camera.model, mount=mount)


def _person(officer: Officer) -> Person:
    name = f"{officer.given_name} {officer.family_name}"
    return Person(name=name, rank=officer.rank, shoulder_number=officer.shoulder_number)


def _time(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
