"""Lawful disposal before a period ends: asked for by one person, approved by others, then carried out.

Between the last approval and the disposal lie the policy's days of grace, in which it can still be refused or
withdrawn; who asks may ask for none where the law allows no delay, and everybody who approves sees that. Holds,
incidents and exhibits block it exactly as they block disposal, at every step and again, with the recording's row
locked, when it is carried out. Carrying out is apart from the last approval: a kill between leaves an approved request,
which the next worker carries out, or nobody if it runs out first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, QuerySet, Sum

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import Conflict, Invalid, NotFound
from tabard.kernel.text import required
from tabard.media.models import Derivative
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.recordings.models import Bookmark, Clip, Recording, Segment
from tabard.retention import agreeing, brake, known_time, policies, selectors
from tabard.retention.agreeing import Kept
from tabard.retention.disposing import Ground, dispose_of, locked
from tabard.retention.models import EarlyDisposal
from tabard.retention.policy import PolicyUnusable, default_policy
from tabard.retention.quorum import LIVES, Act, State
from tabard.vault.models import SealedObject

RULE = "early-disposal"
_LONGEST_REASON = 500
_CLOSED_BY = {Act.REFUSE: Action.EARLY_DISPOSAL_APPROVE, Act.WITHDRAW: Action.EARLY_DISPOSAL_REQUEST}


@dataclass(frozen=True, slots=True)
class Gone:
    """What an early disposal makes unreadable for good."""

    segments: int
    clips: int
    derivatives: int
    bookmarks: int
    objects: int
    size_bytes: int


def request(
    *, recording: Recording, basis: str, reason: str, at_once: bool = False, viewer: Viewer, at: datetime
) -> EarlyDisposal:
    """Others can approve the recording's early disposal for the next 14 days.

    Args:
        recording: What is to go.
        basis: What in law requires it, an `EarlyDisposal.Basis`.
        reason: What was ordered or found, with its reference.
        at_once: Whether the law allows no days of grace.
        viewer: Who asks.
        at: Now.

    Raises:
        Denied: when the viewer may not ask for it.
        Invalid: when the basis is unknown or no reason is given.
        Kept: when a hold, an incident or an exhibit keeps the recording.
        Conflict: when it is disposed of, or asked for already.
    """
    check_can(viewer, Action.EARLY_DISPOSAL_REQUEST, recording)
    if basis not in EarlyDisposal.Basis.values:
        raise Invalid("Choose what in law requires it.", field="basis")
    why = required(reason, "reason", _LONGEST_REASON, "Say what was ordered or found, with its reference.")
    with transaction.atomic():
        _check_free(locked(recording.id))
        if EarlyDisposal.objects.filter(recording=recording, state__in=agreeing.OPEN).exists():
            raise Conflict("The early disposal of this recording is asked for already.")
        fields = agreeing.opening(reason=why, account_id=viewer.account_id, at=at)
        asked = EarlyDisposal.objects.create(recording=recording, basis=basis, at_once=at_once, **fields)
        details = {"basis": basis, "reason": why, "at_once": at_once}
        _log(EventKind.EARLY_DISPOSAL_REQUESTED, asked, viewer.actor, at, details)
    return asked


def approve(*, request_id: UUID, viewer: Viewer, at: datetime) -> EarlyDisposal:
    """The viewer has approved; once the quorum is complete the recording goes, after the days of grace.

    Raises:
        NotFound, Denied: there is no such request, or the viewer may not approve it.
        NotAllowedNow: they asked for it, approved it before, or it is over.
        Kept: when something keeps the recording.
    """
    with transaction.atomic():
        asked, recording = _both_locked(request_id)
        check_can(viewer, Action.EARLY_DISPOSAL_APPROVE, recording)
        _check_free(recording)
        details: dict[str, object] = {}
        if agreeing.approve(asked, account_id=viewer.account_id, at=at) is State.APPROVED:
            executes_at = _set_day(asked, at)
            details["executes_at"] = executes_at.isoformat()
        details["still_missing"] = agreeing.still_missing(asked)
        _log(EventKind.EARLY_DISPOSAL_APPROVED, asked, viewer.actor, at, details)
    return asked


def agree(*, request_id: UUID, viewer: Viewer, at: datetime) -> EarlyDisposal:
    """`approve`, and `carry_out` where that was the last that was needed and the law allows no delay.

    Returns the request as it is then.

    Raises:
        What both raise; a request that was approved stays so.
    """
    asked = approve(request_id=request_id, viewer=viewer, at=at)
    if asked.state == State.APPROVED and asked.at_once:
        carry_out(request_id=request_id, by=viewer.actor, at=at)
        asked.refresh_from_db()
    return asked


def refuse(*, request_id: UUID, reason: str, viewer: Viewer, at: datetime) -> EarlyDisposal:
    """One refusal is enough: the request is over.

    Raises:
        NotFound, Denied, NotAllowedNow.
        Invalid: when no reason is given.
    """
    return _closed(request_id, Act.REFUSE, reason, viewer, at)


def withdraw(*, request_id: UUID, reason: str, viewer: Viewer, at: datetime) -> EarlyDisposal:
    """Who asked for it no longer does: the request is over.

    Raises:
        NotFound, Denied, NotAllowedNow.
        Invalid: when no reason is given.
    """
    return _closed(request_id, Act.WITHDRAW, reason, viewer, at)


def carry_out(*, request_id: UUID, by: Actor, at: datetime) -> bool:
    """The recording is disposed of, if the quorum is complete and its day has come; False when it was before.

    Its bytes are removed later.

    Raises:
        NotFound.
        NotAllowedNow: not enough people have approved, the request is over, or the days of grace are not.
        Kept: when something keeps the recording; the request stays approved until it runs out.
    """
    with transaction.atomic():
        asked, recording = _both_locked(request_id)
        if asked.state == State.EXECUTED:
            return False
        _check_free(recording)
        agreeing.close(asked, Act.EXECUTE, account_id=None, at=at)
        dispose_of(grounds={recording.id: _ground(asked, at)}, by=by, at=at)
    return True


def look_after(*, by: Actor, at: datetime, database_at: datetime | None = None) -> tuple[int, int]:
    """What was approved and whose day has come is carried out, and what ran out is closed; returns how many of each.

    Where the clock is doubtful nothing is: a clock that jumped would cut the days of grace short.

    Args:
        by: Who looks.
        at: Now.
        database_at: Now by the database's clock, where that is to be compared.
    """
    if brake.doubt(known_time.clock(at, database_at)):
        return 0, 0
    waiting = EarlyDisposal.objects.filter(state=State.APPROVED, executes_at__lte=at, expires_at__gt=at)
    done = sum(_carried_out(request_id, by, at) for request_id in waiting.values_list("id", flat=True))
    over = EarlyDisposal.objects.filter(state__in=agreeing.OPEN, expires_at__lte=at)
    return done, sum(_expired(request_id, by, at) for request_id in over.values_list("id", flat=True))


def get(viewer: Viewer, request_id: UUID, action: Action = Action.EARLY_DISPOSAL_VIEW) -> EarlyDisposal:
    """The request, if the viewer may do the action to its recording.

    Raises:
        NotFound, Denied.
    """
    found = _with_names().filter(id=request_id).first()
    if found is None:
        raise NotFound("There is no such request.", request=str(request_id))
    check_can(viewer, action, found.recording)
    return found


def listed(viewer: Viewer) -> list[EarlyDisposal]:
    """The requests, those that can still be decided first, then the newest of the others.

    Raises:
        Denied.
    """
    check_can(viewer, Action.EARLY_DISPOSAL_VIEW)
    opened = _with_names().filter(state__in=agreeing.OPEN).order_by("expires_at")
    closed = _with_names().exclude(state__in=agreeing.OPEN).order_by("-closed_at")
    return [*opened, *closed[:50]]


def open_request_of(recording_id: UUID) -> EarlyDisposal | None:
    """The request about a recording that can still be decided, if there is one."""
    return _with_names().filter(recording_id=recording_id, state__in=agreeing.OPEN).first()


def grace(at: datetime) -> timedelta:
    """How long after its last approval a recording goes, where the law allows it: as everything that is on the list."""
    try:
        days = policies.current(at).grace_days
    except PolicyUnusable:
        days = default_policy().grace_days
    return timedelta(days=days)


def gone(recording: Recording) -> Gone:
    """What would be gone."""
    objects = SealedObject.objects.filter(id__in=selectors.object_ids(recording.id))
    sums = objects.aggregate(count=Count("id"), size_bytes=Sum("size_bytes"))
    return Gone(
        segments=Segment.objects.filter(recording=recording).count(),
        clips=Clip.objects.filter(segment__recording=recording).count(),
        derivatives=Derivative.objects.filter(segment__recording=recording).count(),
        bookmarks=Bookmark.objects.filter(recording=recording).count(),
        objects=sums["count"],
        size_bytes=sums["size_bytes"] or 0,
    )


def keeps(recording: Recording) -> tuple[str, ...]:
    """What keeps the recording, in words; only what is empty can be disposed of early."""
    return selectors.facts_of(recording).held_by


def _with_names() -> QuerySet[EarlyDisposal]:
    names = ("recording__officer", "recording__unit", "requested_by", "closed_by")
    return EarlyDisposal.objects.select_related(*names).prefetch_related("approvals__approved_by")


def _both_locked(request_id: UUID) -> tuple[EarlyDisposal, Recording]:
    """The request and its recording, the recording's row locked first, as everywhere."""
    recording_id = EarlyDisposal.objects.filter(id=request_id).values_list("recording_id", flat=True).first()
    if recording_id is None:
        raise NotFound("There is no such request.", request=str(request_id))
    recording = locked(recording_id)
    return EarlyDisposal.objects.select_for_update().get(id=request_id), recording


