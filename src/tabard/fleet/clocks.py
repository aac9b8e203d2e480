"""How is a camera's clock compared with ours, and who knows what came of it?

Each docking measures it: what the camera showed, at which instant of ours, give or take how much. Readings are never
changed; recordings are corrected by them (`recordings.times`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import DateTimeField, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.fleet import selectors
from tabard.fleet.models import Camera, ClockReading
from tabard.fleet.offsets import Correction, Reading, correct
from tabard.kernel.errors import Invalid
from tabard.people.authorisation import Viewer

MOST_UNCERTAIN = timedelta(days=1)
SHOWN_READINGS = 100
_CLOCKS_APART = timedelta(minutes=5)  # a measuring machine's and ours


@dataclass(frozen=True, slots=True)
class CameraClock:
    """A camera's newest clock readings, newest first, and how far off its clock is by now."""

    readings: Sequence[ClockReading]
    now: Correction


def record_reading(
    *,
    camera: Camera,
    camera_at: datetime,
    our_at: datetime,
    uncertainty_s: float,
    source: str,
    by: Actor,
    at: datetime,
) -> ClockReading:
    """The reading stands, logged; told again, the same one is returned and nothing is logged.

    Args:
        camera: Whose clock.
        camera_at: What it showed, aware; where it shows no time zone, as if it were UTC, always.
        our_at: When, by our clock; at most five minutes after `at`.
        uncertainty_s: By how much the two may be apart besides, in seconds; at most a day.
        source: Who measured, one of `ClockReading.Source`.
        by: Who tells.
        at: Now.

    Raises:
        Invalid: naming the field that cannot be.
    """
    _check(camera_at, our_at, uncertainty_s, source, at)
    facts = {"camera_at": camera_at, "uncertainty_ms": math.ceil(uncertainty_s * 1000), "recorded_at": at}
    with transaction.atomic():
        reading, is_new = ClockReading.objects.get_or_create(
            camera=camera, our_at=our_at, source=source, defaults=facts
        )
        if is_new:
            _log(reading, by, at)
    return reading


def keep_satellite_reading(*, camera_id: UUID, reading: Reading, at: datetime) -> None:
    """The reading that a camera's own file gives stands, in the caller's transaction, whose event speaks of it."""
    ClockReading.objects.get_or_create(
        camera_id=camera_id,
        our_at=reading.true_at,
        source=ClockReading.Source.SATELLITES,
        defaults={
            "camera_at": reading.camera_at,
            "uncertainty_ms": math.ceil(reading.uncertainty / timedelta(milliseconds=1)),
            "recorded_at": at,
        },
    )


def readings_around(*, camera_id: UUID, shown_at: datetime, received_at: datetime) -> list[Reading]:
    """The readings that decide how far off the clock was, by time, in one statement: all that `offsets` looks at."""
    taken = ClockReading.objects.filter(camera_id=camera_id)
    known = taken.filter(our_at__lte=received_at).order_by("-our_at").values("our_at")
    first = Coalesce(Subquery(known.filter(camera_at__lte=shown_at)[:1]), Subquery(known[1:2]))
    since = Coalesce(first, Value("-infinity"), output_field=DateTimeField())
    around = taken.filter(our_at__gte=since)
    return [each.reading for each in around.order_by("our_at")[:3]]


def readings_of(camera_id: UUID) -> list[Reading]:
    """Every reading of the camera's clock, by time."""
    return [each.reading for each in ClockReading.objects.filter(camera_id=camera_id).order_by("our_at")]


def clock_of(viewer: Viewer, camera_id: UUID, *, at: datetime) -> CameraClock:
    """The camera's newest readings, and how far off its clock is at the instant.

    Raises:
        NotFound: when there is no such camera.
        Denied: when the viewer may not see it.
    """
    camera = selectors.camera(viewer, camera_id).row.camera
    newest: QuerySet[ClockReading] = ClockReading.objects.filter(camera=camera).order_by("-our_at")
    readings = list(newest[:SHOWN_READINGS])
    oldest_first = [each.reading for each in reversed(readings)]
    if not oldest_first:
        return CameraClock((), Correction())
    shows = at + oldest_first[-1].offset
    return CameraClock(readings, correct(shows, at, oldest_first))


def _check(camera_at: datetime, our_at: datetime, uncertainty_s: float, source: str, at: datetime) -> None:
    for name, time in (("camera_at", camera_at), ("our_at", our_at)):
        if time.tzinfo is None:
            raise Invalid("A clock reading needs times with a time zone.", field=name)
    if our_at > at + _CLOCKS_APART:
        raise Invalid("A clock reading cannot have been taken later than now.", field="our_at")
    if not 0 <= uncertainty_s <= MOST_UNCERTAIN.total_seconds():
        raise Invalid("The uncertainty is 0 seconds to a day.", field="uncertainty_s")
    if source not in ClockReading.Source.values:
        raise Invalid(f"Who measured is one of {', '.join(ClockReading.Source.values)}.", field="source")


def _log(reading: ClockReading, by: Actor, at: datetime) -> None:
    details = {
        "camera_at": reading.camera_at.isoformat(),
        "our_at": reading.our_at.isoformat(),
        "offset_ms": reading.offset_ms,
        "uncertainty_ms": reading.uncertainty_ms,
        "source": reading.source,
    }
    subject = Subject("camera", reading.camera_id)
    custody.append(kind=EventKind.CAMERA_CLOCK_READ, subject=subject, at=at, by=by, details=details)
