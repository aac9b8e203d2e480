"""Which notices wait for an answer, from whom, and by when? What is asked of them; nothing here changes one.

A notice is answered by whatever answers the question in it: the recording is linked, produced or held, in another
category than when it was given, no longer on the list, or somebody said that it is not of this incident. Of these only
the last is kept with the notice. A hold on an officer's days answers nothing: the officer must not learn of it.

Those who may categorise the recording and see the incident may answer: its wearer, and whoever stands in for them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from tabard.incidents import selectors as incidents
from tabard.incidents.models import Exhibit, Incident, Link, Outcome
from tabard.incidents.rules import OutcomeKind
from tabard.people.authorisation import Viewer, check_can, scope
from tabard.people.models import Officer
from tabard.people.rules import Action
from tabard.recordings.models import Recording
from tabard.retention.among import among
from tabard.retention.models import Hold, Notice

_GOES_AT = "recording__scheduled_disposal__executes_at"
_IS_OPEN = OutcomeKind.REOPENED.value  # as what nobody has stated an outcome of


@dataclass(frozen=True, slots=True)
class Overlap:
    """Recordings of one officer that are about to go and overlap one incident: what a notice on screen says.

    `uncategorised` and `certain` count those of the `recordings` that have no category, and that surely overlap it.
    """

    incident: Incident
    officer: Officer
    is_open: bool
    is_mine: bool
    ground: Notice.Ground
    recordings: int
    uncategorised: int
    certain: int
    goes_at: datetime


@dataclass(frozen=True, slots=True)
class UnitNotices:
    """How many recordings of a unit have an unanswered notice, of how many officers, and when the first goes."""

    unit: str
    recordings: int
    officers: int
    unseen: int
    soon: int
    first_goes_at: datetime


def waiting(viewer: Viewer) -> QuerySet[Notice]:
    """The unanswered notices that the viewer may answer."""
    theirs = scope(
        viewer, Action.RECORDING_CATEGORISE, officer="recording__officer_id", unit="recording__unit_id"
    )
    seen = scope(viewer, Action.INCIDENT_VIEW, officer="incident__officer_id", unit="incident__unit_id")
    return _unanswered().filter(theirs & seen)


def to_them(viewer: Viewer) -> QuerySet[Notice]:
    """The unanswered notices that were given to the viewer themselves."""
    if viewer.officer_id is None:
        return Notice.objects.none()
    return waiting(viewer).filter(officer_id=viewer.officer_id)


def overlaps(viewer: Viewer, *, mine: bool = False, limit: int | None = None) -> list[Overlap]:
    """What waits for the viewer, by incident and officer: open incidents first, then what goes soonest.

    Args:
        viewer: Who asks.
        mine: Only notices to the viewer themselves.
        limit: No more than so many.
    """
    rows = to_them(viewer) if mine else waiting(viewer)
    return _named(viewer, list(_grouped(rows)[:limit]))


def one_by_one(rows: QuerySet[Notice]) -> QuerySet[Notice]:
    """Notices with what is shown of each, soonest to go first."""
    named = (
        "officer",
        "incident",
        "recording__scheduled_disposal",
        "recording__category",
        "recording__officer",
    )
    return rows.select_related(*named).order_by(_GOES_AT, "recording__filmed_at", "recording_id")


def of_incident(viewer: Viewer, incident_id: UUID) -> tuple[Incident, list[Notice]]:
    """The incident, and the unanswered notices about it that the viewer may answer, soonest to go first.

    Raises:
        NotFound: when there is no such incident.
        Denied: when the viewer may not see it, or answer any of the notices about it.
    """
    incident = incidents.incident(viewer, incident_id)
    found = list(one_by_one(waiting(viewer).filter(incident=incident)))
    others = _unanswered().filter(incident=incident).select_related("recording")
    if not found and (other := others.first()) is not None:
        check_can(viewer, Action.RECORDING_CATEGORISE, other.recording)
    return incident, found


def of_recording(viewer: Viewer, recording: Recording) -> list[Overlap]:
    """What the notices say that wait about a recording, of incidents that the viewer may see.

    Raises:
        Denied: when the viewer may not see the recording.
    """
    check_can(viewer, Action.RECORDING_VIEW, recording)
    seen = scope(viewer, Action.INCIDENT_VIEW, officer="incident__officer_id", unit="incident__unit_id")
    rows = _unanswered().filter(seen, recording=recording)
    return _named(viewer, list(_grouped(rows)))


def by_unit(viewer: Viewer, at: datetime, within: timedelta) -> list[UnitNotices]:
    """How many recordings of each unit have a notice that the viewer may answer, those that go soonest first.

    Args:
        viewer: Who asks.
        at: Now.
        within: `soon` counts what goes within so long.
    """
    rows = (
        waiting(viewer)
        .values("recording__unit__name")
        .annotate(
            recordings=Count("recording", distinct=True),
            officers=Count("officer", distinct=True),
            unseen=Count("recording", distinct=True, filter=Q(seen_at__isnull=True)),
            soon=Count("recording", distinct=True, filter=Q(**{f"{_GOES_AT}__lt": at + within})),
            first_goes_at=Min(_GOES_AT),
        )
    )
    return [
        UnitNotices(
            unit=row["recording__unit__name"] or "Unit not known",
            recordings=row["recordings"],
            officers=row["officers"],
            unseen=row["unseen"],
            soon=row["soon"],
            first_goes_at=row["first_goes_at"],
        )
        for row in rows.order_by("first_goes_at", "recording__unit__name")
    ]


def unanswered(ids: Collection[UUID]) -> set[UUID]:
    """Those of the recordings of which a notice waits for an answer, whoever may give it."""
    return set(_unanswered().filter(recording__in=list(ids)).values_list("recording_id", flat=True))


def noticed_at(ids: Iterable[UUID]) -> Mapping[UUID, datetime]:
    """When notice was first given of each of the recordings; one of which none was is left out."""
    rows = Notice.objects.filter(recording__in=among(ids)).values("recording_id")
    return dict(rows.annotate(first=Min("given_at")).values_list("recording_id", "first"))


def _unanswered() -> QuerySet[Notice]:
    this = OuterRef("recording_id")
    holds = Hold.objects.filter(
        Q(recording=this) | Q(scope=Hold.Scope.EVERYTHING.value), released_at__isnull=True
    )
    return Notice.objects.filter(
        ~Exists(Link.objects.filter(recording=this)),
        ~Exists(Exhibit.objects.filter(recording=this)),
        ~Exists(holds),
        dismissed_at__isnull=True,
        recording__scheduled_disposal__isnull=False,
        officer=F("recording__officer"),
        category=Coalesce("recording__category_id", Value("")),
    )


def _grouped(rows: QuerySet[Notice]) -> QuerySet[Any, Any]:
    """A row for each incident and officer."""
    stated = Outcome.objects.filter(incident=OuterRef("incident_id")).order_by("-stated_at", "-id")
    last = Coalesce(Subquery(stated.values("kind")[:1]), Value(_IS_OPEN))
    return (
        rows.annotate(has_ended=~Q(Exact(last, _IS_OPEN)))
        .values("incident_id", "officer_id", "has_ended")
        .annotate(
            recordings=Count("recording", distinct=True),
            uncategorised=Count("recording", distinct=True, filter=Q(category="")),
            certain=Count("recording", distinct=True, filter=Q(is_certain=True)),
            ground=Min("ground"),
            goes_at=Min(_GOES_AT),
        )
        .order_by("has_ended", "goes_at", "incident_id", "officer_id")
    )


def _named(viewer: Viewer, rows: list[dict[str, Any]]) -> list[Overlap]:
    found = Incident.objects.select_related("unit").in_bulk({row["incident_id"] for row in rows})
    officers = Officer.objects.in_bulk({row["officer_id"] for row in rows})
    return [
        Overlap(
            incident=found[row.pop("incident_id")],
            officer=(officer := officers[row.pop("officer_id")]),
            is_open=not row.pop("has_ended"),
            is_mine=officer.pk == viewer.officer_id,
            ground=Notice.Ground(row.pop("ground")),
            **row,
        )
        for row in rows
    ]
