"""What keeps footage whatever its period says, until somebody says that it is no longer needed?

A hold on one recording locks its row, as disposal does. A hold that covers much, or what is still to come, takes
`keep_many`: no batch of a disposal run is under way when it is placed, and the next one sees it. Either way a hold that
was placed wins over everything that is not disposed of yet.

A hold never ends by itself: on its review date its owner is asked. Who may see it is decided in `hold_views`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.incidents.models import Incident
from tabard.kernel.errors import Conflict, Denied, Invalid
from tabard.kernel.text import required
from tabard.people.authorisation import Viewer, can, check_can
from tabard.people.models import Account, Officer
from tabard.people.rules import Action
from tabard.people.selectors import viewer_of
from tabard.recordings.keeping import keep_many
from tabard.recordings.models import Recording
from tabard.retention.hold_rules import chosen_review, days_covered, first_review
from tabard.retention.models import Hold

LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class OfficerPeriod:
    """Whatever may have been filmed by an officer from one day to another, both included, by the force's own days."""

    officer: Officer
    from_date: date
    to_date: date


Held = Recording | Incident | OfficerPeriod


def place(
    *, on: Held, kind: str, reason: str, viewer: Viewer, at: datetime, review_date: date | None = None
) -> Hold:
    """What the hold covers cannot be disposed of once this returns, until it is released; the viewer owns it.

    Args:
        on: A recording; an incident, for whatever is linked to it now or later; or an officer and a period.
        kind: Why, as `Hold.Kind`.
        reason: Why, in words: the complaint's or claim's number.
        viewer: Who places it.
        at: Now.
        review_date: When its owner is asked whether it is still needed; by default as its kind says.

    Raises:
        Denied: when the viewer may not place holds, or not this one.
        Invalid: when a field cannot be accepted; `fields["field"]` names it.
        Conflict: when the recording was disposed of already.
    """
    hold = drafted(on=on, kind=kind, viewer=viewer, at=at)
    hold.reason = required(reason, "reason", LONGEST_REASON, "Say why it must be kept.")
    if review_date is not None:
        hold.review_date = chosen_review(review_date, day_of(at))
    with transaction.atomic():
        _wait_for_disposal(hold)
        hold.save(force_insert=True)
        _log(EventKind.HOLD_PLACED, hold, viewer.actor, at, reason=hold.reason, **_covers(hold))
    return hold


def release(*, hold: Hold, reason: str, viewer: Viewer, at: datetime) -> Hold:
    """The hold keeps nothing any more; other holds, links and exhibits still may.

    Raises:
        Denied: when the viewer may not release it.
        Invalid: when no reason is given.
        Conflict: when it was released already.
    """
    why = required(reason, "reason", LONGEST_REASON, "Say why the hold is no longer needed.")
    with transaction.atomic():
        current = _in_force(hold, viewer)
        current.released_at, current.released_by_id, current.released_reason = at, viewer.account_id, why
        current.save(update_fields=["released_at", "released_by", "released_reason"])
        _log(EventKind.HOLD_RELEASED, current, viewer.actor, at, reason=why)
    return current


def review(*, hold: Hold, review_date: date, reason: str, viewer: Viewer, at: datetime) -> Hold:
    """Somebody looked at the hold and keeps it on; its owner is asked again on that day.

    Raises:
        Denied: when the viewer may not place holds.
        Invalid: when no reason is given, or the day is not after today or more than a year away.
        Conflict: when it was released.
    """
    why = required(reason, "reason", LONGEST_REASON, "Say why the hold is still needed.")
    day = chosen_review(review_date, day_of(at))
    with transaction.atomic():
        current = _in_force(hold, viewer)
        before = current.review_date
        current.review_date, current.review_noted_at = day, None
        current.save(update_fields=["review_date", "review_noted_at"])
        moved = {"review_date": day.isoformat(), "before": before.isoformat() if before else None}
        _log(EventKind.HOLD_REVIEWED, current, viewer.actor, at, reason=why, **moved)
    return current


def hand_over(*, hold: Hold, owner: Account, reason: str, viewer: Viewer, at: datetime) -> Hold:
    """The hold is the new owner's, who is asked from now on.

    Raises:
        Denied: when the viewer may not place holds.
        Invalid: when no reason is given, or the new owner could not place this hold themselves.
        Conflict: when it was released, or is theirs already.
    """
    why = required(reason, "reason", LONGEST_REASON, "Say why somebody else owns the hold now.")
    with transaction.atomic():
        current = _in_force(hold, viewer)
        if current.owner_id == owner.id:
            raise Conflict(f"{owner.display_name} owns the hold already.", field="owner")
        _check_can_own(owner, current, at)
        before = current.owner_id
        current.owner = owner
        current.save(update_fields=["owner"])
        changed = {"owner": str(owner.id), "before": str(before) if before else None}
        _log(EventKind.HOLD_HANDED_OVER, current, viewer.actor, at, reason=why, **changed)
    return current


