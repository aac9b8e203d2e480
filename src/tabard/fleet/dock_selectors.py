"""How do docks and cameras stand now? Who is seen, what is still outstanding, and who was not docked for long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, Prefetch, Q, QuerySet, Sum

from tabard.fleet.errors import DockKeyUnknown
from tabard.fleet.models import Assignment, Camera, Dock, DockedCamera, DockKey, DockStatus
from tabard.kernel.errors import NotFound
from tabard.people.authorisation import Viewer, check_can, scope
from tabard.people.rules import Action

SEEN_WITHIN = timedelta(minutes=11)  # a dock reports every five minutes at least; two may be lost


@dataclass(frozen=True, slots=True)
class DockNow:
    """A dock as it last reported; `status` is None for one that never did."""

    dock: Dock
    status: DockStatus | None
    cameras: Sequence[DockedCamera]
    keys: Sequence[DockKey]
    is_live: bool

    @property
    def outstanding_files(self) -> int:
        """Files on its cameras and in its spool that it has not sent yet, as far as it knows."""
        spooled = self.status.spool_files if self.status else None
        return (spooled or 0) + sum(camera.files or 0 for camera in self.cameras)

    @property
    def outstanding_bytes(self) -> int:
        """Their size."""
        spooled = self.status.spool_bytes if self.status else None
        return (spooled or 0) + sum(camera.size_bytes or 0 for camera in self.cameras)

    @property
    def faults(self) -> tuple[str, ...]:
        """What the dock says is wrong with it and its cameras."""
        own = self.status.faults if self.status else []
        return (*own, *(f"{each.serial}: {fault}" for each in self.cameras for fault in each.faults))


@dataclass(frozen=True, slots=True)
class DockFigures:
    """How many docks there are, how many report, what is in them, and what they have not sent yet."""

    docks: int
    live: int
    cameras: int
    outstanding_files: int
    outstanding_bytes: int


@dataclass(frozen=True, slots=True)
class OverdueCamera:
    """A worn camera that was not heard of for long; `seen_at` is None for one that never was.

    `seen_by` is `dock` where a dock saw it then, `axis` where footage came from an Axis system, else empty.
    """

    camera: Camera
    assignment: Assignment
    seen_at: datetime | None
    seen_by: str


@dataclass(frozen=True, slots=True)
class OverdueCount:
    """How many cameras were not docked for long, sent nothing by Axis for long, and were never heard of at all."""

    silent: int
    axis: int
    never: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.silent + self.axis + self.never


def docks_now(viewer: Viewer, *, at: datetime, first: int = 0, end: int | None = None) -> list[DockNow]:
    """The docks that the viewer may see, by site, with the cameras in them; or some, from one up to another.

    Raises:
        Denied: when the viewer may see no part of the fleet.
    """
    check_can(viewer, Action.FLEET_VIEW)
    found = Dock.objects.filter(scope(viewer, Action.FLEET_VIEW, officer=None)).order_by(
        "site", "serial", "pk"
    )
    return [_now(dock, at) for dock in _with_what_is_in_them(found)[first:end]]


def dock_figures(viewer: Viewer, *, at: datetime) -> DockFigures:
    """What all of `docks_now` come to.

    Raises:
        Denied: when the viewer may see no part of the fleet.
    """
    check_can(viewer, Action.FLEET_VIEW)
    docks = Dock.objects.filter(scope(viewer, Action.FLEET_VIEW, officer=None)).aggregate(
        docks=Count("pk"),
        live=Count("pk", filter=Q(status__reported_at__gte=at - SEEN_WITHIN)),
        files=Sum("status__spool_files", default=0),
        size=Sum("status__spool_bytes", default=0),
    )
    there = DockedCamera.objects.filter(
        scope(viewer, Action.FLEET_VIEW, officer=None, unit="dock__unit_id"), gone_at__isnull=True
    ).aggregate(cameras=Count("pk"), files=Sum("files", default=0), size=Sum("size_bytes", default=0))
    return DockFigures(
        docks=docks["docks"],
        live=docks["live"],
        cameras=there["cameras"],
        outstanding_files=int(docks["files"] + there["files"]),
        outstanding_bytes=int(docks["size"] + there["size"]),
    )


def dock_now(viewer: Viewer, dock_id: UUID, *, at: datetime) -> DockNow:
    """One dock.

    Raises:
        NotFound: when there is none that the viewer may see.
        Denied: when the viewer may see no part of the fleet.
    """
    check_can(viewer, Action.FLEET_VIEW)
    found = Dock.objects.filter(scope(viewer, Action.FLEET_VIEW, officer=None), pk=dock_id)
    for dock in _with_what_is_in_them(found):
        return _now(dock, at)
    raise NotFound("There is no such dock.", dock=str(dock_id))


def overdue_cameras(viewer: Viewer, *, days: int, at: datetime) -> list[OverdueCamera]:
    """The worn cameras that were not heard of for so many days, the longest ago first; then those that never were.

    One that was never heard of counts from when it was given out.

    Raises:
        Denied: when the viewer may see no part of the fleet.
    """
    return _overdue(_overdue_found(viewer, days, at), slice(None))


def overdue_count(viewer: Viewer, *, days: int, at: datetime) -> OverdueCount:
    """How many cameras `overdue_cameras` lists.

    Raises:
        Denied: when the viewer may see no part of the fleet.
    """
    found = _overdue_found(viewer, days, at).order_by().values_list("camera__last_contact")
    counts = dict(found.annotate(Count("pk")))
    dock, axis = Camera.Contact.DOCK, Camera.Contact.AXIS
    return OverdueCount(silent=counts.get(dock, 0), axis=counts.get(axis, 0), never=counts.get("", 0))


def overdue_part(viewer: Viewer, *, days: int, at: datetime, first: int, end: int) -> list[OverdueCamera]:
    """`overdue_cameras` from the so-manieth up to, and without, another.

    Raises:
        Denied: when the viewer may see no part of the fleet.
    """
    return _overdue(_overdue_found(viewer, days, at), slice(first, end))


def _overdue_found(viewer: Viewer, days: int, at: datetime) -> QuerySet[Assignment]:
    """The open assignments of overdue cameras."""
    check_can(viewer, Action.FLEET_VIEW)
    before = at - timedelta(days=days)
    worn = Assignment.objects.filter(during__upper_inf=True, during__startswith__lt=before)
    unheard = Q(camera__last_contact_at__isnull=True) | Q(camera__last_contact_at__lt=before)
    return worn.filter(unheard, scope(viewer, Action.FLEET_VIEW, unit="camera__unit_id"))


def _overdue(found: QuerySet[Assignment], some: slice) -> list[OverdueCamera]:
    """Some of the cameras in their order."""
    order = (F("camera__last_contact_at").asc(nulls_last=True), "camera__serial")
    rows = found.select_related("camera__unit", "officer").order_by(*order)[some]
    return [
        OverdueCamera(row.camera, row, row.camera.last_contact_at, row.camera.last_contact) for row in rows
    ]


def all_keys(dock: Dock | None = None) -> list[DockKey]:
    """The keys of one dock, or of all, by dock and oldest first, the revoked ones too."""
    found = DockKey.objects.select_related("dock").order_by("dock__site", "dock__serial", "enrolled_at")
    return list(found if dock is None else found.filter(dock=dock))


def key_named(key_id: str) -> DockKey:
    """The key of this id.

    Raises:
        DockKeyUnknown.
    """
    found = DockKey.objects.filter(key_id=key_id.strip().lower()).select_related("dock").first()
    if found is None:
        raise DockKeyUnknown("No dock has this key; `tabard fleet dock-key list` shows them.", key=key_id)
    return found


def dock_by_serial(serial: str) -> Dock:
    """The dock with the serial number, in any case.

    Raises:
        NotFound.
    """
    found = Dock.objects.filter(serial__iexact=serial.strip()).select_related("unit").first()
    if found is None:
        raise NotFound(f"There is no dock with the serial number {serial}.", field="dock")
    return found


def _with_what_is_in_them(docks: QuerySet[Dock]) -> QuerySet[Dock]:
    there = DockedCamera.objects.filter(gone_at__isnull=True).select_related("camera")
    return docks.select_related("unit", "status").prefetch_related(
        Prefetch("docked", there, to_attr="there"), "keys"
    )


def _now(dock: Dock, at: datetime) -> DockNow:
    status: DockStatus | None = getattr(dock, "status", None)
    is_live = status is not None and at - status.reported_at <= SEEN_WITHIN
    there: list[DockedCamera] = dock.there  # type: ignore[attr-defined] # `Prefetch` puts it there
    return DockNow(dock, status, tuple(there), tuple(dock.keys.all()), is_live)
