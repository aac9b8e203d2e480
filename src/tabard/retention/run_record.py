"""What does a disposal run say of itself while it goes? Its row counts with each batch, the log tells."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.retention.models import DisposalRun

Progress = Callable[[DisposalRun], None]


def count(
    run: DisposalRun,
    *,
    scheduled: int = 0,
    disposed: int = 0,
    spared: int = 0,
    by_rule: Mapping[str, int] | None = None,
) -> None:
    """The run's row says how far it is; the one run that there is writes it alone."""
    run.scheduled += scheduled
    run.disposed += disposed
    run.spared += spared
    run.disposed_by_rule = dict(Counter(run.disposed_by_rule) + Counter(by_rule or {}))
    run.save(update_fields=["scheduled", "disposed", "spared", "disposed_by_rule"])


def counts(run: DisposalRun) -> dict[str, object]:
    """What it found and did, for the log."""
    return {
        "as_of": run.as_of.isoformat(),
        "policy": run.policy_version,
        "to_schedule": run.to_schedule,
        "to_dispose": run.to_dispose,
        "usually_scheduled": run.usually_scheduled,
        "usually_disposed": run.usually_disposed,
        "scheduled": run.scheduled,
        "disposed": run.disposed,
        "spared": run.spared,
    }


def log(kind: EventKind, run: DisposalRun, by: Actor, at: datetime, details: Mapping[str, object]) -> None:
    """The event of what happened to the run, in the caller's transaction."""
    custody.append(kind=kind, subject=Subject("disposal_run", run.pk), at=at, by=by, details=details)
