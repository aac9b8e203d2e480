"""What led to the end that a recording has? Every logged change that decides how long it is kept, oldest first.

It is read from the custody log: receipt, categories, links and how their incidents ended, exhibits, holds, reviews,
early disposals, disposal, and each adopted policy under which the end is another than under the one before. Who may not
see an incident or a hold is not shown what was done about it.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from tabard.custody.kinds import EventKind
from tabard.custody.selectors import EventLine, lines
from tabard.incidents import selectors as incidents
from tabard.incidents.log_reading import HOLDS, history_for
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.recordings.models import Recording
from tabard.retention import hold_views, policies
from tabard.retention.models import PolicyVersion
from tabard.retention.policy import PolicyUnusable, default_policy
from tabard.retention.quorum import State
from tabard.retention.rules import Decision, Policy, decide
from tabard.retention.selectors import facts_of

_OF_THE_RECORDING = (
    EventKind.RECORDING_SEALED,
    EventKind.RECORDING_CATEGORISED,
    EventKind.INCIDENT_LINKED,
    EventKind.INCIDENT_UNLINKED,
    EventKind.RECORDING_REVIEWED,
    EventKind.RECORDING_REVIEW_AGREED,
    EventKind.RECORDING_REVIEW_REFUSED,
    EventKind.EARLY_DISPOSAL_REQUESTED,
    EventKind.EARLY_DISPOSAL_APPROVED,
    EventKind.EARLY_DISPOSAL_REFUSED,
    EventKind.RECORDING_DISPOSED,
)
_KINDS = [
    *(kind.value for kind in _OF_THE_RECORDING),
    EventKind.INCIDENT_OUTCOME_STATED.value,
    EventKind.EXHIBIT_PRODUCED.value,
    EventKind.POLICY_ADOPTED.value,
    *HOLDS,
]


def chain(viewer: Viewer, recording: Recording, at: datetime) -> list[EventLine]:
    """The changes that the viewer may see, oldest first.

    Raises:
        Denied: when the viewer may not see the recording.
    """
    check_can(viewer, Action.RECORDING_VIEW, recording)
    holds = {str(hold.id): hold for hold in hold_views.of_recording(viewer, recording)}
    subjects = {
        recording.id,
        *incidents.incidents_of(viewer, recording.id).values_list("id", flat=True),
        *incidents.exhibits_of(viewer, recording.id).values_list("id", flat=True),
        *(hold.id for hold in holds.values()),
        *(hold.incident_id for hold in holds.values() if hold.incident_id is not None),
        *_policies_that_moved_it(recording, at),
    }
    found = lines(history_for(viewer, subjects).filter(kind__in=_KINDS))
    return [line for line in found if line.kind.value not in HOLDS or line.details.get("hold") in holds]


def _policies_that_moved_it(recording: Recording, at: datetime) -> Iterable[UUID]:
    """The policies in force since it came in under which it ends otherwise than under the one before.

    By what is known of it today; a text that cannot be read any more moved nothing that can be shown.
    """
    if recording.disposed_at is not None:
        return
    adopted = PolicyVersion.objects.filter(state=State.EXECUTED.value, effective_at__lte=at)
    facts = facts_of(recording)
    before = decide(facts, default_policy())
    for version in adopted.order_by("effective_at", "closed_at"):
        policy = _readable(version)
        if policy is None:
            continue
        after = decide(facts, policy)
        came_after = version.effective_at is not None and version.effective_at > recording.received_at
        if came_after and _end(after) != _end(before):
            yield version.pk
        before = after


def _readable(version: PolicyVersion) -> Policy | None:
    try:
        return policies.read(version)
    except PolicyUnusable:
        return None


def _end(decision: Decision) -> tuple[datetime | None, datetime | None]:
    return decision.due_at, decision.review_at
