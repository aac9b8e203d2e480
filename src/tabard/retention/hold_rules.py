"""When is a hold asked about, and which days are covered? Pure.

A hold never ends by itself. On its review date whoever owns it is asked whether it is still needed, and keeps it on
until another day or releases it. The law sets no such date; these periods are a choice of ours, by kind: a subject
access request is answered within a month or three (Data Protection Act 2018, section 54), a sample is looked at soon.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo

from tabard.kernel.errors import Invalid

HALF_A_YEAR = timedelta(days=184)
SOONER: Mapping[str, timedelta] = {"subject_access": timedelta(days=92), "scrutiny": timedelta(days=92)}
LONGEST = timedelta(days=366)
FIRST_YEAR = 2000


def first_review(kind: str, today: date) -> date:
    """The day on which a hold of this kind is asked about, unless somebody chooses another."""
    return today + SOONER.get(kind, HALF_A_YEAR)


def chosen_review(chosen: date, today: date) -> date:
    """The day, if a hold may be left alone until then.

    Raises:
        Invalid: when it is not after today, or more than a year away.
    """
    if chosen <= today:
        raise Invalid("The review date must be after today.", field="review_date")
    if chosen > today + LONGEST:
        raise Invalid("A hold must be looked at within a year; choose an earlier day.", field="review_date")
    return chosen


def days_covered(from_date: date, to_date: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """The instants between which these days lie, both days included, where the zone is.

    Raises:
        Invalid: when the last day is before the first, or a day is before there were such cameras.
    """
    if from_date.year < FIRST_YEAR:
        raise Invalid("There was no body-worn video on that day.", field="from_date")
    if to_date < from_date:
        raise Invalid("The last day is before the first.", field="to_date")
    if to_date.year > date.max.year - 1:
        raise Invalid("Choose an earlier last day.", field="to_date")
    after = to_date + timedelta(days=1)
    return datetime.combine(from_date, time(), zone), datetime.combine(after, time(), zone)
