"""Which part of a long list does this page show? The one whose number the address gives; any other number is the first.

For lists that are ordered by what changes, where no row marks the place to go on from.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest

PAGE_ROWS = 50
_LONGEST = 9


@dataclass(frozen=True, slots=True)
class Part:
    """Rows from `first` up to `end`, with the addresses of the parts beside it, empty where there is none."""

    number: int
    first: int
    end: int
    earlier_url: str
    later_url: str


def part_of(request: HttpRequest, total: int) -> Part:
    """The part of a list of so many rows that the address asks for by `page`."""
    asked = request.GET.get("page", "")
    last = max(1, -(-total // PAGE_ROWS))
    is_number = asked.isascii() and asked.isdigit() and len(asked) < _LONGEST
    number = int(asked) if is_number and 1 <= int(asked) <= last else 1
    return Part(
        number=number,
        first=(number - 1) * PAGE_ROWS,
        end=number * PAGE_ROWS,
        earlier_url=_address(request, number - 1) if number > 1 else "",
        later_url=_address(request, number + 1) if number < last else "",
    )


def _address(request: HttpRequest, number: int) -> str:
    kept = {key: value for key, value in request.GET.items() if key != "page"}
    return "?" + urlencode({**kept, "page": number})
