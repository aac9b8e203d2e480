"""A date is read as the one day that it can mean; where it can mean two, it is refused with the cure."""

from datetime import date

import pytest

from tabard.kernel.dates import day_written, month_first
from tabard.kernel.errors import Invalid


@pytest.mark.parametrize(
    "text", ["2026-06-05", "2026-6-5", "05/06/2026", "5/6/2026", "05.06.2026", "5-6-2026"]
)
def test_iso_and_day_first_are_one_day(text):
    assert day_written(text) == date(2026, 6, 5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("05/06/26", "two digits"),
        ("46352", "spreadsheet's count of days"),
        ("5 June 2026", "is not a date"),
        ("31/02/2026", "no day 31/02/2026"),
        ("11/28/2026", "no day 11/28/2026"),
        ("2026-13-01", "no day"),
        ("0000-01-01", "no day"),
        ("", "is not a date"),
    ],
)
def test_what_is_no_day_is_refused_with_its_reason(text, words):
    with pytest.raises(Invalid, match=words):
        day_written(text)


def test_one_date_with_the_month_first_makes_the_others_ambiguous():
    beside = month_first(["2026-01-02", "05/06/2026", "11/28/2026", "12/31/2026"])
    assert beside == "11/28/2026"
    with pytest.raises(Invalid, match="could be two days, as 11/28/2026 in the same file"):
        day_written("05/06/2026", beside=beside)
    with pytest.raises(Invalid, match="has the month first"):
        day_written("11/28/2026", beside=beside)
    assert day_written("2026-06-05", beside=beside) == date(2026, 6, 5)


def test_a_file_with_days_first_has_no_month_first():
    assert month_first(["28/11/2026", "05/06/2026", "x", "31/13/2026"]) == ""
