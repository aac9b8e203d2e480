"""What do others say was issued by a day? A stated count stands for issues that are not in this installation."""

from datetime import date, datetime

from django.db import transaction

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.insight.models import StatedCount
from tabard.insight.plan_file import LARGEST_TARGET
from tabard.kernel.errors import Invalid
from tabard.kernel.text import required
from tabard.people.models import Unit


def state_count(
    *, unit: Unit, as_of_date: date, count: int, is_about: bool, source: str, by: Actor, at: datetime
) -> StatedCount:
    """The count is kept; stated again for the same day, it counts instead of the earlier one, which stays.

    Args:
        unit: Whose cameras they are, those of the units below it among them.
        as_of_date: By the end of which day, in London.
        count: How many, all earlier ones among them.
        is_about: The source says "about".
        source: Who says so, and where.
        by: Who enters it.
        at: When, aware.

    Raises:
        Invalid: naming the field that is wrong.
    """
    if not 0 <= count <= LARGEST_TARGET:
        raise Invalid(f"A count is from 0 to {LARGEST_TARGET:,}.", field="count")
    if as_of_date > at.date():
        raise Invalid("Nobody can have counted on a day to come.", field="as_of_date")
    with transaction.atomic():
        stated = StatedCount.objects.create(
            unit=unit,
            as_of_date=as_of_date,
            count=count,
            is_about=is_about,
            source=required(source, "source", 300),
            stated_at=at,
            stated_by=by.name,
        )
        details = {
            "stated_count": str(stated.id),
            "unit": unit.code,
            "as_of": as_of_date.isoformat(),
            "count": count,
            "is_about": is_about,
            "source": stated.source,
        }
        custody.append(
            kind=EventKind.ROLLOUT_COUNT_STATED,
            subject=Subject("unit", unit.id),
            at=at,
            by=by,
            details=details,
        )
    return stated
