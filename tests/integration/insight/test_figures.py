"""What is public: nothing until somebody says so, frozen as it was, and logged."""

from datetime import date, timedelta

import pytest
from tests.world import BY, DAY_ONE

from tabard.custody.models import Event
from tabard.insight import figures
from tabard.insight.errors import FigureChanged, NothingToPublish
from tabard.insight.example import load_example
from tabard.insight.figures import Figure
from tabard.insight.models import PublishedFigure
from tabard.kernel.errors import Invalid

AT = DAY_ONE + timedelta(days=10)
TODAY = AT.date()


def publish(figure, day=TODAY):
    return figures.publish(figure=figure, as_of_date=day, by=BY, at=AT)


def events():
    return list(Event.objects.filter(kind__startswith="figure").order_by("id"))


def test_nothing_is_public_by_default(world):
    load_example(by=BY, at=AT)
    assert figures.public_figures() == []


def test_a_figure_says_the_day_it_is_known_for_and_keeps_what_was_published(world):
    load_example(by=BY, at=AT)
    issued = publish(Figure.CAMERAS_ISSUED)
    assert (issued.value, issued.number, issued.as_of_date) == ("17,500", 17_500, date(2017, 8, 14))
    assert publish(Figure.CAMERAS_PLANNED).value == "22,000"
    assert publish(Figure.PLANNED_FINISH).value == "summer 2018"
    assert [each.figure for each in figures.public_figures()] == [
        "cameras_issued",
        "cameras_planned",
        "planned_finish",
    ]
    assert [event.particulars.details["value"] for event in events()] == ["17,500", "22,000", "summer 2018"]


def test_published_anew_it_replaces_the_earlier_which_stays(world):
    first, second = publish(Figure.CAMERAS_REGISTERED), publish(Figure.CAMERAS_REGISTERED, DAY_ONE.date())
    assert figures.public_figures() == [second]
    first.refresh_from_db()
    assert first.withdrawn_at == AT
    figures.withdraw(figure=Figure.CAMERAS_REGISTERED, by=BY, at=AT)
    assert figures.public_figures() == []
    with pytest.raises(FigureChanged, match="is not public"):
        figures.withdraw(figure=Figure.CAMERAS_REGISTERED, by=BY, at=AT)
    assert [event.kind for event in events()] == ["figure.published"] * 2 + ["figure.withdrawn"]
    assert PublishedFigure.objects.count() == 2


@pytest.mark.parametrize("figure", [Figure.CAMERAS_ISSUED, Figure.CAMERAS_PLANNED, Figure.PLANNED_FINISH])
def test_what_is_not_known_is_not_published(world, figure):
    with pytest.raises(NothingToPublish, match="is not known up to 12 March 2026"):
        publish(figure)
    assert (events(), figures.public_figures()) == ([], [])


def test_what_was_issued_before_the_first_count_is_not_known(world):
    load_example(by=BY, at=AT)
    with pytest.raises(NothingToPublish):
        publish(Figure.CAMERAS_ISSUED, date(2017, 8, 13))


def test_no_figure_counts_up_to_a_day_to_come(world):
    with pytest.raises(Invalid) as refused:
        publish(Figure.CAMERAS_REGISTERED, TODAY + timedelta(days=1))
    assert refused.value.fields["field"] == "as_of_date"
