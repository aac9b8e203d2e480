"""Notices before disposal: what waits for an answer. Linking and categorising are as of any recording."""

from datetime import timedelta
from uuid import UUID

from ninja import Query

from tabard.api.operations import Operations
from tabard.api.schemas.notices import (
    DismissalIn,
    DismissedOut,
    NoticeOut,
    NoticesWanted,
    UnitNoticesOut,
    UnitsWanted,
)
from tabard.api.viewers import Asked
from tabard.kernel.clock import now
from tabard.people.rules import Action
from tabard.retention import notice_answers, notice_views
from tabard.retention import notices as services
from tabard.retention.models import Notice
from tabard.retention.notice_views import UnitNotices

notices = Operations("notices")


@notices.get("/notices", access=Action.RECORDING_CATEGORISE, answers=list[NoticeOut])
def waiting(request: Asked, wanted: Query[NoticesWanted]) -> list[Notice]:
    """What waits for an answer, soonest to go first; that the asker saw their own is noted once."""
    viewer = request.auth
    rows = notice_views.to_them(viewer) if wanted.mine else notice_views.waiting(viewer)
    found = list(notice_views.one_by_one(rows)[: wanted.limit])
    services.note_seen(incident_ids={notice.incident_id for notice in found}, viewer=viewer, at=now())
    return found


@notices.get("/notices/units", access=Action.RECORDING_CATEGORISE, answers=list[UnitNoticesOut])
def by_unit(request: Asked, wanted: Query[UnitsWanted]) -> list[UnitNotices]:
    """How many recordings of each unit have a notice that nobody answered, those that go soonest first."""
    return notice_views.by_unit(request.auth, now(), timedelta(days=wanted.within_days))


@notices.post(
    "/incidents/{uuid:incident_id}/notices/dismiss", access=Action.RECORDING_CATEGORISE, answers=DismissedOut
)
def dismiss(request: Asked, incident_id: UUID, sent: DismissalIn) -> dict[str, int]:
    """Says that recordings are not of the incident: all of them, or none."""
    done = notice_answers.dismiss_all(
        incident_id=incident_id, recording_ids=sent.recording_ids, viewer=request.auth, at=now()
    )
    return {"dismissed": len(done)}
