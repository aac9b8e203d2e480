"""What keeps much at once, and what disposes of some, never pass each other unseen.

Whoever keeps one recording locks its row. What keeps many, and ones still to come (a hold on an officer's footage, an
incident that is reopened), takes this lock alone; each batch of a disposal run takes it together with other batches,
looks again at what keeps its recordings, and lets go of it as it commits. Both hold it until their transaction ends.
"""

from django.db import connection

_LOCK = 0x7461_6264_6B65_6570  # "tabdkeep"


def keep_many() -> None:
    """No disposal is under way when this returns, and none begins, until the caller's transaction ends."""
    _take("pg_advisory_xact_lock")


def dispose_some() -> None:
    """Nothing that keeps many is placed from when this returns until the caller's transaction ends."""
    _take("pg_advisory_xact_lock_shared")


def _take(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_LOCK])
