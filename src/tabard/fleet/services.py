"""How do cameras and docks come to the force, and who is given which? Each act is one transaction with one event.

Who may do it is decided by the caller, against `fleet.manage`; here is decided whether it can be.
"""

from datetime import datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.fleet.errors import AlreadyReceived, CameraNotWorn, CameraTaken
from tabard.fleet.models import Assignment, Camera, Dock
from tabard.fleet.rules import CameraFacts, faults
from tabard.kernel.errors import Invalid
from tabard.kernel.text import required
from tabard.people.constraints import refusals
from tabard.people.models import Officer, Unit

MOST_BAYS = 200


def receive_camera(
    *, serial: str, make: str, model: str, mount: str, unit: Unit | None, by: Actor, at: datetime
) -> Camera:
    """The new camera, worn by nobody yet.

    Args:
        serial: The maker's serial number; unique in any case.
        make: The maker.
        model: The maker's model.
        mount: One of `Camera.Mount`.
        unit: The unit that holds it; None for the central store.
        by: Who receives it.
        at: When, aware.

    Raises:
        Invalid: naming the first field that is wrong.
        AlreadyReceived: when a camera with the serial number is here already.
    """
    facts = CameraFacts.described(serial=serial, make=make, model=model, mount=mount)
    for fault in faults(facts):
        raise Invalid(fault.words, field=fault.field)
    camera = Camera(
        serial=facts.serial, make=facts.make, model=facts.model, mount=facts.mount, unit=unit, received_at=at
    )
    words = f"A camera with the serial number {camera.serial} is here already."
    with transaction.atomic():
        with refusals({"fleet_camera_serial_unique": lambda: AlreadyReceived(words, field="serial")}):
            camera.save(force_insert=True)
        details = {"serial": camera.serial, "unit": str(unit.id) if unit else None}
        custody.append(
            kind=EventKind.CAMERA_RECEIVED,
            subject=Subject("camera", camera.id),
            at=at,
            by=by,
            details=details,
        )
    return camera


def install_dock(*, serial: str, site: str, unit: Unit, bays: int, by: Actor, at: datetime) -> Dock:
    """The new dock at its site.

    Raises:
        Invalid: naming the field that is wrong.
        AlreadyReceived: when a dock with the serial number is here already.
    """
    if not 1 <= bays <= MOST_BAYS:
        raise Invalid(f"A dock has 1 to {MOST_BAYS} bays.", field="bays")
    dock = Dock(serial=required(serial, "serial", 64), site=required(site, "site", 120), unit=unit, bays=bays)
    words = f"A dock with the serial number {dock.serial} is here already."
    with transaction.atomic():
        with refusals({"fleet_dock_serial_unique": lambda: AlreadyReceived(words, field="serial")}):
            dock.save(force_insert=True)
        details = {"serial": dock.serial, "site": dock.site, "unit": str(unit.id), "bays": bays}
        custody.append(
            kind=EventKind.DOCK_INSTALLED, subject=Subject("dock", dock.id), at=at, by=by, details=details
        )
    return dock


def assign_camera(*, camera: Camera, officer: Officer, by: Actor, at: datetime) -> Assignment:
    """The officer wears the camera from `at` until it is returned; of two at once, exactly one gets it.

    Raises:
        CameraTaken: naming who has it at or after `at`.
    """
    with transaction.atomic():
        with refusals({"fleet_assignment_one_wearer": lambda: _taken(camera, at)}):
            assignment = Assignment.objects.create(
                camera=camera, officer=officer, during=DateTimeTZRange(at, None)
            )
        _append_assignment(EventKind.CAMERA_ASSIGNED, assignment, by, at)
    return assignment


def return_camera(*, camera: Camera, by: Actor, at: datetime) -> Assignment:
    """The assignment that ends at `at`; from then on nobody wears the camera.

    Raises:
        CameraNotWorn: when nobody has it, or it was given out at or after `at`.
    """
    with transaction.atomic():
        current = camera.assignments.select_for_update().filter(during__upper_inf=True).first()
        if current is None:
            raise CameraNotWorn(f"Nobody has camera {camera.serial}.", camera=str(camera.id))
        if at <= current.during.lower:
            raise CameraNotWorn(f"Camera {camera.serial} was given out only after that time.", at=at)
        current.during = DateTimeTZRange(current.during.lower, at)
        current.save(update_fields=["during"])
        _append_assignment(EventKind.CAMERA_RETURNED, current, by, at)
    return current


def _append_assignment(kind: EventKind, assignment: Assignment, by: Actor, at: datetime) -> None:
    """A camera changed hands: the camera is the subject, who has or had it a detail."""
    details = {
        "serial": assignment.camera.serial,
        "officer": str(assignment.officer_id),
        "officer_name": str(assignment.officer),
        "assignment": str(assignment.id),
    }
    custody.append(kind=kind, subject=Subject("camera", assignment.camera_id), at=at, by=by, details=details)


def _taken(camera: Camera, at: datetime) -> CameraTaken:
    """What to say to whoever came second."""
    other = (
        camera.assignments.filter(during__overlap=DateTimeTZRange(at, None))
        .select_related("officer")
        .order_by("during")
        .first()
    )
    if other is None:
        return CameraTaken(
            f"Camera {camera.serial} changed hands this moment. Try again.", camera=str(camera.id)
        )
    since = f"{other.during.lower:%-d %B %Y %H:%M}"
    words = f"{other.officer} has camera {camera.serial} since {since} UTC."
    return CameraTaken(words, camera=str(camera.id), wearer=str(other.officer), officer=str(other.officer_id))