def note_reviews(*, by: Actor, at: datetime) -> int:
    """Each hold in force whose review date has come is noted in the log, once for the date; returns how many.

    Nothing is released by it. Killed midway, the next round notes the others.
    """
    come = Hold.objects.filter(
        released_at__isnull=True, review_noted_at__isnull=True, review_date__lte=day_of(at)
    )
    return sum(_noted(hold_id, by, at) for hold_id in come.order_by("id").values_list("id", flat=True))


def drafted(*, on: Held, kind: str, viewer: Viewer, at: datetime) -> Hold:
    """The hold as it would be placed, not saved, if the viewer may place it and the kind is one that people give.

    Raises:
        Denied, Invalid: as `place`.
    """
    _check_may_place(on, viewer)
    if kind not in Hold.Kind.values or kind == Hold.Kind.RESTORED:
        raise Invalid("Choose why it is held.", field="kind")
    return Hold(
        kind=kind,
        placed_at=at,
        placed_by_id=viewer.account_id,
        owner_id=viewer.account_id,
        review_date=first_review(kind, day_of(at)),
        **_fields(on),
    )


def day_of(at: datetime) -> date:
    """The force's own day at the instant."""
    return timezone.localdate(at, timezone.get_default_timezone())


def _fields(on: Held) -> dict[str, Any]:
    if isinstance(on, Recording):
        return {"scope": Hold.Scope.ITEM, "recording": on}
    if isinstance(on, Incident):
        return {"scope": Hold.Scope.INCIDENT, "incident": on}
    from_at, to_at = days_covered(on.from_date, on.to_date, timezone.get_default_timezone())
    return {
        "scope": Hold.Scope.OFFICER,
        "officer": on.officer,
        "period_from_at": from_at,
        "period_to_at": to_at,
    }


def _check_may_place(on: Held, viewer: Viewer) -> None:
    if not isinstance(on, OfficerPeriod):
        check_can(viewer, Action.HOLD_PLACE, on)
        return
    check_can(viewer, Action.HOLD_PLACE)
    if on.officer.id == viewer.officer_id:
        raise Denied("Somebody else must hold your own footage.", action=Action.HOLD_PLACE.value, item=None)


def _wait_for_disposal(hold: Hold) -> None:
    """Return once nothing that the hold covers is being disposed of, and nothing can be until it is placed.

    Raises:
        Conflict: when the one recording is gone.
    """
    if hold.recording_id is None:
        keep_many()
    elif Recording.objects.select_for_update().get(id=hold.recording_id).disposed_at is not None:
        raise Conflict("This recording was disposed of; it cannot be held.")


def _in_force(hold: Hold, viewer: Viewer) -> Hold:
    """The hold with its row locked, for the viewer to change.

    Raises:
        Denied, Conflict.
    """
    current = Hold.objects.select_for_update().get(id=hold.id)
    check_can(viewer, Action.HOLD_PLACE)
    if current.officer_id is not None and current.officer_id == viewer.officer_id:
        raise Denied("This hold is not yours to change.", action=Action.HOLD_PLACE.value, item=None)
    if current.released_at is not None:
        raise Conflict("The hold was released already.")
    return current


def _check_can_own(owner: Account, hold: Hold, at: datetime) -> None:
    asked = viewer_of(owner, at)
    if not can(asked, Action.HOLD_PLACE) or (hold.officer_id and hold.officer_id == asked.officer_id):
        raise Invalid("The new owner must be somebody who may place this hold.", field="owner")


def _noted(hold_id: UUID, by: Actor, at: datetime) -> bool:
    with transaction.atomic():
        hold = Hold.objects.select_for_update().get(id=hold_id)
        if hold.released_at is not None or hold.review_noted_at is not None or hold.review_date is None:
            return False
        if hold.review_date > day_of(at):
            return False
        hold.review_noted_at = at
        hold.save(update_fields=["review_noted_at"])
        _log(EventKind.HOLD_REVIEW_CAME_DUE, hold, by, at, review_date=hold.review_date.isoformat())
    return True


def _subject(hold: Hold) -> Subject:
    """What the hold's events are about, as it stands in leaves that anybody may read.

    A restore holds again by it. An officer's is the hold itself: whoever knows their own id must not find it there.
    """
    if hold.recording_id is not None:
        return Subject("recording", hold.recording_id)
    return Subject("incident", hold.incident_id) if hold.incident_id else Subject("hold", hold.id)


def _covers(hold: Hold) -> dict[str, Any]:
    found: dict[str, Any] = {"scope": str(hold.scope)}
    found["review_date"] = hold.review_date.isoformat() if hold.review_date else None
    if hold.officer_id and hold.period_from_at and hold.period_to_at:
        found |= {
            "officer": str(hold.officer_id),
            "from": hold.period_from_at.isoformat(),
            "to": hold.period_to_at.isoformat(),
        }
    return found


def _log(kind: EventKind, hold: Hold, by: Actor, at: datetime, **more: Any) -> None:
    custody.append(
        kind=kind,
        subject=_subject(hold),
        at=at,
        by=by,
        details={"hold": str(hold.id), "kind": str(hold.kind), **more},
    )
