"""When was a recording really made? Its camera's time less what the clock was off by, as readings tell.

Worked out when the recording comes in, and again when a later reading arrives. The camera's own times are never
changed, and neither is `begun_by_at`, by which retention counts.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.custody.services import PlannedEvent, append_many
from tabard.fleet import clocks
from tabard.fleet.models import Camera, ClockReading
from tabard.fleet.offsets import SATELLITES_UNCERTAIN, Basis, Correction, Reading, begun_by, correct
from tabard.recordings.drafts import RecordingDraft
from tabard.recordings.models import Recording, SettledFlag
from tabard.recordings.rules import ClockDoubt, When, clock_doubt

_MILLISECOND = timedelta(milliseconds=1)
_FIELDS = (
    "corrected_start_at",
    "clock_offset_ms",
    "clock_uncertainty_ms",
    "clock_least_ms",
    "clock_most_ms",
    "clock_basis",
)
_UNSETTLED = (Basis.UNKNOWN, Basis.AFTER, Basis.JUMPED)


@dataclass(frozen=True, slots=True)
class Timing:
    """What is known of a recording's true time as it comes in; `own` is a satellite reading that it brought."""

    correction: Correction
    begun_by_at: datetime
    own: Reading | None = None


def timing_of(draft: RecordingDraft, when: When, camera: Camera | None, received_at: datetime) -> Timing:
    """What is known of the true time of a recording that comes in, in one statement at most."""
    if draft.is_satellite_time and when.is_told:
        itself = Reading(when.started_at, when.started_at, SATELLITES_UNCERTAIN, is_ours=False)
        found = correct(when.started_at, received_at, (), itself)
        return Timing(found, received_at, _own_reading(draft, when.started_at))
    if camera is None or not when.is_told:
        return Timing(Correction(), received_at)
    own = _own_reading(draft, when.started_at - timedelta(seconds=draft.gnss_offset_s or 0))
    readings = clocks.readings_around(camera_id=camera.pk, shown_at=when.started_at, received_at=received_at)
    found = correct(when.started_at, received_at, readings, own)
    return Timing(found, begun_by(when.started_at, received_at, readings), own)


def time_fields(started_at: datetime, found: Correction) -> dict[str, Any]:
    """The correction as a recording keeps it."""
    least, most = found.bounds or (None, None)
    values = (
        found.corrected(started_at),
        _ms(found.offset),
        None if found.uncertainty is None else math.ceil(found.uncertainty / _MILLISECOND),
        _ms(least),
        _ms(most),
        found.basis.value,
    )
    return dict(zip(_FIELDS, values, strict=True))


