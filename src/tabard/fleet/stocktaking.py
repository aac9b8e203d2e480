"""Are all cameras of a unit where they should be? A stocktake: serial numbers are scanned, and held beside the list.

Expected is what lies with the unit and those below it: received, ready, pooled or faulty, worn by nobody. Whoever wears
a camera answers for it. While it is open, the lines are worked out anew each time; closing keeps them for good.
"""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Upper

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.fleet import selectors
from tabard.fleet.errors import StocktakeConflict
from tabard.fleet.models import Stocktake, StocktakeScan
from tabard.fleet.selectors import CameraRow
from tabard.fleet.states import State
from tabard.kernel.cells import BYTE_ORDER_MARK, inert
from tabard.kernel.errors import NotFound
from tabard.kernel.text import required
from tabard.people.authorisation import Viewer, check_can, scope
from tabard.people.constraints import refusals
from tabard.people.models import Unit
from tabard.people.rules import Action
from tabard.people.selectors import subtree_ids

EXPECTED = (State.RECEIVED, State.READY, State.POOLED, State.FAULTY)


class Verdict(StrEnum):
    """What the count says of one serial number."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    UNEXPECTED = "unexpected"
    FOUND = "found"


@dataclass(frozen=True, slots=True)
class Line:
    """One serial number, what the count says of it, and in words what the list says."""

    serial: str
    verdict: Verdict
    words: str


@dataclass(frozen=True, slots=True)
class Count:
    """A stocktake with its lines, what is wrong first, and how many there are of each verdict."""

    stocktake: Stocktake
    lines: tuple[Line, ...]

    def number(self, verdict: Verdict) -> int:
        """How many lines have the verdict."""
        return sum(line.verdict is verdict for line in self.lines)


def begin(*, unit: Unit, by: Actor, at: datetime) -> Stocktake:
    """The count of the unit is open.

    Raises:
        StocktakeConflict: one is open already.
    """
    words = f"A stocktake of {unit.name} is open already. Go on with it, or close it."
    with transaction.atomic():
        with refusals({"fleet_stocktake_one_open": lambda: StocktakeConflict(words, field="unit")}):
            stocktake = Stocktake.objects.create(unit=unit, begun_at=at, begun_by=by.name[:200])
        _append(EventKind.STOCKTAKE_BEGUN, stocktake, {}, by=by, at=at)
    return stocktake


def scan(*, stocktake: Stocktake, serial: str, by: Actor, at: datetime) -> Line:
    """The serial number was seen, and counts once however often it is scanned; returns what is to be said of it.

    Raises:
        Invalid: naming the field.
        StocktakeConflict: the count is closed.
    """
    seen = required(serial, "serial", 64)
    with transaction.atomic():
        _open(stocktake)
        known = StocktakeScan.objects.annotate(key=Upper("serial")).filter(
            stocktake=stocktake, key=seen.upper()
        )
        if not known.exists():
            StocktakeScan.objects.create(
                stocktake=stocktake, serial=seen, scanned_at=at, scanned_by=by.name[:200]
            )
    return _seen(seen, selectors.rows_by_serial([seen]).get(seen.upper()), subtree_ids(stocktake.unit_id))


def close(*, stocktake: Stocktake, by: Actor, at: datetime) -> Stocktake:
    """The count is closed with its lines, which stay as they are; the event holds the hash of their CSV file.

    Raises:
        StocktakeConflict: it is closed already.
    """
    with transaction.atomic():
        locked = _open(stocktake)
        lines = _worked_out(locked)
        locked.closed_at, locked.closed_by = at, by.name[:200]
        locked.lines = [asdict(line) for line in lines]
        locked.save(update_fields=["closed_at", "closed_by", "lines"])
        counted = Counter(line.verdict.value for line in lines)
        digest = hashlib.sha256(csv_of(lines)).digest()
        details = {verdict.value: counted[verdict.value] for verdict in Verdict}
        _append(EventKind.STOCKTAKE_CLOSED, locked, details, by=by, at=at, sha256=digest)
    return locked


def stocktakes(viewer: Viewer) -> QuerySet[Stocktake]:
    """The stocktakes of units that the viewer may see, newest first.

    Raises:
        Denied: when the viewer may see no part of the fleet.
    """
    check_can(viewer, Action.FLEET_VIEW)
    seen = scope(viewer, Action.FLEET_VIEW, officer=None)
    return Stocktake.objects.filter(seen).select_related("unit").order_by("-begun_at")


def count(viewer: Viewer, stocktake_id: UUID) -> Count:
    """One of them with its lines.

    Raises:
        NotFound: when there is none that the viewer may see.
        Denied: when the viewer may see no part of the fleet.
    """
    found = stocktakes(viewer).filter(pk=stocktake_id).first()
    if found is None:
        raise NotFound("There is no such stocktake.", stocktake=str(stocktake_id))
    return counted(found)


def counted(stocktake: Stocktake) -> Count:
    """The stocktake with its lines as they stand, or stood when it was closed; nobody's leave is asked."""
    if stocktake.lines is None:
        return Count(stocktake, _worked_out(stocktake))
    kept = (Line(each["serial"], Verdict(each["verdict"]), each["words"]) for each in stocktake.lines)
    return Count(stocktake, tuple(kept))


