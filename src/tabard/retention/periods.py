"""How many days is a period of months or years? As many as the longest that so many months can be. Pure.

Whole days are the only measure that a sum in the database and one in Python cannot disagree about. The longest, because
a period is what the law gives at least: six months are never fewer than 184 days, six years never fewer than 2,192.
"""

from datetime import date
from functools import cache

_LEAP_CYCLE = range(2000, 2004)


@cache
def days_of_months(months: int) -> int:
    """The most days that so many months can have, one or more of them."""
    return max(
        (_first_of(year * 12 + month + months) - _first_of(year * 12 + month)).days
        for year in _LEAP_CYCLE
        for month in range(12)
    )


def _first_of(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)
