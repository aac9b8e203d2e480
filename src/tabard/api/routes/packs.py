"""Evidence packs of an exhibit. The zip itself is fetched beside the API, under `/download/packs/`."""

from uuid import UUID

from tabard.api.operations import Operations
from tabard.api.schemas.packs import PackOut
from tabard.api.viewers import Asked
from tabard.disclosure import packs as services
from tabard.disclosure import selectors
from tabard.incidents import selectors as incidents
from tabard.kernel.clock import now
from tabard.people.rules import Action

packs = Operations("packs")


@packs.get("/exhibits/{uuid:exhibit_id}/packs", access=Action.EXHIBIT_VIEW, answers=list[PackOut])
def listed(request: Asked, exhibit_id: UUID) -> list[PackOut]:
    """The packs of an exhibit, the newest first."""
    exhibit = incidents.exhibit(request.auth, exhibit_id)
    return [PackOut.of(pack, request.auth) for pack in selectors.packs_of(request.auth, exhibit.id)]


@packs.post("/exhibits/{uuid:exhibit_id}/packs", access=Action.PACK_BUILD, answers=PackOut, status=201)
def ask(request: Asked, exhibit_id: UUID) -> PackOut:
    """Asks for an evidence pack; a worker builds it once a signed checkpoint covers what it must prove."""
    exhibit = incidents.exhibit(request.auth, exhibit_id)
    asked = services.request(exhibit=exhibit, viewer=request.auth, at=now())
    return PackOut.of(selectors.pack(request.auth, asked.id), request.auth)


@packs.get("/packs/{uuid:pack_id}", access=Action.EXHIBIT_VIEW, answers=PackOut)
def read(request: Asked, pack_id: UUID) -> PackOut:
    """One pack: how far it is, and once it is built, its hash and where to fetch it."""
    return PackOut.of(selectors.pack(request.auth, pack_id), request.auth)
