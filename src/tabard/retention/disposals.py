"""What was disposed of: when, under which rule, and by which run? For those who look after disposal.

Days are the force's own. A rule is named as the newest policy that has it names it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.utils import timezone

from tabard.kernel.cells import sheet_lines
from tabard.kernel.errors import NotFound
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.retention import early_disposal, policies, replaying
from tabard.retention.models import Disposal, DisposalRun

HEADINGS = (
    *("recording", "received_at", "bytes", "rule", "due_at", "disposed_of_at", "removed_at"),
    *("run", "policy_version"),
)
_AT_ONCE = 2_000
_OF_NO_POLICY = {
    early_disposal.RULE: "Early disposal",
    replaying.RULE: "Disposed of again after a restore",
}


@dataclass(frozen=True, slots=True)
class DisposalFilter:
    """Which disposals to list: from one day to another, both included; what is empty narrows nothing."""

    since: date | None = None
    until: date | None = None
    rule: str = ""
    run_id: UUID | None = None


def disposals(viewer: Viewer, wanted: DisposalFilter | None = None) -> QuerySet[Disposal]:
    """The disposals of the filter, newest first.

    Raises:
        Denied: when the viewer may see none.
    """
    check_can(viewer, Action.EARLY_DISPOSAL_VIEW)
    rows = Disposal.objects.select_related("recording", "run").order_by("-executed_at", "-recording")
    return _narrowed(rows, wanted or DisposalFilter())


def get(viewer: Viewer, recording_id: UUID) -> Disposal:
    """The disposal of the recording.

    Raises:
        NotFound: when it was not disposed of.
        Denied: when the viewer may not see disposals, or not of this recording.
    """
    rows = Disposal.objects.select_related("recording__officer", "recording__unit", "run")
    found = rows.filter(recording=recording_id).first()
    if found is None:
        raise NotFound("This recording was not disposed of.", recording=str(recording_id))
    check_can(viewer, Action.EARLY_DISPOSAL_VIEW, found.recording)
    return found


def size_bytes(rows: QuerySet[Disposal]) -> int:
    """How many bytes of footage these were."""
    return rows.aggregate(total=Sum("recording__size_bytes"))["total"] or 0


def rule_names() -> dict[str, str]:
    """What the rules are called under which something may have been disposed of, by their codes."""
    return {**policies.rule_names(), **_OF_NO_POLICY}


def sheet(rows: QuerySet[Disposal]) -> Iterator[str]:
    """The disposals as the lines of a CSV file; memory stays flat."""
    return sheet_lines(HEADINGS, map(_cells, rows.iterator(_AT_ONCE)))


def _cells(disposal: Disposal) -> list[object]:
    recording, run = disposal.recording, disposal.run
    return [
        disposal.pk,
        recording.received_at.isoformat(),
        recording.size_bytes,
        disposal.rule,
        disposal.due_at.isoformat(),
        disposal.executed_at.isoformat(),
        disposal.removed_at and disposal.removed_at.isoformat(),
        run and run.pk,
        run and run.policy_version,
    ]


def _narrowed(rows: QuerySet[Disposal], wanted: DisposalFilter) -> QuerySet[Disposal]:
    if wanted.since is not None:
        rows = rows.filter(executed_at__gte=_midnight(wanted.since))
    if wanted.until is not None:
        rows = rows.filter(executed_at__lt=_midnight(wanted.until + timedelta(days=1)))
    if wanted.rule:
        rows = rows.filter(rule=wanted.rule)
    if wanted.run_id is not None:
        begun = DisposalRun.objects.filter(pk=wanted.run_id).values("started_at")
        rows = rows.filter(
            run=wanted.run_id, executed_at__gte=begun
        )  # there is an index by time, and none by run
    return rows


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_default_timezone())
