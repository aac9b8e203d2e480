"""How does a file-name pattern come into force, and go? What recordings were made by it stays as it is."""

from datetime import datetime

from django.db import transaction

from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.custody.services import append
from tabard.intake.models import NamePattern
from tabard.intake.naming.rules import PatternInvalid, parse
from tabard.kernel.text import optional
from tabard.people.constraints import refusals


@transaction.atomic
def add(*, text: str, note: str = "", by: Actor, at: datetime) -> NamePattern:
    """Names of what arrives from now on are read by the pattern too.

    Raises:
        PatternInvalid: it cannot be used, or is in force already.
        Invalid: the note is too long.
    """
    pattern = NamePattern(text=parse(text).text, note=optional(note, "note", 200), added_at=at)
    taken = {
        "intake_name_pattern_in_force_unique": lambda: PatternInvalid(
            "It is in force already.", field="pattern"
        )
    }
    with refusals(taken):
        pattern.save(force_insert=True)
    _append(EventKind.NAME_PATTERN_ADDED, pattern, by, at)
    return pattern


@transaction.atomic
def remove(*, pattern: NamePattern, by: Actor, at: datetime) -> None:
    """No name is read by the pattern from now on; again, nothing happens. `pattern` is brought up to date."""
    if NamePattern.objects.filter(pk=pattern.pk, removed_at__isnull=True).update(removed_at=at):
        _append(EventKind.NAME_PATTERN_REMOVED, pattern, by, at)
    pattern.refresh_from_db(fields=["removed_at"])


def _append(kind: EventKind, pattern: NamePattern, by: Actor, at: datetime) -> None:
    details = {"pattern": pattern.text, "note": pattern.note}
    append(kind=kind, subject=Subject("name_pattern", pattern.pk), at=at, by=by, details=details)
