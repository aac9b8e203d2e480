"""What happened to this recording, as a document that can be put before a court? One export for screen, API and CLI.

Every event about the recording and all that came with it or was made from it, in the order of the log, each with the
checkpoint that proves it. The document is made first, then its hash is logged with who took it and why, in one
transaction, and only then is it handed out: a document that the log does not know was not made by Tabard.

Who may not read the log gets no looks of other people and, unless they place holds, no holds; the document says that
such entries are left out. A reader of the log, and whoever has the machine, gets every entry.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from tabard.custody import selectors, services
from tabard.custody.actors import Actor, Subject
from tabard.custody.adapters import log_signer
from tabard.custody.covering import CoveredEvent, covered
from tabard.custody.kinds import EventKind
from tabard.custody.verify import fingerprint
from tabard.disclosure.history_csv import history_csv
from tabard.disclosure.history_document import File, Head, HistoryDocument
from tabard.disclosure.history_pdf import history_pdf
from tabard.disclosure.item_names import recording_name
from tabard.disclosure.log_entries import entries
from tabard.incidents.log_reading import history_for
from tabard.merkle.note import SignedNote
from tabard.people.access import reason_details
from tabard.people.authorisation import Viewer, can, check_can
from tabard.people.rules import Action
from tabard.recordings.models import Attachment, Clip, Recording, Segment
from tabard.retention.selectors import object_ids

_LEFT_OUT = (
    "Left out of this copy: who only looked at or played the footage{holds}. Entries of that kind are shown only to "
    "those who may read the custody log; a copy made by one of them holds every entry."
)


class HistoryForm(StrEnum):
    """What the document is: to read in court, or for a spreadsheet."""

    PDF = "pdf"
    CSV = "csv"

    @property
    def content_type(self) -> str:
        """Its media type."""
        return "application/pdf" if self is HistoryForm.PDF else "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True)
class HistoryExport:
    """The document, ready to be handed out."""

    content: bytes
    filename: str
    content_type: str
    events: int


def export_history(
    *, recording: Recording, form: HistoryForm, viewer: Viewer, at: datetime, reason: str | None = None
) -> HistoryExport:
    """The recording's history as far as the viewer may see it; that they took it is in the log when this returns.

    Raises:
        Denied: when the viewer may not take out this recording's history.
        ReasonNeeded: when a reason is required and none is given.
        ScheduleFailed: when it could not be typeset; nothing was logged.
    """
    check_can(viewer, Action.HISTORY_EXPORT, recording)
    events = history_for(viewer, subject_ids(recording))
    return _export(recording, events, form, _Taken(viewer.actor, at, reason, _left_out(viewer)))


def export_whole_history(
    *, recording: Recording, form: HistoryForm, by: Actor, at: datetime, reason: str | None = None
) -> HistoryExport:
    """The recording's whole history, for whoever has the machine: nobody's roles are asked. It is in the log too.

    Raises:
        ReasonNeeded: when a reason is required and none is given.
        ScheduleFailed: when it could not be typeset; nothing was logged.
    """
    events = selectors.history(subject_ids(recording))
    return _export(recording, events, form, _Taken(by, at, reason, ""))


def subject_ids(recording: Recording) -> list[UUID]:
    """Everything that an event about this recording may be about: itself, its parts, and what was made of it."""
    clips = Clip.objects.filter(segment__recording=recording)
    exhibits = recording.exhibits.prefetch_related("packs")
    return [
        recording.id,
        *recording.segments.values_list("id", flat=True),
        *clips.values_list("id", flat=True),
        *(
            found
            for exhibit in exhibits
            for found in (exhibit.id, *(pack.id for pack in exhibit.packs.all()))
        ),
        *object_ids(recording.id),
    ]


@dataclass(frozen=True, slots=True)
class _Taken:
    """Who takes it out, when and why, and what they may not see."""

    by: Actor
    at: datetime
    reason: str | None
    left_out: str


def _export(recording: Recording, events: QuerySet[Any], form: HistoryForm, taken: _Taken) -> HistoryExport:
    """The document of these events, made before anything is locked, then logged."""
    why = reason_details(taken.reason)
    document = _document(recording, covered(events.order_by(F("position").asc(nulls_last=True), "id")), taken)
    content = history_pdf(document, at=taken.at) if form is HistoryForm.PDF else history_csv(document)
    with transaction.atomic():
        services.append(
            kind=EventKind.RECORDING_HISTORY_EXPORTED,
            subject=Subject("recording", recording.id),
            at=taken.at,
            by=taken.by,
            sha256=hashlib.sha256(content).digest(),
            details={"form": form.value, "events": len(document.entries), **why},
        )
    name = f"history-{recording.started_at:%Y%m%dT%H%M%SZ}-{recording.id.hex[-8:]}.{form}"
    return HistoryExport(content, name, form.content_type, len(document.entries))


def _document(recording: Recording, events: Iterable[CoveredEvent], taken: _Taken) -> HistoryDocument:
    vkey = log_signer().vkey
    return HistoryDocument(
        force=settings.TABARD_FORCE,
        made_by=taken.by.name,
        made_at=taken.at,
        reason=taken.reason or "",
        left_out=taken.left_out,
        recording=_recording(recording),
        files=_files(recording),
        entries=entries(events),
        head=_head(),
        vkey=vkey,
        fingerprint=fingerprint(vkey),
    )


def _recording(recording: Recording) -> tuple[tuple[str, str | datetime], ...]:
    camera, officer = recording.camera, recording.officer
    return (
        ("Recording", recording_name(recording.started_at, recording.camera_serial)),
        ("Name from the camera", recording.source_name),
        ("Tabard's id", str(recording.id)),
        ("Started (camera clock)", recording.started_at),
        ("Stopped (camera clock)", recording.stopped_at),
        ("Started (corrected)", recording.corrected_start_at or "not known"),
        ("Corrected start, give or take", _sure(recording)),
        ("Received (server clock)", recording.received_at),
        ("Camera", f"{camera.make} {camera.model} {camera.serial}" if camera else recording.camera_serial),
        ("Officer", str(officer) if officer else recording.officer_reference),
        ("Unit", recording.unit.name if recording.unit else ""),
        ("Disposed of", recording.disposed_at or "no"),
    )


def _sure(recording: Recording) -> str:
    """How far the corrected start may be off."""
    seconds = recording.clock_uncertainty_s
    return "the camera's clock was not measured" if seconds is None else f"{seconds:,} s"


def _files(recording: Recording) -> tuple[File, ...]:
    parts: list[Segment | Attachment] = [
        *recording.segments.select_related("object"),
        *recording.attachments.select_related("object").order_by("name", "id"),
    ]
    files = [File(part.name, part.object.size_bytes, bytes(part.object.sha256).hex()) for part in parts]
    encrypted = recording.encrypted_files.filter(plain__isnull=False)
    return (
        *files,
        *(
            File(
                f"{each.file_name}, as it came, encrypted",
                each.ciphertext.size_bytes,
                bytes(each.ciphertext.sha256).hex(),
            )
            for each in encrypted.select_related("ciphertext", "segment", "attachment").order_by("id")
        ),
    )


def _head() -> Head | None:
    """The newest signed checkpoint as it is published, with the witnesses whose cosignatures stand on it."""
    newest = selectors.latest_checkpoint()
    if newest is None:
        return None
    note = SignedNote.parse(selectors.published_note(newest).encode())
    origin = note.text.partition("\n")[0]
    witnesses = dict.fromkeys(line.name for line in note.signatures if line.name != origin)
    return Head(origin, newest.size, bytes(newest.root).hex(), newest.signed_at, tuple(witnesses))


def _left_out(viewer: Viewer) -> str:
    if can(viewer, Action.LOG_VIEW):
        return ""
    return _LEFT_OUT.format(holds="" if can(viewer, Action.HOLD_PLACE) else ", and holds placed on it")
