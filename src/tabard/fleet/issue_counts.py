"""How many cameras were given out for the first time, on which day and in which unit? Numbers only, nobody's name.

A camera counts once, on the day (in London) on which somebody first wore it, for the unit that holds it now. The day is
kept with the camera in the transaction that gives it out for the first time. A camera without one is looked up among
the assignments: a server of an older version, beside ours while an update rolls out, gives cameras out without it.
"""

import json
from datetime import date, datetime
from uuid import UUID

from django.db import connection
from django.db.models import Min
from django.utils import timezone

from tabard.fleet.models import Camera

# One row a unit: the driver takes longer over thousands of small rows than the database over all of it.
_FIRST_ISSUES = """
    WITH first AS (
        SELECT unit_id, first_issued_date AS day FROM fleet_camera WHERE first_issued_date IS NOT NULL
        UNION ALL
        SELECT camera.unit_id, (min(lower(during)) AT TIME ZONE 'Europe/London')::date
        FROM fleet_camera AS camera JOIN fleet_assignment ON camera_id = camera.id
        WHERE first_issued_date IS NULL GROUP BY camera.id
    ), by_day AS (
        SELECT unit_id, day, count(*) AS issued FROM first GROUP BY 1, 2
    )
    SELECT unit_id, json_object_agg(day, issued)::text FROM by_day GROUP BY 1
"""


def day_of_issue(at: datetime) -> date:
    """The day in London on which a camera that was given out at `at` counts as issued."""
    return timezone.localtime(at, timezone.get_default_timezone()).date()


def keep_first_issue(camera: Camera) -> None:
    """The locked camera, which somebody wears, knows on which day somebody first did; once kept it stays."""
    if camera.first_issued_date is None:
        first = camera.assignments.aggregate(at=Min("during__startswith"))["at"]
        camera.first_issued_date = day_of_issue(first)
        camera.save(update_fields=["first_issued_date"])


def first_issues() -> dict[UUID | None, dict[date, int]]:
    """How many of each unit's cameras were first given out on which day, in one query; None is the central store."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_ISSUES)
        return {unit_id: _by_day(json.loads(days)) for unit_id, days in cursor.fetchall()}


def _by_day(counts: dict[str, int]) -> dict[date, int]:
    return {date.fromisoformat(day): count for day, count in counts.items()}
