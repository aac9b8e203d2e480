"""What does a disposal run do? It puts on the list what is due, and disposes of what has been on it for long enough.

One run at a time: killed anywhere, the next run goes on. Each batch decides again (`batches`), so whatever keeps a
recording wins until its keys are destroyed. A run that would take far more than usual, or whose clock is doubtful, does
nothing, says so and waits for two people (`releases`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Sum

from tabard.custody.actors import Actor
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import Invalid
from tabard.retention import (
    agreeing,
    batches,
    brake,
    known_time,
    listing,
    notices,
    policies,
    run_record,
    standing,
)
from tabard.retention.brake import Clock
from tabard.retention.models import DisposalRun, RunRelease
from tabard.retention.quorum import Act, State
from tabard.retention.rules import Policy
from tabard.retention.run_record import Progress
from tabard.retention.under_way import one_at_a_time


@dataclass(frozen=True, slots=True)
class Found:
    """What a run would put on the list, and dispose of; `asked` of the latter were not released by two people yet."""

    to_schedule: int
    to_dispose: int
    asked: int
    size_bytes: int
    by_rule: Mapping[str, int]


def run(
    *,
    as_of: datetime,
    by: Actor,
    at: datetime,
    database_at: datetime | None = None,
    progress: Progress = lambda _: None,
) -> DisposalRun:
    """What is due and not held is on the list, and what was on it for long enough is disposed of, or the run stopped.

    Where two people have released a run that stopped, it is that run which goes on, as of its own instant.

    Args:
        as_of: Look at what is due at this instant; never later than `at`.
        by: Who runs it.
        at: Now.
        database_at: Now by the database's clock, where that is to be compared.
        progress: Told after each batch how far the run is.

    Raises:
        Invalid: when `as_of` is in the future, or the policy cannot be used.
        RunUnderWay: when another run is under way.
    """
    if as_of > at:
        raise Invalid("A disposal run cannot look into the future; use a plan for that.", field="as_of")
    with one_at_a_time():
        _mark_interrupted(at)
        policy, released = policies.current(at), _released(at)
        begun = None if released is None else _gone_on(released, policy, at)
        begun = begun or _begun(policy, as_of, by, at, database_at)
        if begun.state == DisposalRun.State.RUNNING:
            listing.put(begun, policy.grace_days, by, at, progress)
            notices.give(run=begun, policy=policy, by=by, at=at)
            batches.dispose(begun, policy, by, at, progress)
            _end(begun, by, at)
    return begun


def found(policy: Policy, as_of: datetime) -> Found:
    """What a run at the instant would find. Changes nothing."""
    return _found(as_of, standing.unlisted_totals(policy, listing.until(policy, as_of)))


def _found(as_of: datetime, new: standing.Totals) -> Found:
    """What is new to the list, and what of it has its turn."""
    rows = list(
        listing.its_turn(as_of)
        .values("rule")
        .annotate(count=Count("pk"), size_bytes=Sum("size_bytes"))
        .order_by("rule")
    )
    released = {"run__releases__state__in": [State.APPROVED.value, State.EXECUTED.value]}
    return Found(
        to_schedule=new.due,
        to_dispose=sum(row["count"] for row in rows),
        asked=listing.its_turn(as_of).exclude(**released).count(),
        size_bytes=new.size_bytes + sum(row["size_bytes"] for row in rows),
        by_rule=dict(Counter(new.by_rule) + Counter({row["rule"]: row["count"] for row in rows})),
    )


def _mark_interrupted(at: datetime) -> None:
    """Runs that were killed are said to be so; nothing they did is lost, and this run does the rest."""
    killed = DisposalRun.objects.filter(state=DisposalRun.State.RUNNING)
    killed.exclude(releases__state=State.APPROVED).update(state=DisposalRun.State.INTERRUPTED, ended_at=at)


def _released(at: datetime) -> RunRelease | None:
    """The release of a run that two people agreed to and that was not carried out to its end yet."""
    agreed = RunRelease.objects.filter(state=State.APPROVED, expires_at__gt=at)
    return agreed.select_related("run").order_by("-run__started_at").first()


def _gone_on(release: RunRelease, policy: Policy, at: datetime) -> DisposalRun | None:
    """The released run, to be gone on with; None if it would take more than was agreed to, and the release is over."""
    stopped = release.run
    now = _found(stopped.as_of, standing.gather(policy, listing.until(policy, stopped.as_of)))
    with transaction.atomic():
        is_more = now.to_schedule > stopped.to_schedule - stopped.scheduled or now.asked > stopped.to_dispose
        if is_more or bytes(stopped.policy_sha256) != policy.sha256:
            why = "More than was agreed to is due now, or under another policy."
            agreeing.close(release, Act.REFUSE, account_id=None, at=at, reason=why)
            DisposalRun.objects.filter(pk=stopped.pk).update(state=DisposalRun.State.STOPPED)
            run_record.log(
                EventKind.DISPOSAL_RUN_REFUSED, stopped, Actor.system("disposal run"), at, {"reason": why}
            )
            return None
        stopped.state = DisposalRun.State.RUNNING
        stopped.save(update_fields=["state"])
    return stopped


def _begun(
    policy: Policy, as_of: datetime, by: Actor, at: datetime, database_at: datetime | None
) -> DisposalRun:
    """A new run with what it found, which goes on or has stopped."""
    now = _found(as_of, standing.gather(policy, listing.until(policy, as_of)))
    past = _past_counts()
    usually_scheduled, usually_disposed = map(brake.usual, past)
    stop, reason = _stop(
        policy, now, (usually_scheduled, usually_disposed), known_time.clock(at, database_at)
    )
    with transaction.atomic():
        begun = DisposalRun.objects.create(
            as_of=as_of,
            started_at=at,
            started_by=by.name,
            state=DisposalRun.State.STOPPED if stop else DisposalRun.State.RUNNING,
            stop=stop,
            stop_reason=reason,
            policy_version=policy.version,
            policy_sha256=policy.sha256,
            to_schedule=now.to_schedule,
            to_dispose=now.to_dispose,
            size_bytes=now.size_bytes,
            usually_scheduled=usually_scheduled,
            usually_disposed=usually_disposed,
            found_by_rule=now.by_rule,
        )
        if stop:
            run_record.log(
                EventKind.DISPOSAL_RUN_STOPPED, begun, by, at, {"reason": reason, **run_record.counts(begun)}
            )
    return begun


def _stop(policy: Policy, now: Found, usually: tuple[int, int], clock: Clock) -> tuple[str, str]:
    """What stops the run, and why in a sentence; empty where it may go on."""
    if now.to_schedule + now.to_dispose and (doubt := brake.doubt(clock)):
        return DisposalRun.Stop.CLOCK, doubt
    for what, count, usual in (
        ("put on the list", now.to_schedule, usually[0]),
        ("dispose of", now.asked, usually[1]),
    ):
        allowed = brake.most_allowed(usual, always_allowed=policy.always_allowed, brake=policy.brake)
        if reason := brake.too_many(what, count, usual, allowed):
            return DisposalRun.Stop.COUNT, reason
    return "", ""


def _past_counts() -> tuple[Sequence[int], Sequence[int]]:
    """What the last complete runs put on the list, and disposed of."""
    complete = DisposalRun.objects.filter(state=DisposalRun.State.COMPLETE).order_by("-started_at")
    last = list(complete.values_list("scheduled", "disposed")[: brake.RUNS_COUNTED])
    return [scheduled for scheduled, _ in last], [disposed for _, disposed in last]


def _end(begun: DisposalRun, by: Actor, at: datetime) -> None:
    """The run is complete, and so is its release, if it had stopped."""
    with transaction.atomic():
        for release in RunRelease.objects.select_for_update().filter(run=begun, state=State.APPROVED):
            agreeing.close(release, Act.EXECUTE, account_id=None, at=at)
        begun.state, begun.ended_at = DisposalRun.State.COMPLETE, at
        begun.save(update_fields=["state", "ended_at"])
        run_record.log(EventKind.DISPOSAL_RUN_ENDED, begun, by, at, run_record.counts(begun))
