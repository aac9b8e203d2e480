"""Is a disposal run under way? The one that there is holds a lock of its session, which goes with it in any case."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from tabard.kernel.errors import Conflict
from tabard.retention.models import DisposalRun

LOCK = 0x7461_6264_7275_6E73  # "tabdruns"
_HELD = """SELECT EXISTS (SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid::bigint << 32 | objid::bigint = %s
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"""


class RunUnderWay(Conflict):
    """Another disposal run is under way; there is one at a time."""

    code = "run_under_way"


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Holds the lock.

    Raises:
        RunUnderWay.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise RunUnderWay("Another disposal run is under way; wait until it has ended.")
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.broken:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def state_of(run: DisposalRun) -> DisposalRun.State:
    """The run's state as it is now: one that was killed says that it runs until the next marks it."""
    state = DisposalRun.State(run.state)
    return DisposalRun.State.INTERRUPTED if state == DisposalRun.State.RUNNING and not _is_held() else state


def _is_held() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [LOCK])
        return bool(cursor.fetchone()[0])
