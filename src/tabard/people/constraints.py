"""Which constraint refused a write? Turns a named constraint of the database into the error that people read."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from tabard.kernel.errors import TabardError

Refusals = Mapping[str, Callable[[], TabardError]]
"""Constraint name to a function that makes the error."""


@contextmanager
def refusals(errors: Refusals) -> Iterator[None]:
    """A write that violates a named constraint raises our error, and the transaction around it stays usable.

    Args:
        errors: What to raise for which constraint; made after the failed write is rolled back,
            so it may ask the database who was first.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        make = errors.get(violated(error))
        if make is None:
            raise
        raise make() from error


def violated(error: IntegrityError) -> str:
    """The name of the constraint that was violated, or an empty string where the driver does not say."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""
