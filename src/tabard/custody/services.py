"""How does an act become an event? By `append`, in the same transaction as the act: both happen, or neither.

`append` is one statement and so one round trip; `append_many` is for bulk acts, two COPYs however many events.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string
from psycopg import Cursor

from tabard.custody.actors import Actor, Subject
from tabard.custody.canonical import canonical
from tabard.custody.copying import as_bytea, copy_rows, escaped
from tabard.custody.errors import OutsideTransaction
from tabard.custody.kinds import EventKind
from tabard.custody.leaf import SALT_BYTES, actor_value, commitment_to, leaf_bytes
from tabard.custody.models import Event, EventParticulars
from tabard.custody.ports import EventRouter
from tabard.kernel.ids import new_id

_EVENT = ("id", "kind", "at", "subject_type", "subject_id", "leaf")
_PARTICULARS = (
    "event_id",
    "actor_kind",
    "actor_id",
    "actor_name",
    "actor_salt",
    "details",
    "details_salt",
)
_INSERT = f"""
    WITH event AS (INSERT INTO custody_event ({", ".join(_EVENT)}) VALUES (%s, %s, %s, %s, %s, %b))
    INSERT INTO custody_eventparticulars ({", ".join(_PARTICULARS)})
    VALUES (%s, %s, %s, %s, %b, %s::jsonb, %b)
"""  # noqa: S608 - the names above


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """What is to be logged; when and by whom belong to the whole act. See `append` for the meaning of each."""

    kind: EventKind
    subject: Subject
    sha256: bytes | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


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
    planned = PlannedEvent(kind, subject, sha256, details or {})
    drafted = _draft(planned, canonical(actor_value(by)), at)
    row = (
        *(drafted.id, kind.value, at, subject.type, subject.id, drafted.leaf),
        *(drafted.id, by.kind.value, by.id, by.name, drafted.actor_salt),
        *(drafted.details.decode(), drafted.details_salt),
    )
    # Past Django's cursor, which quotes every value on this side and costs an eighth of the whole.
    with connection.wrap_database_errors:
        Cursor(connection.connection).execute(_INSERT, row)
    _router()(kind, subject)
    return Event.from_db("default", (*_EVENT, "position"), (*row[:6], None))


def append_many(events: Iterable[PlannedEvent], *, at: datetime, by: Actor) -> list[UUID]:
    """`append` for a bulk act, as an import: all its events commit with it, or none. Returns their ids, in order.

    Raises:
        OutsideTransaction: when no transaction is open.
    """
    _check_inside_transaction()
    actor = canonical(actor_value(by))
    drafts = [(planned, _draft(planned, actor, at)) for planned in events]
    moment = at.isoformat()
    copy_rows("custody_event", _EVENT, (_event_row(*each, moment) for each in drafts))
    who = "\t".join(map(escaped, (by.kind.value, by.id, by.name)))
    copy_rows(
        "custody_eventparticulars", _PARTICULARS, (_particulars_row(drafted, who) for _, drafted in drafts)
    )
    for planned, _ in drafts:
        _router()(planned.kind, planned.subject)
    return [drafted.id for _, drafted in drafts]


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


class _Draft(NamedTuple):
    """A finished leaf, and what it commits to with its salts."""

    id: UUID
    leaf: bytes
    actor_salt: bytes
    details: bytes
    details_salt: bytes


def _draft(planned: PlannedEvent, actor: bytes, at: datetime) -> _Draft:
    """The event with a fresh id and fresh salts; actor and details in their canonical form."""
    event_id, salts, details = new_id(), os.urandom(2 * SALT_BYTES), canonical(planned.details)
    actor_salt, details_salt = salts[:SALT_BYTES], salts[SALT_BYTES:]
    leaf = leaf_bytes(
        event_id=event_id,
        kind=planned.kind,
        at=at,
        subject=planned.subject,
        sha256=planned.sha256,
        actor=commitment_to(actor_salt, actor),
        details=commitment_to(details_salt, details),
    )
    return _Draft(event_id, leaf, actor_salt, details, details_salt)


def _event_row(planned: PlannedEvent, drafted: _Draft, moment: str) -> str:
    subject = planned.subject
    kind, leaf = planned.kind.value, as_bytea(drafted.leaf)
    return f"{drafted.id}\t{kind}\t{moment}\t{escaped(subject.type)}\t{subject.id}\t{leaf}"


def _particulars_row(drafted: _Draft, who: str) -> str:
    details = escaped(drafted.details.decode())
    actor_salt, details_salt = as_bytea(drafted.actor_salt), as_bytea(drafted.details_salt)
    return f"{drafted.id}\t{who}\t{actor_salt}\t{details}\t{details_salt}"


def _check_inside_transaction() -> None:
    if not connection.in_atomic_block:
        raise OutsideTransaction("A custody event is appended inside the transaction of its act.")


@cache
def _router() -> EventRouter:
    """The table of what follows from which event, wired by settings so that custody need not know it."""
    router: EventRouter = import_string(settings.TABARD_EVENT_ROUTER)
    return router
