"""What does the log say? Histories, pages of events, and receipts.

Custody knows no people: whoever calls decides first whether the person may read the log.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from tabard.custody.actors import Actor, ActorKind
from tabard.custody.errors import LogCorrupt, NotYetSequenced, NotYetWitnessed, WitnessPolicyUnusable
from tabard.custody.kinds import CLASS_OF, EventKind, Section62
from tabard.custody.leaf import actor_value, commitment
from tabard.custody.models import Checkpoint, Event, EventParticulars
from tabard.custody.newest import newest_checkpoint
from tabard.custody.nodes import read_nodes
from tabard.custody.prepared import Prepared
from tabard.custody.wire import bigint_of
from tabard.custody.witnesses.quorum import newest_witnessed, note_with_cosignatures
from tabard.kernel.errors import NotFound
from tabard.merkle.proofs import inclusion_proof
from tabard.merkle.tiles import TILE_WIDTH, BundleId, covers, encode_bundle, parse_path, tile_bytes
from tabard.merkle.tlog_proof import TlogProof
from tabard.merkle.tree import leaf_hash
from tabard.merkle.walk import Pairing, pairings

PAGE_EVENTS = 50


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which events to show; None or nothing means any. `kinds` and the kinds of `sections` are shown together."""

    kind: EventKind | None = None
    subject_id: UUID | None = None
    actor: str = ""
    since: datetime | None = None
    until: datetime | None = None
    kinds: tuple[EventKind, ...] = ()
    sections: tuple[Section62, ...] = ()
    subject_ids: tuple[UUID, ...] | None = None

    def as_q(self) -> Q:
        """The filter over events."""
        wanted = Q()
        if self.kind is not None:
            wanted &= Q(kind=self.kind.value)
        if chosen := self._chosen_kinds():
            wanted &= Q(kind__in=chosen)
        if self.subject_id is not None:
            wanted &= Q(subject_id=self.subject_id)
        if self.subject_ids is not None:
            wanted &= Q(subject_id__in=self.subject_ids)
        if self.actor:
            wanted &= Q(particulars__actor_name__icontains=self.actor)
        if self.since is not None:
            wanted &= Q(at__gte=self.since)
        if self.until is not None:
            wanted &= Q(at__lt=self.until)
        return wanted

    def _chosen_kinds(self) -> list[str]:
        of_sections = {kind for kind, section in CLASS_OF.items() if section in self.sections}
        return sorted(kind.value for kind in {*self.kinds, *of_sections})


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event as lists and histories show it; who and what are empty where they were lawfully erased."""

    id: UUID
    kind: EventKind
    at: datetime
    subject_type: str
    subject_id: UUID
    position: int | None
    is_covered: bool
    actor_name: str
    details: Mapping[str, Any]

    @property
    def section(self) -> Section62:
        """Its class under the Data Protection Act 2018 s.62(1)."""
        return CLASS_OF[self.kind]

    @property
    def title(self) -> str:
        """The kind in words: "Exhibit produced"."""
        return self.kind.value.replace(".", " ").replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class LogPage:
    """One page of events, newest first; `newer` and `older` are where to go on, None where there is nothing."""

    events: list[EventLine]
    newer: UUID | None
    older: UUID | None


@dataclass(frozen=True, slots=True)
class Opening:
    """What a commitment hides: the value and its salt; `holds` tells whether they give what the leaf says."""

    committed: str
    value: Mapping[str, Any]
    salt: bytes
    holds: bool


@dataclass(frozen=True, slots=True)
class EventSheet:
    """All there is to know of one event; an opening is None where what it shows was lawfully erased."""

    line: EventLine
    leaf: bytes
    actor: Opening | None
    details: Opening | None


@dataclass(frozen=True, slots=True)
class ProofWalk:
    """An event's way to the signed root, step by step; the last result is `checkpoint.root`.

    `note` is the checkpoint as it is published, with its cosignatures.
    """

    checkpoint: Checkpoint
    note: str
    position: int
    leaf_hash: bytes
    steps: tuple[Pairing, ...]


def history(subject_ids: Iterable[UUID]) -> QuerySet[Event]:
    """Every event about these subjects, oldest first, with who did it."""
    return (
        Event.objects.filter(subject_id__in=list(subject_ids))
        .select_related("particulars")
        .order_by("at", "id")
    )


def page(wanted: LogFilter, *, before: UUID | None = None, limit: int = PAGE_EVENTS) -> list[Event]:
    """The newest events of the filter, those before the event `before` when given."""
    events = Event.objects.filter(wanted.as_q()).select_related("particulars").order_by("-id")
    if before is not None:
        events = events.filter(id__lt=before)
    return list(events[:limit])


def log_page(
    wanted: LogFilter, *, before: UUID | None = None, after: UUID | None = None, limit: int = PAGE_EVENTS
) -> LogPage:
    """The page of the filter's events that ends above `before`, or begins below `after`, or is the newest."""
    events = Event.objects.filter(wanted.as_q()).select_related("particulars")
    if after is not None:
        found = list(events.filter(id__gt=after).order_by("id")[: limit + 1])
        shown = found[:limit][::-1]
        if shown:
            return LogPage(lines(shown), shown[0].id if len(found) > limit else None, shown[-1].id)
    newest_first = events.order_by("-id")
    if before is not None:
        newest_first = newest_first.filter(id__lt=before)
    found = list(newest_first[: limit + 1])
    shown = found[:limit]
    newer = shown[0].id if shown and before is not None else None
    return LogPage(lines(shown), newer, shown[-1].id if len(found) > limit else None)


