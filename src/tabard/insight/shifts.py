"""How do a unit's shifts change? Stated by a person, one row a statement; the newest holds, earlier ones stay."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.insight.models import StatedShifts
from tabard.insight.sites import NUMBERS, Shifts, as_logged, parse_changes
from tabard.people.models import Unit


def state_shifts(*, unit: Unit, shifts: Shifts, by: Actor, at: datetime) -> StatedShifts:
    """The unit's docks and lines are reckoned with these shifts from now on; what was stated before stays on record.

    Args:
        unit: Whose cameras come back so, those of the units below it among them.
        shifts: How many at which change, and what they film.
        by: Who states it.
        at: When, aware.
    """
    with transaction.atomic():
        stated = keep_shifts(unit=unit, shifts=shifts, by=by, at=at)
        custody.append(
            kind=EventKind.ROLLOUT_SHIFTS_STATED,
            subject=Subject("unit", unit.id),
            at=at,
            by=by,
            details={"unit": unit.code, **as_logged(shifts)},
        )
    return stated


def keep_shifts(*, unit: Unit, shifts: Shifts, by: Actor, at: datetime) -> StatedShifts:
    """The row, inside a transaction whose event says where it came from."""
    numbers = {name: getattr(shifts, name) for name in NUMBERS}
    return StatedShifts.objects.create(
        unit=unit, changes=shifts.text, **numbers, stated_at=at, stated_by=by.name
    )


def shifts_of(unit_id: UUID) -> Shifts | None:
    """The shifts that hold; None where nobody stated any."""
    stated = StatedShifts.objects.filter(unit_id=unit_id).first()
    return _read(stated) if stated else None


def all_shifts() -> dict[str, Shifts]:
    """The shifts that hold in each unit, by its code, in the codes' order."""
    newest = StatedShifts.objects.order_by("unit__code", "-id").distinct("unit__code").select_related("unit")
    return {stated.unit.code: _read(stated) for stated in newest}


def _read(stated: StatedShifts) -> Shifts:
    return Shifts(parse_changes(stated.changes), **{name: getattr(stated, name) for name in NUMBERS})
