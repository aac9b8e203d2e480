"""How does one filter by thousands of recordings at once? With one array of their ids (`kernel.ids.array_of`)."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models.expressions import RawSQL

from tabard.kernel.ids import array_of


def among(ids: Iterable[UUID]) -> RawSQL:
    """The right side of a filter that ends in `__in`: these ids."""
    return RawSQL("SELECT unnest(%s::uuid[])", (array_of(ids),))