def lines(events: Iterable[Event]) -> list[EventLine]:
    """The events as lists show them, each with whether the newest witnessed checkpoint covers it."""
    size = _covered_size()
    return [_line(found, size) for found in events]


def _covered_size() -> int:
    """How many events can be proven now. A policy that cannot be read proves none, and hides no history."""
    try:
        head = witnessed_checkpoint()
    except WitnessPolicyUnusable:
        return 0
    return 0 if head is None else head.size


def sheet(event_id: UUID) -> EventSheet:
    """The event with its exact leaf and with what its commitments hide.

    Raises:
        NotFound: when there is none.
    """
    found = event(event_id)
    (line,) = lines([found])
    said = json.loads(bytes(found.leaf))
    known = _particulars(found)
    if known is None:
        return EventSheet(line, bytes(found.leaf), None, None)
    actor = actor_value(Actor(ActorKind(known.actor_kind), known.actor_id, known.actor_name))
    return EventSheet(
        line=line,
        leaf=bytes(found.leaf),
        actor=_opening(said["actor"], actor, bytes(known.actor_salt)),
        details=None
        if known.details is None or known.details_salt is None
        else _opening(said["details"], known.details, bytes(known.details_salt)),
    )


def _line(found: Event, covered_size: int) -> EventLine:
    known = _particulars(found)
    return EventLine(
        id=found.id,
        kind=EventKind(found.kind),
        at=found.at,
        subject_type=found.subject_type,
        subject_id=found.subject_id,
        position=found.position,
        is_covered=found.position is not None and found.position < covered_size,
        actor_name="" if known is None else known.actor_name,
        details={} if known is None or known.details is None else known.details,
    )


def _particulars(found: Event) -> EventParticulars | None:
    try:
        return found.particulars
    except EventParticulars.DoesNotExist:
        return None


def _opening(committed: str, value: Mapping[str, Any], salt: bytes) -> Opening:
    return Opening(committed, value, salt, commitment(salt, value) == committed)


def event(event_id: UUID) -> Event:
    """The event with its particulars.

    Raises:
        NotFound: when there is none.
    """
    found = Event.objects.select_related("particulars").filter(id=event_id).first()
    if found is None:
        raise NotFound("There is no such custody event.", event=str(event_id))
    return found


def latest_checkpoint() -> Checkpoint | None:
    """The newest signed tree head, or None before the first."""
    return newest_checkpoint()


def witnessed_checkpoint() -> Checkpoint | None:
    """The newest checkpoint that satisfies the witness policy; with no policy, the newest. None before the first.

    Raises:
        WitnessPolicyUnusable: when there is a policy that cannot be used.
    """
    return newest_witnessed()


def published_note(checkpoint: Checkpoint) -> str:
    """The signed note with the cosignatures it has: the newest that verifies of each witness in the policy."""
    return note_with_cosignatures(checkpoint)


