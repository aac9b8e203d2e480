"""How does a test have something disposed of at once? The days of grace are taken to be over."""

from datetime import datetime
from uuid import UUID

from tabard.retention import runs
from tabard.retention.models import Disposal, ScheduledDisposal
from tests.world import BY


def dispose(at: datetime) -> list[UUID]:
    """Everything that is due and not held is put on the list, and disposed of; returns what was, oldest id first."""
    before = set(Disposal.objects.values_list("pk", flat=True))
    put_on_the_list(at)
    ScheduledDisposal.objects.filter(due_at__lte=at).update(scheduled_at=at, executes_at=at)
    runs.run(as_of=at, by=BY, at=at)
    return sorted(set(Disposal.objects.values_list("pk", flat=True)) - before)


def put_on_the_list(at: datetime) -> list[UUID]:
    """Everything that is due, or falls due within the days of grace, stands on the list; returns what does."""
    done = runs.run(as_of=at, by=BY, at=at)
    assert done.state == done.State.COMPLETE, done.stop_reason
    return list(ScheduledDisposal.objects.order_by("executes_at", "pk").values_list("pk", flat=True))
