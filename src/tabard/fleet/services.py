"""How do cameras and docks come to the force, and who is given which? Each act is one transaction with one event.

Who may do it is decided by the caller, against `fleet.manage`; here is decided whether it can be.
"""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.fleet.errors import AlreadyReceived, CameraNotWorn, CameraTaken
from tabard.fleet.issue_counts import keep_first_issue
from tabard.fleet.issuing import Terms, draft
from tabard.fleet.lives import (
    LONGEST_REASON,
    Held,
    append_change,
    check_open,
    end_wear,
    hold,
    move,
    wearer_details,
)
from tabard.fleet.models import Assignment, Camera, Dock
from tabard.fleet.rules import CameraFacts, faults
from tabard.fleet.states import TRANSITIONS, Change, State
from tabard.kernel.errors import Invalid
from tabard.kernel.text import required
from tabard.people.constraints import refusals
from tabard.people.models import Officer, Unit

MOST_BAYS = 200
AS_USUAL = Terms()


def order_camera(
    *, serial: str, make: str, model: str, mount: str, unit: Unit | None, by: Actor, at: datetime
) -> Camera:
    """The camera is on its way, by the serial number that its maker announced.

    Args and raises as `receive_camera`.
    """
    facts = CameraFacts.described(serial=serial, make=make, model=model, mount=mount)
    camera = _described(facts, unit, State.ORDERED, at)
    with transaction.atomic():
        _keep(camera, is_known=False)
        _append_arrival(EventKind.CAMERA_ORDERED, camera, by, at)
    return camera


def receive_camera(
    *,
    serial: str,
    make: str,
    model: str,
    mount: str,
    unit: Unit | None,
    state: State = State.READY,
    by: Actor,
    at: datetime,
) -> Camera:
    """The camera is here, worn by nobody yet; one that was ordered is the same camera.

    Args:
        serial: The maker's serial number; unique in any case.
        make: The maker.
        model: The maker's model.
        mount: One of `Camera.Mount`.
        unit: The unit that holds it; None for the central store.
        state: `ready` to be given out, or `received`, to be set up first.
        by: Who receives it.
        at: When, aware.

    Raises:
        Invalid: naming the first field that is wrong.
        AlreadyReceived: when a camera with the serial number is here already.
    """
    if state not in (State.RECEIVED, State.READY):
        raise Invalid("A camera that comes is received or ready.", field="state")
    facts = CameraFacts.described(serial=serial, make=make, model=model, mount=mount)
    camera = _described(facts, unit, state, at)
    with transaction.atomic():
        ordered = Camera.objects.select_for_update(no_key=True).filter(
            serial__iexact=camera.serial, kept_state=State.ORDERED.value
        )
        known = ordered.values_list("pk", flat=True).first()
        camera.pk = known or camera.pk
        _keep(camera, is_known=known is not None)
        _append_arrival(EventKind.CAMERA_RECEIVED, camera, by, at)
    return camera


def _described(facts: CameraFacts, unit: Unit | None, state: State, at: datetime) -> Camera:
    """The camera, not yet kept.

    Raises:
        Invalid: naming the first field that is wrong.
    """
    for fault in faults(facts):
        raise Invalid(fault.words, field=fault.field)
    return Camera(
        serial=facts.serial,
        make=facts.make,
        model=facts.model,
        mount=facts.mount,
        unit=unit,
        received_at=at,
        kept_state=state.value,
    )


def _keep(camera: Camera, *, is_known: bool) -> None:
    """The row is written; in place of the order where there was one."""
    words = f"A camera with the serial number {camera.serial} is here already."
    with refusals({"fleet_camera_serial_unique": lambda: AlreadyReceived(words, field="serial")}):
        camera.save(force_insert=not is_known, force_update=is_known)


def _append_arrival(kind: EventKind, camera: Camera, by: Actor, at: datetime) -> None:
    unit = str(camera.unit_id) if camera.unit_id else None
    append_change(kind, camera, {"unit": unit, "state": camera.kept_state}, by=by, at=at)


def install_dock(
    *,
    serial: str,
    site: str,
    unit: Unit,
    bays: int,
    installed_date: date | None = None,
    by: Actor,
    at: datetime,
) -> Dock:
    """The new dock at its site.

    Args:
        serial: Its maker's serial number.
        site: Where it stands.
        unit: Whose it is.
        bays: How many cameras it takes.
        installed_date: From which day on it can be used, which may be to come; None where nobody says.
        by: Who installs it.
        at: When, aware.

    Raises:
        Invalid: naming the field that is wrong.
        AlreadyReceived: when a dock with the serial number is here already.
    """
    if not 1 <= bays <= MOST_BAYS:
        raise Invalid(f"A dock has 1 to {MOST_BAYS} bays.", field="bays")
    dock = Dock(
        serial=required(serial, "serial", 64),
        site=required(site, "site", 120),
        unit=unit,
        bays=bays,
        installed_date=installed_date,
    )
    words = f"A dock with the serial number {dock.serial} is here already."
    with transaction.atomic():
        with refusals({"fleet_dock_serial_unique": lambda: AlreadyReceived(words, field="serial")}):
            dock.save(force_insert=True)
        details = {"serial": dock.serial, "site": dock.site, "unit": str(unit.id), "bays": bays}
        _append_dock(EventKind.DOCK_INSTALLED, dock, by, at, details)
    return dock


