"""When was a camera last heard of, and by which way: seen by a dock, or by footage that an Axis system sent?

A camera of an Axis system never stands in a dock of ours; its footage is all that is heard of it. What docks report is
kept to the hour while a camera stands in one (see `KEPT_EVERY`), and exactly from when it is taken out, so that reports
that come every few minutes do not write every camera's row anew.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from tabard.fleet.models import Camera

KEPT_EVERY = timedelta(hours=1)


def seen_in_dock(*, here: Collection[UUID], taken_out: Iterable[tuple[UUID, datetime]], at: datetime) -> None:
    """Cameras that stand in a dock, or did until somebody took them out, were last heard of there.

    Args:
        here: Those that stand in it.
        taken_out: Those that no longer do, each with when it was seen last.
        at: Now.
    """
    if here:
        stale = Q(last_contact_at__isnull=True) | Q(last_contact_at__lt=at - KEPT_EVERY)
        stale |= ~Q(last_contact=Camera.Contact.DOCK)
        found = Camera.objects.filter(stale, pk__in=here)
        found.update(last_contact_at=at, last_contact=Camera.Contact.DOCK)
    for camera_id, seen_at in taken_out:
        _keep(camera_id, Camera.Contact.DOCK, seen_at)


def footage_came(*, camera_id: UUID, at: datetime) -> None:
    """An Axis system sent footage of the camera."""
    _keep(camera_id, Camera.Contact.AXIS, at)


def _keep(camera_id: UUID, way: Camera.Contact, at: datetime) -> None:
    """What is newer stays."""
    older = Q(last_contact_at__isnull=True) | Q(last_contact_at__lt=at)
    Camera.objects.filter(older, pk=camera_id).update(last_contact_at=at, last_contact=way)
