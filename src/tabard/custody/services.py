"""How does an act become an event? By `append`, in the same transaction as the act: both happen, or neither.

`append` is one statement and so one round trip; `append_many` is for bulk acts, two COPYs however many events.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string
from psycopg import Cursor

from tabard.custody import sequencer
from tabard.custody.actors import Actor, Subject
from tabard.custody.copying import copy_rows
from tabard.custody.drafting import EVENT_COLUMNS, PARTICULARS_COLUMNS, Draft, Drafter, PlannedEvent
from tabard.custody.errors import OutsideTransaction
from tabard.custody.kinds import EventKind
from tabard.custody.models import Event, EventParticulars
from tabard.custody.ports import EventRouter

__all__ = ["PlannedEvent", "append", "append_many", "erase_details"]

_INSERT = f"""
    WITH event AS (
        INSERT INTO custody_event ({", ".join(EVENT_COLUMNS)}) VALUES (%s, %s, %s, %s, %s, %b, NULL)
    )
    INSERT INTO custody_eventparticulars ({", ".join(PARTICULARS_COLUMNS)})
    VALUES (%s, %s, %s, %s, %b, %s::jsonb, %b)
"""  # noqa: S608 - names of columns, ours


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
    _check_inside_transaction()
    drafted = Drafter(by, at).draft(PlannedEvent(kind, subject, sha256, details or {}))
    event = (drafted.id, kind.value, at, subject.type, subject.id, drafted.leaf)
    particulars = (drafted.id, by.kind.value, by.id, by.name)
    opened = (drafted.actor_salt, drafted.details.decode(), drafted.details_salt)
    # Past Django's cursor, which quotes every value on this side and costs an eighth of the whole.
    with connection.wrap_database_errors:
        Cursor(connection.connection).execute(_INSERT, (*event, *particulars, *opened))
    _router()(kind, subject)
    return Event.from_db(connection.alias, EVENT_COLUMNS, (*event, None))


def append_many(events: Iterable[PlannedEvent], *, at: datetime, by: Actor) -> list[UUID]:
    """`append` for a bulk act, as an import: all its events commit with it, or none. Returns their ids, in order.

    Where no sequencer acts just then, the events get their places at once, which spares rewriting each of them; the
    sequencer waits until the caller's transaction ends, so append as the act's last step.

    Raises:
        OutsideTransaction: when no transaction is open.
    """
    _check_inside_transaction()
    drafter, drafts = Drafter(by, at), list[Draft]()
    first = sequencer.place_at_once()
    copy_rows("custody_event", EVENT_COLUMNS, drafter.event_rows(events, first, drafts))
    copy_rows("custody_eventparticulars", PARTICULARS_COLUMNS, drafter.particulars_rows(drafts))
    if first is not None:
        sequencer.store_leaves(first, [drafted.leaf for drafted in drafts])
    for drafted in drafts:
        _router()(drafted.planned.kind, drafted.planned.subject)
    return [drafted.id for drafted in drafts]


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


def _check_inside_transaction() -> None:
    if not connection.in_atomic_block:
        raise OutsideTransaction("A custody event is appended inside the transaction of its act.")


@cache
def _router() -> EventRouter:
    """The table of what follows from which event, wired by settings so that custody need not know it."""
    router: EventRouter = import_string(settings.TABARD_EVENT_ROUTER)
    return router
