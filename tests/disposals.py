"""How does a test have something disposed of at once? The days of grace are taken to be over."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from tabard.custody import sequencer
from tabard.custody.adapters import log_signer
from tabard.incidents.models import Incident
from tabard.recordings.models import Recording
from tabard.retention import runs
from tabard.retention.models import Disposal, DisposalRun, Notice, ScheduledDisposal
from tests.world import BY, DAY_ONE, World


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


def list_all(recordings: Iterable[Recording], run: DisposalRun, executes_at: datetime) -> None:
    """All of these stand on the list until then, put there by the run."""
    times = {"due_at": executes_at, "scheduled_at": run.started_at, "executes_at": executes_at}
    ScheduledDisposal.objects.bulk_create(
        ScheduledDisposal(recording=recording, run=run, rule="uncategorised", size_bytes=1, **times)
        for recording in recordings
    )


def noticed(recording: Recording, incident: Incident, at: datetime = DAY_ONE) -> Notice:
    """The recording stands on the list, and its wearer was told that it overlaps the incident; made if it is not so."""
    run = stopped_run(at)
    if not ScheduledDisposal.objects.filter(recording=recording).exists():
        list_all([recording], run, at + timedelta(days=7))
    given = {"run": run, "ground": Notice.Ground.RECORDED, "is_certain": False, "given_at": at}
    found, _ = Notice.objects.get_or_create(
        recording=recording, incident=incident, officer=recording.officer, defaults=given
    )
    return found


def disposed_and_signed(at):
    """A recording that is disposed of at the instant, which a signed checkpoint covers."""
    recording = World().recording([b"footage of somebody"])
    assert dispose(at) == [recording.id]
    sequencer.sequence()
    sequencer.sign_checkpoint(at=at, signer=log_signer())
    return recording
