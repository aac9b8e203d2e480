"""Do an event's columns, who did it and its details say what its leaf says?

The common case is answered at once: the leaf is built again from the columns, and if the bytes are the same, all of it
is true. Only where they differ is the leaf taken apart to name what was changed.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from psycopg import Cursor

from tabard.custody.canonical import canonical
from tabard.custody.leaf import commitment_to, rfc3339, written
from tabard.custody.restored import is_in, restored_gaps
from tabard.custody.verification.dating import Times
from tabard.custody.verification.report import LogReport

_decoder = json.JSONDecoder()
# Where a leaf of version 1 has its commitment to the details: what comes before it has one length in all of them.
_DETAILS = slice(122, 186)

# Ids and details as text: what is hashed is text, and to make values of a million of them takes longer than hashing.
_COLUMNS = """
    SELECT event.id::text, event.kind, event.at, event.subject_type, event.subject_id::text, event.leaf, event.position,
           held.event_id IS NOT NULL, held.actor_kind, held.actor_id, held.actor_name, held.actor_salt,
           held.details::text, held.details_salt
      FROM custody_event AS event
      LEFT JOIN custody_eventparticulars AS held ON held.event_id = event.id
"""
_BLOCK = _COLUMNS + " WHERE event.position >= %s AND event.position < %s ORDER BY event.position, event.id"
_STRAYS = _COLUMNS + " WHERE event.position >= %s OR event.position < 0 ORDER BY event.position, event.id"
_WAITING = _COLUMNS + " WHERE event.position IS NULL AND event.id > %s ORDER BY event.id LIMIT 2000"


class EventRow(NamedTuple):
    """An event as it stands in the database; what is known of its actor and details is None where that is not here."""

    id: str
    kind: str
    at: datetime
    subject_type: str
    subject_id: str
    leaf: bytes
    position: int | None
    has_particulars: bool
    actor_kind: str | None
    actor_id: str | None
    actor_name: str | None
    actor_salt: bytes | None
    details_text: str | None
    details_salt: bytes | None

    @property
    def named(self) -> str:
        """The event in words that a person can find it by."""
        place = "without a position" if self.position is None else f"at position {self.position}"
        return f"Event {self.id} ({self.kind}, {rfc3339(self.at)}, {place})"

    def is_itself(self) -> bool:
        """Whether the leaf bears the row's own id, as a copy's does not."""
        return self.id.encode() in self.leaf

    @property
    def actor(self) -> dict[str, str | None]:
        """The actor as its commitment covers it."""
        return {"kind": self.actor_kind, "id": self.actor_id, "name": self.actor_name}


def block(first: int, end: int) -> list[EventRow]:
    """The events at positions `[first, end)`."""
    return _read(_BLOCK, [first, end])


def strays(end: int) -> list[EventRow]:
    """The events at positions from `end` on, or below zero: no tree of `end` leaves has a place for them."""
    return _read(_STRAYS, [end])


def waiting() -> Iterator[EventRow]:
    """The events without a position, in the order of their ids."""
    after = str(UUID(int=0))
    while found := _read(_WAITING, [after]):
        yield from found
        after = found[-1].id


def _read(statement: str, given: list[object]) -> list[EventRow]:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        # Binary, past Django's cursor: a million rows are read, and half of each is hashes.
        found = Cursor(connection.connection).execute(statement, given, binary=True)
        return list(map(EventRow._make, found.fetchall()))


def check_row(row: EventRow, times: Times, report: LogReport) -> None:
    """Name whatever of the event disagrees with its leaf, or with when it can have happened."""
    if row.details_salt is None:
        report.erased += 1
    if not _is_as_logged(row):
        _name_differences(row, report)
    wrong = times.misdated(row.at, row.id, row.position)
    if wrong is not None:
        report.add(wrong[0], row.id, f"{row.named} bears a time that cannot be: {wrong[1]}.")


def _is_as_logged(row: EventRow) -> bool:
    """Whether the columns give exactly the leaf; what was erased is taken from the leaf as it stands."""
    leaf = row.leaf
    if not row.has_particulars:
        return False
    try:
        actor = commitment_to(
            row.actor_salt or b"", _actor_written(row.actor_kind, row.actor_id, row.actor_name)
        )
        if row.details_salt is None or row.details_text is None:
            details = leaf[_DETAILS].decode("latin-1")
        else:
            details = commitment_to(row.details_salt, _details_written(row.details_text))
    except ValueError:
        return False
    footage = leaf.partition(b'"sha256":"')[2][:64].decode("latin-1")
    return leaf == written(
        event_id=row.id,
        kind=row.kind,
        at=_said(row.at),
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        sha256=footage,
        actor=actor,
        details=details,
    )


@lru_cache(maxsize=1024)
def _actor_written(kind: str | None, actor_id: str | None, name: str | None) -> bytes:
    """The actor in canonical form: the same few people and parts act again and again."""
    return canonical({"kind": kind, "id": actor_id, "name": name})


def _details_written(text: str) -> bytes:
    """Details as PostgreSQL writes them, in canonical form.

    Raises:
        ValueError: they are no object, or hold what RFC 8785 cannot carry.
    """
    value = _value(text)
    if type(value) is not dict:
        raise ValueError("Details are an object.")
    return canonical(value)


def _value(text: str) -> Any:
    return _decoder.raw_decode(text)[0]


def _said(at: datetime) -> str:
    """`rfc3339`, quicker for what comes from the database, whose times are in UTC already."""
    text = at.isoformat(timespec="microseconds")
    return f"{text[:26]}Z" if text.endswith("+00:00") else rfc3339(at)


def _name_differences(row: EventRow, report: LogReport) -> None:
    leaf = _parsed(row, report)
    if leaf is None:
        return
    columns = {
        "id": row.id,
        "kind": row.kind,
        "at": rfc3339(row.at),
        "subject": {"type": row.subject_type, "id": row.subject_id},
    }
    for name, value in columns.items():
        if leaf.get(name) != value:
            words = f"{row.named}: its {name} was changed to {_told(value)}; it was logged as {_told(leaf.get(name))}."
            report.add("column", row.id, words)
    if not row.has_particulars:
        if report.gaps is None:
            report.gaps = restored_gaps()
        if is_in(row.position, report.gaps):  # lost with the database, as the log itself says
            return
        report.add("particulars_missing", row.id, f"{row.named}: who did it, and its details, were removed.")
        return
    _check_commitments(row, leaf, report)


def _parsed(row: EventRow, report: LogReport) -> Mapping[str, Any] | None:
    """The leaf's value; None and a defect where it is not a leaf in its one spelling."""
    try:
        leaf = json.loads(row.leaf)
    except ValueError:
        leaf = None
    if not isinstance(leaf, dict):
        report.add("leaf", row.id, f"{row.named}: its leaf is not a JSON object.")
        return None
    try:
        is_canonical = canonical(leaf) == row.leaf
    except ValueError:
        is_canonical = False
    if not is_canonical or leaf.get("v") != 1 or not _KEYS <= set(leaf) <= _KEYS | {"sha256"}:
        report.add("leaf", row.id, f"{row.named}: its leaf is not as this version writes leaves.")
    return leaf


_KEYS = {"v", "id", "kind", "at", "subject", "actor", "details"}


def _check_commitments(row: EventRow, leaf: Mapping[str, Any], report: LogReport) -> None:
    """Who and details are those committed to (erased details have none left to compare)."""
    if row.actor_salt is None or commitment_to(row.actor_salt, canonical(row.actor)) != leaf.get("actor"):
        words = f"{row.named}: who did it, or the salt, was changed; it now says {row.actor_name} ({row.actor_id})."
        report.add("actor", row.id, words)
    if row.details_text is None or row.details_salt is None:
        return
    try:
        hold = commitment_to(row.details_salt, _details_written(row.details_text)) == leaf.get("details")
    except ValueError:
        hold = False
    if not hold:
        now = _told(_value(row.details_text))
        words = f"{row.named}: its details, or their salt, were changed; they now say {now}."
        report.add("details", row.id, words)


def _told(value: object) -> str:
    """A value as a sentence can hold it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 200 else f"{text[:200]}…"
