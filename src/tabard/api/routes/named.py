"""Whom or what does a request name? A name that nobody has is a fault of its field."""

from uuid import UUID

from tabard.fleet.models import Camera
from tabard.fleet.selectors import camera_by_serial
from tabard.kernel.errors import Invalid
from tabard.people.models import Officer, Unit
from tabard.people.selectors import officer_by_reference


def unit_named(unit_id: UUID | None) -> Unit | None:
    """The unit, or None where none is named.

    Raises:
        Invalid: when there is no such unit.
    """
    return None if unit_id is None else the_unit_named(unit_id)


def the_unit_named(unit_id: UUID) -> Unit:
    """The unit.

    Raises:
        Invalid: when there is no such unit.
    """
    unit = Unit.objects.filter(id=unit_id).first()
    if unit is None:
        raise Invalid("There is no such unit.", field="unit_id")
    return unit


def officer_named(reference: str, field: str) -> Officer:
    """The officer with this shoulder or warrant number.

    Raises:
        Invalid: when nobody has it, or two have.
    """
    officer = officer_by_reference(reference)
    if officer is None:
        raise Invalid("No officer has this shoulder or warrant number.", field=field)
    return officer


def camera_named(serial: str, field: str) -> Camera:
    """The camera with this serial number.

    Raises:
        Invalid: when there is none.
    """
    camera = camera_by_serial(serial)
    if camera is None:
        raise Invalid("No camera has this serial number.", field=field)
    return camera
