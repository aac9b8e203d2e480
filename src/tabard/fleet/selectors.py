"""Which cameras and docks are there, what are they just now, and who wears or wore which?

Lists show what the viewer may see.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Count, F, FilteredRelation, Q, QuerySet, Value
from django.db.models.functions import Upper

from tabard.fleet.models import Assignment, Camera, Dock
from tabard.fleet.states import State, state_of
from tabard.kernel.errors import NotFound
from tabard.people.authorisation import Viewer, check_can, scope
from tabard.people.models import Officer
from tabard.people.rules import Action
from tabard.people.selectors import subtree_ids

PAGE_CAMERAS = 50
MOST_POOLED = 500


@dataclass(frozen=True, slots=True)
class CameraRow:
    """A camera with its unit, and who wears it now."""

    camera: Camera
    wearer: Officer | None

    @property
    def state(self) -> State:
        """What the camera is just now."""
        return state_of(self.camera.kept_state, is_worn=self.wearer is not None)


@dataclass(frozen=True, slots=True)
class UnitCount:
    """The cameras of one unit that are not retired; `unit` is empty for the central store.

    `spare` can be given out; `away` is ordered, not set up yet, faulty or in repair; `missing` is lost or stolen.
    """

    unit: str
    total: int
    worn: int
    spare: int
    away: int
    missing: int


@dataclass(frozen=True, slots=True)
class CameraPage:
    """One page of cameras by serial number; `next_cursor` asks for the next, empty on the last."""

    rows: tuple[CameraRow, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class CameraDetail:
    """A camera, who wears it now, and everyone who ever did, newest first."""

    row: CameraRow
    assignments: tuple[Assignment, ...]


def cameras(
    viewer: Viewer,
    *,
    search: str = "",
    unit: UUID | None = None,
    mount: str = "",
    state: State | None = None,
    cursor: str = "",
    limit: int = PAGE_CAMERAS,
) -> CameraPage:
    """The cameras that the viewer may see, by serial number, each with its wearer, in one query whatever the page.

    Args:
        viewer: Who is asking.
        search: Part of a serial number, make, model, or of the wearer's family name or shoulder number.
        unit: Only cameras of this unit and those below it.
        mount: Only this mount.
        state: Only those that are this just now.
        cursor: The `next_cursor` of the page before.
        limit: Rows to a page.

    Raises:
        Denied: when the viewer may see no part of the fleet.
    """
    check_can(viewer, Action.FLEET_VIEW)
    found = _with_wearer().filter(scope(viewer, Action.FLEET_VIEW))
    found = found.filter(_matching(search), _narrowed(unit, mount, state))
    if cursor:
        found = found.filter(key__gt=Upper(Value(_askable(cursor))))
    rows = [_row(camera) for camera in found.order_by("key")[: limit + 1]]
    more = len(rows) > limit
    return CameraPage(tuple(rows[:limit]), rows[limit - 1].camera.serial if more else "")


def camera(viewer: Viewer, camera_id: UUID) -> CameraDetail:
    """The camera with its history of wearers.

    Raises:
        NotFound: when there is none.
        Denied: when the viewer may not see it.
    """
    found = _with_wearer().filter(id=camera_id).first()
    if found is None:
        raise NotFound("There is no such camera.", camera=str(camera_id))
    check_can(viewer, Action.FLEET_VIEW, found)
    return CameraDetail(_row(found), tuple(wearers_of(found)))


def rows_by_serial(serials: Iterable[str]) -> dict[str, CameraRow]:
    """The cameras of these serial numbers, whosoever they are, by the serial number in capitals."""
    wanted = [_askable(serial).strip().upper() for serial in serials]
    return {each.key: _row(each) for each in _with_wearer().filter(key__in=wanted)}


def rows_in_stock(units: Iterable[UUID], states: Iterable[State]) -> list[CameraRow]:
    """The cameras of these units that nobody wears and that are one of these, by serial number."""
    kept = [state.value for state in states]
    found = _with_wearer().filter(unit_id__in=units, worn__isnull=True, kept_state__in=kept)
    return [_row(each) for each in found.order_by("key")]


def camera_at_desk(viewer: Viewer, serial: str) -> CameraRow | None:
    """The camera with the serial number, in any case, where the viewer's desk deals with it; None where there is none.

    Raises:
        Denied: when it is another unit's.
    """
    found = _with_wearer().filter(serial__iexact=_askable(serial).strip()).first()
    if found is None:
        return None
    check_can(viewer, Action.KIOSK_USE, found)
    return _row(found)


def pool(viewer: Viewer) -> list[Camera]:
    """The cameras that lie in the pool of the viewer's desk, by serial number.

    Raises:
        Denied: when the viewer runs no desk.
    """
    check_can(viewer, Action.KIOSK_USE)
    reached = Q(unit_id__in=viewer.unit_ids) if viewer.unit_ids else scope(viewer, Action.KIOSK_USE)
    found = _with_wearer().filter(reached, worn__isnull=True, kept_state=State.POOLED.value)
    return list(found.order_by("key")[:MOST_POOLED])


def unit_counts(viewer: Viewer) -> list[UnitCount]:
    """How many cameras each unit has, and what they are just now, by the unit's name.

    Raises:
        Denied: when the viewer may see no part of the fleet.
    """
    check_can(viewer, Action.FLEET_VIEW)
    found = _with_wearer().filter(scope(viewer, Action.FLEET_VIEW)).exclude(kept_state=State.RETIRED.value)
    counted = found.values(name=F("unit__name")).annotate(
        total=Count("id"),
        worn_count=Count("id", filter=Q(worn__isnull=False)),
        **{
            name: Count("id", filter=Q(worn__isnull=True, kept_state__in=[state.value for state in states]))
            for name, states in _COUNTED.items()
        },
    )
    return [
        UnitCount(row["name"] or "", row["total"], row["worn_count"], *(row[name] for name in _COUNTED))
        for row in counted.order_by("name")
    ]


_COUNTED = {
    "spare": (State.READY, State.POOLED),
    "away": (State.ORDERED, State.RECEIVED, State.FAULTY, State.IN_REPAIR),
    "missing": (State.LOST, State.STOLEN),
}


def docks(viewer: Viewer) -> list[Dock]:
    """The docks that the viewer may see, by site.

    Raises:
        Denied: when the viewer may see no part of the fleet.
    """
    check_can(viewer, Action.FLEET_VIEW)
    return list(Dock.objects.filter(scope(viewer, Action.FLEET_VIEW, officer=None)).select_related("unit"))


def camera_by_serial(serial: str) -> Camera | None:
    """The camera with the serial number, in any case; None for any text that is nobody's."""
    wanted = _askable(serial).strip()
    return Camera.objects.filter(serial__iexact=wanted).select_related("unit").first()


