"""Which cards and exports were read in, and what became of every file? For those who look after what comes in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tabard.intake.models import FolderItem, FolderRun
from tabard.kernel.errors import NotFound
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action

PAGE_RUNS = 50
PAGE_ITEMS = 200
_LOOKS_AFTER = Action.FLEET_MANAGE


@dataclass(frozen=True, slots=True)
class ItemPage:
    """One page of a run's items as they were taken in; `next_cursor` asks for the next, None on the last."""

    items: tuple[FolderItem, ...]
    next_cursor: int | None


def runs(viewer: Viewer, *, before: datetime | None = None, limit: int = PAGE_RUNS) -> list[FolderRun]:
    """The newest runs, or those that began before an instant; one without an end is at work, or was killed.

    Raises:
        Denied: the viewer does not look after what comes in.
    """
    check_can(viewer, _LOOKS_AFTER)
    found = FolderRun.objects.all() if before is None else FolderRun.objects.filter(started_at__lt=before)
    return list(found[:limit])


def run(viewer: Viewer, run_id: UUID) -> FolderRun:
    """The run with its figures.

    Raises:
        Denied, NotFound.
    """
    check_can(viewer, _LOOKS_AFTER)
    found = FolderRun.objects.filter(pk=run_id).first()
    if found is None:
        raise NotFound("There is no such reading of a folder.", run=str(run_id))
    return found


def items(
    viewer: Viewer, found: FolderRun, *, kind: str = "", cursor: int | None = None, limit: int = PAGE_ITEMS
) -> ItemPage:
    """What became of each file, in the order in which they were taken in.

    Args:
        viewer: Who asks.
        found: The run.
        kind: Only those of this state or with this remark, as `missing` or `different`.
        cursor: The `next_cursor` of the page before.
        limit: Rows to a page.

    Raises:
        Denied.
    """
    check_can(viewer, _LOOKS_AFTER)
    wanted = found.items.order_by("pk")
    if kind in FolderItem.State.values:
        wanted = wanted.filter(state=kind)
    elif kind:
        wanted = wanted.filter(remark=kind)
    rows = list(wanted.filter(pk__gt=cursor or 0)[: limit + 1])
    return ItemPage(tuple(rows[:limit]), rows[limit - 1].pk if len(rows) > limit else None)
