"""What becomes of footage whose period ends in a person's decision? It is kept for longer, or two people let it go.

Nothing is decided before the period is over, nor about what a hold, an open incident or an exhibit keeps anyhow. One
person proposes to let it go, another agrees, and neither filmed it; each looks again at what keeps it, with the
recording's row locked. Then it is due like any other, and goes by the next run, by its list and its grace.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from tabard.custody import services as custody
from tabard.custody.actors import Subject
from tabard.custody.kinds import EventKind
from tabard.incidents.rules import end_of
from tabard.kernel.errors import Conflict, Invalid, NotFound
from tabard.kernel.text import required
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.recordings.models import Recording
from tabard.retention import policies, selectors
from tabard.retention.agreeing import Kept, NotAllowedNow
from tabard.retention.disposing import locked
from tabard.retention.models import Review
from tabard.retention.review_questions import Question, answered, with_answers
from tabard.retention.rules import Decision, decide

_LONGEST_KEPT = timedelta(days=36_525)
_LONGEST_REASON = 300


def keep(
    *,
    recording: Recording,
    until_date: date,
    reason: str,
    viewer: Viewer,
    at: datetime,
    yes: Collection[str] = (),
) -> Review:
    """The recording is kept to the end of the day, and then asked about again.

    Args:
        recording: What was reviewed.
        until_date: The last day on which it is kept; after today, at most a hundred years on.
        reason: Why.
        viewer: Who decides.
        at: Now.
        yes: The questions of `review_questions` that were answered yes.

    Raises:
        Denied: when the viewer may not decide.
        Invalid: when a field cannot be accepted; `fields["field"]` names it.
        Kept, NotAllowedNow, Conflict: when there is nothing to decide now.
    """
    if until_date <= at.date():
        raise Invalid("Choose a day after today.", field="until_date")
    if until_date > (at + _LONGEST_KEPT).date():
        raise Invalid("Choose a day within the next hundred years.", field="until_date")
    return _decided(recording, viewer, at, reason=reason, yes=answered(yes), keep_until=end_of(until_date))


def let_go(
    *, recording: Recording, reason: str, viewer: Viewer, at: datetime, yes: Collection[str] = ()
) -> Review:
    """It is proposed to let the recording go; it stays until another person agrees.

    Raises:
        Denied: when the viewer may not decide.
        Invalid: when no reason is given, or a question was answered yes.
        Kept, NotAllowedNow, Conflict: when there is nothing to decide now.
    """
    if found := answered(yes):
        raise Invalid(f"Keep it: the answer is yes to {found[0].short}.", field="yes")
    return _decided(recording, viewer, at, reason=reason)


def agree(*, review_id: UUID, viewer: Viewer, at: datetime) -> Review:
    """A second person has agreed to let it go: it is due, and goes by the next run.

    Raises:
        NotFound, Denied: there is no such review, or the viewer may not decide.
        NotAllowedNow: the viewer proposed it, or it is decided already.
        Kept, Conflict: when something keeps the recording, or it is disposed of.
    """
    with transaction.atomic():
        review, recording = _open_locked(review_id, viewer)
        if review.decided_by_id == viewer.account_id:
            raise NotAllowedNow("You proposed it; another person has to agree.", review=str(review.id))
        _check_not_own(recording, viewer)
        _check_due(recording, at)
        review.agreed_at, review.agreed_by_id = at, viewer.account_id
        review.save(update_fields=["agreed_at", "agreed_by"])
        _log(EventKind.RECORDING_REVIEW_AGREED, review, viewer, at, {})
    return review


def refuse(*, review_id: UUID, reason: str, viewer: Viewer, at: datetime) -> Review:
    """What was proposed is off, and the recording stays; who proposed it can take it back in the same way.

    Raises:
        NotFound, Denied: there is no such review, or the viewer may not decide.
        NotAllowedNow: it is decided already.
        Invalid: when no reason is given.
    """
    with transaction.atomic():
        review, _ = _open_locked(review_id, viewer)
        review.refused_reason = required(reason, "reason", _LONGEST_REASON, "Say why it must stay.")
        review.refused_at, review.refused_by_id = at, viewer.account_id
        review.save(update_fields=["refused_at", "refused_by", "refused_reason"])
        _log(EventKind.RECORDING_REVIEW_REFUSED, review, viewer, at, {"reason": review.refused_reason})
    return review


def _decided(
    recording: Recording,
    viewer: Viewer,
    at: datetime,
    *,
    reason: str,
    yes: tuple[Question, ...] = (),
    keep_until: datetime | None = None,
) -> Review:
    check_can(viewer, Action.REVIEW_DECIDE, recording)
    _check_not_own(recording, viewer)
    why = required(reason, "reason", _LONGEST_REASON, "Say why.")
    choice = Review.Choice.LET_GO if keep_until is None else Review.Choice.KEEP
    with transaction.atomic():
        decision = _check_due(locked(recording.id), at)
        _check_none_open(recording)
        review = Review.objects.create(
            recording=recording,
            choice=choice,
            reason=with_answers(why, yes),
            decided_at=at,
            decided_by_id=viewer.account_id,
            keep_until=keep_until,
        )
        details = {
            "choice": choice.value,
            "keep_until": keep_until.isoformat() if keep_until else None,
            "rule": decision.rule,
            "yes": [question.value for question in yes],
            "reason": why,
        }
        _log(EventKind.RECORDING_REVIEWED, review, viewer, at, details)
    return review


def _check_due(recording: Recording, at: datetime) -> Decision:
    """Return only if a person has to decide about the recording now; its row is locked."""
    if recording.disposed_at is not None:
        raise Conflict("This recording was disposed of; there is nothing left to review.")
    decision = decide(selectors.facts_of(recording), policies.current(at))
    if decision.held_by:
        raise Kept(f"The recording must be kept: {'; '.join(decision.held_by)}.", recording=str(recording.id))
    if not decision.needs_review(at):
        raise NotAllowedNow(
            f"Nobody has to decide about it yet. {decision.reason}", recording=str(recording.id)
        )
    return decision


def _check_not_own(recording: Recording, viewer: Viewer) -> None:
    if recording.officer_id is not None and recording.officer_id == viewer.officer_id:
        raise NotAllowedNow("You filmed it; somebody else has to decide.", recording=str(recording.id))


def _check_none_open(recording: Recording) -> None:
    if open_review_of(recording.id) is not None:
        raise NotAllowedNow(
            "It is proposed already to let it go: agree, or refuse.", recording=str(recording.id)
        )


def open_review_of(recording_id: UUID) -> Review | None:
    """The proposal to let a recording go that nobody has agreed to or refused yet."""
    found = Review.objects.filter(recording_id=recording_id, choice=Review.Choice.LET_GO)
    return found.filter(agreed_at=None, refused_at=None).select_related("decided_by").first()


def _open_locked(review_id: UUID, viewer: Viewer) -> tuple[Review, Recording]:
    """The open review and its recording, the recording's row locked first, as everywhere."""
    recording_id = Review.objects.filter(id=review_id).values_list("recording_id", flat=True).first()
    if recording_id is None:
        raise NotFound("There is no such review.", review=str(review_id))
    recording = locked(recording_id)
    check_can(viewer, Action.REVIEW_DECIDE, recording)
    review = Review.objects.select_for_update().get(id=review_id)
    if review.choice != Review.Choice.LET_GO or review.agreed_at or review.refused_at:
        raise NotAllowedNow("This review is decided.", review=str(review.id))
    return review, recording


def _log(
    kind: EventKind, review: Review, viewer: Viewer, at: datetime, details: Mapping[str, object]
) -> None:
    custody.append(
        kind=kind,
        subject=Subject("recording", review.recording_id),
        at=at,
        by=viewer.actor,
        details={"review": str(review.id), **details},
    )
