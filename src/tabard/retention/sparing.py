"""Why did a recording come off the list of what will be disposed of? What kept it when its turn came, as it was then.

Nobody is shown their own footage among these, as what keeps it may be a hold that is about them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.retention.models import DisposalRun, SparedDisposal
from tabard.retention.rules import Facts, Policy, decide


def note(run: DisposalRun, kept: Mapping[UUID, Facts], policies: Sequence[Policy], at: datetime) -> None:
    """What keeps each of these is known when the caller's transaction ends, in which they come off the list.

    Args:
        run: The run that spares them.
        kept: Their facts, by which at least one of the policies keeps them.
        policies: The run's own, and what was adopted since.
        at: Now.
    """
    SparedDisposal.objects.bulk_create(
        SparedDisposal(recording_id=recording_id, run=run, at=at, reason=_reason(facts, policies, run.as_of))
        for recording_id, facts in kept.items()
    )


def spared(viewer: Viewer, run: DisposalRun | None = None) -> QuerySet[SparedDisposal]:
    """What came off the list, newest first; of one run where it is given.

    Raises:
        Denied: when the viewer may not see disposals.
    """
    check_can(viewer, Action.EARLY_DISPOSAL_VIEW)
    rows = SparedDisposal.objects.select_related("recording__officer", "recording__unit", "run")
    if viewer.officer_id is not None:
        rows = rows.filter(~Q(recording__officer=viewer.officer_id) | Q(recording__officer__isnull=True))
    return (rows if run is None else rows.filter(run=run)).order_by("-at", "-id")


def _reason(facts: Facts, policies: Sequence[Policy], as_of: datetime) -> str:
    decided = [decide(facts, policy) for policy in policies]
    return next(each.reason for each in decided if not each.is_due(as_of))
