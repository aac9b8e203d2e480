"""Is anything missing of what cameras filmed? By camera, wearer and shift: gaps, overlaps and numbers that never came.

A shift is what one camera filmed on one wearer without a pause of eleven hours, the daily rest that the Working Time
Regulations 1998, regulation 10, give. Cameras count their files; a number's predecessor is looked for a week back.
Files that came within the last hours may still be followed by others, and are judged later.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, QuerySet, When
from django.db.models.functions import Upper

from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.custody.services import PlannedEvent, append_many
from tabard.kernel.errors import Invalid
from tabard.people.authorisation import Viewer, check_can, scope
from tabard.people.models import Officer
from tabard.people.rules import Action
from tabard.people.selectors import subtree_ids
from tabard.recordings.continuity import (
    SEAM_TOLERANCE,
    Hole,
    SeamKind,
    Stretch,
    holes,
    missing_chapters,
    seams,
)
from tabard.recordings.models import Recording, Segment, SettledFlag

PAUSE = timedelta(hours=11)
LOOKS_BACK = timedelta(days=7)
LONGEST_PERIOD = timedelta(days=92)
STILL_COMING = timedelta(hours=6)
PAGE_CAMERAS = 100
_FLAG = Recording.Flag.NUMBERS_MISSING.value


class FindingKind(StrEnum):
    """What is not whole."""

    GAP = "gap"
    OVERLAP = "overlap"
    RECORDINGS_OVERLAP = "recordings_overlap"
    NUMBERS_MISSING = "numbers_missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not whole: at which recording, and what, in words that a table can show.

    `lasting_s` is how long the gap or overlap is, in seconds; None where it is about numbers.
    """

    kind: FindingKind
    recording_id: UUID
    words: str
    lasting_s: float | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """What one camera filmed on one wearer in one go, and what of it is not whole."""

    camera_id: UUID | None
    camera_serial: str
    officer: Officer | None
    began_at: datetime
    ended_at: datetime
    recordings: int
    footage_s: float
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Wholeness:
    """The shifts of some cameras, by serial number and time; `next_cursor` asks for more cameras, empty on the last."""

    shifts: tuple[Shift, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class WholenessFilter:
    """Which period to look at, half-open, and of what; without `all_shifts` only shifts in which something is amiss."""

    since: datetime
    until: datetime
    camera_id: UUID | None = None
    officer_id: UUID | None = None
    unit_id: UUID | None = None
    all_shifts: bool = False


def shifts(
    viewer: Viewer, wanted: WholenessFilter, *, cursor: str = "", limit: int = PAGE_CAMERAS
) -> Wholeness:
    """The shifts of the period with what is not whole in them, some cameras at a time.

    Raises:
        Denied: the viewer may see no work items.
        Invalid: the period is none, or longer than three months.
    """
    check_can(viewer, Action.WORK_ITEM_VIEW)
    _check_period(wanted)
    seen = Recording.objects.filter(scope(viewer, Action.WORK_ITEM_VIEW))
    keys = list(_cameras(_within(seen, wanted), cursor)[: limit + 1])
    rows = _rows(seen, keys[:limit], wanted.since - LOOKS_BACK, wanted.until)
    found = tuple(
        shift
        for _, filmed in groupby(rows, key=lambda row: row.key)
        for shift in _shifts(list(filmed), wanted)
        if wanted.all_shifts or shift.findings
    )
    return Wholeness(found, keys[limit - 1] if len(keys) > limit else "")


def review(*, since: datetime, by: Actor, at: datetime) -> int:
    """Recordings received since then are flagged where numbers before them never came, and no longer where they did.

    Returns how many recordings were flagged anew or freed of the flag, each with an event. A flag that a person settled
    is not raised again. Some cameras at a time, each batch in one transaction.
    """
    changed, cursor = 0, ""
    received = Recording.objects.filter(
        received_at__gte=since,
        received_at__lt=at - STILL_COMING,
        filmed_at__gte=since - LONGEST_PERIOD,  # by a clock years wrong nothing can be put in order
    )
    while keys := list(_cameras(received.filter(disposed_at__isnull=True), cursor)[:PAGE_CAMERAS]):
        changed += _review(keys, received, by, at)
        cursor = keys[-1]
    return changed


@dataclass(frozen=True, slots=True)
class _Row:
    """A recording with its segments, as far as wholeness is concerned."""

    key: str
    recording: Recording
    segments: tuple[Segment, ...]

    @property
    def numbers(self) -> Iterator[int]:
        return (segment.sequence for segment in self.segments if segment.sequence is not None)


def _check_period(wanted: WholenessFilter) -> None:
    if wanted.until <= wanted.since:
        raise Invalid("The end of the period must be after its start.", field="until")
    if wanted.until - wanted.since > LONGEST_PERIOD:
        raise Invalid(f"A period has at most {LONGEST_PERIOD.days} days.", field="until")


def _within(rows: QuerySet[Recording], wanted: WholenessFilter) -> QuerySet[Recording]:
    exact: dict[str, object] = {
        "filmed_at__gte": wanted.since,
        "filmed_at__lt": wanted.until,
        "camera_id": wanted.camera_id,
        "officer_id": wanted.officer_id,
    }
    found = rows.filter(**{name: value for name, value in exact.items() if value is not None})
    return found if wanted.unit_id is None else found.filter(unit_id__in=subtree_ids(wanted.unit_id))


def _keyed(rows: QuerySet[Recording]) -> QuerySet[Any]:
    """Recordings with what tells cameras apart: the serial number as we know it, else as it was said."""
    known = When(camera__isnull=False, then=Upper("camera__serial"))
    keyed: QuerySet[Any] = rows.annotate(key=Case(known, default=Upper("camera_serial")))
    return keyed.exclude(key="")


def _cameras(rows: QuerySet[Recording], cursor: str) -> QuerySet[Any]:
    """The cameras of the rows, by serial number, after the cursor."""
    return _keyed(rows).filter(key__gt=cursor).order_by("key").values_list("key", flat=True).distinct()


def _rows(seen: QuerySet[Recording], keys: Sequence[str], since: datetime, until: datetime) -> list[_Row]:
    """What these cameras filmed in the period, by camera and time, in two statements."""
    filmed = _keyed(seen).filter(key__in=keys, filmed_at__gte=since, filmed_at__lt=until)
    found = list(filmed.select_related("officer", "camera").order_by("key", "filmed_at", "id"))
    segments: dict[UUID, list[Segment]] = defaultdict(list)
    for segment in Segment.objects.filter(recording__in=[each.pk for each in found]).order_by("ordinal"):
        segments[segment.recording_id].append(segment)
    return [_Row(each.key, each, tuple(segments[each.pk])) for each in found]


def _shifts(rows: Sequence[_Row], wanted: WholenessFilter) -> Iterator[Shift]:
    """The shifts of one camera, of its rows by time; those of the week before the period are only looked back at."""
    findings: dict[UUID, list[Finding]] = defaultdict(list)
    for finding in _findings(rows):
        findings[finding.recording_id].append(finding)
    inside = [row for row in rows if row.recording.filmed_at >= wanted.since]
    units = None if wanted.unit_id is None else subtree_ids(wanted.unit_id)
    for shift in _cut(inside):
        first = shift[0].recording
        is_theirs = wanted.officer_id in {None, first.officer_id}
        if is_theirs and (units is None or first.unit_id in units):
            yield _shift(shift, [each for row in shift for each in findings[row.recording.pk]])


def _cut(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    shift: list[_Row] = []
    for row in rows:
        if shift and _begins_another(shift[-1].recording, row.recording):
            yield shift
            shift = []
        shift.append(row)
    if shift:
        yield shift


def _begins_another(last: Recording, following: Recording) -> bool:
    pause = following.filmed_at - last.filmed_until_at
    return last.officer_id != following.officer_id or pause >= PAUSE


def _shift(rows: Sequence[_Row], findings: Iterable[Finding]) -> Shift:
    first = rows[0].recording
    return Shift(
        camera_id=first.camera_id,
        camera_serial=first.camera.serial if first.camera else first.camera_serial,
        officer=first.officer,
        began_at=first.filmed_at,
        ended_at=max(row.recording.filmed_until_at for row in rows),
        recordings=len(rows),
        footage_s=sum(row.recording.duration_s for row in rows),
        findings=tuple(findings),
    )


def _findings(rows: Sequence[_Row]) -> Iterator[Finding]:
    """Everything that is not whole in what one camera filmed."""
    for row in rows:
        yield from _seams(row)
    for one, following in pairwise(rows):
        overlap = one.recording.filmed_until_at - following.recording.filmed_at
        if overlap > SEAM_TOLERANCE:
            words = f"It began {_seconds(overlap)} before {one.recording} of the same camera ended"
            yield Finding(
                FindingKind.RECORDINGS_OVERLAP, following.recording.pk, words, overlap.total_seconds()
            )
    for hole in _holes(rows):
        words = f"Missing before it: {hole.words}"
        yield Finding(FindingKind.NUMBERS_MISSING, hole.after.recording.pk, words)


def _seams(row: _Row) -> Iterator[Finding]:
    """Gaps and overlaps between the segments of one recording, and chapters that are not there."""
    for seam in seams([Stretch(segment.started_at, segment.stopped_at) for segment in row.segments]):
        what = "are missing" if seam.kind is SeamKind.GAP else "were filmed twice"
        words = f"{_seconds(seam.lasting)} {what} after segment {seam.after + 1}"
        yield Finding(FindingKind(seam.kind.value), row.recording.pk, words, seam.lasting.total_seconds())
    for chapter in missing_chapters([segment.name for segment in row.segments]):
        yield Finding(FindingKind.NUMBERS_MISSING, row.recording.pk, f"Missing of it: {chapter}")


def _holes(rows: Sequence[_Row]) -> Iterator[Hole[_Row]]:
    return holes([(number, row) for row in rows for number in row.numbers])


def _seconds(lasting: timedelta) -> str:
    return f"{lasting.total_seconds():,.0f} s"


@transaction.atomic
def _review(keys: Sequence[str], received: QuerySet[Recording], by: Actor, at: datetime) -> int:
    """The recordings of these cameras that were received in the meantime carry the flag or not, as is so now."""
    judged = set(_keyed(received).filter(key__in=keys).values_list("pk", flat=True))
    earliest = (
        received.filter(pk__in=judged).order_by("filmed_at").values_list("filmed_at", flat=True).first()
    )
    if earliest is None:
        return 0
    rows = _rows(Recording.objects.all(), keys, earliest - LOOKS_BACK, at + LOOKS_BACK)
    missing = _missing(rows)
    settled = set(
        SettledFlag.objects.filter(recording__in=judged, flag=_FLAG).values_list("recording_id", flat=True)
    )
    locked = Recording.objects.select_for_update().filter(pk__in=judged, disposed_at__isnull=True)
    chapters = {row.recording.pk for row in rows if missing_chapters([each.name for each in row.segments])}
    events = [
        event
        for recording in locked.order_by("pk")
        if recording.pk not in settled | chapters
        and (event := _reflagged(recording, missing.get(recording.pk, ())))
    ]
    if events:
        append_many(events, at=at, by=by)
    return len(events)


def _missing(rows: Sequence[_Row]) -> Mapping[UUID, list[str]]:
    """Which numbers are missing before which recordings, in words."""
    found: dict[UUID, list[str]] = defaultdict(list)
    for _, filmed in groupby(rows, key=lambda row: row.key):
        for hole in _holes(list(filmed)):
            found[hole.after.recording.pk].append(hole.words)
    return found


def _reflagged(recording: Recording, missing: Sequence[str]) -> PlannedEvent | None:
    """The locked recording carries the flag if numbers are missing before it, and the event of that; None if it did."""
    if bool(missing) == (_FLAG in recording.flags):
        return None
    kept = [flag for flag in recording.flags if flag != _FLAG]
    recording.flags = [*kept, _FLAG] if missing else kept
    recording.save(update_fields=["flags"])
    details = {
        "raised": [_FLAG] if missing else [],
        "lifted": [] if missing else [_FLAG],
        "missing": list(missing),
    }
    return PlannedEvent(EventKind.RECORDING_FLAGGED, Subject("recording", recording.pk), None, details)