def _check_free(recording: Recording) -> None:
    if recording.disposed_at is not None:
        raise Conflict("This recording was disposed of already.")
    kept_by = keeps(recording)
    if kept_by:
        raise Kept(f"The recording must be kept: {'; '.join(kept_by)}.", recording=str(recording.id))


def _closed(request_id: UUID, act: Act, reason: str, viewer: Viewer, at: datetime) -> EarlyDisposal:
    with transaction.atomic():
        asked, recording = _both_locked(request_id)
        check_can(viewer, _CLOSED_BY[act], recording)
        why = required(reason, "reason", 300, "Say why.")
        agreeing.close(asked, act, account_id=viewer.account_id, at=at, reason=why)
        _log_closing(asked, act, viewer.actor, at, why)
    return asked


def _set_day(asked: EarlyDisposal, at: datetime) -> datetime:
    """When it goes is settled, and it does not run out before; returns when."""
    executes_at = at if asked.at_once else at + grace(at)
    asked.executes_at, asked.expires_at = executes_at, max(asked.expires_at, executes_at + LIVES)
    asked.save(update_fields=["executes_at", "expires_at"])
    return executes_at


def _carried_out(request_id: UUID, by: Actor, at: datetime) -> bool:
    try:
        return carry_out(request_id=request_id, by=by, at=at)
    except Conflict:  # held meanwhile: it stays approved until it runs out
        return False


