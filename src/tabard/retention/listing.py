"""What is put on the list of what will be disposed of? What falls due within the days of grace, and nothing holds.

So that it goes on its day and not a week later. What a run found stands in a table of its session (`standing.gather`),
from which it is put on the list in batches of one transaction each, as every row put there locks its recording's.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from tabard.custody.actors import Actor
from tabard.custody.kinds import EventKind
from tabard.retention import run_record
from tabard.retention.models import DisposalRun, ScheduledDisposal
from tabard.retention.rules import Policy
from tabard.retention.run_record import Progress

LISTED_AT_ONCE = 5_000
_PUT = """
    WITH put AS (
        INSERT INTO retention_scheduleddisposal
            (recording_id, run_id, rule, size_bytes, due_at, scheduled_at, executes_at)
        SELECT recording_id, %(run)s, rule, size_bytes, due_at, %(at)s, greatest(due_at, %(at)s + %(grace)s)
        FROM pg_temp.found WHERE number BETWEEN %(first)s AND %(last)s
        RETURNING rule
    ) SELECT rule, count(*) FROM put GROUP BY rule"""


def until(policy: Policy, as_of: datetime) -> datetime:
    """A run at the instant puts on the list what falls due by then."""
    return as_of + timedelta(days=policy.grace_days)


def put(run: DisposalRun, grace_days: int, by: Actor, at: datetime, progress: Progress) -> None:
    """Everything that was gathered stands on the list when this returns."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(number), 0) FROM pg_temp.found")
        (last,) = cursor.fetchone()
    for first in range(1, last + 1, LISTED_AT_ONCE):
        with transaction.atomic():
            by_rule = _put(run, first, timedelta(days=grace_days), at)
            recordings = sum(by_rule.values())
            run_record.count(run, scheduled=recordings)
            details = {"recordings": recordings, "by_rule": by_rule, "grace_days": grace_days}
            run_record.log(EventKind.DISPOSAL_SCHEDULED, run, by, at, details)
        progress(run)


def its_turn(as_of: datetime) -> QuerySet[ScheduledDisposal]:
    """What is on the list and may go at the instant."""
    return ScheduledDisposal.objects.filter(executes_at__lte=as_of)


def _put(run: DisposalRun, first: int, grace: timedelta, at: datetime) -> dict[str, int]:
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "run": run.pk,
            "at": at,
            "grace": grace,
            "first": first,
            "last": first + LISTED_AT_ONCE - 1,
        }
        cursor.execute(_PUT, values)
        return dict(sorted(cursor.fetchall()))
