"""What must a BWV administrator look into, and how is it settled? Questions about footage, never errors for an officer.

A recording with flags is a work item. It is settled flag by flag: by saying whose recording it is, or which camera's,
or by accepting what was found as explained. What the camera said stays as it came, and every settled flag keeps who
settled it, when, and why. Nothing here moves the day on which a recording falls due.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Prefetch, Q, QuerySet

from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.custody.services import append
from tabard.fleet.models import Camera
from tabard.kernel.errors import Conflict, Invalid
from tabard.kernel.text import required
from tabard.people import selectors as people
from tabard.people.authorisation import Viewer, check_can, scope
from tabard.people.models import Officer
from tabard.people.rules import Action
from tabard.people.selectors import subtree_ids
from tabard.recordings.keyset import page_of
from tabard.recordings.models import Recording, SettledFlag

PAGE_ITEMS = 25
LONGEST_REASON = 300
_ABOUT_OFFICER = (Recording.Flag.UNKNOWN_OFFICER, Recording.Flag.WEARER_DIFFERS)
_ABOUT_CAMERA = (Recording.Flag.UNKNOWN_CAMERA,)


@dataclass(frozen=True, slots=True)
class WorkItemFilter:
    """Which work items to show; an empty value means any. `settled` shows those that were settled instead."""

    flag: str = ""
    unit_id: UUID | None = None
    camera_id: UUID | None = None
    officer_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    settled: bool = False


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A recording with what must be looked into, what it contradicts, and what was settled before."""

    recording: Recording
    flags: tuple[Recording.Flag, ...]
    conflicts: tuple[Recording, ...]
    settled: tuple[SettledFlag, ...]


@dataclass(frozen=True, slots=True)
class WorkItemPage:
    """One page, newest footage first; the cursors lead to the pages beside it, None where there is none."""

    items: Sequence[WorkItem]
    older: str | None
    newer: str | None


class CannotAttributeToOneself(Conflict):
    """Whoever says whose a recording is gives that officer leave to see it, and so cannot name themselves."""

    code = "cannot_attribute_to_oneself"


def page(
    viewer: Viewer, wanted: WorkItemFilter, *, cursor: str = "", limit: int = PAGE_ITEMS
) -> WorkItemPage:
    """The work items of the filter, from the cursor on, in a number of statements that does not grow with the page.

    Raises:
        Denied: the viewer may see no work items.
        Invalid: the cursor is not one of ours.
    """
    check_can(viewer, Action.WORK_ITEM_VIEW)
    rows = _with_traces(Recording.objects.filter(scope(viewer, Action.WORK_ITEM_VIEW) & _matching(wanted)))
    found = page_of(rows, cursor=cursor, limit=limit)
    return WorkItemPage([_item(recording) for recording in found.recordings], found.older, found.newer)


def counts(viewer: Viewer) -> Mapping[Recording.Flag, int]:
    """How many recordings wait for each flag, of those that the viewer may see, most first; none where none waits.

    Raises:
        Denied: the viewer may see no work items.
    """
    check_can(viewer, Action.WORK_ITEM_VIEW)
    waiting = Recording.objects.filter(scope(viewer, Action.WORK_ITEM_VIEW) & _open())
    sql, parameters = waiting.order_by().values("flags").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT flag, count(*) FROM ({sql}) AS waiting, unnest(waiting.flags) AS flag "  # noqa: S608 - Django's own
            "GROUP BY flag ORDER BY count(*) DESC, flag",
            parameters,
        )
        return {Recording.Flag(flag): number for flag, number in cursor.fetchall()}


def get(viewer: Viewer, recording: Recording) -> WorkItem:
    """The recording as a work item, with what was settled of it before.

    Raises:
        Denied: the viewer may not see its questions.
    """
    check_can(viewer, Action.WORK_ITEM_VIEW, recording)
    return _item(_with_traces(Recording.objects.filter(pk=recording.pk)).get())


@transaction.atomic
def attribute(
    *,
    recording: Recording,
    officer: Officer | None = None,
    camera: Camera | None = None,
    reason: str,
    viewer: Viewer,
    at: datetime,
) -> None:
    """The recording is the officer's, the camera's, or both; the event says whose it was before and is now.

    The unit becomes that of the officer when it was filmed. What asked whose it is, is settled by it. What the camera
    said of itself and its wearer stays. `recording` is brought up to date.

    Args:
        recording: The one to attribute.
        officer: Whose it is; None leaves that as it is.
        camera: Which camera's it is; None leaves that as it is. A job then corrects its time by that camera's clock.
        reason: Why, in the person's words.
        viewer: Who says so.
        at: When, aware.

    Raises:
        Denied: the viewer may not settle its questions.
        Invalid: neither officer nor camera is named, or no reason.
        CannotAttributeToOneself.
        Conflict: it was disposed of, or is that officer's and camera's already.
    """
    check_can(viewer, Action.WORK_ITEM_SETTLE, recording)
    if officer is None and camera is None:
        raise Invalid("Say whose recording it is, or which camera's.", field="officer")
    if officer is not None and officer.pk == viewer.officer_id:
        raise CannotAttributeToOneself("Somebody else must say that a recording is yours.", field="officer")
    why = required(reason, "reason", LONGEST_REASON, "Say how you know.")
    locked = _standing(recording)
    was = (locked.officer_id, locked.camera_id, locked.unit_id)
    _take_over(locked, officer, camera)
    if was == (locked.officer_id, locked.camera_id, locked.unit_id):
        raise Conflict("The recording is attributed so already.")
    answered = (*(_ABOUT_OFFICER if officer else ()), *(_ABOUT_CAMERA if camera else ()))
    settled = _settle(locked, answered, _trace(SettledFlag.How.ATTRIBUTED, why, viewer, at))
    locked.save(update_fields=["officer", "camera", "unit", "flags"])
    now = (locked.officer_id, locked.camera_id, locked.unit_id)
    _append(
        EventKind.RECORDING_ATTRIBUTED,
        locked,
        viewer.actor,
        at,
        {
            **{
                name: {"from": _id(before), "to": _id(after)}
                for name, before, after in zip(("officer", "camera", "unit"), was, now, strict=True)
            },
            "attributed_to": str(officer or camera),
            "reason": why,
            "settled": settled,
        },
    )
    recording.refresh_from_db()