def wearers_of(found: Camera) -> list[Assignment]:
    """Everyone who ever had the camera, newest first."""
    return list(
        Assignment.objects.filter(camera=found).select_related("officer", "excepted_by").order_by("-during")
    )


def wearer_at(camera_id: UUID, at: datetime, give_or_take: timedelta = timedelta()) -> Officer | None:
    """The officer who had the camera at the instant, and for as long around it as is not certain, or None."""
    found = assignment_at(camera_id, at, give_or_take)
    return None if found is None else found.officer


def assignment_at(camera_id: UUID, at: datetime, give_or_take: timedelta = timedelta()) -> Assignment | None:
    """By which an officer had the camera then, as `wearer_at`; it says where they wore it."""
    then = DateTimeTZRange(at - give_or_take, at + give_or_take, "[]")
    found = Assignment.objects.filter(camera_id=camera_id, during__contains=then)
    return found.select_related("officer").first()


def _with_wearer() -> QuerySet[Any]:
    """Cameras joined to the one assignment that is still open.

    `key` is what they are sorted and paged by; `officer_id`, the wearer's, makes the camera the wearer's own.
    """
    worn = FilteredRelation("assignments", condition=Q(assignments__during__upper_inf=True))
    found: QuerySet[Any] = Camera.objects.annotate(worn=worn, key=Upper("serial"))
    found = found.annotate(officer_id=F("worn__officer_id"))
    return found.select_related("unit", "worn__officer")


def _row(found: Any) -> CameraRow:
    """The row of one joined camera; Django sets `worn` only where there is an assignment."""
    worn = getattr(found, "worn", None)
    return CameraRow(found, None if worn is None else worn.officer)


def _matching(search: str) -> Q:
    """Rows that hold every word of the search somewhere.

    Wearers are looked up first, once for each word: asked row by row, they would be joined to every camera.
    """
    wanted = Q()
    for word in _askable(search).split():
        named = Q(officer__family_name__icontains=word) | Q(officer__shoulder_number__icontains=word)
        worn = Assignment.objects.filter(named, during__upper_inf=True).values("camera_id")
        text = Q(serial__icontains=word) | Q(make__icontains=word) | Q(model__icontains=word)
        wanted &= text | Q(pk__in=worn)
    return wanted


def _narrowed(unit: UUID | None, mount: str, state: State | None) -> Q:
    """Rows that pass the filters that were chosen."""
    wanted = Q()
    if unit is not None:
        wanted &= Q(unit_id__in=subtree_ids(unit))
    if mount:
        wanted &= Q(mount=_askable(mount))
    if state is State.ISSUED:
        wanted &= Q(worn__isnull=False)
    elif state is not None:
        wanted &= Q(worn__isnull=True, kept_state=state.value)
    return wanted


def _askable(text: str) -> str:
    """The text as PostgreSQL can be asked about it: it has no NUL, and outside systems send anything."""
    return text.replace("\x00", "\ufffd")
