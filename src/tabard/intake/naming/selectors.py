"""Which file-name patterns are in force, and what would they say of these names?"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from tabard.intake.models import NamePattern
from tabard.intake.naming.rules import Pattern, Reading, parse, read
from tabard.kernel.errors import NotFound
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action

MOST_TRIED = 10_000
_LOOKS_AFTER = Action.FLEET_MANAGE


@dataclass(frozen=True, slots=True)
class Tried:
    """One name, and what is read of it."""

    name: str
    reading: Reading


def patterns(viewer: Viewer) -> list[NamePattern]:
    """The patterns in force, oldest first, which is the order in which they are tried.

    Raises:
        Denied: the viewer does not look after what comes in.
    """
    check_can(viewer, _LOOKS_AFTER)
    return list(standing())


def pattern(viewer: Viewer, pattern_id: UUID) -> NamePattern:
    """The pattern in force with this id.

    Raises:
        Denied, NotFound.
    """
    check_can(viewer, _LOOKS_AFTER)
    return pattern_named(pattern_id)


def pattern_named(given: UUID | str) -> NamePattern:
    """The pattern in force that has this id, or is written so.

    Raises:
        NotFound.
    """
    is_it = Q(pk=given) if isinstance(given, UUID) else Q(text=given)
    found = standing().filter(is_it).first()
    if found is None:
        raise NotFound("No such pattern is in force.", pattern=str(given))
    return found


def standing() -> QuerySet[NamePattern]:
    """The patterns in force, in the order in which they are tried."""
    return NamePattern.objects.filter(removed_at__isnull=True).order_by("added_at", "id")


def in_force() -> tuple[Pattern, ...]:
    """The patterns in force, ready to be read by."""
    return tuple(parse(text) for text in standing().values_list("text", flat=True))


def tried(names: Iterable[str], also: Iterable[str] = ()) -> list[Tried]:
    """What would be read of each name by the patterns in force, and by those that are only thought of.

    Raises:
        PatternInvalid: one of `also` cannot be used.
    """
    by = (*in_force(), *(parse(text) for text in also))
    return [Tried(name, read(name, by)) for name in list(names)[:MOST_TRIED]]
