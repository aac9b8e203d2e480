"""How does what arrives at a door become ours? Containers, sealed objects and, once whole, a recording.

The order of writes is the design. An object's bytes are durable in the vault before its row is written; the row with
its key, what was received and the custody event commit together; only then is the sender told that it was stored, and
may forget it. Everything that concerns one container happens under a lock on its row: two senders of one name cannot
miss each other, and an object is either part of the recording or late for it, never neither.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction

from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.custody.services import append
from tabard.fleet import contacts
from tabard.intake.axis.drafting import SOURCE, draft_of, sealed_draft
from tabard.intake.axis.protocol import Metadata, kind_of, merged, value
from tabard.intake.errors import AlreadyComplete, ContainerUnknown, ObjectUnknown
from tabard.intake.models import Container, Destination, ReceivedObject
from tabard.kernel.errors import Unavailable
from tabard.kernel.text import required
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.recordings.drafts import AttachmentDraft, AttachmentKind, RecordingDraft
from tabard.recordings.models import Recording
from tabard.recordings.services import attach_late, register
from tabard.vault import services as vault
from tabard.vault.services import Pending

LONGEST_REASON = 500
_log = logging.getLogger(__name__)


class Receipt(StrEnum):
    """What became of an object that was put."""

    SEALED = "sealed"
    REPEATED = "repeated"
    CONFLICTED = "conflicted"


@transaction.atomic
def put_container(
    *, destination: Destination, name: str, metadata: Metadata, by: Actor, at: datetime
) -> bool:
    """The container exists with this metadata laid over what it had; True if it is new."""
    defaults = {"kind": kind_of(name).value, "created_at": at}
    container, is_new = Container.objects.get_or_create(destination=destination, name=name, defaults=defaults)
    describe_container(container=container, metadata=metadata, by=by, at=at)
    return is_new


@transaction.atomic
def describe_container(*, container: Container, metadata: Metadata, by: Actor, at: datetime) -> None:
    """The metadata is laid over the container's; `Status: Complete` makes the recording, once.

    What changes after that is kept and logged, and leaves the sealed recording as it is.
    """
    locked = _lock(container.pk)
    described = merged(locked.metadata, metadata)
    if described != locked.metadata:
        locked.metadata = described
        locked.save(update_fields=["metadata"])
        if locked.recording_id is not None:
            _append_described(Subject("recording", locked.recording_id), locked.name, metadata, by, at)
    if value(metadata, "Status") == "Complete":
        complete(container=locked, by=by, at=at)


def find_container(*, destination: Destination, name: str) -> Container:
    """The destination's container of this name.

    Raises:
        ContainerUnknown.
    """
    container = Container.objects.filter(destination=destination, name=name).first()
    if container is None:
        raise ContainerUnknown("There is no such container.", container=name)
    return container


def find_object(*, destination: Destination, container: str, name: str) -> ReceivedObject:
    """The first object that was put under this name; later copies with other bytes stand beside it.

    Raises:
        ObjectUnknown: the container, or the object in it, does not exist.
    """
    found = ReceivedObject.objects.filter(
        container__destination=destination, container__name=container, name=name, conflicts_with__isnull=True
    )
    received = found.select_related("container", "object").first()
    if received is None:
        raise ObjectUnknown("There is no such object.", container=container, object=name)
    return received


@transaction.atomic
def describe_object(*, received: ReceivedObject, metadata: Metadata, by: Actor, at: datetime) -> None:
    """The object's metadata is replaced, as Swift does; what it was before stays in the custody log."""
    container = _lock(received.container_id)
    locked = ReceivedObject.objects.select_related("object").get(pk=received.pk)
    _replace_metadata(container, locked, metadata, by, at)


def receive(
    *, container_id: UUID, name: str, metadata: Metadata, pending: Pending, by: Actor, at: datetime
) -> Receipt:
    """The bytes are kept under the name, logged and committed; what was kept before is untouched.

    The same bytes again change nothing but the metadata. Different bytes under a taken name are kept beside the
    first as a conflict. A recording that is complete gets the object as a late attachment, flagged.

    Args:
        container_id: The container that they were put into.
        name: A name that `protocol.safe_name` let through.
        metadata: What the sender says about them.
        pending: The sealed bytes, durable in the store.
        by: The sender.
        at: When the last byte arrived, aware.
    """
    try:
        with transaction.atomic():
            receipt = _keep(_lock(container_id), name=name, metadata=metadata, pending=pending, by=by, at=at)
    except Exception:
        vault.give_up(pending)
        raise
    if receipt is Receipt.REPEATED:
        _drop(pending)
    return receipt


@transaction.atomic
def complete(*, container: Container, by: Actor, at: datetime) -> Recording | None:
    """The container is complete and, if it holds one, its recording stands; again, the same recording is returned.

    Raises:
        Integrity, Unavailable: a bookmark or a track cannot be read back; nothing is complete yet.
    """
    locked = _lock(container.pk)
    if locked.completed_at is not None:
        return locked.recording
    if locked.kind == Container.Kind.RECORDING:
        return _complete(locked, _draft(locked), by=by, at=at)
    locked.completed_at = at
    locked.save(update_fields=["completed_at"])
    return None


