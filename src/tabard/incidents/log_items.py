"""Which item of the log does this text name? An id, or what people call the item: LB/1, a crime reference, a camera.

For readers of the log, who may know of every item; nothing here asks who they are.
"""

import re
from uuid import UUID

from tabard.fleet.models import Camera, Dock
from tabard.incidents.models import Exhibit, Incident
from tabard.people.models import Account
from tabard.people.selectors import officer_by_reference
from tabard.recordings.models import Recording

_EXHIBIT = re.compile(r"([A-Za-z]{1,8})/([1-9][0-9]{0,8})")


def items_named(text: str) -> list[UUID]:
    """The ids of the items that the text names; empty where it names none."""
    wanted = " ".join(text.split())
    if not wanted or not wanted.isprintable():
        return []
    try:
        return [UUID(wanted)]
    except ValueError:
        pass
    found: list[UUID] = [
        *Incident.objects.filter(reference__iexact=wanted).values_list("id", flat=True),
        *Recording.objects.filter(source_name=wanted).values_list("id", flat=True),
        *Camera.objects.filter(serial__iexact=wanted).values_list("id", flat=True),
        *Dock.objects.filter(serial__iexact=wanted).values_list("id", flat=True),
        *Account.objects.filter(username__iexact=wanted).values_list("id", flat=True),
    ]
    if (exhibit := _EXHIBIT.fullmatch(wanted)) is not None:
        numbered = Exhibit.objects.filter(initials__iexact=exhibit[1], number=int(exhibit[2]))
        found += numbered.values_list("id", flat=True)
    officer = officer_by_reference(wanted)
    return [*found, officer.id] if officer else found
