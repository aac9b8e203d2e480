"""How does a run that stopped go on? Two people look at what it found, and say so; then the next run is that one.

The first asks for it with a reason, the others approve; the rules are those of everything that several people agree to
(`quorum`). Only the newest run that stopped can be released: an older one would say what is no longer so.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from tabard.custody import services as custody
from tabard.custody.actors import Subject
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import Conflict, NotFound
from tabard.kernel.text import required
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.retention import agreeing
from tabard.retention.models import DisposalRun, RunRelease, ScheduledDisposal
from tabard.retention.quorum import Act


def approve(*, run_id: UUID, reason: str, viewer: Viewer, at: datetime) -> RunRelease:
    """The viewer has agreed that the run goes on; with the last who must, the next run is this one.

    Args:
        run_id: The run that stopped.
        reason: What they looked at; the first must say it.
        viewer: Who agrees.
        at: Now.

    Raises:
        NotFound, Denied.
        Invalid: when the first gives no reason.
        Conflict: when it did not stop, or a later run has stopped since.
        NotAllowedNow: they have had their say.
    """
    check_can(viewer, Action.EARLY_DISPOSAL_APPROVE)
    with transaction.atomic():
        stopped = _stopped(run_id)
        release = RunRelease.objects.filter(run=stopped, state__in=agreeing.OPEN).first()
        if release is not None and release.expires_at <= at:
            agreeing.close(release, Act.EXPIRE, account_id=None, at=at)
            release = None
        if release is None:
            why = required(reason, "reason", 500, "Say why what the run found is right.")
            release = RunRelease.objects.create(
                run=stopped, **agreeing.opening(reason=why, account_id=viewer.account_id, at=at)
            )
        else:
            agreeing.approve(release, account_id=viewer.account_id, at=at)
        details = {
            "reason": reason.strip(),
            "still_missing": agreeing.still_missing(release),
            "to_schedule": stopped.to_schedule,
            "to_dispose": stopped.to_dispose,
        }
        _log(EventKind.DISPOSAL_RUN_APPROVED, stopped, viewer, at, details)
    return release


def refuse(*, run_id: UUID, reason: str, viewer: Viewer, at: datetime) -> RunRelease:
    """One refusal is enough: the run does not go on, unless somebody asks for it again.

    Raises:
        NotFound, Denied, NotAllowedNow.
        Invalid: when no reason is given.
        Conflict: when nobody has asked for it.
    """
    check_can(viewer, Action.EARLY_DISPOSAL_APPROVE)
    why = required(reason, "reason", 300, "Say why.")
    with transaction.atomic():
        stopped = _stopped(run_id)
        release = RunRelease.objects.filter(run=stopped, state__in=agreeing.OPEN).first()
        if release is None:
            raise Conflict("Nobody has asked that this run go on; as it is, it does nothing.")
        agreeing.close(release, Act.REFUSE, account_id=viewer.account_id, at=at, reason=why)
        _log(EventKind.DISPOSAL_RUN_REFUSED, stopped, viewer, at, {"reason": why})
    return release


def listed(viewer: Viewer) -> QuerySet[DisposalRun]:
    """The runs, newest first.

    Raises:
        Denied.
    """
    check_can(viewer, Action.EARLY_DISPOSAL_VIEW)
    return DisposalRun.objects.order_by("-started_at", "-id")


def get(viewer: Viewer, run_id: UUID) -> DisposalRun:
    """The run.

    Raises:
        NotFound, Denied.
    """
    found = listed(viewer).filter(pk=run_id).first()
    if found is None:
        raise NotFound("There is no such disposal run.", run=str(run_id))
    return found


def releases_of(run: DisposalRun) -> list[RunRelease]:
    """What was asked and agreed to about a run, newest first."""
    rows = RunRelease.objects.filter(run=run).select_related("requested_by", "closed_by")
    return list(rows.prefetch_related("approvals__approved_by").order_by("-requested_at"))


def stopped_now() -> DisposalRun | None:
    """The newest run, if it stopped and nobody has released it."""
    newest = DisposalRun.objects.order_by("-started_at", "-id").first()
    is_stopped = newest is not None and newest.state == DisposalRun.State.STOPPED
    return newest if is_stopped else None


def on_the_list(viewer: Viewer) -> QuerySet[ScheduledDisposal]:
    """What will be disposed of unless something keeps it, soonest first.

    Raises:
        Denied.
    """
    check_can(viewer, Action.EARLY_DISPOSAL_VIEW)
    rows = ScheduledDisposal.objects.select_related("recording__officer", "recording__unit")
    return rows.order_by("executes_at", "recording")


def _stopped(run_id: UUID) -> DisposalRun:
    found = DisposalRun.objects.select_for_update().filter(pk=run_id).first()
    if found is None:
        raise NotFound("There is no such disposal run.", run=str(run_id))
    if found.state != DisposalRun.State.STOPPED:
        raise Conflict(
            f"The run is {found.get_state_display().lower()}; only one that stopped can be released."
        )
    if DisposalRun.objects.filter(state=found.state).order_by("-started_at", "-id").first() != found:
        raise Conflict("A later run has stopped since; look at what that one found.")
    return found


def _log(kind: EventKind, run: DisposalRun, viewer: Viewer, at: datetime, details: dict[str, object]) -> None:
    custody.append(
        kind=kind, subject=Subject("disposal_run", run.pk), at=at, by=viewer.actor, details=details
    )