@transaction.atomic
def settle(*, recording: Recording, flag: str, reason: str, viewer: Viewer, at: datetime) -> SettledFlag:
    """The flag is accepted as explained: it is no longer open, and its trace says by whom, when and why.

    A flag that was settled is not raised again by what raises flags of themselves. `recording` is brought up to date.

    Raises:
        Denied: the viewer may not settle its questions.
        Invalid: no reason is given.
        Conflict: the recording does not carry the flag, or was disposed of.
    """
    check_can(viewer, Action.WORK_ITEM_SETTLE, recording)
    why = required(reason, "reason", LONGEST_REASON, "Say what explains it.")
    locked = _standing(recording)
    if flag not in locked.flags:
        raise Conflict("The recording does not carry that flag.", field="flag", flag=flag)
    _settle(locked, [flag], _trace(SettledFlag.How.ACCEPTED, why, viewer, at))
    locked.save(update_fields=["flags"])
    _append(EventKind.RECORDING_FLAG_SETTLED, locked, viewer.actor, at, {"flag": flag, "reason": why})
    recording.refresh_from_db()
    return locked.settled_flags.filter(flag=flag).latest("settled_at", "id")


def _take_over(locked: Recording, officer: Officer | None, camera: Camera | None) -> None:
    """The recording belongs to those that are named, and to the unit that follows from them."""
    if camera is not None:
        locked.camera = camera
    if officer is not None:
        locked.officer = officer
        locked.unit_id = people.unit_at(officer.pk, locked.filmed_at) or locked.unit_id
    elif camera is not None and locked.unit_id is None:
        locked.unit_id = camera.unit_id


def _settle(locked: Recording, answered: Collection[str], trace: Mapping[str, Any]) -> list[str]:
    """Those of the flags that are open are settled, each with its trace; returns which. The caller saves the flags."""
    settled = [flag for flag in locked.flags if flag in answered]
    locked.flags = [flag for flag in locked.flags if flag not in answered]
    SettledFlag.objects.bulk_create(SettledFlag(recording=locked, flag=flag, **trace) for flag in settled)
    return settled


def _trace(how: SettledFlag.How, reason: str, viewer: Viewer, at: datetime) -> Mapping[str, Any]:
    return {"how": how, "reason": reason, "settled_at": at, "settled_by_id": viewer.account_id}


def _standing(recording: Recording) -> Recording:
    """The recording as it is now, locked.

    Raises:
        Conflict: it was disposed of.
    """
    locked = Recording.objects.select_for_update().get(pk=recording.pk)
    if locked.disposed_at is not None:
        raise Conflict("This recording was disposed of; there is nothing to settle.")
    return locked


def _append(
    kind: EventKind, recording: Recording, by: Actor, at: datetime, details: Mapping[str, object]
) -> None:
    append(kind=kind, subject=Subject("recording", recording.pk), at=at, by=by, details=details)


def _id(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _open() -> Q:
    return ~Q(flags=[]) & Q(disposed_at__isnull=True)


def _matching(wanted: WorkItemFilter) -> Q:
    exact: dict[str, object] = {
        "camera_id": wanted.camera_id,
        "officer_id": wanted.officer_id,
        "filmed_at__gte": wanted.since,
        "filmed_at__lt": wanted.until,
    }
    rows = Q(**{name: value for name, value in exact.items() if value})
    if wanted.unit_id is not None:
        rows &= Q(unit_id__in=subtree_ids(wanted.unit_id))
    if not wanted.settled:
        return rows & _open() & (Q(flags__contains=[wanted.flag]) if wanted.flag else Q())
    traces = SettledFlag.objects.filter(flag=wanted.flag) if wanted.flag else SettledFlag.objects.all()
    return rows & Q(pk__in=traces.values("recording_id"))


def _with_traces(rows: QuerySet[Recording]) -> QuerySet[Recording]:
    """Load what a work item shows beside its recording, each in one statement whatever the number of items."""
    settled = Prefetch("settled_flags", SettledFlag.objects.select_related("settled_by"))
    named = rows.select_related("camera", "officer", "unit", "category", "conflicts_with")
    return named.prefetch_related(settled, "conflicts")


def _item(recording: Recording) -> WorkItem:
    earlier = [recording.conflicts_with] if recording.conflicts_with else []
    return WorkItem(
        recording=recording,
        flags=tuple(Recording.Flag(flag) for flag in recording.flags),
        conflicts=(*earlier, *recording.conflicts.all()),
        settled=tuple(recording.settled_flags.all()),
    )
