"""The fleet: which cameras and docks there are, who wears what, and how cameras come in."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import File, Query, UploadedFile

from tabard.api.operations import Operations
from tabard.api.routes.imports import answer_to, sent_rows
from tabard.api.routes.named import officer_named, the_unit_named, unit_named
from tabard.api.schemas.docks import (
    DockDescriptionIn,
    DockIn,
    DockKeyIn,
    DockNowOut,
    DockSheet,
    OverdueOut,
    OverdueWanted,
)
from tabard.api.schemas.fleet import (
    AssignIn,
    CameraIn,
    CameraSheet,
    CamerasOut,
    CamerasWanted,
    ChangeIn,
    DescriptionIn,
    DockOut,
)
from tabard.api.schemas.imports import ImportOut
from tabard.api.viewers import Asked
from tabard.fleet import dock_selectors, lives, selectors, services
from tabard.fleet import docks as dock_keys
from tabard.fleet.dock_selectors import DockNow, OverdueCamera
from tabard.fleet.importing import import_cameras
from tabard.fleet.issuing import Allowance, Terms
from tabard.fleet.models import Camera, Dock
from tabard.fleet.selectors import CameraDetail
from tabard.fleet.states import State
from tabard.kernel.clock import now
from tabard.kernel.errors import NotFound
from tabard.people.authorisation import check_can
from tabard.people.rules import Action

fleet = Operations("fleet")


@fleet.get("/cameras", access=Action.FLEET_VIEW, answers=CamerasOut)
def cameras(request: Asked, wanted: Query[CamerasWanted]) -> dict[str, Any]:
    """The cameras that you may see with their wearers, by serial number."""
    page = selectors.cameras(
        request.auth,
        search=wanted.words,
        unit=wanted.unit_id,
        mount=wanted.mount.value if wanted.mount else "",
        state=wanted.state,
        cursor=wanted.cursor,
    )
    return {"cameras": page.rows, "next_cursor": page.next_cursor or None}


@fleet.post("/cameras", access=Action.FLEET_MANAGE, answers=CameraSheet, status=201)
def receive(request: Asked, sent: CameraIn) -> CameraDetail:
    """Receives a camera, worn by nobody yet, or enters one that was ordered."""
    check_can(request.auth, Action.FLEET_MANAGE)
    told: dict[str, Any] = {
        "serial": sent.serial,
        "make": sent.make,
        "model": sent.model,
        "mount": sent.mount.value,
        "unit": unit_named(sent.unit_id),
        "by": request.auth.actor,
        "at": now(),
    }
    if sent.state is State.ORDERED:
        camera = services.order_camera(**told)
    else:
        camera = services.receive_camera(**told, state=sent.state)
    return selectors.camera(request.auth, camera.id)


@fleet.get("/cameras/{uuid:camera_id}", access=Action.FLEET_VIEW, answers=CameraSheet)
def camera(request: Asked, camera_id: UUID) -> CameraDetail:
    """One camera with everyone who ever wore it."""
    return selectors.camera(request.auth, camera_id)


@fleet.post("/cameras/{uuid:camera_id}/assign", access=Action.FLEET_MANAGE, answers=CameraSheet)
def assign(request: Asked, camera_id: UUID, sent: AssignIn) -> CameraDetail:
    """Gives the camera to an officer."""
    found = _managed(request, camera_id)
    officer = officer_named(sent.officer, "officer")
    allowance = None
    if sent.allowed_by:
        allowance = Allowance(officer_named(sent.allowed_by, "allowed_by"), sent.allowed_reason)
    terms = Terms(sent.mount.value if sent.mount else "", sent.duty, allowance)
    services.assign_camera(camera=found, officer=officer, terms=terms, by=request.auth.actor, at=now())
    return selectors.camera(request.auth, camera_id)


@fleet.post("/cameras/{uuid:camera_id}/return", access=Action.FLEET_MANAGE, answers=CameraSheet)
def give_back(request: Asked, camera_id: UUID) -> CameraDetail:
    """Takes the camera back from its wearer."""
    found = _managed(request, camera_id)
    services.return_camera(camera=found, by=request.auth.actor, at=now())
    return selectors.camera(request.auth, camera_id)


@fleet.post("/cameras/{uuid:camera_id}/change", access=Action.FLEET_MANAGE, answers=CameraSheet)
def change_state(request: Asked, camera_id: UUID, sent: ChangeIn) -> CameraDetail:
    """Changes the camera's state, as the table of states allows; whoever wears it wears it no longer."""
    found = _managed(request, camera_id)
    lives.change_state(camera=found, change=sent.change, reason=sent.reason, by=request.auth.actor, at=now())
    return selectors.camera(request.auth, camera_id)


@fleet.put("/cameras/{uuid:camera_id}/description", access=Action.FLEET_MANAGE, answers=CameraSheet)
def describe(request: Asked, camera_id: UUID, sent: DescriptionIn) -> CameraDetail:
    """Says anew what is known of the camera: its unit, usual mount, firmware, profile, warranty."""
    found = _managed(request, camera_id)
    told = lives.Description(
        sent.mount.value, unit_named(sent.unit_id), sent.firmware, sent.profile, sent.warranty_end_date
    )
    lives.describe_camera(camera=found, told=told, by=request.auth.actor, at=now())
    return selectors.camera(request.auth, camera_id)


