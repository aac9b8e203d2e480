"""What happened, and which footage shows it? Incidents come from other systems; links are made by people."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from tabard.custody import services as custody
from tabard.custody.actors import Subject
from tabard.custody.kinds import EventKind
from tabard.incidents.models import Incident, Link
from tabard.incidents.rules import normal_reference
from tabard.kernel.errors import Conflict, Invalid
from tabard.kernel.text import optional, required
from tabard.people.access import reason_details
from tabard.people.authorisation import Viewer, check_can
from tabard.people.models import Unit
from tabard.people.rules import Action
from tabard.recordings.models import Recording


def record(
    *,
    kind: str,
    reference: str,
    title: str,
    start_at: datetime,
    end_at: datetime | None,
    place: str,
    unit: Unit | None,
    viewer: Viewer,
    at: datetime,
) -> Incident:
    """The incident is known here by its reference when this returns.

    Raises:
        Denied: when the viewer may not record incidents.
        Invalid: when a field cannot be accepted; `fields["field"]` names it.
        Conflict: when an incident of this kind and reference is known already.
    """
    check_can(viewer, Action.INCIDENT_RECORD)
    if kind not in Incident.Kind.values:
        raise Invalid("Choose what kind of incident it is.", field="kind")
    if end_at is not None and end_at < start_at:
        raise Invalid("The end is before the start.", field="end_at")
    incident = Incident(
        kind=kind,
        reference=normal_reference(reference),
        title=required(title, "title", 160, "Say in a few words what happened."),
        start_at=start_at,
        end_at=end_at,
        place=optional(place, "place", 160),
        unit=unit,
        officer_id=viewer.officer_id,
        recorded_at=at,
    )
    with transaction.atomic():
        _insert(incident)
        custody.append(
            kind=EventKind.INCIDENT_RECORDED,
            subject=Subject("incident", incident.id),
            at=at,
            by=viewer.actor,
            details={"kind": incident.kind, "reference": incident.reference},
        )
    return incident


def link(*, incident: Incident, recording: Recording, viewer: Viewer, at: datetime, reason: str = "") -> Link:
    """The recording is linked to the incident when this returns; from now on the link holds it from disposal.

    Raises:
        Denied: when the viewer may not link this recording, or not see this incident.
        Conflict: when the recording was disposed of, or is linked to the incident already.
    """
    check_can(viewer, Action.INCIDENT_VIEW, incident)
    check_can(viewer, Action.INCIDENT_LINK, recording)
    why = optional(reason, "reason", 200)
    with transaction.atomic():
        kept = Recording.objects.select_for_update().get(id=recording.id)
        if kept.disposed_at is not None:
            raise Conflict("This recording was disposed of; it cannot be linked.")
        made, is_new = Link.objects.get_or_create(
            incident=incident,
            recording=recording,
            defaults={"linked_at": at, "linked_by_id": viewer.account_id, "reason": why},
        )
        if not is_new:
            raise Conflict("The recording is linked to this incident already.", incident=incident.reference)
        _log_link(EventKind.INCIDENT_LINKED, incident, recording.id, viewer, at)
    return made


def unlink(*, incident: Incident, recording: Recording, viewer: Viewer, at: datetime, reason: str) -> None:
    """The link is gone when this returns; that it was there stays in the log.

    Raises:
        Denied: when the viewer may not link this recording.
        Invalid: when no reason is given.
        Conflict: when there is no such link.
    """
    check_can(viewer, Action.INCIDENT_LINK, recording)
    why = required(reason, "reason", 200, "Say why the link was wrong.")
    with transaction.atomic():
        removed, _ = Link.objects.filter(incident=incident, recording=recording).delete()
        if not removed:
            raise Conflict("The recording is not linked to this incident.", incident=incident.reference)
        _log_link(EventKind.INCIDENT_UNLINKED, incident, recording.id, viewer, at, reason=why)


def record_view(*, incident: Incident, viewer: Viewer, at: datetime, reason: str | None = None) -> None:
    """The viewer's consultation of the incident is in the log, with its reason, when this returns.

    Raises:
        Denied: when the viewer may not see the incident.
        ReasonNeeded: when a reason is required and none is given.
    """
    check_can(viewer, Action.INCIDENT_VIEW, incident)
    with transaction.atomic():
        custody.append(
            kind=EventKind.INCIDENT_VIEWED,
            subject=Subject("incident", incident.id),
            at=at,
            by=viewer.actor,
            details={"reference": incident.reference, **reason_details(reason)},
        )


def _insert(incident: Incident) -> None:
    """Insert, turning the unique constraint's refusal into ours."""
    try:
        with transaction.atomic():
            incident.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(
            f"{incident.get_kind_display()} {incident.reference} is recorded already.", field="reference"
        ) from error


def _log_link(
    kind: EventKind, incident: Incident, recording_id: UUID, viewer: Viewer, at: datetime, **more: str
) -> None:
    custody.append(
        kind=kind,
        subject=Subject("recording", recording_id),
        at=at,
        by=viewer.actor,
        details={"incident": str(incident.id), "reference": incident.reference, **more},
    )
