"""About which recordings does a person have to decide now, and what do they need to know to decide?

The queue is found in the database, longest over first. Whoever may see it sees the facts of each on one page; who
looked at it last is named only to readers of the log, as anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from tabard.custody import selectors as custody
from tabard.custody.selectors import EventLine
from tabard.incidents.log_reading import LOOKS
from tabard.incidents.models import Exhibit, Incident, Outcome
from tabard.kernel.errors import NotFound
from tabard.people.authorisation import Viewer, can, check_can
from tabard.people.rules import Action
from tabard.recordings.models import Recording
from tabard.retention import policies, standing
from tabard.retention.models import Review
from tabard.retention.reviews import open_review_of
from tabard.retention.rules import Decision, Rule, decide
from tabard.retention.selectors import facts_of

PAGE_ROWS = 50
_WAITS = "review_at <= %(as_of)s AND NOT standing.held"
_AMONG = f"""FROM standing JOIN recordings_recording recording ON recording.id = standing.id
    WHERE {_WAITS} AND (%(rule)s = '' OR standing.rule = %(rule)s)
        AND (%(unit_ids)s::uuid[] IS NULL OR recording.unit_id = ANY(%(unit_ids)s::uuid[]))"""


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What to list; empty or None narrows nothing."""

    rule: str = ""
    unit_ids: Sequence[UUID] | None = None


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A recording about which a person has to decide, since when, and the proposal to let it go if there is one."""

    recording: Recording
    rule: str
    review_at: datetime
    proposal: Review | None


@dataclass(frozen=True, slots=True)
class CaseFact:
    """An incident that it shows, and everything that was stated of how it ended, oldest first."""

    incident: Incident
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class ReviewSheet:
    """What a person needs to know to decide about one recording."""

    recording: Recording
    decision: Decision
    rule: Rule | None
    is_due: bool
    cases: tuple[CaseFact, ...]
    exhibits: tuple[Exhibit, ...]
    earlier: tuple[Review, ...]
    proposal: Review | None
    last_look: EventLine | None
    sees_who_looked: bool
    suggested_date: date


def counts(viewer: Viewer, at: datetime, wanted: QueueFilter | None = None) -> dict[str, int]:
    """How many recordings wait for a decision, by rule, most first.

    Raises:
        Denied: when the viewer may not see the queue.
    """
    check_can(viewer, Action.REVIEW_VIEW)
    found = standing.asked(
        policies.current(at),
        at,
        f"SELECT standing.rule, count(*) {_AMONG} GROUP BY 1 ORDER BY 2 DESC, 1",
        **_values(wanted or QueueFilter()),
    )
    return dict(found)


def page(
    viewer: Viewer, at: datetime, wanted: QueueFilter | None = None, *, first: int = 0, limit: int = PAGE_ROWS
) -> list[QueueItem]:
    """So many of the queue from the `first` on, longest over first.

    Raises:
        Denied: when the viewer may not see the queue.
    """
    check_can(viewer, Action.REVIEW_VIEW)
    rows = standing.asked(
        policies.current(at),
        at,
        f"""SELECT standing.id, standing.rule, review_at {_AMONG}
        ORDER BY review_at, standing.id LIMIT %(limit)s OFFSET %(first)s""",
        **_values(wanted or QueueFilter()),
        limit=limit,
        first=first,
    )
    ids = [row[0] for row in rows]
    recordings = Recording.objects.select_related("officer", "unit", "category").in_bulk(ids)
    open_ones = Review.objects.filter(recording_id__in=ids, choice=Review.Choice.LET_GO, agreed_at=None)
    proposals = {
        review.recording_id: review
        for review in open_ones.filter(refused_at=None).select_related("decided_by")
    }
    return [QueueItem(recordings[key], rule, since, proposals.get(key)) for key, rule, since in rows]


def sheet(viewer: Viewer, recording: Recording, at: datetime) -> ReviewSheet:
    """Everything to decide by.

    Raises:
        Denied: when the viewer may not see reviews of the recording.
    """
    check_can(viewer, Action.REVIEW_VIEW, recording)
    policy, names = policies.current(at), can(viewer, Action.HOLD_VIEW, recording)
    decision = decide(facts_of(recording, names_holds=names), policy)
    rule = next((rule for rule in policy.rules if rule.code == decision.rule), None)
    sees = can(viewer, Action.LOG_VIEW)
    return ReviewSheet(
        recording=recording,
        decision=decision,
        rule=rule,
        is_due=recording.disposed_at is None and decision.needs_review(at),
        cases=_cases(recording),
        exhibits=tuple(Exhibit.objects.filter(recording=recording).select_related("producer", "recording")),
        earlier=_earlier(recording),
        proposal=open_review_of(recording.id),
        last_look=_last_look(recording),
        sees_who_looked=sees,
        suggested_date=at.date() + timedelta(days=rule.days if rule and rule.days else 365),
    )


def get(viewer: Viewer, review_id: UUID, action: Action = Action.REVIEW_VIEW) -> Review:
    """The review, if the viewer may do the action to its recording.

    Raises:
        NotFound, Denied.
    """
    names = ("recording__officer", "decided_by", "agreed_by", "refused_by")
    found = Review.objects.select_related(*names).filter(id=review_id).first()
    if found is None:
        raise NotFound("There is no such review.", review=str(review_id))
    check_can(viewer, action, found.recording)
    return found


def _values(wanted: QueueFilter) -> dict[str, Any]:
    ids = None if wanted.unit_ids is None else list(wanted.unit_ids)
    return {"rule": wanted.rule, "unit_ids": ids}


def _cases(recording: Recording) -> tuple[CaseFact, ...]:
    shown = Incident.objects.filter(links__recording=recording) | Incident.objects.filter(
        exhibits__recording=recording
    )
    return tuple(
        CaseFact(incident, tuple(incident.outcomes.all()))
        for incident in shown.distinct().order_by("start_at").prefetch_related("outcomes")
    )


def _earlier(recording: Recording) -> tuple[Review, ...]:
    found = Review.objects.filter(recording=recording).order_by("-decided_at")
    return tuple(found.select_related("decided_by", "agreed_by", "refused_by"))


def _last_look(recording: Recording) -> EventLine | None:
    looks = custody.history([recording.id]).filter(kind__in=LOOKS).reverse()
    return next(iter(custody.lines(looks[:1])), None)
