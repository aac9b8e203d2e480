"""What do holds keep? Which recordings each hold covers, which holds cover a recording, and how many are held at all.

`held.sql` says it, once, for a page, a plan and the batch of a run. Nothing that it reads lets anybody take a recording
out of a hold: what was said of a recording later only ever adds to what may have been filmed by an officer then.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from string import Template
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from tabard.kernel.ids import array_of
from tabard.recordings.models import Recording
from tabard.retention.models import Hold

_HELD = Template(files("tabard.retention").joinpath("held.sql").read_text(encoding="utf-8"))
_FLAG = Recording.Flag
# Flags that say that the camera's time cannot be trusted, and nothing measured it.
DOUBTS = (
    _FLAG.CLOCK_SUSPECT,
    _FLAG.CLOCK_JUMPED,
    _FLAG.CLOCK_WRONG,
    _FLAG.CLOCK_HOUR_OFF,
    _FLAG.NO_TIME_ZONE,
)
_DOUBTS_SQL = "ARRAY[{}]::varchar[]".format(", ".join(f"'{flag.value}'" for flag in DOUBTS))
IN_FORCE = "released_at IS NULL"


def held_sql(
    holds: str = IN_FORCE, recordings: str = "recording.disposed_at IS NULL", everything: str = "true"
) -> str:
    """`WITH ... held AS (...)`: pairs of recording_id and hold_id; the conditions are ours, never anybody's input."""
    return _HELD.substitute(holds=holds, recordings=recordings, everything=everything, doubts=_DOUBTS_SQL)


def held_ids() -> set[UUID]:
    """The recordings that any hold in force covers and that are not disposed of."""
    return {row[0] for row in _of(held_sql(), "DISTINCT recording_id")}


def holds_on(ids: Sequence[UUID]) -> Mapping[UUID, list[UUID]]:
    """The holds in force that cover each of the recordings, oldest first."""
    among = held_sql(recordings="recording.id = ANY(%(ids)s::uuid[])")
    found = defaultdict[UUID, list[UUID]](list)
    for hold_id, recording_id in sorted(_of(among, "DISTINCT hold_id, recording_id", ids=array_of(ids))):
        found[recording_id].append(hold_id)
    return found


def all_holds_on(recording_id: UUID) -> list[UUID]:
    """The holds that cover the recording, or did until they were released."""
    every = held_sql(holds="true", recordings="recording.id = %(id)s")
    return [row[0] for row in _of(every, "DISTINCT hold_id", id=recording_id)]


def covered(hold: Hold) -> QuerySet[Recording]:
    """The recordings that a hold covers, or would had it not been released; those disposed of are among them."""
    if hold.scope == Hold.Scope.EVERYTHING:
        return Recording.objects.all()
    one = held_sql(holds="id = %(id)s", recordings="true")
    return Recording.objects.filter(id__in={row[0] for row in _of(one, "recording_id", id=hold.id)})


def counts(holds: Sequence[Hold]) -> Mapping[UUID, int]:
    """How many recordings each hold covers that are not disposed of."""
    these = held_sql(holds="id = ANY(%(ids)s)")
    ids = [hold.id for hold in holds]
    return dict(_of(these, "hold_id, count(DISTINCT recording_id)", "GROUP BY hold_id", ids=ids))


def counts_by_kind(holds: Iterable[Hold]) -> Mapping[str, int]:
    """How many recordings that are not disposed of the holds of each kind cover; one may be held by several kinds."""
    these = held_sql(holds="id = ANY(%(ids)s)")
    ids = [hold.id for hold in holds]
    by_kind = "JOIN hold ON hold.id = held.hold_id GROUP BY hold.kind"
    return dict(_of(these, "hold.kind, count(DISTINCT held.recording_id)", by_kind, ids=ids))


def _of(with_held: str, columns: str, grouped: str = "", /, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"{with_held} SELECT {columns} FROM held {grouped}", values)  # noqa: S608 - a file of ours
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
