"""Whom do we tell before footage goes, and did they see it? An officer whose recording overlaps what they attended.

A notice is given in the transaction that puts the recording on the list, by one statement for the whole batch
(`notices.sql`), and never waits for an answer: the days of grace are the wait. That somebody attended is only said
where something here says so: they recorded the incident, or other footage of theirs is linked to it or produced for it.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.people.authorisation import Viewer
from tabard.retention import notice_views
from tabard.retention.keeping import DOUBTS
from tabard.retention.models import DisposalRun, Notice
from tabard.retention.notice_rules import TOUR, slight
from tabard.retention.rules import Policy

_GIVE = files("tabard.retention").joinpath("notices.sql").read_text(encoding="utf-8")
Given = tuple[UUID, UUID, UUID]


def give(*, ids: Sequence[UUID], run: DisposalRun, policy: Policy, by: Actor, at: datetime) -> int:
    """Who attended what these recordings overlap is told so, in the caller's transaction; returns how many notices.

    A notice that was given before is not given again. One event says how many there are, and commits to which.

    Args:
        ids: The recordings that the transaction puts on the list.
        run: The run that does.
        policy: The one in force; it says which categories keep nothing for longer.
        by: Who runs it.
        at: Now.
    """
    values: dict[str, Any] = {
        "ids": list(ids),
        "slight": slight(policy),
        "doubts": [flag.value for flag in DOUBTS],
        "tour": TOUR,
        "run": run.pk,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_GIVE, values)
        given: list[Given] = cursor.fetchall()
    if given:
        recordings, incidents, officers = (len(set(column)) for column in zip(*given, strict=True))
        custody.append(
            kind=EventKind.DISPOSAL_NOTICED,
            subject=Subject("disposal_run", run.pk),
            at=at,
            by=by,
            details={
                "notices": len(given),
                "recordings": recordings,
                "incidents": incidents,
                "officers": officers,
                "list_sha256": list_sha256(given),
            },
        )
    return len(given)


def note_seen(*, viewer: Viewer, at: datetime) -> int:
    """That the viewer was shown the notices to them is noted, once for each; returns how many are new to them.

    Where none is new, nothing is written and nothing logged.
    """
    with transaction.atomic():
        mine = notice_views.to_them(viewer).filter(seen_at__isnull=True)
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


def list_sha256(notices: Sequence[Given]) -> str:
    """The SHA-256 of a line for each notice, in order: the ids of recording, incident and officer, spaced."""
    lines = sorted(" ".join(str(each) for each in notice) for notice in notices)
    return sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
