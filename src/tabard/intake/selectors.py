"""Who may send, what have they told us of themselves, and which transfers never ended? For those who look after it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Greatest, Upper

from tabard.fleet.models import Camera
from tabard.intake.axis.protocol import value
from tabard.intake.errors import ContainerUnknown, DestinationUnknown
from tabard.intake.models import Container, Destination, ReceivedObject
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.people.selectors import officer_by_reference

MOST_LISTED = 500
_LOOKS_AFTER = Action.FLEET_MANAGE


@dataclass(frozen=True, slots=True)
class Told:
    """Something that a body-worn system told of itself: a system, a user or a device, by the name it gave it.

    `number` is a user's number; `is_known` tells of users and devices whether we have that officer, that camera.
    """

    id: str
    name: str
    number: str = ""
    model: str = ""
    is_active: bool = True
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class DestinationSheet:
    """A destination, and what was told by it."""

    destination: Destination
    systems: list[Told]
    users: list[Told]
    devices: list[Told]


@dataclass(frozen=True, slots=True)
class Transfer:
    """A container of the Axis door with what came in it; it was made, or a file of it came, last at `last_heard_at`."""

    container: Container
    files: int
    size_bytes: int
    last_heard_at: datetime


def destinations(viewer: Viewer) -> list[Destination]:
    """Every destination, those that are open first, by name; each with `unfinished`, its transfers under way.

    Raises:
        Denied.
    """
    check_can(viewer, _LOOKS_AFTER)
    is_unfinished = Q(containers__completed_at__isnull=True, containers__kind=Container.Kind.RECORDING)
    counted = Destination.objects.annotate(unfinished=Count("containers", filter=is_unfinished))
    return list(counted.order_by(F("revoked_at").desc(nulls_first=True), "name", "id"))


def destination(viewer: Viewer, destination_id: UUID) -> Destination:
    """The destination.

    Raises:
        Denied, DestinationUnknown.
    """
    check_can(viewer, _LOOKS_AFTER)
    found = Destination.objects.filter(pk=destination_id).first()
    if found is None:
        raise DestinationUnknown("There is no such destination.", destination=str(destination_id))
    return found


def destination_sheet(viewer: Viewer, destination_id: UUID) -> DestinationSheet:
    """The destination with the systems, users and devices that it told us of.

    Raises:
        Denied, DestinationUnknown.
    """
    found = destination(viewer, destination_id)
    told = _told_by(found)
    cameras = _known_cameras(each.name for each in told["Devices"])
    return DestinationSheet(
        found,
        systems=[Told(each.name, value(each.metadata, "SystemName")) for each in told["System"]],
        users=[_user(each) for each in told["Users"]],
        devices=[_device(each, is_known=each.name.upper() in cameras) for each in told["Devices"]],
    )


def unknown_devices(viewer: Viewer) -> list[tuple[Destination, Told]]:
    """The active cameras that a body-worn system told us of and that the fleet does not have: work for somebody.

    Raises:
        Denied.
    """
    check_can(viewer, _LOOKS_AFTER)
    rows = _registered().filter(container__name="Devices", container__destination__revoked_at__isnull=True)
    found = list(rows.select_related("container__destination"))
    cameras = _known_cameras(each.name for each in found)
    return [
        (each.container.destination, device)
        for each in found
        if each.container.destination is not None
        and (device := _device(each, is_known=each.name.upper() in cameras)).is_active
        and not device.is_known
    ]


def unfinished(viewer: Viewer, *, as_of: datetime) -> list[Transfer]:
    """The Axis door's recordings in transfer that were silent for too long, longest first.

    How long is too long is `TABARD_SILENCE_H`.

    Raises:
        Denied.
    """
    check_can(viewer, _LOOKS_AFTER)
    return silent(as_of=as_of)


def silent(*, as_of: datetime) -> list[Transfer]:
    """As `unfinished`, for nobody in particular."""
    before = as_of - timedelta(hours=settings.TABARD_SILENCE_H)
    waiting = _measured(
        source=Container.Source.AXIS,
        kind=Container.Kind.RECORDING,
        completed_at__isnull=True,
        created_at__lt=before,
    )
    silent_ones = waiting.filter(last_heard_at__lt=before).order_by("last_heard_at", "id")
    return [_transfer(row) for row in silent_ones[:MOST_LISTED]]


def transfer(viewer: Viewer, container_id: UUID) -> Transfer:
    """What came at the Axis door in one container.

    Raises:
        Denied, ContainerUnknown.
    """
    check_can(viewer, _LOOKS_AFTER)
    found = _measured(pk=container_id, source=Container.Source.AXIS).first()
    if found is None:
        raise ContainerUnknown("There is no such container.", container=str(container_id))
    return _transfer(found)


def rejected(viewer: Viewer) -> list[Transfer]:
    """What body-worn systems could not make sense of themselves and sent all the same, newest first.

    Raises:
        Denied.
    """
    check_can(viewer, _LOOKS_AFTER)
    rows = _measured(kind=Container.Kind.REJECTED).order_by("-created_at", "-id")
    return [_transfer(row) for row in rows[:MOST_LISTED]]


def _measured(**wanted: Any) -> QuerySet[Any]:
    rows = Container.objects.filter(**wanted).select_related("destination")
    return rows.annotate(
        files=Count("received"),
        size_bytes=Coalesce(Sum("received__object__size_bytes"), 0),
        last_heard_at=Greatest("created_at", Max("received__received_at")),
    )


def _transfer(row: Any) -> Transfer:
    return Transfer(row, row.files, row.size_bytes, row.last_heard_at)


def _registered() -> QuerySet[ReceivedObject]:
    registry = ReceivedObject.objects.filter(
        container__kind=Container.Kind.REGISTRY, conflicts_with__isnull=True
    )
    return registry.order_by("name")


def _told_by(found: Destination) -> Mapping[str, list[ReceivedObject]]:
    """What stands in each of the destination's registries."""
    told: dict[str, list[ReceivedObject]] = {"System": [], "Users": [], "Devices": []}
    for each in _registered().filter(container__destination=found).select_related("container"):
        told[each.container.name].append(each)
    return told


def _user(told: ReceivedObject) -> Told:
    number = value(told.metadata, "UserID")
    is_known = bool(number) and officer_by_reference(number) is not None
    return Told(
        told.name, value(told.metadata, "Name"), number, is_active=_is_active(told), is_known=is_known
    )


def _device(told: ReceivedObject, *, is_known: bool) -> Told:
    name, model = value(told.metadata, "Name"), value(told.metadata, "Model")
    return Told(told.name, name, model=model, is_active=_is_active(told), is_known=is_known)


def _is_active(told: ReceivedObject) -> bool:
    return value(told.metadata, "Active").lower() != "false"


def _known_cameras(serials: Iterable[str]) -> frozenset[str]:
    """Of these serial numbers, in capitals, those of cameras that the fleet has."""
    wanted = {serial.upper() for serial in serials}
    found = Camera.objects.annotate(upper=Upper("serial")).filter(upper__in=wanted)
    return frozenset(found.values_list("upper", flat=True))
