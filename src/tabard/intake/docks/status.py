"""What became of the files that a dock sent? From the first byte to the erased card."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Q

from tabard.fleet.models import Dock
from tabard.intake.docks import safety
from tabard.intake.models import Container, ErasePermit, Upload
from tabard.intake.tus.errors import UploadGone
from tabard.intake.tus.protocol import short
from tabard.intake.tus.uploads import Limits, announced_of, look


class State(StrEnum):
    """How far a file is."""

    RECEIVING = "receiving"
    SEALED = "sealed"
    SECURED = "secured"
    PERMITTED = "permitted"
    ERASED = "erased"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class UploadStatus:
    """One file; `waits_for` is what keeps it from being secured."""

    upload_id: UUID
    state: State
    offset_bytes: int
    size_bytes: int
    object_id: UUID | None = None
    sha256: bytes | None = None
    waits_for: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As the protocol says it."""
        return {
            "upload": str(self.upload_id),
            "state": self.state.value,
            "offset": self.offset_bytes,
            "size_bytes": self.size_bytes,
            "object": str(self.object_id) if self.object_id else None,
            "sha256": self.sha256.hex() if self.sha256 else None,
            "waits_for": list(self.waits_for),
        }


def status(*, upload_id: UUID, dock: Dock, at: datetime) -> UploadStatus:
    """How far the dock's file is.

    Raises:
        UploadUnknown, UploadNotYours.
    """
    try:
        found = look(upload_id=upload_id, dock=dock, at=at)
    except UploadGone:
        ended = Upload.objects.get(pk=upload_id)
        return UploadStatus(upload_id, State.EXPIRED, 0, ended.size_bytes)
    upload, sealed = found.upload, found.upload.object
    if sealed is None:
        return UploadStatus(upload_id, State.RECEIVING, found.offset_bytes, upload.size_bytes)
    safe = safety.by_record(sealed)
    state = _erasing(upload, at) or (State.SECURED if safe.is_safe else State.SEALED)
    return UploadStatus(
        upload_id,
        state,
        upload.size_bytes,
        upload.size_bytes,
        sealed.pk,
        bytes(sealed.sha256),
        safe.waits_for,
    )


def find(
    *, sha256s: Collection[bytes], dock: Dock, filename: str | None = None, camera: str | None = None
) -> dict[str, str]:
    """For each hash the dock's upload that sealed those bytes, or is bringing a file that was announced with it.

    Args:
        sha256s: The hashes.
        dock: Whose uploads.
        filename: Where given, only uploads that told this name: two cameras may hold equal bytes, of an empty file.
        camera: Where given, only uploads of this camera; empty: of one that was not told.
    """
    sealed = Q(object__sha256__in=sha256s)
    coming = Q(sha256__in=sha256s, sealed_at__isnull=True, ended_at__isnull=True)
    found: dict[str, str] = {}
    ours = Upload.objects.filter(sealed | coming, dock=dock).select_related("object")
    if camera is not None:
        ours = ours.filter(camera__iexact=short(camera.strip()))
    for upload in ours.order_by("created_at"):
        if filename is not None and announced_of(upload).told_filename != filename:
            continue
        if upload.object is not None:
            found[bytes(upload.object.sha256).hex()] = str(upload.pk)
        elif upload.sha256 is not None:
            found.setdefault(bytes(upload.sha256).hex(), str(upload.pk))
    return found


def completed(container: Container) -> Mapping[str, Any]:
    """A recording that has all its files."""
    files = container.received.filter(conflicts_with__isnull=True).count()
    return {"recording": container.name, "files": files, "is_complete": container.closed_at is not None}


def limits() -> dict[str, int]:
    """What one dock may have under way."""
    ours = Limits.configured()
    return {"uploads": ours.uploads, "upload_bytes": ours.upload_bytes, "bytes": ours.dock_bytes}


def _erasing(upload: Upload, at: datetime) -> State | None:
    """What the newest permit says; None where there is none, or it is over and nothing came of it."""
    newest = ErasePermit.objects.filter(upload=upload).first()
    if newest is None:
        return None
    if newest.outcome == ErasePermit.Outcome.ERASED:
        return State.ERASED
    return State.PERMITTED if not newest.outcome and newest.expires_at > at else None
