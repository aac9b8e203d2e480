"""How does an evidence pack come to be, and leave?

It is asked for, built by a worker straight into the vault, and handed out. It is never on our disk in the clear: its
zip is sealed as it is written. The order of writes is the vault's: bytes durable first, then the row, the pack's state
and its event in one transaction.
"""

from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.anchors import anchor
from tabard.custody.errors import NotYetSequenced
from tabard.custody.kinds import EventKind
from tabard.custody.timestamping.stamping import patience
from tabard.disclosure.assembly import Sender, assemble
from tabard.disclosure.contents import contents_of
from tabard.disclosure.errors import PackDisposed, PackNotReady
from tabard.disclosure.evidence import PROVEN_KINDS
from tabard.disclosure.models import Pack
from tabard.incidents.models import Exhibit
from tabard.kernel.errors import Conflict, Integrity, Invalid, NotFound, TabardError
from tabard.people.access import reason_details
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.recordings.models import Recording
from tabard.vault import services as vault
from tabard.vault.models import SealedObject
from tabard.vault.reading import ObjectReader
from tabard.vault.services import PendingObject


def request(*, exhibit: Exhibit, viewer: Viewer, at: datetime) -> Pack:
    """A pack that a worker will build; the request is in the log.

    Raises:
        Denied: when the viewer may not build packs of this exhibit.
        PackDisposed: when the recording was disposed of.
    """
    check_can(viewer, Action.PACK_BUILD, exhibit)
    with transaction.atomic():
        _check_kept(exhibit.recording_id)
        pack = Pack.objects.create(exhibit=exhibit, requested_at=at, requested_by_id=viewer.account_id)
        custody.append(
            kind=EventKind.PACK_REQUESTED,
            subject=Subject("pack", pack.id),
            at=at,
            by=viewer.actor,
            details={"exhibit": str(exhibit.id), "reference": exhibit.reference},
        )
    return pack


def build(*, pack: Pack, by: Actor, at: datetime) -> Pack:
    """The pack is built, or carries the reason why it cannot be; one that is neither again changes nothing.

    Raises:
        NotYetSequenced: when no checkpoint covers the exhibit's events yet; try again soon.
        Unavailable: when the store or the keys cannot serve now; try again later.
    """
    pack = Pack.objects.get(id=pack.id)
    if pack.state != Pack.State.REQUESTED:
        return pack
    try:
        return _build(pack, by, at)
    except NotYetSequenced:
        raise
    except (Integrity, Conflict, NotFound, Invalid) as error:
        return _record_failure(pack.id, error, by, at)


def download(*, pack: Pack, viewer: Viewer, at: datetime, reason: str | None = None) -> ObjectReader:
    """A reader of the pack's zip for a person; that they took it is in the log before the first byte leaves.

    Raises:
        Denied: when the viewer may not download this pack.
        ReasonNeeded: when a reason is required and none is given.
        PackNotReady: when it is not built.
        Integrity, Unavailable: when the vault cannot give it.
    """
    check_can(viewer, Action.PACK_DOWNLOAD, pack)
    return _hand_out(pack, by=viewer.actor, at=at, reason=reason)


def export(*, pack: Pack, out: BinaryIO, by: Actor, at: datetime, reason: str | None = None) -> int:
    """The pack's zip was written to `out`, in the clear; returns its size in bytes. That it left is in the log.

    For whoever has the machine: nobody's roles are asked.

    Raises:
        PackNotReady: when it is not built.
        ReasonNeeded: when a reason is required and none is given.
        Integrity, Unavailable: when the vault cannot give it; `out` then holds only a part.
    """
    reader = _hand_out(pack, by=by, at=at, reason=reason)
    out.writelines(reader.read())
    return reader.size_bytes


def _build(pack: Pack, by: Actor, at: datetime) -> Pack:
    contents = contents_of(pack.exhibit_id)
    patient = at < pack.requested_at + patience()
    rests_on = anchor(subject_ids=contents.proven_ids, kinds=PROVEN_KINDS, patient=patient)
    sender = Sender(force=settings.TABARD_FORCE, version=settings.TABARD_VERSION)
    with vault.start() as pending:
        assemble(
            contents,
            anchor=rests_on,
            pack_id=pack.id,
            folder=pack.folder,
            sender=sender,
            at=at,
            sink=pending.write,
        )
        pending.seal()
    try:
        return _record(pack, pending, by, at)
    except Exception:
        vault.give_up(pending)
        raise


def _record(pack: Pack, pending: PendingObject, by: Actor, at: datetime) -> Pack:
    """The pack with its sealed zip, unless another worker was first or the recording went meanwhile."""
    with transaction.atomic():
        kept = Pack.objects.select_for_update(of=("self",)).select_related("exhibit").get(id=pack.id)
        if kept.state != Pack.State.REQUESTED:
            pending.abort()
            return kept
        _check_kept(kept.exhibit.recording_id)
        sealed = vault.record(pending=pending, at=at)
        kept.object, kept.state, kept.reason, kept.built_at = sealed, Pack.State.BUILT, "", at
        kept.save(update_fields=["object", "state", "reason", "built_at"])
        custody.append(
            kind=EventKind.PACK_BUILT,
            subject=Subject("pack", kept.id),
            at=at,
            by=by,
            sha256=bytes(sealed.sha256),
            details={
                "exhibit": str(kept.exhibit_id),
                "object": str(sealed.id),
                "size_bytes": sealed.size_bytes,
            },
        )
    return kept


def _record_failure(pack_id: UUID, error: TabardError, by: Actor, at: datetime) -> Pack:
    with transaction.atomic():
        kept = Pack.objects.select_for_update().get(id=pack_id)
        if kept.state == Pack.State.REQUESTED:
            kept.state, kept.reason = Pack.State.FAILED, error.message
            kept.save(update_fields=["state", "reason"])
            custody.append(
                kind=EventKind.PACK_FAILED,
                subject=Subject("pack", kept.id),
                at=at,
                by=by,
                details={"exhibit": str(kept.exhibit_id), "code": error.code, "reason": error.message},
            )
    return kept


def _hand_out(pack: Pack, *, by: Actor, at: datetime, reason: str | None) -> ObjectReader:
    """A reader of a built pack, opened before it is logged, so that the log tells of no pack that nobody got."""
    sealed, why = _sealed_zip(pack), reason_details(reason)
    reader = vault.open_object(obj=sealed)
    with transaction.atomic():
        custody.append(
            kind=EventKind.PACK_DOWNLOADED,
            subject=Subject("pack", pack.id),
            at=at,
            by=by,
            sha256=bytes(sealed.sha256),
            details={"exhibit": str(pack.exhibit_id), **why},
        )
    return reader


def _sealed_zip(pack: Pack) -> SealedObject:
    if pack.state != Pack.State.BUILT or pack.object is None:
        raise PackNotReady(pack.reason or "The pack is still being built.", pack=str(pack.id))
    return pack.object


def _check_kept(recording_id: UUID) -> None:
    """Return only if the recording still is, and stays until the transaction ends."""
    kept = Recording.objects.select_for_update(of=("self",)).get(id=recording_id)
    if kept.disposed_at is not None:
        raise PackDisposed("The recording was disposed of; nothing can be packed from it.")
