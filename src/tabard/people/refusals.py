"""Who was turned away from what? Refusals are in the log too: trying the handle of a locked door is worth knowing."""

from datetime import datetime
from uuid import UUID

from django.db import models, transaction

from tabard.custody import services as custody
from tabard.custody.actors import Subject
from tabard.custody.adapters import whole
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import Denied
from tabard.people.authorisation import Viewer


def record_refusal(*, denied: Denied, viewer: Viewer, at: datetime) -> None:
    """The refusal is in the log, in a transaction of its own, when this returns."""
    with transaction.atomic():
        custody.append(
            kind=EventKind.ACCESS_REFUSED,
            subject=_subject(denied.fields.get("item")),
            at=at,
            by=viewer.actor,
            details={"action": str(denied.fields.get("action", "")), "reason": denied.message},
        )


def _subject(item: object) -> Subject:
    """The item that was refused, or the force where there was no one item (a list, a setting)."""
    if isinstance(item, models.Model) and isinstance(item.pk, UUID):
        return Subject(type(item).__name__.lower(), item.pk)
    return whole("force")
