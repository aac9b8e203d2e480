"""The custody log as people read it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.values import Instant, Search, Sent
from tabard.custody.consistency import Consistency
from tabard.custody.kinds import EventKind, Section62
from tabard.custody.selectors import EventLine, EventSheet, LogPage, Opening, published_note
from tabard.disclosure.event_words import words_of
from tabard.disclosure.item_names import item_names
from tabard.merkle.note import encode_base64


class EventOut(Schema):
    """One event; who and what are empty where they were lawfully erased."""

    id: UUID
    kind: EventKind
    title: str
    section: Section62 = Field(description="Its class under the Data Protection Act 2018 section 62(1)")
    words: str = Field(description="What happened, in a sentence")
    item: str = Field(
        description="What the item was called when it happened, as the log itself says where it can"
    )
    at: datetime
    subject_type: str
    subject_id: UUID
    position: int | None = Field(description="Its place in the tree; null for some seconds after it happened")
    is_covered: bool = Field(
        description="Whether a signed checkpoint covers it, so that a receipt can be had"
    )
    actor_name: str
    details: dict[str, Any]

    @classmethod
    def all_of(cls, lines: Sequence[EventLine]) -> "list[EventOut]":
        """The events as they are answered, in the order given."""
        names = item_names(lines)
        return [cls._of(line, names[line.id].in_words) for line in lines]

    @classmethod
    def _of(cls, line: EventLine, item: str) -> "EventOut":
        return cls(
            id=line.id,
            kind=line.kind,
            title=line.title,
            section=line.section,
            words=words_of(line.kind),
            item=item,
            at=line.at,
            subject_type=line.subject_type,
            subject_id=line.subject_id,
            position=line.position,
            is_covered=line.is_covered,
            actor_name=line.actor_name,
            details=dict(line.details),
        )


class EventsOut(Schema):
    """One page of events, newest first; ask with `before` set to `older`, or with `after` set to `newer`."""

    events: list[EventOut]
    older: UUID | None
    newer: UUID | None

    @classmethod
    def of(cls, page: LogPage) -> "EventsOut":
        """The page as it is answered."""
        return cls(events=EventOut.all_of(page.events), older=page.older, newer=page.newer)


class EventsWanted(Sent):
    """Which events to list; what is left out narrows nothing."""

    kind: list[EventKind] = Field([], description="Any of these; give it again for more than one")
    section: list[Section62] = Field([], description="Any kind of these classes, besides the kinds given")
    subject_id: UUID | None = None
    item: Search = Field(
        "", description="An id, or what people call it: LB/1, a crime reference, a camera's serial"
    )
    actor: Search = Field("", description="Part of the name of who did it")
    since: Instant | None = None
    until: Instant | None = None
    before: UUID | None = None
    after: UUID | None = None


class ConsistencyWanted(Sent):
    """Two sizes for which a checkpoint was signed."""

    older: int = Field(alias="from", ge=0, lt=2**63, description="The older checkpoint's number of events")
    newer: int = Field(alias="to", ge=0, lt=2**63, description="The newer checkpoint's number of events")


class ConsistencyOut(Schema):
    """The RFC 6962 proof that the newer tree begins with the older one's events, and the two signed checkpoints."""

    old_size: int
    old_note: str = Field(description="C2SP signed note")
    new_size: int
    new_note: str = Field(description="C2SP signed note")
    proof: list[str] = Field(description="Hashes in base64, in the proof's order; none between equal sizes")

    @classmethod
    def of(cls, found: Consistency) -> "ConsistencyOut":
        """The proof as it is answered."""
        return cls(
            old_size=found.old.size,
            old_note=published_note(found.old),
            new_size=found.new.size,
            new_note=found.new_note,
            proof=[encode_base64(value) for value in found.path],
        )


class OpeningOut(Schema):
    """What a commitment hides: SHA-256 over the salt and the RFC 8785 form of the value."""

    committed: str
    value: dict[str, Any]
    salt: str
    holds: bool

    @classmethod
    def of(cls, opening: Opening | None) -> "OpeningOut | None":
        """The opening as it is answered; None once the particulars were erased."""
        if opening is None:
            return None
        value: Mapping[str, Any] = opening.value
        return cls(
            committed=opening.committed, value=dict(value), salt=opening.salt.hex(), holds=opening.holds
        )


class EventSheetOut(Schema):
    """One event with its exact leaf and what its commitments hide."""

    event: EventOut
    leaf: str = Field(description="The exact text that the tree commits to")
    actor: OpeningOut | None
    details: OpeningOut | None

    @classmethod
    def of(cls, sheet: EventSheet) -> "EventSheetOut":
        """The sheet as it is answered."""
        return cls(
            event=EventOut.all_of([sheet.line])[0],
            leaf=sheet.leaf.decode(),
            actor=OpeningOut.of(sheet.actor),
            details=OpeningOut.of(sheet.details),
        )
