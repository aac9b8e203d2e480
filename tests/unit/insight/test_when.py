"""Which days does a date mean that is known only to the month, the season or the year?"""

from datetime import date

import pytest

from tabard.insight.when import parse_when
from tabard.kernel.errors import Invalid


@pytest.mark.parametrize(
    ("text", "first", "last", "words"),
    [
        ("2017-08-14", date(2017, 8, 14), date(2017, 8, 14), "14 August 2017"),
        ("2017-10", date(2017, 10, 1), date(2017, 10, 31), "October 2017"),
        (" 2018-Summer ", date(2018, 6, 1), date(2018, 8, 31), "summer 2018"),
        ("2018", date(2018, 1, 1), date(2018, 12, 31), "2018"),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "February 2024"),
    ],
)
def test_a_date_means_every_day_that_it_may_mean_and_is_shown_no_more_precisely(text, first, last, words):
    when = parse_when(text, "due")
    assert when is not None
    assert (when.first, when.last, when.words) == (first, last, words)
    assert parse_when(when.text, "due") == when


def test_nothing_said_is_no_date():
    assert parse_when("  ", "due") is None


@pytest.mark.parametrize(
    "text", ["14/08/2017", "2017-13", "2017-02-30", "soon", "2018-winter", "0000", "17-8-1"]
)
def test_another_form_is_refused_and_the_right_ones_are_named(text):
    with pytest.raises(Invalid, match="2017-08-14, 2017-10, 2018-summer or 2018") as refused:
        parse_when(text, "due")
    assert refused.value.fields["field"] == "due"
