"""How does one ask the database about thousands of recordings at once? With one array of their ids.

A list of parameters costs Django and the driver more, one by one, than the question costs the database.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db.models.expressions import RawSQL


def among(ids: Iterable[UUID]) -> RawSQL:
    """The right side of a filter that ends in `__in`: these ids."""
    return RawSQL("SELECT unnest(%s::uuid[])", (array_of(ids),))


def array_of(ids: Iterable[UUID]) -> str:
    """The ids as PostgreSQL writes an array of them, for a parameter that is cast to `uuid[]`."""
    return f"{{{','.join(map(str, ids))}}}"
