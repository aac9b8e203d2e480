"""Where a person's day begins: what waits for them, by the roles they hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from tabard.custody.selectors import latest_checkpoint
from tabard.fleet.models import Dock
from tabard.fleet.selectors import unit_counts
from tabard.incidents import selectors as incidents
from tabard.incidents.models import Exhibit, Incident
from tabard.kernel.clock import now
from tabard.people.authorisation import Viewer, can, scope
from tabard.people.rules import Action, Role
from tabard.recordings.models import Recording
from tabard.recordings.selectors import RecordingFilter
from tabard.recordings.selectors import page as recordings_page
from tabard.retention import hold_views, notice_views, notices, releases
from tabard.retention.hold_views import HoldFilter
from tabard.retention.models import Hold
from tabard.retention.notice_views import Overlap
from tabard.web.pages import Open, page
from tabard.web.views.notices import SOON
from tabard.web.views.recording_cards import RecordingCard, cards

_CARDS = 8
_ROWS = 10
_FEW = 5
_CASEWORK = {Role.INVESTIGATOR, Role.DISCLOSURE_OFFICER, Role.PROFESSIONAL_STANDARDS, Role.AUDITOR}


@dataclass(frozen=True, slots=True)
class OfficerDay:
    """An officer's own footage and exhibits."""

    overlaps: list[Overlap]
    recent: list[RecordingCard]
    to_categorise: list[RecordingCard]
    exhibits: Sequence[Exhibit]


@dataclass(frozen=True, slots=True)
class UnitDay:
    """What waits for a unit's supervisor: notices before disposal that nobody answered, and a category."""

    notices: int
    soon: int
    soon_words: str
    uncategorised: list[RecordingCard]


@dataclass(frozen=True, slots=True)
class FleetNumbers:
    """How many cameras there are that are not retired, what they are just now, and how many docks."""

    cameras: int
    worn: int
    spare: int
    docks: int


@dataclass(frozen=True, slots=True)
class Casework:
    """What was recorded and produced last."""

    incidents: Sequence[Incident]
    exhibits: Sequence[Exhibit]


@dataclass(frozen=True, slots=True)
class HoldNumbers:
    """The holds that there are, and those about which the viewer is asked."""

    in_force: int
    to_review: Sequence[Hold]
    to_review_count: int
    without_owner: int
    sees_retention: bool


@page(Open.TO_SIGNED_IN)
@require_safe
def home(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """What waits for the viewer; a part that is none of their roles' is left out."""
    roles = viewer.roles
    if roles == {Role.KIOSK}:
        return redirect("kiosk")
    administers = Role.BWV_ADMINISTRATOR in roles
    context = {
        "officer": _officer(viewer) if Role.OFFICER in roles and viewer.officer_id else None,
        "unit": _unit(viewer) if Role.SUPERVISOR in roles else None,
        "flagged": _some(viewer, _flagged(), _ROWS) if administers else None,
        "fleet": _fleet(viewer) if administers else None,
        "casework": _casework(viewer) if roles & _CASEWORK else None,
        "holds": _holds(viewer) if can(viewer, Action.HOLD_VIEW) else None,
        "checkpoint": latest_checkpoint() if can(viewer, Action.LOG_VIEW) else None,
        "stopped": releases.stopped_now() if can(viewer, Action.EARLY_DISPOSAL_APPROVE) else None,
    }
    return render(request, "home/home.html", context)


def _officer(viewer: Viewer) -> OfficerDay:
    own = RecordingFilter(mine_only=True)
    waiting = RecordingFilter(mine_only=True, among=_uncategorised())
    overlaps = notice_views.overlaps(viewer, mine=True, limit=_FEW)
    notices.note_seen(incident_ids={each.incident.pk for each in overlaps}, viewer=viewer, at=now())
    return OfficerDay(
        overlaps=overlaps,
        recent=cards(recordings_page(viewer, own, limit=_CARDS).recordings),
        to_categorise=cards(recordings_page(viewer, waiting, limit=_FEW).recordings),
        exhibits=list(incidents.exhibits(viewer).filter(producer_id=viewer.officer_id)[:_FEW]),
    )


def _unit(viewer: Viewer) -> UnitDay:
    units = notice_views.by_unit(viewer, now(), SOON)
    return UnitDay(
        notices=sum(each.recordings for each in units),
        soon=sum(each.soon for each in units),
        soon_words=f"go within {SOON.days} days",
        uncategorised=_some(viewer, _uncategorised(), _ROWS),
    )


def _some(viewer: Viewer, among: QuerySet[Recording, UUID], limit: int) -> list[RecordingCard]:
    return cards(recordings_page(viewer, RecordingFilter(among=among), limit=limit).recordings)


def _fleet(viewer: Viewer) -> FleetNumbers:
    counts = unit_counts(viewer)
    return FleetNumbers(
        cameras=sum(each.total for each in counts),
        worn=sum(each.worn for each in counts),
        spare=sum(each.spare for each in counts),
        docks=Dock.objects.filter(scope(viewer, Action.FLEET_VIEW, officer=None)).count(),
    )


def _holds(viewer: Viewer) -> HoldNumbers:
    at = now()
    waiting = hold_views.to_review(viewer, at)
    return HoldNumbers(
        in_force=hold_views.holds(viewer, at, HoldFilter("in_force")).count(),
        to_review=list(waiting[:_FEW]),
        to_review_count=waiting.count(),
        without_owner=hold_views.without_owner(viewer).count() if Role.RECORDS_MANAGER in viewer.roles else 0,
        sees_retention=can(viewer, Action.RETENTION_VIEW),
    )


def _casework(viewer: Viewer) -> Casework:
    return Casework(list(incidents.incidents(viewer)[:_FEW]), list(incidents.exhibits(viewer)[:_FEW]))


def _uncategorised() -> QuerySet[Recording, UUID]:
    return Recording.objects.filter(category__isnull=True).values_list("id", flat=True)


def _flagged() -> QuerySet[Recording, UUID]:
    return Recording.objects.exclude(flags=[]).values_list("id", flat=True)
