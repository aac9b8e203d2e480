"""What can be shown of these events to a stranger? Leaf, receipt and opened details, all under one checkpoint."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from tabard.custody.anchors import Anchor
from tabard.custody.kinds import EventKind
from tabard.custody.leaf import Committed
from tabard.custody.models import Checkpoint, Event, EventParticulars
from tabard.custody.nodes import read_nodes
from tabard.custody.selectors import history, not_yet, published_note, witnessed_checkpoint
from tabard.merkle.proofs import inclusion_proof
from tabard.merkle.tlog_proof import TlogProof


@dataclass(frozen=True, slots=True)
class ProvenEvent:
    """An event with all that a stranger needs to check it; `details` is None once the particulars were erased."""

    kind: EventKind
    subject_id: UUID
    leaf: bytes
    proof: TlogProof
    details: Committed | None


def proven(
    *, subject_ids: Iterable[UUID], kinds: Iterable[EventKind], under: Anchor | None = None
) -> list[ProvenEvent]:
    """The events of these kinds about these subjects, in the log's order, all under one checkpoint.

    It is the anchor's, or else the newest witnessed one.

    Raises:
        NotYetSequenced: when no checkpoint covers one of them yet; NotYetWitnessed when one does, but none witnessed.
    """
    head = witnessed_checkpoint() if under is None else under.checkpoint
    note = under.note if under else b"" if head is None else published_note(head).encode()
    wanted = history(subject_ids).filter(kind__in=[kind.value for kind in kinds])
    return [_proven(found, head, note) for found in wanted.order_by("position")]


def _proven(found: Event, head: Checkpoint | None, note: bytes) -> ProvenEvent:
    if head is None or found.position is None or found.position >= head.size:
        raise not_yet(found)
    path = inclusion_proof(found.position, head.size, read_nodes)
    particulars: EventParticulars | None = getattr(found, "particulars", None)
    return ProvenEvent(
        kind=EventKind(found.kind),
        subject_id=found.subject_id,
        leaf=bytes(found.leaf),
        proof=TlogProof(index=found.position, path=tuple(path), checkpoint_note=note),
        details=None
        if particulars is None or particulars.details is None or particulars.details_salt is None
        else Committed(particulars.details, bytes(particulars.details_salt)),
    )
