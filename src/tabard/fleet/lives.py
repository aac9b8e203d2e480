"""How does a camera get from one state to another? By the table of `states`, with its reason, as one event.

Whoever changes what a camera is, or who wears it, locks its row first: of two who do at once the second sees what the
first did. Who may do it is decided by the caller, against `fleet.manage`; here is decided whether it can be.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.fleet.errors import CameraNotWorn, CameraStateConflict
from tabard.fleet.models import Assignment, Camera
from tabard.fleet.rules import MOUNTS
from tabard.fleet.states import TRANSITIONS, Change, State, Transition, refusal, state_of
from tabard.kernel.errors import Invalid
from tabard.kernel.text import optional, required
from tabard.people.models import Unit

LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Held:
    """A camera whose row is locked, and the assignment of whoever wears it."""

    camera: Camera
    worn: Assignment | None

    @property
    def state(self) -> State:
        """What the camera is."""
        return state_of(self.camera.kept_state, is_worn=self.worn is not None)


def hold(camera: Camera) -> Held:
    """The camera as it stands, locked until the caller's transaction ends."""
    locked = Camera.objects.select_for_update(of=("self",), no_key=True).select_related("unit")
    worn = Assignment.objects.filter(camera_id=camera.pk, during__upper_inf=True).select_related("officer")
    return Held(locked.get(pk=camera.pk), worn.first())


def change_state(*, camera: Camera, change: Change, reason: str = "", by: Actor, at: datetime) -> Camera:
    """The camera is what the change makes of it; whoever wore it wears it no longer.

    Args:
        camera: Which.
        change: One that takes no more than a reason; the others have services of their own.
        reason: Why; some changes must have one.
        by: Who says so.
        at: When, aware.

    Raises:
        Invalid: naming the field; a change that has a service of its own is one.
        CameraStateConflict: the camera is in no state from which this can be done; the words say what can be.
        CameraNotWorn: it was given out only at or after `at`.
    """
    transition = TRANSITIONS[change]
    if not transition.plain:
        words = (
            f"'{transition.button}' takes more than a reason: it has a form of its own on the camera's page."
        )
        raise Invalid(words, field="change")
    said = reason_for(transition, reason)
    with transaction.atomic():
        held = hold(camera)
        details = move(held, transition, at) | ({"reason": said} if said else {})
        append_change(EventKind.CAMERA_STATE_CHANGED, held.camera, details, by=by, at=at)
    return held.camera


def reason_for(transition: Transition, reason: str) -> str:
    """The reason as it is kept.

    Raises:
        Invalid: when the change must have one and there is none, or it cannot be kept.
    """
    if transition.needs_reason:
        return required(reason, "reason", LONGEST_REASON, missing="Say why.")
    return optional(reason, "reason", LONGEST_REASON)


def move(held: Held, transition: Transition, at: datetime) -> dict[str, Any]:
    """The locked camera is in the change's state, and worn by nobody; returns what its event has to say.

    Raises:
        CameraStateConflict: as `change_state`.
        CameraNotWorn: as `change_state`.
    """
    check_open(held, transition)
    before = held.state
    details: dict[str, Any] = {"change": transition.change.value, "from": before.value}
    if held.worn is not None:
        end_wear(held.worn, at)
        details |= wearer_details(held.worn)
    held.camera.kept_state = transition.targets[0].value
    held.camera.save(update_fields=["kept_state"])
    return details | {"to": held.camera.kept_state}


def check_open(held: Held, transition: Transition) -> None:
    """Return only if the change can be made.

    Raises:
        CameraStateConflict: saying what can be done instead.
    """
    words = refusal(transition, held.state, held.camera.serial)
    if words:
        raise CameraStateConflict(words, camera=str(held.camera.pk), state=held.state.value)


def end_wear(worn: Assignment, at: datetime) -> None:
    """The assignment ended at `at`.

    Raises:
        CameraNotWorn: it began only then, or later.
    """
    if at <= worn.during.lower:
        raise CameraNotWorn("The camera was given out only after that time.", at=at)
    worn.during = DateTimeTZRange(worn.during.lower, at)
    worn.save(update_fields=["during"])


def wearer_details(worn: Assignment) -> dict[str, Any]:
    """Who wears or wore a camera, as events say it."""
    return {
        "officer": str(worn.officer_id),
        "officer_name": str(worn.officer),
        "assignment": str(worn.pk),
    }


def append_change(
    kind: EventKind, camera: Camera, details: dict[str, Any], *, by: Actor, at: datetime
) -> None:
    """One event about a camera, which its serial number names."""
    subject = Subject("camera", camera.pk)
    custody.append(kind=kind, subject=subject, at=at, by=by, details={"serial": camera.serial} | details)


@dataclass(frozen=True, slots=True)
class Description:
    """What may be said of a camera anew, all of it at once."""

    mount: str
    unit: Unit | None
    firmware: str = ""
    profile: str = ""
    warranty_end_date: date | None = None


def describe_camera(*, camera: Camera, told: Description, by: Actor, at: datetime) -> Camera:
    """The camera is described so; where nothing is different, nothing happens.

    Args:
        camera: Which.
        told: Its usual mount, its unit (None for the central store), firmware, profile and the end of its warranty.
        by: Who says so.
        at: When, aware.

    Raises:
        Invalid: naming the field that cannot be kept.
    """
    if told.mount not in MOUNTS:
        raise Invalid(f"'{told.mount}' is not one of {', '.join(MOUNTS)}.", field="mount")
    wanted = {
        "mount": told.mount,
        "unit": told.unit,
        "firmware": optional(told.firmware, "firmware", 64),
        "profile": optional(told.profile, "profile", 64),
        "warranty_end_date": told.warranty_end_date,
    }
    with transaction.atomic():
        locked = hold(camera).camera
        changed = {name: value for name, value in wanted.items() if getattr(locked, name) != value}
        if not changed:
            return locked
        details = dict(_differences(locked, changed))
        for name, value in changed.items():
            setattr(locked, name, value)
        locked.save(update_fields=list(changed))
        append_change(EventKind.CAMERA_DESCRIBED, locked, details, by=by, at=at)
    return locked


def _differences(camera: Camera, changed: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in changed.items():
        yield f"{name}_before", str(getattr(camera, name) or "")
        yield name, str(value or "")
