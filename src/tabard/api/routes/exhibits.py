"""Exhibits: which there are, and how one is produced."""

from typing import Any
from uuid import UUID

from ninja import Query

from tabard.api.keyset import newest_first
from tabard.api.operations import Operations
from tabard.api.routes.named import officer_named
from tabard.api.schemas.incidents import ExhibitIn, ExhibitOut, ExhibitsOut, ExhibitsWanted
from tabard.api.viewers import Asked
from tabard.incidents import exhibits as services
from tabard.incidents import selectors
from tabard.incidents.models import Exhibit
from tabard.kernel.clock import now
from tabard.kernel.errors import Invalid
from tabard.people.authorisation import Viewer
from tabard.people.models import Officer
from tabard.people.rules import Action
from tabard.recordings import selectors as recordings

exhibits = Operations("exhibits")


@exhibits.get("/exhibits", access=Action.EXHIBIT_VIEW, answers=ExhibitsOut)
def listed(request: Asked, wanted: Query[ExhibitsWanted]) -> dict[str, Any]:
    """The exhibits that you may see, newest first."""
    page = newest_first(
        selectors.exhibits(request.auth, wanted.words), by="produced_at", cursor=wanted.cursor
    )
    return {"exhibits": page.rows, "next_cursor": page.next_cursor}


@exhibits.post("/exhibits", access=Action.EXHIBIT_PRODUCE, answers=ExhibitOut, status=201)
def produce(request: Asked, sent: ExhibitIn) -> Exhibit:
    """Produces a recording, or a clip of it, under the producer's next reference, which is never given again."""
    viewer = request.auth
    recording = recordings.get(viewer, sent.recording_id, Action.EXHIBIT_PRODUCE)
    clip = recordings.clip(viewer, sent.clip_id, Action.EXHIBIT_PRODUCE) if sent.clip_id else None
    return services.produce(
        recording=recording,
        clip=clip,
        incident=selectors.incident(viewer, sent.incident_id) if sent.incident_id else None,
        producer=_producer(viewer, sent.producer),
        description=sent.description,
        viewer=viewer,
        at=now(),
    )


@exhibits.get(
    "/exhibits/{uuid:exhibit_id}", access=Action.EXHIBIT_VIEW, answers=ExhibitOut, takes_reason=True
)
def read(request: Asked, exhibit_id: UUID) -> Exhibit:
    """One exhibit; the look at it is in the custody log."""
    exhibit = selectors.exhibit(request.auth, exhibit_id)
    services.record_view(exhibit=exhibit, viewer=request.auth, at=now(), reason=request.reason)
    return exhibit


def _producer(viewer: Viewer, reference: str | None) -> Officer:
    """The officer who is named, else the one who is signed in.

    Raises:
        Invalid: when nobody is named and the account is no officer's, or nobody has the number.
    """
    if reference:
        return officer_named(reference, "producer")
    own = Officer.objects.filter(id=viewer.officer_id).first() if viewer.officer_id else None
    if own is None:
        raise Invalid("Say which officer produces it: your account is no officer's.", field="producer")
    return own
