"""Body-worn systems: who may send at the Axis door, and what became of what never ended or was rejected."""

from uuid import UUID

from tabard.api.operations import Operations
from tabard.api.schemas.destinations import (
    DestinationIn,
    DestinationOut,
    DestinationSheetOut,
    EndedOut,
    EndTransferIn,
    IssuedOut,
    RejectedOut,
    RenewIn,
    TransferOut,
)
from tabard.api.viewers import Asked
from tabard.intake import issuing, selectors, services
from tabard.intake.destinations import revoke_destination
from tabard.intake.issuing import Issued, Wanted
from tabard.intake.models import Destination
from tabard.intake.selectors import DestinationSheet, Transfer
from tabard.kernel.clock import now
from tabard.people.authorisation import check_can
from tabard.people.rules import Action

destinations = Operations("destinations")


@destinations.get("/destinations", access=Action.FLEET_MANAGE, answers=list[DestinationOut])
def listed(request: Asked) -> list[Destination]:
    """The body-worn systems that were let in, those still open first."""
    return selectors.destinations(request.auth)


@destinations.post("/destinations", access=Action.FLEET_MANAGE, answers=IssuedOut, status=201)
def opened(request: Asked, sent: DestinationIn) -> Issued:
    """Lets a body-worn system in and answers its connection file, once: the key in it is kept nowhere."""
    check_can(request.auth, Action.FLEET_MANAGE)
    wanted = Wanted(encrypt=sent.encrypt)
    return issuing.issue(
        name=sent.name, username=sent.username, wanted=wanted, by=request.auth.actor, at=now()
    )


@destinations.get(
    "/destinations/{uuid:destination_id}", access=Action.FLEET_MANAGE, answers=DestinationSheetOut
)
def shown(request: Asked, destination_id: UUID) -> DestinationSheet:
    """One body-worn system, with the systems, users and devices that it told of."""
    return selectors.destination_sheet(request.auth, destination_id)


@destinations.post(
    "/destinations/{uuid:destination_id}/renew", access=Action.FLEET_MANAGE, answers=IssuedOut, status=201
)
def renewed(request: Asked, destination_id: UUID, sent: RenewIn) -> Issued:
    """Answers a new connection file, once; the one in use is good until the new one is first used."""
    found = selectors.destination(request.auth, destination_id)
    return issuing.renew(
        destination=found, wanted=Wanted(encrypt=sent.encrypt), by=request.auth.actor, at=now()
    )


@destinations.post(
    "/destinations/{uuid:destination_id}/revoke", access=Action.FLEET_MANAGE, answers=DestinationOut
)
def revoked(request: Asked, destination_id: UUID) -> Destination:
    """Shuts the body-worn system out at once; what it sent stays."""
    found = selectors.destination(request.auth, destination_id)
    revoke_destination(destination=found, by=request.auth.actor, at=now())
    return found


@destinations.get("/transfers/unfinished", access=Action.FLEET_MANAGE, answers=list[TransferOut])
def unfinished(request: Asked) -> list[Transfer]:
    """The transfers that no system ended and that were silent for too long, longest first."""
    return selectors.unfinished(request.auth, as_of=now())


@destinations.post(
    "/transfers/{uuid:container_id}/end", access=Action.FLEET_MANAGE, answers=EndedOut, status=201
)
def ended(request: Asked, container_id: UUID, sent: EndTransferIn) -> EndedOut:
    """Makes a recording of what came of a transfer, flagged as incomplete, with the reason in the custody log."""
    found = selectors.transfer(request.auth, container_id).container
    recording = services.end_transfer(container=found, reason=sent.reason, viewer=request.auth, at=now())
    return EndedOut(recording_id=recording.id)


@destinations.get("/transfers/rejected", access=Action.FLEET_MANAGE, answers=list[RejectedOut])
def rejected(request: Asked) -> list[Transfer]:
    """What systems sent though they could make no recording of it themselves, newest first."""
    return selectors.rejected(request.auth)
