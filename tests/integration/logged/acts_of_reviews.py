"""What is done at the end of a period that ends in a person's decision."""

from datetime import timedelta

from tests.integration.api.access_world import DONE_AT
from tests.integration.logged.acts_on_recordings import film
from tests.integration.logged.registry import AT, Call, Stage, act

from tabard.custody.kinds import EventKind as E
from tabard.recordings.models import Recording
from tabard.retention import reviews
from tabard.retention.models import Review

LONG_AGO = DONE_AT - timedelta(days=3_000)


def over() -> Recording:
    """A recording of nobody whose six years are over."""
    recording = film()
    Recording.objects.filter(pk=recording.pk).update(category="crime", received_at=LONG_AGO, officer=None)
    recording.refresh_from_db()
    return recording


def proposed(stage: Stage) -> Review:
    return reviews.let_go(recording=over(), reason="Over", viewer=stage.viewer, at=DONE_AT)


@act("retention.reviews.keep", E.RECORDING_REVIEWED)
def keep(stage: Stage) -> Call:
    recording, viewer, day = over(), stage.viewer, AT.date() + timedelta(days=30)
    return lambda: (
        reviews.keep(recording=recording, until_date=day, reason="Cold case", viewer=viewer, at=AT)
        and recording.pk
    )


@act("retention.reviews.let_go", E.RECORDING_REVIEWED)
def let_go(stage: Stage) -> Call:
    recording, viewer = over(), stage.viewer
    return lambda: reviews.let_go(recording=recording, reason="Over", viewer=viewer, at=AT) and recording.pk


@act("retention.reviews.agree", E.RECORDING_REVIEW_AGREED)
def agree(stage: Stage) -> Call:
    review, viewer = proposed(stage), stage.second
    return lambda: reviews.agree(review_id=review.id, viewer=viewer, at=AT).recording_id


@act("retention.reviews.refuse", E.RECORDING_REVIEW_REFUSED)
def refuse(stage: Stage) -> Call:
    review, viewer = proposed(stage), stage.second
    return lambda: reviews.refuse(review_id=review.id, reason="No", viewer=viewer, at=AT).recording_id