def _expired(request_id: UUID, by: Actor, at: datetime) -> bool:
    with transaction.atomic():
        asked, _ = _both_locked(request_id)
        if not asked.is_open:
            return False
        agreeing.close(asked, Act.EXPIRE, account_id=None, at=at)
        _log_closing(asked, Act.EXPIRE, by, at, "")
    return True


def _ground(asked: EarlyDisposal, at: datetime) -> Ground:
    basis, due_at = asked.get_basis_display(), asked.executes_at or at
    people = [approval.approved_by.display_name for approval in asked.approvals.select_related("approved_by")]
    return Ground(
        rule=RULE,
        reason=f"Before its period ended: {basis}. Asked for by {asked.requested_by.display_name}, "
        f"approved by {', '.join(people)}.",
        due_at=due_at,
        details={
            "rule": RULE,
            "basis": asked.basis,
            "at_once": asked.at_once,
            "due_at": due_at.isoformat(),
            "scheduled_at": asked.requested_at.isoformat(),
            "request": str(asked.id),
        },
    )


def _log_closing(asked: EarlyDisposal, act: Act, by: Actor, at: datetime, reason: str) -> None:
    details = {"outcome": agreeing.CLOSINGS[act], "reason": reason}
    _log(EventKind.EARLY_DISPOSAL_REFUSED, asked, by, at, details)


def _log(
    kind: EventKind, asked: EarlyDisposal, by: Actor, at: datetime, details: Mapping[str, object]
) -> None:
    custody.append(
        kind=kind,
        subject=Subject("recording", asked.recording_id),
        at=at,
        by=by,
        details={"request": str(asked.id), **details},
    )
