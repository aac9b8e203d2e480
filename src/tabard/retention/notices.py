"""Whom do we tell before footage goes, and did they see it? An officer whose recording overlaps what they attended.

A run gives notice of what is on its list, found by one statement (`notices.sql`), and never waits for an answer: the
days of grace are the wait. That somebody attended is only said where something here says so: they recorded the
incident, or other footage of theirs is linked to it or produced for it.
"""

from collections.abc import Collection, Generator, Iterable
from contextlib import closing
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.copying import copy_rows, escaped
from tabard.custody.kinds import EventKind
from tabard.kernel.ids import new_id
from tabard.people.authorisation import Viewer
from tabard.retention import notice_views
from tabard.retention.keeping import DOUBTS
from tabard.retention.models import DisposalRun, Notice
from tabard.retention.notice_rules import TOUR, slight
from tabard.retention.rules import Policy

_FIND = files("tabard.retention").joinpath("notices.sql").read_text(encoding="utf-8")
_COLUMNS = (
    *("id", "recording_id", "incident_id", "officer_id", "run_id"),
    *("ground", "is_certain", "category", "given_at"),
)
AT_ONCE = 1_000
Found = tuple[UUID, UUID, UUID, str, bool, str]


def give(*, run: DisposalRun, policy: Policy, by: Actor, at: datetime) -> int:
    """Who attended what anything on the list overlaps has been told so when this returns; returns how many notices.

    None is given twice, and none of what goes now: there would be no time to answer. What is recorded, or linked, while
    a recording stands on the list counts at the next run. Each batch is a transaction, with an event that says how many
    and commits to which: killed anywhere, the next run gives the rest.

    Args:
        run: The run that lists.
        policy: The one in force; it says which categories keep nothing for longer.
        by: Who runs it.
        at: Now.
    """
    with closing(_found(policy, at)) as batches:
        return sum(_give(batch, run, by, at) for batch in batches)


def _found(policy: Policy, at: datetime) -> Generator[list[Found], None, None]:
    """What is to be given, from a cursor that outlives the transactions in which it is."""
    values: dict[str, Any] = {
        "at": at,
        "slight": slight(policy),
        "doubts": [flag.value for flag in DOUBTS],
        "tour": TOUR,
    }
    with connection.chunked_cursor() as cursor:
        cursor.execute(_FIND, values)
        while rows := cursor.fetchmany(AT_ONCE):
            yield rows


def _give(found: list[Found], run: DisposalRun, by: Actor, at: datetime) -> int:
    with transaction.atomic():
        copy_rows("retention_notice", _COLUMNS, (_line(each, run, at) for each in found))
        details = {
            "notices": len(found),
            "recordings": len({recording for recording, *_ in found}),
            "incidents": len({incident for _, incident, *_ in found}),
            "officers": len({officer for _, _, officer, *_ in found}),
            "list_sha256": list_sha256([(*each[:3],) for each in found]),
        }
        custody.append(
            kind=EventKind.DISPOSAL_NOTICED,
            subject=Subject("disposal_run", run.pk),
            at=at,
            by=by,
            details=details,
        )
    return len(found)


def _line(found: Found, run: DisposalRun, at: datetime) -> str:
    recording, incident, officer, ground, is_certain, category = found
    ids = (new_id(), recording, incident, officer, run.pk)
    return "\t".join((*map(str, ids), ground, str(is_certain), escaped(category), at.isoformat()))


def note_seen(*, incident_ids: Collection[UUID], viewer: Viewer, at: datetime) -> int:
    """That the viewer was shown the notices to them is noted, once for each; returns how many are new to them.

    Where none is new, nothing is written and nothing logged.

    Args:
        incident_ids: The incidents about which notices were shown.
        viewer: Who was shown them; notices to others do not count.
        at: Now.
    """
    with transaction.atomic():
        mine = notice_views.to_them(viewer).filter(incident__in=list(incident_ids), seen_at__isnull=True)
        new = list(
            Notice.objects.select_for_update(of=("self",))
            .filter(pk__in=list(mine.values_list("pk", flat=True)), seen_at__isnull=True)
            .order_by("pk")
        )
        if not new:
            return 0
        Notice.objects.filter(pk__in=[notice.pk for notice in new]).update(seen_at=at)
        custody.append(
            kind=EventKind.DISPOSAL_NOTICE_SEEN,
            subject=Subject("account", viewer.account_id),
            at=at,
            by=viewer.actor,
            details={
                "notices": len(new),
                "recordings": sorted({str(notice.recording_id) for notice in new}),
            },
        )
    return len(new)


def list_sha256(notices: Iterable[tuple[UUID, UUID, UUID]]) -> str:
    """The SHA-256 of a line for each notice, in order: the ids of recording, incident and officer, spaced."""
    lines = sorted(" ".join(str(each) for each in notice) for notice in notices)
    return sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