@fleet.post("/cameras/import", access=Action.FLEET_MANAGE, answers=ImportOut)
def import_file(
    request: Asked,
    file: File[UploadedFile],
    dry_run: Query[bool] = False,  # noqa: FBT002 - a parameter of the address
    good_only: Query[bool] = False,  # noqa: FBT002 - the same
) -> ImportOut | HttpResponse:
    """Receives every camera of a CSV file; where rows are at fault none (a 422), or, if asked, the good ones."""
    check_can(request.auth, Action.FLEET_MANAGE)
    report = import_cameras(
        rows_csv=sent_rows(file), by=request.auth.actor, at=now(), dry_run=dry_run, good_only=good_only
    )
    return answer_to(report)


@fleet.get("/docks", access=Action.FLEET_VIEW, answers=list[DockOut])
def docks(request: Asked) -> list[Dock]:
    """The docks that you may see, by site."""
    return selectors.docks(request.auth)


@fleet.get("/docks/now", access=Action.FLEET_VIEW, answers=list[DockNowOut])
def docks_now(request: Asked) -> list[DockNow]:
    """The docks that you may see as they stand, with the cameras in them."""
    return dock_selectors.docks_now(request.auth, at=now())


@fleet.post("/docks", access=Action.FLEET_MANAGE, answers=DockSheet, status=201)
def install(request: Asked, sent: DockIn) -> DockNow:
    """Installs a dock; its key is enrolled next."""
    check_can(request.auth, Action.FLEET_MANAGE)
    dock = services.install_dock(
        serial=sent.serial,
        site=sent.site,
        unit=the_unit_named(sent.unit_id),
        bays=sent.bays,
        installed_date=sent.installed_date,
        by=request.auth.actor,
        at=now(),
    )
    return dock_selectors.dock_now(request.auth, dock.id, at=now())


@fleet.put("/docks/{uuid:dock_id}/description", access=Action.FLEET_MANAGE, answers=DockSheet)
def describe_dock(request: Asked, dock_id: UUID, sent: DockDescriptionIn) -> DockNow:
    """Notes from which day on the dock can be used."""
    check_can(request.auth, Action.FLEET_MANAGE)
    found = dock_selectors.dock_now(request.auth, dock_id, at=now())
    services.describe_dock(
        dock=found.dock, installed_date=sent.installed_date, by=request.auth.actor, at=now()
    )
    return dock_selectors.dock_now(request.auth, dock_id, at=now())


@fleet.get("/docks/{uuid:dock_id}", access=Action.FLEET_VIEW, answers=DockSheet)
def dock(request: Asked, dock_id: UUID) -> DockNow:
    """One dock as it stands, with its keys."""
    return dock_selectors.dock_now(request.auth, dock_id, at=now())


@fleet.post("/docks/{uuid:dock_id}/keys", access=Action.FLEET_MANAGE, answers=DockSheet, status=201)
def enrol_key(request: Asked, dock_id: UUID, sent: DockKeyIn) -> DockNow:
    """Enrols a key: whoever holds its private half may send footage as this dock."""
    check_can(request.auth, Action.FLEET_MANAGE)
    found = dock_selectors.dock_now(request.auth, dock_id, at=now()).dock
    dock_keys.enrol_key(
        dock=found, public_key=sent.public_key, name=sent.name, by=request.auth.actor, at=now()
    )
    return dock_selectors.dock_now(request.auth, dock_id, at=now())


@fleet.post("/docks/{uuid:dock_id}/keys/{uuid:key_id}/revoke", access=Action.FLEET_MANAGE, answers=DockSheet)
def revoke_key(request: Asked, dock_id: UUID, key_id: UUID) -> DockNow:
    """Revokes a key at once, also where it is sending just now."""
    check_can(request.auth, Action.FLEET_MANAGE)
    found = dock_selectors.dock_now(request.auth, dock_id, at=now())
    key = next((each for each in found.keys if each.pk == key_id), None)
    if key is None:
        raise NotFound("The dock has no such key.", key=str(key_id))
    dock_keys.revoke_key(key=key, by=request.auth.actor, at=now())
    return dock_selectors.dock_now(request.auth, dock_id, at=now())


@fleet.get("/cameras/overdue", access=Action.FLEET_VIEW, answers=list[OverdueOut])
def overdue(request: Asked, wanted: Query[OverdueWanted]) -> list[OverdueCamera]:
    """The worn cameras that you may see and that no dock and no Axis system told of for so many days, or ever."""
    return dock_selectors.overdue_cameras(request.auth, days=wanted.days, at=now())


def _managed(request: Asked, camera_id: UUID) -> Camera:
    found = selectors.camera(request.auth, camera_id).row.camera
    check_can(request.auth, Action.FLEET_MANAGE, found)  # type: ignore[arg-type] # the selector puts the wearer on it
    return found
