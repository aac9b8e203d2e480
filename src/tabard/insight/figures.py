"""Which figures does the force make public? Those that it chooses, frozen as they were on the day they count up to.

Nothing is public by default. A figure keeps the value that was published, so that what the public was told can be
shown later; published anew it replaces the earlier one, whose row stays. Every change leaves an event with the value.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import QuerySet

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.fleet.models import Camera
from tabard.insight.errors import FigureChanged, NothingToPublish
from tabard.insight.models import PublishedFigure
from tabard.insight.rollout import LONDON, as_it_stands
from tabard.insight.when import day_words
from tabard.kernel.errors import Invalid
from tabard.people.constraints import refusals

Figure = PublishedFigure.Figure


@dataclass(frozen=True, slots=True)
class Worth:
    """What a figure is, and the day up to which it counts, which may be before the day that was asked for."""

    value: str
    as_of_date: date
    number: int | None = None
    is_about: bool = False


def worth(figure: Figure, as_of_date: date) -> Worth | None:
    """The figure as it was at the end of the day; None where it is not known."""
    end = datetime.combine(as_of_date + timedelta(days=1), time(), LONDON)
    if figure is Figure.CAMERAS_REGISTERED:
        return _number(Camera.objects.filter(received_at__lt=end).count(), as_of_date)
    return _of_rollout(figure, as_of_date, end - timedelta(microseconds=1))


def public_figures() -> list[PublishedFigure]:
    """What anyone may see, in the order of the list."""
    found = {each.figure: each for each in PublishedFigure.objects.filter(withdrawn_at=None)}
    return [found[figure] for figure in Figure if figure in found]


def publish(*, figure: Figure, as_of_date: date, by: Actor, at: datetime) -> PublishedFigure:
    """The figure is public with the value that it had at the end of that day; an earlier publication has ceased.

    Raises:
        Invalid: when the day is still to come.
        NothingToPublish: when the figure is not known up to that day.
        FigureChanged: when somebody else published it at the same moment.
    """
    if as_of_date > at.astimezone(LONDON).date():
        raise Invalid("A figure cannot count up to a day to come.", field="as_of_date")
    known = worth(figure, as_of_date)
    if known is None:
        words = f"{figure.label} is not known up to {day_words(as_of_date)}."
        raise NothingToPublish(words, field="as_of_date")
    changed = FigureChanged("Somebody else published this figure just now. Look at it first.", field="figure")
    row = PublishedFigure(
        figure=figure,
        value=known.value,
        number=known.number,
        is_about=known.is_about,
        as_of_date=known.as_of_date,
        published_at=at,
        published_by=by.name,
    )
    with transaction.atomic():
        _public(figure).update(withdrawn_at=at)
        with refusals({"insight_figure_public_once": lambda: changed}):
            row.save(force_insert=True)
        _append(EventKind.FIGURE_PUBLISHED, row, by, at)
    return row


def withdraw(*, figure: Figure, by: Actor, at: datetime) -> PublishedFigure:
    """The figure is public no more.

    Raises:
        FigureChanged: when it was not.
    """
    with transaction.atomic():
        row = _public(figure).select_for_update().first()
        if row is None:
            raise FigureChanged(f"{figure.label} is not public.", field="figure")
        row.withdrawn_at = at
        row.save(update_fields=["withdrawn_at"])
        _append(EventKind.FIGURE_WITHDRAWN, row, by, at)
    return row


def _public(figure: Figure) -> QuerySet[PublishedFigure]:
    return PublishedFigure.objects.filter(figure=figure, withdrawn_at=None)


def _of_rollout(figure: Figure, as_of_date: date, at: datetime) -> Worth | None:
    force = as_it_stands(at=at).force
    if force is None:
        return None
    if figure is Figure.PLANNED_FINISH:
        points = force.planned
        return Worth(points[-1].due.words, as_of_date) if points else None
    if figure is Figure.CAMERAS_PLANNED:
        return None if force.target is None else _number(force.target, as_of_date, is_about=force.is_about)
    latest, is_about = force.progress.latest, force.progress.is_about
    if latest is None:
        return None
    # Days that are known one by one count to the end of the day asked for; a stated count only to its own.
    return _number(latest.count, as_of_date if force.progress.issues else latest.day, is_about=is_about)


def _number(number: int, as_of_date: date, *, is_about: bool = False) -> Worth:
    return Worth(f"about {number:,}" if is_about else f"{number:,}", as_of_date, number, is_about)


def _append(kind: EventKind, row: PublishedFigure, by: Actor, at: datetime) -> None:
    details = {"figure": row.figure, "value": row.value, "as_of": row.as_of_date.isoformat()}
    custody.append(kind=kind, subject=Subject("figure", row.id), at=at, by=by, details=details)