def csv_of(lines: Iterable[Line]) -> bytes:
    """The lines as RFC 4180 CSV in UTF-8 with a byte order mark; what was scanned cannot run as a formula."""
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(["serial", "verdict", "words"])
    rows.writerows(map(inert, (line.serial, line.verdict.value, line.words)) for line in lines)
    return (BYTE_ORDER_MARK + out.getvalue()).encode()


def _worked_out(stocktake: Stocktake) -> tuple[Line, ...]:
    """The lines as they stand now, in a handful of queries however many cameras there are."""
    units = subtree_ids(stocktake.unit_id)
    scanned: Sequence[str] = list(stocktake.scans.values_list("serial", flat=True))
    known = selectors.rows_by_serial(scanned)
    lines = [_seen(serial, known.get(serial.upper()), units) for serial in scanned]
    expected = selectors.rows_in_stock(units, EXPECTED)
    lines += [
        Line(row.camera.serial, Verdict.MISSING, f"{row.state.label}, and was not seen.")
        for row in expected
        if row.camera.serial.upper() not in known
    ]
    order = list(Verdict)
    return tuple(sorted(lines, key=lambda line: (order.index(line.verdict), line.serial.upper())))


def _seen(serial: str, row: CameraRow | None, units: frozenset[UUID]) -> Line:
    """What is to be said of a serial number that was scanned."""
    if row is None:
        return Line(
            serial, Verdict.UNKNOWN, "No camera has this serial number. Receive it, or scan it again."
        )
    name = row.camera.serial
    if row.camera.unit_id not in units:
        where = row.camera.unit.name if row.camera.unit else "the central store"
        return Line(name, Verdict.UNEXPECTED, f"It belongs to {where}.")
    if row.wearer is not None:
        return Line(name, Verdict.UNEXPECTED, f"It is issued to {row.wearer}, who should have it.")
    if row.state not in EXPECTED:
        return Line(name, Verdict.UNEXPECTED, f"It is {row.state.label.lower()} by the list, and it is here.")
    return Line(name, Verdict.FOUND, f"{row.state.label}.")


def _open(stocktake: Stocktake) -> Stocktake:
    """The stocktake, locked: what is scanned stands in the count, or the count is closed before it."""
    locked = Stocktake.objects.select_for_update(of=("self",)).select_related("unit").get(pk=stocktake.pk)
    if locked.closed_at is not None:
        raise StocktakeConflict("This stocktake is closed.", stocktake=str(locked.pk))
    return locked


def _append(
    kind: EventKind,
    stocktake: Stocktake,
    details: dict[str, int],
    *,
    by: Actor,
    at: datetime,
    sha256: bytes | None = None,
) -> None:
    told = {"unit": str(stocktake.unit_id), "unit_name": stocktake.unit.name} | details
    subject = Subject("stocktake", stocktake.pk)
    custody.append(kind=kind, subject=subject, at=at, by=by, details=told, sha256=sha256)
