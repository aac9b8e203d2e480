"""What does an event consist of before it is stored? A fresh id, a finished leaf, and the salts of what it hides."""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from tabard.custody.actors import Actor, Subject
from tabard.custody.canonical import canonical, without_floats
from tabard.custody.copying import NULL, as_bytea, escaped
from tabard.custody.kinds import EventKind
from tabard.custody.leaf import SALT_BYTES, actor_value, commitment_to, leaf_bytes, rfc3339
from tabard.kernel.errors import Invalid
from tabard.kernel.ids import new_id

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


class PlannedEvent(NamedTuple):
    """What is to be logged; when and by whom belong to the whole act. See `services.append` for each field."""

    kind: EventKind
    subject: Subject
    sha256: bytes | None = None
    details: Mapping[str, Any] = MappingProxyType({})


class Draft(NamedTuple):
    """An event that only has to be stored; ids as text, because writing a UUID out is slow; details canonical."""

    planned: PlannedEvent
    id: UUID
    id_text: str
    subject_id: str
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
        self.at = rfc3339(at)
        self._by = canonical(actor_value(by))
        self._who = "\t".join(map(escaped, (by.kind.value, by.id, by.name)))

    def draft(self, planned: PlannedEvent) -> Draft:
        """The event with fresh id and salts."""
        event_id, salts, details = new_id(), os.urandom(2 * SALT_BYTES), without_floats(planned.details)
        id_text, subject_id = str(event_id), str(planned.subject.id)
        actor_salt, details_salt = salts[:SALT_BYTES], salts[SALT_BYTES:]
        leaf = leaf_bytes(
            event_id=id_text,
            kind=planned.kind,
            at=self.at,
            subject_type=planned.subject.type,
            subject_id=subject_id,
            sha256=planned.sha256,
            actor=commitment_to(actor_salt, self._by),
            details=commitment_to(details_salt, details),
        )
        return Draft(planned, event_id, id_text, subject_id, leaf, actor_salt, details, details_salt)

    def event_rows(
        self, events: Iterable[PlannedEvent], first: int | None, drafts: list[Draft]
    ) -> Iterator[str]:
        """The events as rows of COPY, drafted while the server takes those before; `drafts` gains each.

        Args:
            events: What is to be logged.
            first: The position of the first, or None where positions come later.
            drafts: Where to keep the drafts.
        """
        for planned in events:
            drafted = self.draft(planned)
            place = NULL if first is None else first + len(drafts)
            drafts.append(drafted)
            yield (
                f"{drafted.id_text}\t{planned.kind.value}\t{self.at}\t{escaped(planned.subject.type)}\t"
                f"{drafted.subject_id}\t{as_bytea(drafted.leaf)}\t{place}"
            )

    def particulars_rows(self, drafts: Iterable[Draft]) -> Iterator[str]:
        """Their particulars as rows of COPY."""
        for drafted in drafts:
            yield (
                f"{drafted.id_text}\t{self._who}\t{as_bytea(drafted.actor_salt)}\t"
                f"{escaped(drafted.details.decode())}\t{as_bytea(drafted.details_salt)}"
            )
