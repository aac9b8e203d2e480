"""What is known of the time when something is to be disposed of? By the log, the database, the last run, and others."""

from datetime import datetime

from django.db import connection
from django.db.models import Max

from tabard.custody import clocks
from tabard.retention.brake import Clock
from tabard.retention.models import Disposal, DisposalRun


def clock(at: datetime, database_at: datetime | None) -> Clock:
    """What our clock says, beside all that it can be compared with.

    Args:
        at: Now.
        database_at: Now by the database's clock, where that is to be compared.
    """
    trusted = DisposalRun.objects.exclude(stop=DisposalRun.Stop.CLOCK, state=DisposalRun.State.STOPPED)
    ran_at = trusted.aggregate(last=Max("started_at"))["last"]
    if ran_at is None:  # of before there were runs in the database
        ran_at = Disposal.objects.aggregate(last=Max("executed_at"))["last"]
    return Clock(
        at=at,
        logged_at=clocks.logged_at(),
        database_at=database_at,
        ran_at=ran_at,
        vouched_at=clocks.vouched_at(),
    )


def database_now() -> datetime:
    """The time by the database's clock, which may be another machine's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return at