def receipt(event_id: UUID) -> TlogProof:
    """The proof that the event is in the log, under the newest witnessed checkpoint, with its cosignatures.

    Raises:
        NotFound: when there is no such event.
        NotYetSequenced: when no checkpoint covers it yet; NotYetWitnessed when one does, but none witnessed.
        WitnessPolicyUnusable: when there is a policy that cannot be used.
    """
    position, head = _position(event_id), witnessed_checkpoint()
    if head is None or position is None or position >= head.size:
        raise not_yet(event(event_id))
    path = inclusion_proof(position, head.size, read_nodes)
    return TlogProof(index=position, path=tuple(path), checkpoint_note=published_note(head).encode())


_POSITION = Prepared("tabard_position", "SELECT position FROM custody_event WHERE id = $1")


def _position(event_id: UUID) -> int | None:
    """Where an event stands, None where nowhere yet or there is none; without making a model of it, as many ask."""
    found = _POSITION.run([event_id.bytes])
    written = found.get_value(0, 0) if found.ntuples else None
    return None if written is None else bigint_of(written)


def proof_walk(event_id: UUID) -> ProofWalk:
    """How the event's leaf leads to the newest witnessed root, so that a person can follow it hash by hash.

    Raises:
        NotFound: when there is no such event.
        NotYetSequenced: when no checkpoint covers it yet; NotYetWitnessed when one does, but none witnessed.
        LogCorrupt: when the path does not lead to the signed root.
    """
    found, head, position = _covered(event_id)
    start = leaf_hash(bytes(found.leaf))
    path = inclusion_proof(position, head.size, read_nodes)
    steps = pairings(start, position, head.size, path)
    if (steps[-1].result if steps else start) != bytes(head.root):
        raise LogCorrupt("The event's path does not lead to the signed root.", event=str(event_id))
    return ProofWalk(head, published_note(head), position, start, steps)


def _covered(event_id: UUID) -> tuple[Event, Checkpoint, int]:
    """The event, the newest witnessed checkpoint, which covers it, and the event's position."""
    found, head = event(event_id), witnessed_checkpoint()
    if head is None or found.position is None or found.position >= head.size:
        raise not_yet(found)
    return found, head, found.position


def not_yet(found: Event) -> NotYetSequenced:
    """Why the event cannot be proven yet, as an error to raise: it waits for a checkpoint, or for witnesses."""
    signed = latest_checkpoint()
    if signed is None or found.position is None or found.position >= signed.size:
        return NotYetSequenced(
            "No checkpoint covers the event yet; try again in ten seconds.", event=str(found.id)
        )
    return NotYetWitnessed(
        "Not enough witnesses have cosigned a checkpoint that covers the event yet; "
        "`tabard log witnesses` says which have not answered.",
        event=str(found.id),
        position=found.position,
    )


def published(path: str) -> bytes:
    """The bytes of a tile or entry bundle of C2SP tlog-tiles; once served they never change.

    Only what the newest signed checkpoint covers is looked for: what is not yet signed is not yet public.

    Args:
        path: Relative to the log's prefix, as `tile/0/x001/067` or `tile/entries/000.p/12`.

    Raises:
        InvalidTilePath: when the path is not spelt as the specification says.
        NotFound: when no signed checkpoint covers it.
        LogCorrupt: when a leaf that a checkpoint covers is missing.
    """
    named, head = parse_path(path), latest_checkpoint()
    if head is None or not covers(head.size, named):
        raise NotFound("No checkpoint covers that tile.", path=path)
    return _bundle(named) if isinstance(named, BundleId) else tile_bytes(named, read_nodes)


def _bundle(named: BundleId) -> bytes:
    """The leaves' bytes of one entry bundle."""
    first = named.index * TILE_WIDTH
    placed = Event.objects.filter(position__gte=first, position__lt=first + named.width)
    leaves = [bytes(leaf) for leaf in placed.order_by("position").values_list("leaf", flat=True)]
    if len(leaves) != named.width:
        raise LogCorrupt("Leaves that a checkpoint covers are missing.", path=named.path)
    return encode_bundle(leaves)
