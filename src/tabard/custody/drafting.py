"""What does an event consist of before it is stored? A fresh id, a finished leaf, and the salts of what it hides.

Everything is drafted in the form in which it goes to PostgreSQL, since an act may have thousands of events.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import count, islice, repeat
from struct import Struct
from types import MappingProxyType
from typing import Any, NamedTuple

from tabard.custody.actors import Actor, Subject
from tabard.custody.canonical import without_floats
from tabard.custody.kinds import EventKind
from tabard.custody.leaf import SALT_BYTES, actor_written, commitment_to, rfc3339, written
from tabard.custody.wire import as_jsonb, as_length, as_smallint, as_timestamptz, field, fields
from tabard.kernel.errors import Invalid
from tabard.kernel.ids import new_id_written
from tabard.merkle.tree import leaf_hash

EVENT_COLUMNS = ("id", "kind", "at", "subject_type", "subject_id", "leaf", "position")
PARTICULARS_COLUMNS = (
    "event_id",
    "actor_kind",
    "actor_id",
    "actor_name",
    "actor_salt",
    "details",
    "details_salt",
)
_PIECE_EVENTS = 256
_BOTH_SALTS = 2 * SALT_BYTES


class PlannedEvent(NamedTuple):
    """What is to be logged; when and by whom belong to the whole act. See `services.append` for each field."""

    kind: EventKind
    subject: Subject
    sha256: bytes | None = None
    details: Mapping[str, Any] = MappingProxyType({})


class Draft(NamedTuple):
    """What is particular to an event of an act; details are in canonical form."""

    id: bytes
    subject_id: bytes
    leaf: bytes
    actor_salt: bytes
    details: bytes
    details_salt: bytes


class Drafter:
    """Drafts the events of one act: one actor, one moment.

    Raises:
        Invalid: the moment has no time zone.
    """

    def __init__(self, by: Actor, at: datetime) -> None:
        if at.tzinfo is None:
            raise Invalid("The time of an event needs a time zone.", field="at")
        self.at = as_timestamptz(at)
        self.who = (by.kind.value.encode(), by.id.encode(), by.name.encode())
        self._by, self._at = actor_written(by), rfc3339(at)

    def draft(self, planned: PlannedEvent, salts: bytes) -> Draft:
        """The event with a fresh id.

        Args:
            planned: What is to be logged.
            salts: 64 fresh random bytes.
        """
        event_id, id_text = new_id_written()
        subject, details = planned.subject, without_floats(planned.details)
        actor_salt, details_salt = salts[:SALT_BYTES], salts[SALT_BYTES:]
        leaf = written(
            event_id=id_text,
            kind=planned.kind.value,
            at=self._at,
            subject_type=subject.type,
            subject_id=str(subject.id),
            sha256="" if planned.sha256 is None else planned.sha256.hex(),
            actor=commitment_to(actor_salt, self._by),
            details=commitment_to(details_salt, details),
        )
        return Draft(event_id, subject.id.bytes, leaf, actor_salt, details, details_salt)

    def values(self, planned: PlannedEvent) -> tuple[bytes, ...]:
        """One event's columns without its position, then those of its particulars without its id again."""
        drafted = self.draft(planned, os.urandom(_BOTH_SALTS))
        event = (
            drafted.id,
            planned.kind.encode(),
            self.at,
            planned.subject.type.encode(),
            drafted.subject_id,
        )
        opened = (drafted.actor_salt, as_jsonb(drafted.details), drafted.details_salt)
        return (*event, drafted.leaf, *self.who, *opened)


class Bulk:
    """The events of an act that has many, as rows of two binary COPYs.

    Args:
        drafter: Of the act.
        first: The position of the first event, or None where positions come later.
    """

    def __init__(self, drafter: Drafter, first: int | None) -> None:
        self.leaf_hashes: list[bytes] = []
        self._drafter, self._first = drafter, first
        self._who = fields(*drafter.who)
        self._middles: dict[tuple[EventKind, str], bytes] = {}
        self._particulars: list[bytes] = []

    def events(self, planned: Iterable[PlannedEvent]) -> Iterator[bytes]:
        """Pieces of rows of `EVENT_COLUMNS`, drafted while the server takes those before."""
        source = iter(planned)
        while some := list(islice(source, _PIECE_EVENTS)):
            salts = os.urandom(_BOTH_SALTS * len(some))
            at = range(0, len(salts), _BOTH_SALTS)
            drafted = [
                self._drafter.draft(each, salts[i : i + _BOTH_SALTS])
                for i, each in zip(at, some, strict=True)
            ]
            first = None if self._first is None else self._first + len(self.leaf_hashes)
            self.leaf_hashes += [leaf_hash(each.leaf) for each in drafted]
            self._particulars.append(b"".join(map(self._particulars_row, drafted)))
            places = repeat(field(None)) if first is None else map(_PLACE.pack, repeat(8), count(first))
            yield b"".join(map(self._event_row, some, drafted, places))

    def particulars(self) -> Iterator[bytes]:
        """Pieces of rows of `PARTICULARS_COLUMNS`, of the events that were drafted."""
        return iter(self._particulars)

    def _event_row(self, planned: PlannedEvent, draft: Draft, place: bytes) -> bytes:
        middle, leaf = self._middle(planned.kind, planned.subject.type), draft.leaf
        return b"".join((_EVENT_BEGIN, draft.id, middle, draft.subject_id, as_length(len(leaf)), leaf, place))

    def _particulars_row(self, draft: Draft) -> bytes:
        opened = field(as_jsonb(draft.details))
        salts = (_SALT_BEGIN, draft.actor_salt, opened, _SALT_BEGIN, draft.details_salt)
        return b"".join((_PARTICULARS_BEGIN, draft.id, self._who, *salts))

    def _middle(self, kind: EventKind, subject_type: str) -> bytes:
        """What stands between the two ids of a row: the same for all events of a kind in one act."""
        known = self._middles.get((kind, subject_type))
        if known is None:
            written = fields(kind.encode(), self._drafter.at, subject_type.encode())
            known = self._middles[kind, subject_type] = written + _ID_BEGIN
        return known


_ID_BEGIN = as_length(16)
_SALT_BEGIN = as_length(SALT_BYTES)
_PLACE = Struct(">iq")  # a bigint as a field
_EVENT_BEGIN = as_smallint(len(EVENT_COLUMNS)) + _ID_BEGIN
_PARTICULARS_BEGIN = as_smallint(len(PARTICULARS_COLUMNS)) + _ID_BEGIN
