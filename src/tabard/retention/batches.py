"""How does a run dispose of what has its turn? In batches of one transaction each, decided again with the rows locked.

Killed anywhere, what is on the list still stands there and the next run goes on. Whoever keeps a recording locks its
row, or asks that nothing be disposed of (`recordings.keeping`); a batch locks the rows, reads the facts and decides
again by `rules.decide`. What something keeps comes off the list, with what that was.
"""

from collections import Counter
from datetime import datetime
from time import perf_counter
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from tabard.custody.actors import Actor
from tabard.recordings.keeping import dispose_some
from tabard.retention import listing, notice_views, policies, run_record, selectors, sparing
from tabard.retention.among import among
from tabard.retention.disposing import Ground, dispose_of, locked_many
from tabard.retention.models import DisposalRun, ScheduledDisposal
from tabard.retention.rules import Decision, Policy, decide
from tabard.retention.run_record import Progress

DISPOSED_AT_ONCE = 2_000
FEWEST_AT_ONCE = 50
LOCKED_FOR_S = 0.1
"""How long a batch aims to last, as whoever wants a recording of it waits so long."""
_MOST_GROWTH = 1.25
"""How much larger than the last a batch may be: a quick one, doubled, once kept others waiting for too long."""


class Listed(NamedTuple):
    """What stands on the list: when it fell due, and when it was put there."""

    recording_id: UUID
    due_at: datetime
    scheduled_at: datetime


def dispose(begun: DisposalRun, policy: Policy, by: Actor, at: datetime, progress: Progress) -> None:
    """Whatever of the list has its turn is disposed of, or comes off it."""
    size = FEWEST_AT_ONCE
    while True:
        began = perf_counter()
        if not _dispose_batch(begun, policy, by, at, min(size, DISPOSED_AT_ONCE)):
            return
        size = _paced(size, perf_counter() - began)
        progress(begun)


def _paced(size: int, spent_s: float) -> int:
    """How many the next batch has, so that it lasts about as long as it may."""
    wanted = int(size * min(_MOST_GROWTH, LOCKED_FOR_S / spent_s))
    return max(FEWEST_AT_ONCE, min(wanted, DISPOSED_AT_ONCE))


def _dispose_batch(begun: DisposalRun, policy: Policy, by: Actor, at: datetime, size: int) -> int:
    with transaction.atomic():
        dispose_some()
        turn = listing.its_turn(begun.as_of) | ScheduledDisposal.objects.filter(
            run=begun, executes_at__lte=at
        )
        rows = turn.order_by("executes_at", "recording").values_list("recording_id", "due_at", "scheduled_at")
        listed = {row[0]: Listed(*row) for row in rows[:size]}
        recordings = locked_many(listed)
        facts = selectors.facts_of_many(recordings)
        decided = {each.id: decide(facts[each.id], policy) for each in recordings if each.disposed_at is None}
        newest = policies.newest()  # adopted while the run goes on, it may keep what the run's own would not
        grounds = {
            recording_id: _ground(begun, listed[recording_id], decision, policy)
            for recording_id, decision in decided.items()
            if decision.is_due(begun.as_of)
            and (newest == policy or decide(facts[recording_id], newest).is_due(begun.as_of))
        }
        for recording_id, noticed_at in notice_views.noticed_at(grounds).items():
            grounds[recording_id].details["noticed_at"] = noticed_at.isoformat()
        kept = {each: facts[each] for each in decided.keys() - grounds.keys()}
        sparing.note(begun, kept, (policy, newest), at)
        ScheduledDisposal.objects.filter(recording__in=among(listed)).delete()
        run_record.count(
            begun,
            disposed=len(grounds),
            spared=len(listed) - len(grounds),
            by_rule=Counter(ground.rule for ground in grounds.values()),
        )
        if grounds:
            dispose_of(grounds=grounds, by=by, at=at)
    return len(listed)


def _ground(begun: DisposalRun, listed: Listed, decision: Decision, policy: Policy) -> Ground:
    """Why it goes. The details are the certificate: which rule of which policy, and since when it stood on the list."""
    due_at = decision.due_at or listed.due_at
    return Ground(
        rule=decision.rule,
        reason=decision.reason,
        due_at=due_at,
        details={
            "rule": decision.rule,
            "policy": policy.version,
            "policy_sha256": policy.sha256.hex(),
            "due_at": due_at.isoformat(),
            "scheduled_at": listed.scheduled_at.isoformat(),
            "run": str(begun.pk),
        },
        run_id=begun.pk,
    )
