"""How many cameras were given out for the first time, on which day and in which unit? Numbers only, nobody's name.

A camera counts once, on the day (in London) on which somebody first wore it, for the unit that holds it now.
"""

import json
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection

# One row a unit: the driver takes longer over thousands of small rows than the database over all of it.
_FIRST_ISSUES = """
    WITH first AS (
        SELECT camera_id, min(lower(during)) AS issued_at FROM fleet_assignment GROUP BY camera_id
    ), by_day AS (
        SELECT camera.unit_id, (first.issued_at AT TIME ZONE 'Europe/London')::date AS day, count(*) AS issued
        FROM first JOIN fleet_camera AS camera ON camera.id = first.camera_id
        GROUP BY 1, 2
    )
    SELECT unit_id, json_agg(json_build_array(day, issued))::text FROM by_day GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class IssuedOn:
    """So many cameras of a unit were first given out on a day; no unit is the central store."""

    unit_id: UUID | None
    day: date
    count: int


def first_issues() -> list[IssuedOn]:
    """Every day on which a unit's cameras were first given out, oldest first, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_ISSUES)
        units = cursor.fetchall()
    found = [
        IssuedOn(unit_id, date.fromisoformat(day), issued)
        for unit_id, days in units
        for day, issued in json.loads(days)
    ]
    return sorted(found, key=lambda each: each.day)
