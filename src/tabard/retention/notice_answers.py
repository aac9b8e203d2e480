"""How is a notice answered? Several recordings in one go: linked, categorised, or said to be of something else.

Each answer is one transaction with an event for every recording: all of them, or none. The first two are what anybody
may do to a recording at any time, done to many; only the last is an answer that exists nowhere but with the notice.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from tabard.custody import services as custody
from tabard.custody.actors import Subject
from tabard.custody.kinds import EventKind
from tabard.custody.services import PlannedEvent
from tabard.incidents import services as incidents
from tabard.incidents.models import Incident
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.recordings.models import Recording
from tabard.recordings.services import categorise
from tabard.retention import notice_views, policies, selectors
from tabard.retention.models import Notice
from tabard.retention.rules import decide


def link_all(
    *, incident_id: UUID, recording_ids: Collection[UUID], viewer: Viewer, at: datetime
) -> list[Recording]:
    """The recordings are linked to the incident when this returns, and so kept as long as it needs them.

    Raises:
        NotFound, Denied.
        Invalid: when no recording is chosen.
        Conflict: when a notice about one of them was answered in the meantime; then none is linked.
    """
    with transaction.atomic():
        incident, recordings = _chosen(viewer, incident_id, recording_ids)
        for recording in recordings:
            incidents.link(incident=incident, recording=recording, viewer=viewer, at=at)
    return recordings


def categorise_all(
    *, incident_id: UUID, recording_ids: Collection[UUID], category: str, viewer: Viewer, at: datetime
) -> list[Recording]:
    """The recordings are in the category when this returns, which decides how long they are kept.

    Raises:
        NotFound, Denied, CategoryUnknown.
        Invalid: when no recording is chosen.
        Conflict: when a notice about one of them was answered in the meantime; then none is changed.
    """
    with transaction.atomic():
        incident, recordings = _chosen(viewer, incident_id, recording_ids)
        reason = f"Notice about {incident.reference}"
        for recording in recordings:
            categorise(recording=recording, category=category, viewer=viewer, at=at, reason=reason)
    return recordings


def dismiss_all(
    *, incident_id: UUID, recording_ids: Collection[UUID], viewer: Viewer, at: datetime
) -> list[Recording]:
    """It is said that the recordings are not of the incident; nothing about them changes, and nobody is asked again.

    Raises:
        NotFound, Denied.
        Invalid: when no recording is chosen.
        Conflict: when a notice about one of them was answered in the meantime; then none is dismissed.
    """
    with transaction.atomic():
        incident, recordings = _chosen(viewer, incident_id, recording_ids)
        notices = Notice.objects.filter(
            incident=incident, recording__in=recordings, dismissed_at__isnull=True
        )
        notices.update(dismissed_at=at, dismissed_by=viewer.account_id)
        details = {"incident": str(incident.pk), "reference": incident.reference}
        custody.append_many(
            [
                PlannedEvent(
                    EventKind.DISPOSAL_NOTICE_DISMISSED, Subject("recording", recording.pk), details=details
                )
                for recording in recordings
            ],
            at=at,
            by=viewer.actor,
        )
    return recordings


def still_going(recordings: Collection[Recording], at: datetime) -> list[Recording]:
    """Those that go nevertheless, as far as their wearers may know: an incident that ended long ago keeps nothing."""
    policy = policies.current(at)
    found = Recording.objects.select_related("scheduled_disposal").filter(
        pk__in=[recording.pk for recording in recordings], scheduled_disposal__isnull=False
    )
    facts = selectors.facts_of_many(list(found), names_holds=False)
    return [
        each for each in found if decide(facts[each.pk], policy).is_due(each.scheduled_disposal.executes_at)
    ]


def _chosen(
    viewer: Viewer, incident_id: UUID, recording_ids: Collection[UUID]
) -> tuple[Incident, list[Recording]]:
    """The incident, and the recordings with their rows locked; of each a notice about it waits for the viewer."""
    if not recording_ids:
        raise Invalid("Choose a recording.", field="recordings")
    wanted = sorted(set(recording_ids))
    recordings = list(Recording.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
    for recording in recordings:
        check_can(viewer, Action.RECORDING_CATEGORISE, recording)
    incident, waiting = notice_views.of_incident(viewer, incident_id)
    if not set(wanted) <= {notice.recording_id for notice in waiting}:
        raise Conflict("A notice about one of them was answered in the meantime.", field="recordings")
    return incident, recordings
