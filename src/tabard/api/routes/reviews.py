"""Reviews: footage whose period ends in a person's decision is kept for longer, or two people let it go."""

from typing import Any
from uuid import UUID

from ninja import Query

from tabard.api.operations import Operations
from tabard.api.routes.recordings import looked_at
from tabard.api.schemas.reviews import KeepIn, LetGoIn, QueueOut, RefusalIn, ReviewOut, ReviewsWanted
from tabard.api.viewers import Asked
from tabard.kernel.clock import now
from tabard.people.rules import Action
from tabard.people.selectors import subtree_ids
from tabard.recordings import selectors as recordings
from tabard.retention import review_queue
from tabard.retention import reviews as services
from tabard.retention.models import Review
from tabard.retention.review_queue import QueueFilter

reviews = Operations("reviews")


@reviews.get("/reviews", access=Action.REVIEW_VIEW, answers=QueueOut)
def queue(request: Asked, wanted: Query[ReviewsWanted]) -> dict[str, Any]:
    """What waits for a person's decision, longest over first."""
    at = now()
    among = QueueFilter(wanted.rule, tuple(subtree_ids(wanted.unit)) if wanted.unit else None)
    return {
        "by_rule": review_queue.counts(request.auth, at, among),
        "items": review_queue.page(request.auth, at, among, first=wanted.first, limit=wanted.limit),
    }


@reviews.get("/recordings/{uuid:recording_id}/reviews", access=Action.REVIEW_VIEW, answers=list[ReviewOut])
def of_recording(request: Asked, recording_id: UUID) -> list[Review]:
    """What was decided about a recording, newest first; the look is in the custody log."""
    recording = recordings.get(request.auth, recording_id, Action.REVIEW_VIEW)
    looked_at(request, recording_id)
    return list(review_queue.sheet(request.auth, recording, now()).earlier)


@reviews.post(
    "/recordings/{uuid:recording_id}/reviews/keep", access=Action.REVIEW_DECIDE, answers=ReviewOut, status=201
)
def keep(request: Asked, recording_id: UUID, sent: KeepIn) -> Review:
    """Keeps the recording to the end of a day, after which it is asked about again."""
    recording = recordings.get(request.auth, recording_id, Action.REVIEW_DECIDE)
    made = services.keep(recording=recording, **sent.dict(), viewer=request.auth, at=now())
    return review_queue.get(request.auth, made.id)


@reviews.post(
    "/recordings/{uuid:recording_id}/reviews/let-go",
    access=Action.REVIEW_DECIDE,
    answers=ReviewOut,
    status=201,
)
def let_go(request: Asked, recording_id: UUID, sent: LetGoIn) -> Review:
    """Proposes to let the recording go; it stays until another person agrees."""
    recording = recordings.get(request.auth, recording_id, Action.REVIEW_DECIDE)
    made = services.let_go(recording=recording, reason=sent.reason, viewer=request.auth, at=now())
    return review_queue.get(request.auth, made.id)


@reviews.post("/reviews/{uuid:review_id}/agree", access=Action.REVIEW_DECIDE, answers=ReviewOut)
def agree(request: Asked, review_id: UUID) -> Review:
    """Agrees to let it go; the next disposal run puts it on its list."""
    services.agree(review_id=review_id, viewer=request.auth, at=now())
    return review_queue.get(request.auth, review_id)


@reviews.post("/reviews/{uuid:review_id}/refuse", access=Action.REVIEW_DECIDE, answers=ReviewOut)
def refuse(request: Asked, review_id: UUID, sent: RefusalIn) -> Review:
    """Refuses to let it go, or takes back one's own proposal."""
    services.refuse(review_id=review_id, reason=sent.reason, viewer=request.auth, at=now())
    return review_queue.get(request.auth, review_id)
