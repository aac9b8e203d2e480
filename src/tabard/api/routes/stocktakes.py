"""Stocktakes: what was scanned, held beside the list."""

from typing import Any
from uuid import UUID

from tabard.api.operations import Operations
from tabard.api.routes.named import the_unit_named
from tabard.api.schemas.stocktakes import LineOut, ScanIn, StocktakeIn, StocktakeOut, StocktakeSheet
from tabard.api.viewers import Asked
from tabard.fleet import stocktaking
from tabard.fleet.models import Stocktake
from tabard.fleet.stocktaking import Line
from tabard.kernel.clock import now
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action

MOST_STOCKTAKES = 1000

stocktakes = Operations("stocktakes")


@stocktakes.get("/stocktakes", access=Action.FLEET_VIEW, answers=list[StocktakeOut])
def listed(request: Asked) -> list[Stocktake]:
    """The stocktakes of units that you may see, newest first."""
    return list(stocktaking.stocktakes(request.auth)[:MOST_STOCKTAKES])


@stocktakes.post("/stocktakes", access=Action.FLEET_MANAGE, answers=StocktakeSheet, status=201)
def begin(request: Asked, sent: StocktakeIn) -> dict[str, Any]:
    """Begins the count of a unit's cameras."""
    check_can(request.auth, Action.FLEET_MANAGE)
    made = stocktaking.begin(unit=the_unit_named(sent.unit_id), by=request.auth.actor, at=now())
    return _sheet(request.auth, made.pk)


@stocktakes.get("/stocktakes/{uuid:stocktake_id}", access=Action.FLEET_VIEW, answers=StocktakeSheet)
def stocktake(request: Asked, stocktake_id: UUID) -> dict[str, Any]:
    """One stocktake with its lines."""
    return _sheet(request.auth, stocktake_id)


@stocktakes.post("/stocktakes/{uuid:stocktake_id}/scans", access=Action.FLEET_MANAGE, answers=LineOut)
def scan(request: Asked, stocktake_id: UUID, sent: ScanIn) -> Line:
    """Counts one serial number, once however often it is sent."""
    check_can(request.auth, Action.FLEET_MANAGE)
    found = stocktaking.count(request.auth, stocktake_id).stocktake
    return stocktaking.scan(stocktake=found, serial=sent.serial, by=request.auth.actor, at=now())


@stocktakes.post("/stocktakes/{uuid:stocktake_id}/close", access=Action.FLEET_MANAGE, answers=StocktakeSheet)
def close(request: Asked, stocktake_id: UUID) -> dict[str, Any]:
    """Closes the count; its lines stay as they are."""
    check_can(request.auth, Action.FLEET_MANAGE)
    found = stocktaking.count(request.auth, stocktake_id).stocktake
    stocktaking.close(stocktake=found, by=request.auth.actor, at=now())
    return _sheet(request.auth, stocktake_id)


def _sheet(viewer: Viewer, stocktake_id: UUID) -> dict[str, Any]:
    found = stocktaking.count(viewer, stocktake_id)
    return {"stocktake": found.stocktake, "lines": found.lines}
