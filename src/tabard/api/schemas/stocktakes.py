"""Stocktakes."""

from datetime import datetime
from uuid import UUID

from ninja import Schema

from tabard.api.schemas.people import UnitName
from tabard.api.schemas.values import Sent, Words
from tabard.fleet.stocktaking import Verdict


class StocktakeIn(Sent):
    """Whose cameras are counted; the units below it are too."""

    unit_id: UUID


class ScanIn(Sent):
    """A serial number that was seen."""

    serial: Words


class LineOut(Schema):
    """What the count says of one serial number, and in words what the list says."""

    serial: str
    verdict: Verdict
    words: str


class StocktakeOut(Schema):
    """A stocktake; `closed_at` is null while it is open."""

    id: UUID
    unit: UnitName
    begun_at: datetime
    begun_by: str
    closed_at: datetime | None
    closed_by: str


class StocktakeSheet(Schema):
    """A stocktake with its lines, what is wrong first."""

    stocktake: StocktakeOut
    lines: list[LineOut]
