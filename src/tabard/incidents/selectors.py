"""Which incidents and exhibits may this person see?"""

from uuid import UUID

from django.db.models import Count, Q, QuerySet

from tabard.incidents.models import Exhibit, Incident, Link
from tabard.kernel.errors import NotFound
from tabard.people.authorisation import Viewer, check_can, scope
from tabard.people.rules import Action

LIST_ROWS = 100


def incident(viewer: Viewer, incident_id: UUID) -> Incident:
    """The incident, if the viewer may see it.

    Raises:
        NotFound: when there is none.
        Denied: when the viewer may not see it.
    """
    found = Incident.objects.select_related("unit", "officer").filter(id=incident_id).first()
    if found is None:
        raise NotFound("There is no such incident.", incident=str(incident_id))
    check_can(viewer, Action.INCIDENT_VIEW, found)
    return found


def incident_by_reference(viewer: Viewer, reference: str) -> Incident | None:
    """The incident with this reference, if there is one that the viewer may see."""
    return incidents(viewer).filter(reference__iexact=" ".join(reference.split())).first()


def incidents(viewer: Viewer, words: str = "") -> QuerySet[Incident]:
    """The incidents that the viewer may see, newest first, with how many recordings each is linked to."""
    rows = Incident.objects.filter(scope(viewer, Action.INCIDENT_VIEW)).select_related("unit")
    for word in words.split():
        rows = rows.filter(Q(reference__icontains=word) | Q(title__icontains=word) | Q(place__icontains=word))
    return rows.annotate(recording_count=Count("links")).order_by("-start_at", "-id")


def links(viewer: Viewer, of: Incident) -> QuerySet[Link]:
    """The links of an incident whose recordings the viewer may see."""
    visible = scope(viewer, Action.RECORDING_VIEW, officer="recording__officer_id", unit="recording__unit_id")
    return (
        Link.objects.filter(visible, incident=of)
        .select_related("recording__officer", "recording__unit", "recording__category", "linked_by")
        .order_by("recording__filmed_at")
    )


def incidents_of(viewer: Viewer, recording_id: UUID) -> QuerySet[Incident]:
    """The incidents that a recording is linked to and the viewer may see."""
    return incidents(viewer).filter(
        id__in=Link.objects.filter(recording_id=recording_id).values("incident_id")
    )


def recordings_linked_to(reference: str) -> QuerySet[Link, UUID]:
    """The ids of the recordings linked to any incident with this reference, for use as a filter."""
    wanted = " ".join(reference.split())
    return Link.objects.filter(incident__reference__iexact=wanted).values_list("recording_id", flat=True)


def exhibit(viewer: Viewer, exhibit_id: UUID) -> Exhibit:
    """The exhibit, if the viewer may see it.

    Raises:
        NotFound: when there is none.
        Denied: when the viewer may not see it.
    """
    found = _with_names().filter(id=exhibit_id).first()
    if found is None:
        raise NotFound("There is no such exhibit.", exhibit=str(exhibit_id))
    check_can(viewer, Action.EXHIBIT_VIEW, found)
    return found


def exhibits(viewer: Viewer, words: str = "") -> QuerySet[Exhibit]:
    """The exhibits that the viewer may see, newest first."""
    visible = scope(viewer, Action.EXHIBIT_VIEW, officer="producer_id", unit="recording__unit_id")
    rows = _with_names().filter(visible)
    for word in words.split():
        rows = rows.filter(
            Q(description__icontains=word)
            | Q(producer__family_name__icontains=word)
            | Q(incident__reference__icontains=word)
            | Q(initials__iexact=word.split("/")[0])
        )
    return rows.order_by("-produced_at", "-id")


def exhibits_of(viewer: Viewer, recording_id: UUID) -> QuerySet[Exhibit]:
    """The exhibits made from a recording that the viewer may see."""
    return exhibits(viewer).filter(recording_id=recording_id)


def _with_names() -> QuerySet[Exhibit]:
    return Exhibit.objects.select_related(
        "producer",
        "recording__unit",
        "recording__officer",
        "clip__object",
        "clip__segment",
        "incident",
        "produced_by",
    )