@transaction.atomic
def end_transfer(*, container: Container, reason: str, viewer: Viewer, at: datetime) -> Recording:
    """The recording stands with what has come of it, flagged, though its system never said that this was all.

    What still comes is attached as late. Nothing is ended by itself: footage that nobody ends stays listed.

    Args:
        container: A recording in transfer at the Axis door.
        reason: Why it is ended, in the person's words; it stands in the event.
        viewer: Who ends it.
        at: When, aware.

    Raises:
        Denied: the viewer may not.
        Invalid: there is no reason.
        AlreadyComplete: it has ended, or makes no recording.
        Integrity, Unavailable: a bookmark or a track cannot be read back; nothing is complete yet.
    """
    check_can(viewer, Action.FLEET_MANAGE)
    said = required(reason, "reason", LONGEST_REASON)
    locked = _lock(container.pk)
    if locked.completed_at is not None or locked.kind != Container.Kind.RECORDING:
        raise AlreadyComplete("This transfer has ended, or is of no recording.", container=str(locked.pk))
    return _complete(locked, replace(_draft(locked), is_complete=False, reason=said), by=viewer.actor, at=at)


def _complete(locked: Container, draft: RecordingDraft, *, by: Actor, at: datetime) -> Recording:
    locked.recording = register(draft=draft, by=by, at=at)
    if locked.recording.camera_id is not None:
        contacts.footage_came(camera_id=locked.recording.camera_id, at=at)
    locked.completed_at = at
    locked.save(update_fields=["completed_at", "recording"])
    return locked.recording


def _draft(locked: Container) -> RecordingDraft:
    return draft_of(locked, _source_name(locked))


def _keep(
    container: Container, *, name: str, metadata: Metadata, pending: Pending, by: Actor, at: datetime
) -> Receipt:
    facts = pending.facts
    copies = list(container.received.filter(name=name).select_related("object"))
    for copy in copies:
        if facts is not None and bytes(copy.object.sha256) == facts.sha256:
            _replace_metadata(container, copy, metadata, by, at)
            return Receipt.REPEATED
    first = next((copy for copy in copies if copy.conflicts_with_id is None), None)
    received = ReceivedObject.objects.create(
        container=container,
        name=name,
        metadata=metadata,
        object=vault.record(pending=pending, at=at),
        received_at=at,
        conflicts_with=first,
    )
    if container.recording_id is not None:
        _attach_late(container.recording_id, received)
    _append_received(container, received, by, at)
    return Receipt.SEALED if first is None else Receipt.CONFLICTED


def _attach_late(recording_id: UUID, received: ReceivedObject) -> None:
    is_conflict = received.conflicts_with_id is not None
    kind = AttachmentKind.CONFLICT if is_conflict else AttachmentKind.LATE
    flag = Recording.Flag.CONFLICT if is_conflict else Recording.Flag.LATE_FILE
    attach_late(recording_id=recording_id, part=AttachmentDraft(kind, sealed_draft(received)), flag=flag)


def _append_received(container: Container, received: ReceivedObject, by: Actor, at: datetime) -> None:
    """The one event of an object that was kept; a registry's objects say who may send, and are events of their own."""
    sealed = received.object
    details: dict[str, Any] = {
        "container": container.name,
        "name": received.name,
        "size_bytes": sealed.size_bytes,
        "metadata": received.metadata,
        "is_late": container.recording_id is not None,
    }
    kind, subject = EventKind.OBJECT_SEALED, Subject("object", sealed.pk)
    if received.conflicts_with is not None:
        kind = EventKind.OBJECT_CONFLICTED
        details["conflicts_with"] = str(received.conflicts_with.object_id)
    elif container.kind == Container.Kind.REGISTRY and container.destination_id is not None:
        kind, subject = EventKind.DESTINATION_REGISTERED, Subject("destination", container.destination_id)
        details["object"] = str(sealed.pk)
    append(kind=kind, subject=subject, at=at, by=by, sha256=bytes(sealed.sha256), details=details)


def _replace_metadata(
    container: Container, received: ReceivedObject, metadata: Metadata, by: Actor, at: datetime
) -> None:
    if received.metadata == metadata:
        return
    received.metadata = metadata
    received.save(update_fields=["metadata"])
    _append_described(
        Subject("object", received.object_id), f"{container.name}/{received.name}", metadata, by, at
    )


def _append_described(
    subject: Subject, name: str, metadata: Mapping[str, str], by: Actor, at: datetime
) -> None:
    details = {"name": name, "metadata": dict(metadata)}
    append(kind=EventKind.OBJECT_DESCRIBED, subject=subject, at=at, by=by, details=details)


def _source_name(container: Container) -> str:
    """The container's name; where another destination sent one of that name, the end of our id tells them apart."""
    if Recording.objects.filter(source=SOURCE, source_name=container.name).exists():
        return f"{container.name[:240]} ({container.pk.hex[-12:]})"
    return container.name


def _lock(container_id: UUID) -> Container:
    """The container as it is now; nobody else changes it before the transaction ends."""
    return Container.objects.select_for_update(of=("self",)).get(pk=container_id)


def _drop(pending: Pending) -> None:
    """The second copy goes; should the store fail, what remains is ciphertext whose key nobody has."""
    try:
        pending.abort()
    except Unavailable:
        _log.exception("A repeated object's second copy could not be removed: %s", pending.store_key)
