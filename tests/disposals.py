"""How does a test have something disposed of at once? The days of grace are taken to be over."""

from datetime import datetime
from uuid import UUID

from tabard.retention import runs
from tabard.retention.models import Disposal, DisposalRun, ScheduledDisposal
from tests.world import BY, DAY_ONE


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


def stopped_run(at: datetime = DAY_ONE) -> DisposalRun:
    """The run that stopped itself, made if there is none."""
    found = DisposalRun.objects.filter(state=DisposalRun.State.STOPPED).first()
    return found or DisposalRun.objects.create(
        as_of=at,
        started_at=at,
        started_by="test",
        state=DisposalRun.State.STOPPED,
        stop=DisposalRun.Stop.COUNT,
        stop_reason="It would put on the list 1,000 recordings; 100 are allowed, as a run usually takes 0.",
        policy_version="1",
        policy_sha256=bytes(32),
        to_schedule=1_000,
        to_dispose=0,
        size_bytes=7_000,
        usually_scheduled=0,
        usually_disposed=0,
        found_by_rule={"uncategorised": 1_000},
    )
