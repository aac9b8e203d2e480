"""What was disposed of, and the certificate that proves it of one."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query

from tabard.api.keyset import newest_first
from tabard.api.operations import Operations
from tabard.api.schemas.disposals import DisposalsOut, DisposalsWanted
from tabard.api.viewers import Asked
from tabard.disclosure import certificates
from tabard.kernel.clock import now
from tabard.people.rules import Action
from tabard.retention.disposals import DisposalFilter, get
from tabard.retention.disposals import disposals as disposals_of

disposals = Operations("disposals")


@disposals.get("/disposals", access=Action.EARLY_DISPOSAL_VIEW, answers=DisposalsOut)
def listed(request: Asked, wanted: Query[DisposalsWanted]) -> dict[str, Any]:
    """What was disposed of, newest first, by day, rule and run."""
    rows = disposals_of(
        request.auth, DisposalFilter(wanted.since, wanted.until, wanted.rule, wanted.disposal_run_id)
    )
    page = newest_first(rows, by="executed_at", cursor=wanted.cursor)
    return {"disposals": page.rows, "next_cursor": page.next_cursor}


@disposals.get(
    "/recordings/{uuid:recording_id}/certificate",
    access=Action.EARLY_DISPOSAL_VIEW,
    content_type="application/json",
)
def certificate(request: Asked, recording_id: UUID) -> HttpResponse:
    """The certificate of a recording's disposal, which anybody can check; that it was taken is in the log."""
    get(request.auth, recording_id)
    issued = certificates.issue(recording_id=recording_id, by=request.auth.actor, at=now())
    return HttpResponse(issued, "application/json")
