"""How does an act become an event? By `append`, in the same transaction as the act: both happen, or neither.

`append` is one statement and so one round trip; `append_many` is for bulk acts, two COPYs however many events.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models.expressions import RawSQL
from django.utils.module_loading import import_string

from tabard.custody import sequencer
from tabard.custody.actors import Actor, Subject
from tabard.custody.copying import copy_binary
from tabard.custody.drafting import EVENT_COLUMNS, PARTICULARS_COLUMNS, Bulk, Drafter, PlannedEvent
from tabard.custody.errors import OutsideTransaction
from tabard.custody.kinds import EventKind
from tabard.custody.models import Event, EventParticulars
from tabard.custody.ports import EventRouter
from tabard.custody.prepared import Prepared
from tabard.kernel.ids import array_of

__all__ = ["PlannedEvent", "append", "append_many", "erase_details"]

_INSERT = Prepared(
    "tabard_append",
    f"""
    WITH event AS (
        INSERT INTO custody_event ({", ".join(EVENT_COLUMNS)}) VALUES ($1, $2, $3, $4, $5, $6, NULL)
    )
    INSERT INTO custody_eventparticulars ({", ".join(PARTICULARS_COLUMNS)})
    VALUES ($1, $7, $8, $9, $10, $11, $12)
    """,  # noqa: S608 - names of columns, ours
)


def append(
    *,
    kind: EventKind,
    subject: Subject,
    at: datetime,
    by: Actor,
    sha256: bytes | None = None,
    details: Mapping[str, Any] | None = None,
) -> UUID:
    """Commits with the caller's transaction or not at all; also queues the jobs that follow from the event.

    Args:
        kind: What happened.
        subject: The one thing it happened to.
        at: When, aware.
        by: Who did it; personal, so only committed to.
        sha256: Hash of the footage concerned, 32 bytes, where there is footage.
        details: JSON values (strings, whole numbers, booleans, None, lists, objects); only committed to.

    Returns:
        The event's id.

    Raises:
        OutsideTransaction: when no transaction is open.
    """
    _check_inside_transaction()
    values = Drafter(by, at).values(PlannedEvent(kind, subject, sha256, details or {}))
    _INSERT.run(values)
    _router()(kind, [subject])
    return UUID(bytes=values[0])


def append_many(events: Iterable[PlannedEvent], *, at: datetime, by: Actor) -> None:
    """`append` for a bulk act, as an import: all its events commit with it, or none.

    Where no sequencer acts just then, the events get their places at once, which spares rewriting each of them; the
    sequencer waits until the caller's transaction ends, so append as the act's last step.

    Raises:
        OutsideTransaction: when no transaction is open.
    """
    _check_inside_transaction()
    planned = list(events)
    first = sequencer.place_at_once()
    bulk = Bulk(Drafter(by, at), first)
    copy_binary("custody_event", EVENT_COLUMNS, bulk.events(planned))
    copy_binary("custody_eventparticulars", PARTICULARS_COLUMNS, bulk.particulars())
    if first is not None:
        sequencer.store_hashes(first, bulk.leaf_hashes)
    subjects = defaultdict[EventKind, list[Subject]](list)
    for each in planned:
        subjects[each.kind].append(each.subject)
    for kind, some in subjects.items():
        _router()(kind, some)


def erase_details(*, subject_ids: Iterable[UUID], kinds: Iterable[EventKind]) -> int:
    """The details of these events are gone when the caller's transaction commits; returns how many were erased.

    That they happened, when, to what and by whom stays; so do the leaves and every proof over them.

    Raises:
        OutsideTransaction: when no transaction is open.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("Details are erased inside the transaction of the disposal.")
    events = Event.objects.filter(
        # one array, as a parameter for each of thousands takes longer than the erasure
        subject_id__in=RawSQL("SELECT unnest(%s::uuid[])", (array_of(subject_ids),)),
        kind__in=[kind.value for kind in kinds],
    )
    wanted = EventParticulars.objects.filter(event__in=events, details_salt__isnull=False)
    return wanted.update(details=None, details_salt=None)


def _check_inside_transaction() -> None:
    if not connection.in_atomic_block:
        raise OutsideTransaction("A custody event is appended inside the transaction of its act.")


@cache
def _router() -> EventRouter:
    """The table of what follows from which event, wired by settings so that custody need not know it."""
    router: EventRouter = import_string(settings.TABARD_EVENT_ROUTER)
    return router
