"""What can be shown of these events to a stranger? Leaf, receipt and opened details, all under one checkpoint."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from tabard.custody.errors import NotYetSequenced
from tabard.custody.kinds import EventKind
from tabard.custody.leaf import Committed
from tabard.custody.models import Checkpoint, Event, EventParticulars
from tabard.custody.nodes import read_nodes
from tabard.custody.selectors import history, latest_checkpoint
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


def proven(*, subject_ids: Iterable[UUID], kinds: Iterable[EventKind]) -> list[ProvenEvent]:
    """The events of these kinds about these subjects, in the order of the log, all under the newest checkpoint.

    Raises:
        NotYetSequenced: when no checkpoint covers one of them yet.
    """
    head = latest_checkpoint()
    wanted = history(subject_ids).filter(kind__in=[kind.value for kind in kinds])
    return [_proven(found, head) for found in wanted.order_by("position")]


def _proven(found: Event, head: Checkpoint | None) -> ProvenEvent:
    if head is None or found.position is None or found.position >= head.size:
        raise NotYetSequenced(
            "No checkpoint covers the event yet; try again in ten seconds.", event=str(found.id)
        )
    path = inclusion_proof(found.position, head.size, read_nodes)
    particulars: EventParticulars | None = getattr(found, "particulars", None)
    return ProvenEvent(
        kind=EventKind(found.kind),
        subject_id=found.subject_id,
        leaf=bytes(found.leaf),
        proof=TlogProof(index=found.position, path=tuple(path), checkpoint_note=head.note.encode()),
        details=None
        if particulars is None or particulars.details is None or particulars.details_salt is None
        else Committed(particulars.details, bytes(particulars.details_salt)),
    )