def time_details(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The correction as an event tells it."""
    corrected: datetime | None = fields["corrected_start_at"]
    return {**fields, "corrected_start_at": None if corrected is None else corrected.isoformat()}


def apply_readings(*, camera_id: UUID, by: Actor, at: datetime) -> int:
    """Every recording that new readings of the camera's clock tell about is corrected; returns how many.

    A crash leaves the readings as they were, not applied; doing it again finds nothing to do.
    """
    with transaction.atomic():
        waiting = ClockReading.objects.select_for_update().filter(
            camera_id=camera_id, applied_at__isnull=True
        )
        fresh = list(waiting.order_by("our_at"))
        if not fresh:
            return 0
        ClockReading.objects.filter(pk__in=[reading.pk for reading in fresh]).update(applied_at=at)
        return _correct(_concerned(camera_id, fresh[0]), by, at)


def correct_attributed(*, recording_id: UUID, by: Actor, at: datetime) -> int:
    """A recording whose camera became known is corrected by that camera's readings; returns 1 if it changed."""
    with transaction.atomic():
        return _correct(Recording.objects.filter(pk=recording_id, camera__isnull=False), by, at)


def cameras_waiting() -> list[UUID]:
    """The cameras of which readings are not applied yet: a job of theirs was lost, or they came with footage."""
    waiting = ClockReading.objects.filter(applied_at__isnull=True)
    return list(waiting.order_by("camera_id").values_list("camera_id", flat=True).distinct())


def _own_reading(draft: RecordingDraft, true_at: datetime) -> Reading | None:
    """What the camera's clock showed at the true time, where the footage tells how far ahead it was."""
    if draft.gnss_offset_s is None:
        return None
    shown_at = true_at + timedelta(seconds=draft.gnss_offset_s)
    return Reading(shown_at, true_at, SATELLITES_UNCERTAIN, is_ours=False)


def _concerned(camera_id: UUID, first: ClockReading) -> QuerySet[Recording]:
    """The recordings that readings from this one on can tell more about.

    What came in before the reading before it had been filmed earlier still, and what was filmed before that one by the
    camera's clock has it, or an older one, on its later side.
    """
    rows = Recording.objects.filter(camera_id=camera_id)
    taken = ClockReading.objects.filter(camera_id=camera_id, our_at__lt=first.our_at)
    previous = taken.order_by("-our_at").first()
    if previous is None:
        return rows
    earliest = min(previous.camera_at, first.camera_at)
    told = Q(started_at__gte=earliest) | Q(clock_basis__in=_UNSETTLED)
    return rows.filter(told, received_at__gte=previous.our_at)


def _correct(rows: QuerySet[Recording], by: Actor, at: datetime) -> int:
    """The standing ones among the rows are corrected, in the caller's transaction, each with its event."""
    found = list(rows.filter(disposed_at__isnull=True).order_by("pk").select_for_update(of=("self",)))
    correctable = [each for each in found if each.clock_basis != Basis.SATELLITES and _is_told(each)]
    readings = {
        camera_id: clocks.readings_of(camera_id)
        for camera_id in {each.camera_id for each in correctable}
        if camera_id is not None
    }
    settled = _settled(correctable)
    events = [
        event
        for each in correctable
        if each.camera_id is not None
        and (event := _corrected(each, readings[each.camera_id], settled.get(each.pk, set())))
    ]
    changed = {event.subject.id for event in events}
    Recording.objects.bulk_update([each for each in correctable if each.pk in changed], [*_FIELDS, "flags"])
    if events:
        append_many(events, at=at, by=by)
    return len(events)


def _is_told(recording: Recording) -> bool:
    """Whether the start is by the camera's clock: without any, it was filed under its receipt."""
    return recording.started_at != recording.received_at


def _corrected(recording: Recording, readings: list[Reading], settled: set[str]) -> PlannedEvent | None:
    """The recording with its time as the readings tell it now, and the event of that; None where nothing changes."""
    was = {name: getattr(recording, name) for name in _FIELDS}
    found = correct(recording.started_at, recording.received_at, readings)
    fields = time_fields(recording.started_at, found)
    if fields == was:
        return None
    for name, value in fields.items():
        setattr(recording, name, value)
    recording.flags = _reflagged(recording.flags, clock_doubt(found), settled)
    details = {"was": time_details(was), **time_details(fields), "flags": recording.flags}
    return PlannedEvent(EventKind.RECORDING_TIME_CORRECTED, Subject("recording", recording.pk), None, details)


def _reflagged(flags: Iterable[str], doubt: ClockDoubt | None, settled: set[str]) -> list[str]:
    """The flags with this doubt about the measured clock and no other; one that was settled is not raised again."""
    kept = [flag for flag in flags if flag not in set(ClockDoubt)]
    return kept if doubt is None or doubt.value in settled else [*kept, doubt.value]


def _settled(recordings: Iterable[Recording]) -> dict[UUID, set[str]]:
    """The flags of each recording that somebody settled."""
    found: dict[UUID, set[str]] = {}
    rows = SettledFlag.objects.filter(recording__in=[each.pk for each in recordings])
    for recording_id, flag in rows.values_list("recording_id", "flag"):
        found.setdefault(recording_id, set()).add(flag)
    return found


def _ms(span: timedelta | None) -> int | None:
    return None if span is None else round(span / _MILLISECOND)
