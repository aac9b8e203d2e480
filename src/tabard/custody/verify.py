"""Is the log what it was? Recomputes everything from the leaves and names whatever disagrees.

Every event's columns and commitments are compared with its leaf, positions must be consecutive, stored nodes must be
what the leaves give, and the tree must have the root that every signed checkpoint says.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tabard.custody.actors import Actor, ActorKind
from tabard.custody.leaf import actor_value, commitment, rfc3339
from tabard.custody.models import Checkpoint, Event, EventParticulars, Node
from tabard.custody.nodes import read_nodes
from tabard.kernel.errors import Integrity
from tabard.merkle.checkpoint import Checkpoint as TreeHead
from tabard.merkle.checkpoint import open_checkpoint
from tabard.merkle.note import VerifierKey
from tabard.merkle.tree import EMPTY_ROOT, NodeId, leaf_hash, node_hash

_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong: the rule it breaks, where, and the sentence to show."""

    code: str
    where: str
    words: str


@dataclass(slots=True)
class LogReport:
    """What a verification found; `ok` only if nothing at all disagrees."""

    events: int = 0
    unsequenced: int = 0
    checkpoints: int = 0
    root: bytes = EMPTY_ROOT
    defects: list[Defect] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether no defect was found."""
        return not self.defects

    def add(self, code: str, where: object, words: str) -> None:
        """Record a defect."""
        self.defects.append(Defect(code, str(where), words))


class _GrowingTree:
    """The roots of a tree as leaves are appended, and every complete node on the way."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[tuple[int, bytes]] = []

    def append(self, value: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Append a leaf hash; yields (level, index, hash) of each node it completes."""
        level, index = 0, self.size
        yield level, index, value
        while self._peaks and self._peaks[-1][0] == level:
            value = node_hash(self._peaks.pop()[1], value)
            level, index = level + 1, index // 2
            yield level, index, value
        self._peaks.append((level, value))
        self.size += 1

    def root(self) -> bytes:
        """The RFC 6962 root of the leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        value = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            value = node_hash(left, value)
        return value


def verify_log(*vkeys: str, also_signed: Iterable[str] = ()) -> LogReport:
    """The whole log recomputed from its leaves and compared with nodes, checkpoints and commitments.

    Args:
        vkeys: The log's verifier keys, those of before a rotation too, from somewhere that the database's
            administrator cannot change.
        also_signed: Checkpoints kept outside the database, as signed notes.
    """
    report = LogReport()
    verifiers = [VerifierKey.parse(vkey) for vkey in vkeys]
    heads = _signed_heads(verifiers, report)
    for note in also_signed:
        head = _opened("kept outside the database", note, verifiers, report)
        if head is not None and heads.setdefault(head.size, head.root) != head.root:
            report.add("fork", head.size, f"Two different histories of {head.size} events were signed.")
    report.unsequenced = Event.objects.filter(position__isnull=True).count()
    for waiting in Event.objects.filter(position__isnull=True).select_related("particulars").iterator(_BATCH):
        _check_event(waiting, report)
    _check_tree(heads, report)
    return report


def _signed_heads(verifiers: Sequence[VerifierKey], report: LogReport) -> dict[int, bytes]:
    """Size to root of every checkpoint whose signature holds; the others are defects."""
    heads: dict[int, bytes] = {}
    for row in Checkpoint.objects.order_by("size"):
        report.checkpoints += 1
        head = _opened(row.size, row.note, verifiers, report)
        if head is None:
            continue
        if (head.size, head.root) != (row.size, bytes(row.root)):
            report.add(
                "checkpoint_row", row.size, f"Checkpoint {row.size} differs from the note that was signed."
            )
        heads[head.size] = head.root
    return heads


def _opened(
    where: object, note: str, verifiers: Sequence[VerifierKey], report: LogReport
) -> TreeHead | None:
    """The checkpoint in a note, or None and a defect where its signature does not hold."""
    try:
        return open_checkpoint(note.encode(), verifiers)
    except Integrity as error:
        report.add("checkpoint_signature", where, f"Checkpoint {where}: {error.message}")
        return None


def _check_tree(heads: dict[int, bytes], report: LogReport) -> None:
    """Walk the events in order, growing the tree beside what is stored and signed."""
    tree, stored = _GrowingTree(), _StoredNodes()
    _check_head(tree, heads, report)
    for event in (
        Event.objects.filter(position__isnull=False)
        .select_related("particulars")
        .order_by("position")
        .iterator(_BATCH)
    ):
        _check_position(event, tree.size, report)
        _check_event(event, report)
        for level, index, value in tree.append(leaf_hash(bytes(event.leaf))):
            stored.expect(level, index, value)
        _check_head(tree, heads, report)
        if tree.size % _BATCH == 0:
            stored.compare(report)
    stored.compare(report)
    for size in sorted(size for size in heads if size > tree.size):
        report.add(
            "events_missing", size, f"Checkpoint {size} was signed, but only {tree.size} events are here."
        )
    if Node.objects.count() != stored.expected_total:
        report.add("nodes_unexpected", "nodes", "There are tree nodes that no event accounts for.")
    report.events, report.root = tree.size, tree.root()


def _check_head(tree: _GrowingTree, heads: dict[int, bytes], report: LogReport) -> None:
    """Compare the tree with the checkpoint of this size, if one was signed."""
    signed = heads.get(tree.size)
    if signed is not None and signed != tree.root():
        report.add("root", tree.size, f"The first {tree.size} events do not have the root that was signed.")


def _check_position(event: Event, expected: int, report: LogReport) -> None:
    """Positions count up from zero without a gap."""
    if event.position != expected:
        report.add("position", event.id, f"Event {event.id} is at {event.position}; {expected} was expected.")


def _check_event(event: Event, report: LogReport) -> None:
    """The columns that screens and searches use say what the leaf says."""
    try:
        leaf = json.loads(bytes(event.leaf))
    except ValueError:
        report.add("leaf", event.id, f"Event {event.id}: its leaf is not JSON.")
        return
    columns = {
        "id": str(event.id),
        "kind": event.kind,
        "at": rfc3339(event.at),
        "subject": {"type": event.subject_type, "id": str(event.subject_id)},
    }
    for name, value in columns.items():
        if leaf.get(name) != value:
            report.add("column", event.id, f"Event {event.id}: its {name} was changed after it was logged.")
    particulars: EventParticulars | None = getattr(event, "particulars", None)
    if particulars is not None:
        _check_commitments(event, leaf, particulars, report)


def _check_commitments(event: Event, leaf: dict[str, Any], row: EventParticulars, report: LogReport) -> None:
    """Who and details are those committed to (an erased row has none left to compare)."""
    actor = Actor(ActorKind(row.actor_kind), row.actor_id, row.actor_name)
    if commitment(bytes(row.actor_salt), actor_value(actor)) != leaf.get("actor"):
        report.add("actor", event.id, f"Event {event.id}: who did it was changed after it was logged.")
    if row.details is None or row.details_salt is None:
        return
    if commitment(bytes(row.details_salt), row.details) != leaf.get("details"):
        report.add("details", event.id, f"Event {event.id}: its details were changed after it was logged.")


class _StoredNodes:
    """Compares computed nodes with the stored ones, a batch at a time so that memory stays flat."""

    def __init__(self) -> None:
        self._expected: dict[NodeId, bytes] = {}
        self.expected_total = 0

    def expect(self, level: int, index: int, value: bytes) -> None:
        """Remember that this node must be stored."""
        self._expected[NodeId(level, index)] = value
        self.expected_total += 1

    def compare(self, report: LogReport) -> None:
        """Report every remembered node that is missing or different, and forget them."""
        found = read_nodes(list(self._expected))
        for where, value in self._expected.items():
            if found.get(where) != value:
                report.add("node", where, f"Tree node {where.level}/{where.index} is missing or was changed.")
        self._expected.clear()


def fingerprint(vkey: str) -> str:
    """A short form of a verifier key for people to compare by voice: SHA-256, first 16 hex digits in fours."""
    digest = hashlib.sha256(vkey.encode()).hexdigest()[:16]
    return " ".join(digest[i : i + 4] for i in range(0, 16, 4))
