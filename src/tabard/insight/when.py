"""Which days does a date mean that is known only to the month, the season or the year? Pure.

Plans and press notices say "the end of October" or "the summer". Such a date is kept as it was said: `2017-08-14`,
`2017-10`, `2018-summer` or `2018`. It means every day from `first` to `last`, and is never shown more precisely.
Seasons are whole months, as the Met Office counts them: spring is March to May.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date

from tabard.kernel.errors import Invalid

FORMS = "2017-08-14, 2017-10, 2018-summer or 2018"
LONGEST = 11
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9}
_SAID = re.compile(r"(?P<year>\d{4})(?:-(?:(?P<month>\d\d)(?:-(?P<day>\d\d))?|(?P<season>[a-z]+)))?")


@dataclass(frozen=True, slots=True)
class When:
    """A date as it was said, and the first and last day that it may mean."""

    text: str
    first: date
    last: date

    @property
    def words(self) -> str:
        """As it is read: `14 August 2017`, `October 2017`, `summer 2018`, `2018`."""
        year, _, rest = self.text.partition("-")
        if self.first == self.last:
            return day_words(self.first)
        if rest in _SEASONS:
            return f"{rest} {year}"
        return f"{self.first:%B %Y}" if rest else year


def day_words(day: date) -> str:
    """A day as it is read: `14 August 2017`."""
    return f"{day.day} {day:%B %Y}"


def parse_when(text: str, field: str) -> When | None:
    """The date as it was said; None for an empty text.

    Args:
        text: As it was typed.
        field: Its name, for the error.

    Raises:
        Invalid: naming the field, when it is no date in one of the four forms.
    """
    said = text.strip().lower()
    if not said:
        return None
    try:
        return When(said, *_days(said))
    except (ValueError, KeyError) as error:
        raise Invalid(f"'{text.strip()[:40]}' is not a date as {FORMS}.", field=field) from error


def _days(said: str) -> tuple[date, date]:
    found = _SAID.fullmatch(said)
    if found is None:
        raise ValueError(said)
    year, month, day, season = found.group("year", "month", "day", "season")
    if day:
        exact = date(int(year), int(month), int(day))
        return exact, exact
    if month:
        return _months(int(year), int(month), int(month))
    if season:
        return _months(int(year), _SEASONS[season], _SEASONS[season] + 2)
    return _months(int(year), 1, 12)


def _months(year: int, first: int, last: int) -> tuple[date, date]:
    """The first day of one month to the last day of another."""
    return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])
