"""Work items: what a BWV administrator must look into, how it is settled, and whether footage is whole."""

from typing import Any
from uuid import UUID

from ninja import Query

from tabard.api.operations import Operations
from tabard.api.routes.named import camera_named, officer_named
from tabard.api.schemas.values import Sent
from tabard.api.schemas.work_items import (
    AttributionIn,
    CameraClockOut,
    SettleIn,
    WholenessOut,
    WholenessWanted,
    WorkItemOut,
    WorkItemsOut,
    WorkItemsWanted,
)
from tabard.api.viewers import Asked
from tabard.fleet.clocks import CameraClock, clock_of
from tabard.kernel.clock import now
from tabard.people.rules import Action
from tabard.recordings import selectors, wholeness
from tabard.recordings import work_items as items
from tabard.recordings.models import Recording
from tabard.recordings.viewing import record_search
from tabard.recordings.wholeness import WholenessFilter
from tabard.recordings.work_items import WorkItem, WorkItemFilter

work_items = Operations("work_items")


@work_items.get("/work-items", access=Action.WORK_ITEM_VIEW, answers=WorkItemsOut)
def listed(request: Asked, wanted: Query[WorkItemsWanted]) -> dict[str, Any]:
    """What must be looked into, newest footage first, with how many wait for each flag; a search is in the log."""
    _search(request, wanted)
    chosen = wanted.model_dump(exclude={"cursor", "flag"})
    asked = WorkItemFilter(flag=wanted.flag.value if wanted.flag else "", **chosen)
    page = items.page(request.auth, asked, cursor=wanted.cursor)
    counts = items.counts(request.auth)
    return {
        "items": page.items,
        "older": page.older,
        "newer": page.newer,
        "counts": [{"flag": flag, "recordings": number} for flag, number in counts.items()],
    }


@work_items.post(
    "/recordings/{uuid:recording_id}/attribution", access=Action.WORK_ITEM_SETTLE, answers=WorkItemOut
)
def attribute(request: Asked, recording_id: UUID, sent: AttributionIn) -> WorkItem:
    """Says whose recording it is, or which camera's; what the camera said stays, and so does the day it falls due."""
    recording = selectors.get(request.auth, recording_id, Action.WORK_ITEM_SETTLE)
    items.attribute(
        recording=recording,
        officer=officer_named(sent.officer, "officer") if sent.officer else None,
        camera=camera_named(sent.camera, "camera") if sent.camera else None,
        reason=sent.reason,
        viewer=request.auth,
        at=now(),
    )
    return items.get(request.auth, recording)


@work_items.post(
    "/recordings/{uuid:recording_id}/flags/{flag}/settle",
    access=Action.WORK_ITEM_SETTLE,
    answers=WorkItemOut,
)
def settle(request: Asked, recording_id: UUID, flag: Recording.Flag, sent: SettleIn) -> WorkItem:
    """Accepts a flag as explained; who did so, when and why stays beside the recording."""
    recording = selectors.get(request.auth, recording_id, Action.WORK_ITEM_SETTLE)
    items.settle(recording=recording, flag=flag.value, reason=sent.reason, viewer=request.auth, at=now())
    return items.get(request.auth, recording)


@work_items.get("/wholeness", access=Action.WORK_ITEM_VIEW, answers=WholenessOut)
def whole(request: Asked, wanted: Query[WholenessWanted]) -> dict[str, Any]:
    """Gaps, overlaps and missing numbers of a period, by camera, wearer and shift; the search is in the custody log."""
    _search(request, wanted)
    asked = WholenessFilter(**wanted.model_dump(exclude={"cursor"}))
    found = wholeness.shifts(request.auth, asked, cursor=wanted.cursor)
    return {"shifts": found.shifts, "next_cursor": found.next_cursor or None}


@work_items.get("/cameras/{uuid:camera_id}/clock", access=Action.FLEET_VIEW, answers=CameraClockOut)
def clock(request: Asked, camera_id: UUID) -> CameraClock:
    """How far off a camera's clock is, and what it was compared with."""
    return clock_of(request.auth, camera_id, at=now())


def _search(request: Asked, wanted: Sent) -> None:
    """What was asked for is in the custody log; looking at a plain list is not."""
    asked = wanted.model_dump(mode="json", exclude_defaults=True, exclude={"cursor"})
    if asked:
        record_search(viewer=request.auth, asked=asked, at=now())
