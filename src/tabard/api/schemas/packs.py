"""Evidence packs."""

from datetime import datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.values import Sha256
from tabard.disclosure.models import Pack
from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action


class PackOut(Schema):
    """An evidence pack of one exhibit: how far it is, and once it is built, its hash and where it is."""

    id: UUID
    exhibit_id: UUID
    reference: str
    state: Pack.State
    reason: str = Field(description="Why it failed")
    file_name: str
    size_bytes: int | None
    sha256: Sha256 | None
    requested_at: datetime
    requested_by: str
    built_at: datetime | None
    download_url: str | None = Field(description="Null until it is built, and for who may not download it")

    @classmethod
    def of(cls, pack: Pack, viewer: Viewer) -> "PackOut":
        """The pack as this viewer is answered."""
        sealed = pack.object
        may_download = sealed is not None and can(viewer, Action.PACK_DOWNLOAD, pack)
        return cls(
            id=pack.id,
            exhibit_id=pack.exhibit_id,
            reference=pack.exhibit.reference,
            state=Pack.State(pack.state),
            reason=pack.reason,
            file_name=pack.file_name,
            size_bytes=sealed.size_bytes if sealed else None,
            sha256=bytes(sealed.sha256).hex() if sealed else None,
            requested_at=pack.requested_at,
            requested_by=pack.requested_by.display_name,
            built_at=pack.built_at,
            download_url=f"/download/packs/{pack.id}" if may_download else None,
        )