def describe_dock(*, dock: Dock, installed_date: date | None, by: Actor, at: datetime) -> Dock:
    """The dock can be used from that day on, which may be to come; None where nobody says."""
    with transaction.atomic():
        current = Dock.objects.select_for_update(of=("self",)).select_related("unit").get(pk=dock.pk)
        current.installed_date = installed_date
        current.save(update_fields=["installed_date"])
        _append_dock(EventKind.DOCK_DESCRIBED, current, by, at, {"serial": current.serial})
    return current


def _append_dock(kind: EventKind, dock: Dock, by: Actor, at: datetime, details: dict[str, Any]) -> None:
    installed = dock.installed_date.isoformat() if dock.installed_date else None
    custody.append(
        kind=kind,
        subject=Subject("dock", dock.id),
        at=at,
        by=by,
        details={**details, "installed": installed},
    )


def assign_camera(
    *, camera: Camera, officer: Officer, terms: Terms = AS_USUAL, by: Actor, at: datetime
) -> Assignment:
    """The officer wears the camera from `at` until it is returned; of two at once, exactly one gets it.

    Args:
        camera: Which.
        officer: Who.
        terms: Where it is worn, on which duty, and who allows it against the rules.
        by: Who gives it.
        at: When, aware.

    Raises:
        CameraTaken: naming who has it at or after `at`.
        CameraStateConflict: it is faulty, lost, or otherwise not to be given out; the words say what can be done.
        NotToBeIssued: the rules of issue speak against it; the words say why, and the cure.
        Invalid: naming the field of the terms that cannot be.
    """
    with transaction.atomic():
        held = hold(camera)
        assignment = _given(held, officer, terms, at)
        append_change(EventKind.CAMERA_ASSIGNED, held.camera, _terms_details(assignment), by=by, at=at)
    return assignment


def _given(held: Held, officer: Officer, terms: Terms, at: datetime) -> Assignment:
    """The new assignment of a locked camera."""
    if held.worn is not None:
        raise _taken(held.camera, at)
    check_open(held, TRANSITIONS[Change.ISSUE])
    assignment = draft(held, officer, terms, at)
    assignment.during = DateTimeTZRange(at, None)
    with refusals({"fleet_assignment_one_wearer": lambda: _taken(held.camera, at)}):
        assignment.save(force_insert=True)
    keep_first_issue(held.camera)
    return assignment


def _terms_details(assignment: Assignment) -> dict[str, Any]:
    """Who has the camera, worn where, and by whose leave if the rules spoke against it."""
    details = wearer_details(assignment) | {
        "mount": assignment.mount,
        "duty": assignment.duty,
        "is_shift": assignment.is_shift,
    }
    if assignment.excepted_by is not None:
        details |= {"reason": assignment.exception_reason, "allowed_by": str(assignment.excepted_by)}
    return details


def return_camera(*, camera: Camera, by: Actor, at: datetime) -> Assignment:
    """The assignment that ends at `at`; from then on nobody wears the camera, and it is where it was taken from.

    Raises:
        CameraNotWorn: when nobody has it, or it was given out at or after `at`.
    """
    with transaction.atomic():
        held = hold(camera)
        worn = _worn(held)
        end_wear(worn, at)
        append_change(EventKind.CAMERA_RETURNED, held.camera, wearer_details(worn), by=by, at=at)
    return worn


def swap_camera(
    *, camera: Camera, other: Camera, change: Change, reason: str, by: Actor, at: datetime
) -> Assignment:
    """Whoever wears the camera wears the other instead, worn as the first was; both, or nothing, at one instant.

    Args:
        camera: The one that is handed in.
        other: The one that is taken.
        change: What becomes of the first: `return` or `report_fault`.
        reason: Why.
        by: Who swaps them.
        at: When, aware.

    Raises:
        CameraNotWorn: nobody has the first, or it was given out only at or after `at`.
        CameraTaken, CameraStateConflict, NotToBeIssued, Invalid: as `assign_camera`, of the other.
    """
    if change not in (Change.RETURN, Change.REPORT_FAULT):
        raise Invalid("A camera that is swapped is returned or faulty.", field="change")
    if camera.pk == other.pk:
        raise Invalid("A camera is swapped for another one.", field="other")
    said = required(reason, "reason", LONGEST_REASON, missing="Say why.")
    with transaction.atomic():
        # Both rows in one order, so that two swaps against each other cannot wait for one another.
        both = Camera.objects.select_for_update(no_key=True).filter(pk__in=[camera.pk, other.pk])
        list(both.order_by("pk"))
        held = hold(camera)
        worn = _worn(held)
        if change is Change.RETURN:
            end_wear(worn, at)
        else:
            move(held, TRANSITIONS[change], at)
        terms = Terms(worn.mount, worn.duty)
        assignment = _given(hold(other), worn.officer, terms, at)
        details = wearer_details(worn) | {
            "change": change.value,
            "reason": said,
            "other": other.serial,
            "other_camera": str(other.pk),
            "other_assignment": str(assignment.pk),
            "mount": assignment.mount,
        }
        append_change(EventKind.CAMERA_SWAPPED, held.camera, details, by=by, at=at)
    return assignment


def _worn(held: Held) -> Assignment:
    """The open assignment of a locked camera.

    Raises:
        CameraNotWorn: there is none; the words say what was perhaps overlooked.
    """
    if held.worn is None:
        words = f"Nobody has camera {held.camera.serial}: it was not given out, or is back already."
        raise CameraNotWorn(words, camera=str(held.camera.pk), state=held.state.value)
    return held.worn


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
