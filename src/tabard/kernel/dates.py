"""Which day does somebody mean who wrote a date? 2026-11-28 or 28/11/2026; where it could be another day, we ask.

The file decides how its slashes are read: one date that can only be month first (11/28/2026) shows that the whole file
was written that way, and then 05/06/2026 is refused too. A wrong day would be believed for years.
"""

import re
from collections.abc import Iterable
from datetime import date

from tabard.kernel.errors import Invalid

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_SLASHED = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")
_SHORT_YEAR = re.compile(r"\d{1,2}[/.\-]\d{1,2}[/.\-]\d{2}")
_SPREADSHEET_DAY = re.compile(r"\d{5}")
_MONTHS = 12
_CURE = "Write 2026-11-28 or 28/11/2026."


def month_first(texts: Iterable[str]) -> str:
    """The first text that can only be a date with the month first, or nothing."""
    for text in texts:
        found = _SLASHED.fullmatch(text)
        if found and int(found[1]) <= _MONTHS < int(found[2]):
            return text
    return ""


def day_written(text: str, *, beside: str = "") -> date:
    """The one day that the text can mean.

    Args:
        text: As it was written, without spaces around it.
        beside: A date of the same file with the month first (`month_first`), or nothing.

    Raises:
        Invalid: with what is wrong and the cure, where it is no day, or could be two.
    """
    iso, slashed = _ISO.fullmatch(text), _SLASHED.fullmatch(text)
    if slashed and beside:
        raise Invalid(_ambiguous(text, beside))
    if iso:
        return _day(text, iso[1], iso[2], iso[3])
    if slashed:
        return _day(text, slashed[3], slashed[2], slashed[1])
    raise Invalid(_not_a_date(text))


def _day(text: str, year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise Invalid(f"There is no day {text}.") from error


def _ambiguous(text: str, beside: str) -> str:
    if text == beside:
        return f"{text} has the month first. {_CURE}"
    return (
        f"{text} could be two days, as {beside} in the same file has the month first. Write it as 2026-11-28."
    )


def _not_a_date(text: str) -> str:
    if _SHORT_YEAR.fullmatch(text):
        return f"{text} has a year of two digits. {_CURE}"
    if _SPREADSHEET_DAY.fullmatch(text):
        return f"{text} is a spreadsheet's count of days. Format the column as a date. {_CURE}"
    return f"'{text}' is not a date. {_CURE}"
