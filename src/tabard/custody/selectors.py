"""What does the log say? Histories, pages of events, and receipts.

Custody knows no people: whoever calls decides first whether the person may read the log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from tabard.custody.errors import NotYetSequenced
from tabard.custody.kinds import EventKind
from tabard.custody.models import Checkpoint, Event
from tabard.custody.nodes import read_nodes
from tabard.kernel.errors import NotFound
from tabard.merkle.proofs import inclusion_proof
from tabard.merkle.tlog_proof import TlogProof

PAGE_EVENTS = 50


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which events to show; None means any."""

    kind: EventKind | None = None
    subject_id: UUID | None = None
    actor: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def as_q(self) -> Q:
        """The filter over events."""
        wanted = Q()
        if self.kind is not None:
            wanted &= Q(kind=self.kind.value)
        if self.subject_id is not None:
            wanted &= Q(subject_id=self.subject_id)
        if self.actor:
            wanted &= Q(particulars__actor_name__icontains=self.actor)
        if self.since is not None:
            wanted &= Q(at__gte=self.since)
        if self.until is not None:
            wanted &= Q(at__lt=self.until)
        return wanted


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
    return Checkpoint.objects.order_by("-size").first()


def receipt(event_id: UUID) -> TlogProof:
    """The proof that the event is in the log, under the newest checkpoint.

    Raises:
        NotFound: when there is no such event.
        NotYetSequenced: when no checkpoint covers it yet.
    """
    found, head = event(event_id), latest_checkpoint()
    if head is None or found.position is None or found.position >= head.size:
        raise NotYetSequenced(
            "No checkpoint covers the event yet; try again in ten seconds.", event=str(event_id)
        )
    path = inclusion_proof(found.position, head.size, read_nodes)
    return TlogProof(index=found.position, path=tuple(path), checkpoint_note=head.note.encode())
