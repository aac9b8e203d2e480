"""What happens at a station's kiosk? A camera of the desk's unit is handed in, taken, found faulty, or swapped.

Whoever stands there has a number and a camera in hand, and no account. What the desk may do is `kiosk.use`; an officer
of any unit may take a camera, but only of the desk's own unit and those below it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tabard.fleet import selectors, services
from tabard.fleet.errors import NotToBeIssued
from tabard.fleet.issue_rules import CameraFitness, Rules, camera_objections
from tabard.fleet.issuing import fitness_of, rules_in_force
from tabard.fleet.lives import change_state
from tabard.fleet.models import Assignment, Camera
from tabard.fleet.states import Change
from tabard.kernel.errors import NotFound
from tabard.people.authorisation import Viewer, check_can
from tabard.people.models import Officer
from tabard.people.rules import Action


@dataclass(frozen=True, slots=True)
class Offers:
    """The cameras of the pool that can be taken, the best first, and how many cannot, as each says of itself."""

    cameras: tuple[Camera, ...]
    unfit: tuple[str, ...]


def offers(viewer: Viewer) -> Offers:
    """What the desk's pool has to offer: the fullest battery first, then the one that lay there longest.

    Raises:
        Denied: when the viewer runs no desk.
    """
    check_can(viewer, Action.KIOSK_USE)
    pool = selectors.pool(viewer)
    fitness, rules = fitness_of(pool), rules_in_force()
    against = {each.pk: tuple(_objections(each, fitness[each.pk], rules)) for each in pool}
    fit = sorted((each for each in pool if not against[each.pk]), key=lambda each: _rank(fitness[each.pk]))
    return Offers(tuple(fit), tuple(words for each in pool for words in against[each.pk][:1]))


def _objections(camera: Camera, fitness: CameraFitness, rules: Rules) -> Iterator[str]:
    for each in camera_objections(fitness, camera.serial, rules):
        yield each.words


def _rank(fitness: CameraFitness) -> tuple[int, float]:
    battery = fitness.battery_percent if fitness.battery_percent is not None else -1
    return -battery, fitness.back_at.timestamp() if fitness.back_at else 0.0


def held_by(officer: Officer) -> list[Camera]:
    """The cameras that the officer has just now."""
    return list(Camera.objects.filter(assignments__officer=officer, assignments__during__upper_inf=True))


def hand_in(*, viewer: Viewer, serial: str, at: datetime) -> Assignment:
    """The camera is back, by its serial number alone.

    Raises:
        NotFound: no camera has the serial number.
        Denied: it is another unit's.
        CameraNotWorn: nobody has it.
    """
    camera = _of_this_desk(viewer, serial)
    return services.return_camera(camera=camera, by=viewer.actor, at=at)


def take(*, viewer: Viewer, officer: Officer, serial: str, at: datetime) -> Assignment:
    """The officer has the camera of the serial number; where none is named, the best of the pool.

    Raises:
        NotFound: no camera has the serial number.
        Denied: it is another unit's.
        NotToBeIssued: the officer has a camera, the pool has none to offer, or the rules of issue speak against it.
        CameraTaken: naming who has it.
        CameraStateConflict: it is not ready or pooled.
    """
    held = held_by(officer)
    if held:
        words = f"You have camera {held[0].serial}. Hand it in first: scan it."
        raise NotToBeIssued(words, field="camera")
    camera = _of_this_desk(viewer, serial) if serial else _best(viewer)
    return services.assign_camera(camera=camera, officer=officer, by=viewer.actor, at=at)


def report_fault(*, viewer: Viewer, serial: str, reason: str, at: datetime) -> Camera:
    """The camera is faulty, and worn by nobody.

    Raises:
        NotFound, Denied: as `hand_in`.
        Invalid: naming the field, when the reason is missing or cannot be kept.
        CameraStateConflict: it is faulty already, or gone; the words say what can be done.
    """
    camera = _of_this_desk(viewer, serial)
    return change_state(camera=camera, change=Change.REPORT_FAULT, reason=reason, by=viewer.actor, at=at)


def swap(*, viewer: Viewer, serial: str, other: str, reason: str, at: datetime) -> Assignment:
    """Whoever has the faulty camera has the other instead; where none is named, the best of the pool.

    Raises:
        NotFound, Denied: as `take`, of either.
        CameraNotWorn: nobody has the first.
        Invalid, NotToBeIssued, CameraTaken, CameraStateConflict: as `swap_camera` of `services`.
    """
    camera = _of_this_desk(viewer, serial)
    taken = _of_this_desk(viewer, other, field="other") if other else _best(viewer, instead_of=camera)
    return services.swap_camera(
        camera=camera, other=taken, change=Change.REPORT_FAULT, reason=reason, by=viewer.actor, at=at
    )


def _best(viewer: Viewer, instead_of: Camera | None = None) -> Camera:
    found = [each for each in offers(viewer).cameras if each != instead_of]
    if not found:
        raise NotToBeIssued("The pool has no camera that can be taken now.", field="camera")
    return found[0]


def _of_this_desk(viewer: Viewer, serial: str, field: str = "camera") -> Camera:
    row = selectors.camera_at_desk(viewer, serial)
    if row is None:
        raise NotFound("No camera has this serial number.", field=field)
    return row.camera
