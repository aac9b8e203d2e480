"""What keeps a unit from its wave? A block is raised from a day on and lifted when it is over; both are logged."""

from datetime import date, datetime

from django.db import transaction

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.insight.errors import BlockedAlready, NotBlocked
from tabard.insight.models import UnitBlock
from tabard.kernel.errors import Invalid
from tabard.kernel.text import required
from tabard.people.constraints import refusals
from tabard.people.models import Unit


def raise_block(
    *, unit: Unit, kind: str, since_date: date, until_date: date | None, words: str, by: Actor, at: datetime
) -> UnitBlock:
    """The unit is blocked from `since_date` on.

    Args:
        unit: The unit that cannot be equipped.
        kind: One of `UnitBlock.Kind`.
        since_date: The first day.
        until_date: The first day without, as far as anybody expects one.
        words: What is missing, for whoever can cure it.
        by: Who says so.
        at: When, aware.

    Raises:
        Invalid: naming the field that is wrong.
        BlockedAlready: when something of that kind blocks the unit already.
    """
    if kind not in UnitBlock.Kind.values:
        raise Invalid(f"A block is one of {', '.join(UnitBlock.Kind.values)}.", field="kind")
    if until_date is not None and until_date < since_date:
        raise Invalid("The end is before the start.", field="until_date")
    block = UnitBlock(
        unit=unit,
        kind=kind,
        since_date=since_date,
        until_date=until_date,
        words=required(words, "words", 300),
        raised_at=at,
        raised_by=by.name,
    )
    taken = BlockedAlready(
        f"{block.get_kind_display()} blocks {unit.name} already. Lift that first.", field="kind"
    )
    with transaction.atomic():
        with refusals({"insight_block_once_a_kind": lambda: taken}):
            block.save(force_insert=True)
        _append(EventKind.ROLLOUT_UNIT_BLOCKED, block, by, at)
    return block


def lift_block(*, block: UnitBlock, by: Actor, at: datetime) -> UnitBlock:
    """The block is over; of two who lift it at once, one does.

    Raises:
        NotBlocked: when it was lifted already.
    """
    with transaction.atomic():
        current = UnitBlock.objects.select_for_update(of=("self",)).select_related("unit").get(pk=block.pk)
        if current.lifted_at is not None:
            raise NotBlocked(f"{current.lifted_by} lifted this block already.", block=str(current.id))
        current.lifted_at, current.lifted_by = at, by.name
        current.save(update_fields=["lifted_at", "lifted_by"])
        _append(EventKind.ROLLOUT_UNIT_UNBLOCKED, current, by, at)
    return current


def _append(kind: EventKind, block: UnitBlock, by: Actor, at: datetime) -> None:
    details = {
        "block": str(block.id),
        "unit": block.unit.code,
        "kind": block.kind,
        "since": block.since_date.isoformat(),
        "until": block.until_date.isoformat() if block.until_date else None,
        "words": block.words,
    }
    custody.append(kind=kind, subject=Subject("unit", block.unit_id), at=at, by=by, details=details)
