"""How does an act become an event? By `append`, in the same transaction as the act: both happen, or neither."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from tabard.custody.actors import Actor, Subject
from tabard.custody.errors import OutsideTransaction
from tabard.custody.kinds import EventKind
from tabard.custody.leaf import actor_value, commit, leaf_bytes
from tabard.custody.models import Event, EventParticulars
from tabard.custody.ports import EventRouter
from tabard.kernel.ids import new_id


def append(
    *,
    kind: EventKind,
    subject: Subject,
    at: datetime,
    by: Actor,
    sha256: bytes | None = None,
    details: Mapping[str, Any] | None = None,
) -> Event:
    """Commits with the caller's transaction or not at all; also queues the jobs that follow from the event.

    Args:
        kind: What happened.
        subject: The one thing it happened to.
        at: When, aware.
        by: Who did it; personal, so only committed to.
        sha256: Hash of the footage concerned, 32 bytes, where there is footage.
        details: JSON values (strings, whole numbers, booleans, None, lists, objects); only committed to.

    Raises:
        OutsideTransaction: when no transaction is open.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(
            "A custody event is appended inside the transaction of its act.", kind=kind.value
        )
    event_id = new_id()
    actor, particulars = commit(actor_value(by)), commit(details or {})
    leaf = leaf_bytes(
        event_id=event_id, kind=kind, at=at, subject=subject, sha256=sha256, actor=actor, details=particulars
    )
    event = Event.objects.create(
        id=event_id, kind=kind.value, at=at, subject_type=subject.type, subject_id=subject.id, leaf=leaf
    )
    EventParticulars.objects.create(
        event=event,
        actor_kind=by.kind.value,
        actor_id=by.id,
        actor_name=by.name,
        actor_salt=actor.salt,
        details=particulars.value,
        details_salt=particulars.salt,
    )
    _router()(kind, subject)
    return event


def erase_details(*, subject_ids: Iterable[UUID], kinds: Iterable[EventKind]) -> int:
    """The details of these events are gone when the caller's transaction commits; returns how many were erased.

    That they happened, when, to what and by whom stays; so do the leaves and every proof over them.

    Raises:
        OutsideTransaction: when no transaction is open.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("Details are erased inside the transaction of the disposal.")
    wanted = EventParticulars.objects.filter(
        event__subject_id__in=list(subject_ids),
        event__kind__in=[kind.value for kind in kinds],
        details_salt__isnull=False,
    )
    return wanted.update(details=None, details_salt=None)


@cache
def _router() -> EventRouter:
    """The table of what follows from which event, wired by settings so that custody need not know it."""
    router: EventRouter = import_string(settings.TABARD_EVENT_ROUTER)
    return router
