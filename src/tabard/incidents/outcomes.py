"""How did an incident end? Somebody states it; that decides how long its footage is kept.

An incident is open until then, and again once it is reopened. Nothing stated is ever changed: what was stated last
counts, and counts from our clock's time of stating it. It ends what held the footage, so it is for investigators and
those who answer for records, never for the officer who filmed it.
"""

from datetime import date, datetime

from django.db import transaction

from tabard.custody import services as custody
from tabard.custody.actors import Subject
from tabard.custody.kinds import EventKind
from tabard.incidents.models import Incident, Outcome
from tabard.incidents.rules import OutcomeKind
from tabard.kernel.errors import Conflict, Invalid
from tabard.kernel.text import required
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.recordings.keeping import keep_many


def state(
    *,
    incident: Incident,
    kind: str,
    decided_date: date,
    reason: str,
    viewer: Viewer,
    at: datetime,
    in_custody: bool = False,
    release_date: date | None = None,
) -> Outcome:
    """How the incident ended is stated when this returns; no run that is under way misses that it was reopened.

    Args:
        incident: The incident.
        kind: An `OutcomeKind`.
        decided_date: The day of the decision or verdict; not in the future.
        reason: Where that is known from.
        viewer: Who states it.
        at: Now.
        in_custody: Whether the sentence keeps somebody in custody; only after a conviction.
        release_date: When that ends, where it is known.

    Raises:
        Denied: when the viewer may not state it.
        Invalid: when a field cannot be accepted; `fields["field"]` names it.
        Conflict: when an incident that is open is to be reopened.
    """
    check_can(viewer, Action.OUTCOME_STATE, incident)
    _check(kind, decided_date, at, in_custody=in_custody, release_date=release_date)
    why = required(reason, "reason", 300, "Say where that is known from.")
    with transaction.atomic():
        keep_many()
        if kind == OutcomeKind.REOPENED and latest(incident) is None:
            raise Conflict("The incident is open; it cannot be reopened.", field="kind")
        stated = Outcome.objects.create(
            incident=incident,
            kind=kind,
            decided_date=decided_date,
            in_custody=in_custody or release_date is not None,
            release_date=release_date,
            reason=why,
            stated_at=at,
            stated_by_id=viewer.account_id,
        )
        custody.append(
            kind=EventKind.INCIDENT_OUTCOME_STATED,
            subject=Subject("incident", incident.id),
            at=at,
            by=viewer.actor,
            details={
                "outcome": kind,
                "decided": decided_date.isoformat(),
                "in_custody": stated.in_custody,
                "release": release_date.isoformat() if release_date else None,
                "reason": why,
            },
        )
    return stated


def latest(incident: Incident) -> Outcome | None:
    """How the incident ended as last stated; None while it is open."""
    found = Outcome.objects.filter(incident=incident).order_by("-stated_at", "-id").first()
    return None if found is None or found.kind == OutcomeKind.REOPENED else found


def _check(
    kind: str, decided_date: date, at: datetime, *, in_custody: bool, release_date: date | None
) -> None:
    """Return only if such an outcome can be.

    Raises:
        Invalid.
    """
    if kind not in set(OutcomeKind):
        raise Invalid("Choose how the incident ended.", field="kind")
    if decided_date > at.date():
        raise Invalid("The day of the decision is in the future.", field="decided_date")
    if (in_custody or release_date) and kind != OutcomeKind.CONVICTED:
        raise Invalid("Only a conviction can keep somebody in custody.", field="in_custody")
    if release_date is not None and release_date < decided_date:
        raise Invalid("The release is before the conviction.", field="release_date")
