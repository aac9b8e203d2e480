"""Whose recording is it, by which camera, of which unit, about what? As far as we know; the rest is flagged.

Officer and unit are those of the time of recording, not of arrival. A draft that names no officer is the wearer's whom
the camera was assigned to, if its time is certain enough to say; one that names somebody whom we do not know is
nobody's. Nothing is refused for an administrative reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Upper

from tabard.fleet import selectors as fleet
from tabard.fleet.models import Camera
from tabard.people import selectors as people
from tabard.people.models import Officer
from tabard.recordings.continuity import Seam, SeamKind, Stretch, missing_chapters, seams
from tabard.recordings.drafts import BookmarkDraft, RecordingDraft
from tabard.recordings.models import Category, Recording
from tabard.recordings.rules import When, clock_doubt, clock_is_suspect, in_order, newest_category
from tabard.recordings.times import Timing, timing_of

Flag = Recording.Flag


@dataclass(frozen=True, slots=True)
class Found:
    """Who, what and when, as far as we know them, and what a BWV administrator should look into."""

    camera: Camera | None
    officer: Officer | None
    unit_id: UUID | None
    category: Category | None
    timing: Timing
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Worn:
    """When to ask who wore the camera: on arrival, if the time of recording cannot be trusted."""

    at: datetime
    give_or_take: timedelta
    is_certain: bool


def resolve(draft: RecordingDraft, when: When, received_at: datetime) -> Found:
    """Everything that the draft names, and its true time."""
    camera = fleet.camera_by_serial(draft.camera_serial) if draft.camera_serial else None
    timing = timing_of(draft, when, camera, received_at)
    worn = _worn(draft, when, timing, received_at)
    wearer = fleet.wearer_at(camera.pk, worn.at, worn.give_or_take) if camera else None
    officer = _officer(draft, wearer if worn.is_certain else None)
    unit_id = people.unit_at(officer.pk, worn.at) if officer else None
    categories = _categories(draft.bookmarks)
    chosen = newest_category(draft.bookmarks)
    doubts = {
        Flag.UNKNOWN_CAMERA: camera is None,
        Flag.UNKNOWN_OFFICER: officer is None,
        Flag.UNKNOWN_CATEGORY: any(
            _category(mark, categories) is None for mark in _choosing(draft.bookmarks)
        ),
        Flag.WEARER_DIFFERS: wearer is not None and officer is not None and wearer.pk != officer.pk,
        **_clock_doubts(draft, when, timing, received_at),
        **_footage_doubts(draft),
        Flag.CONFLICT: draft.has_conflict,
        Flag.INCOMPLETE: not draft.is_complete,
    }
    return Found(
        camera=camera,
        officer=officer,
        unit_id=unit_id or (camera.unit_id if camera else None),
        category=_category(chosen, categories) if chosen else None,
        timing=timing,
        flags=tuple(flag.value for flag, is_raised in doubts.items() if is_raised),
    )


def _worn(draft: RecordingDraft, when: When, timing: Timing, received_at: datetime) -> _Worn:
    corrected = timing.correction.corrected(when.started_at)
    if corrected is not None and timing.correction.uncertainty is not None:
        return _Worn(corrected, timing.correction.uncertainty, is_certain=True)
    if when.is_suspect or timing.correction.bounds:
        return _Worn(received_at, timedelta(), is_certain=False)
    return _Worn(when.started_at, timedelta(), is_certain=draft.has_zone)


def _officer(draft: RecordingDraft, wearer: Officer | None) -> Officer | None:
    return people.officer_by_reference(draft.officer_reference) if draft.officer_reference.strip() else wearer


def _clock_doubts(
    draft: RecordingDraft, when: When, timing: Timing, received_at: datetime
) -> dict[Flag, bool]:
    """What there is to look into about the time; a measured clock is judged by what it was corrected to."""
    doubt = clock_doubt(timing.correction)
    started_at = timing.correction.corrected(when.started_at) or when.started_at
    is_incredible = clock_is_suspect(started_at, received_at, is_archived=draft.is_archived)
    raised = {
        Flag.CLOCK_SUSPECT: when.is_guessed or is_incredible,
        Flag.NO_TIME_ZONE: not draft.has_zone,
    }
    return raised if doubt is None else {**raised, Flag(doubt.value): True}


def _footage_doubts(draft: RecordingDraft) -> dict[Flag, bool]:
    """What does not fit between the segments."""
    segments = in_order(draft.segments)
    found = {seam.kind for seam in _seams(draft)}
    return {
        Flag.NO_FOOTAGE: not segments,
        Flag.GAP: SeamKind.GAP in found,
        Flag.OVERLAP: SeamKind.OVERLAP in found,
        Flag.NUMBERS_MISSING: bool(missing_chapters([segment.file.name for segment in segments])),
    }


def _seams(draft: RecordingDraft) -> Iterator[Seam]:
    return seams([Stretch(segment.started_at, segment.stopped_at) for segment in in_order(draft.segments)])


def _choosing(bookmarks: tuple[BookmarkDraft, ...]) -> list[BookmarkDraft]:
    return [mark for mark in bookmarks if mark.category_code or mark.category_name]


def _categories(bookmarks: tuple[BookmarkDraft, ...]) -> list[Category]:
    """Every category that any of the bookmarks can mean, in one statement; one no longer offered is still known."""
    choosing = _choosing(bookmarks)
    if not choosing:
        return []
    codes = [mark.category_code for mark in choosing]
    names = [mark.category_name.upper() for mark in choosing]
    named = Category.objects.annotate(upper_name=Upper("name"))
    return list(named.filter(Q(code__in=codes) | Q(upper_name__in=names)))


def _category(mark: BookmarkDraft, known: list[Category]) -> Category | None:
    """The category that a bookmark chooses: by its code, else by its name."""
    by_code = next((each for each in known if each.code == mark.category_code), None)
    wanted = mark.category_name.upper()
    return by_code or next((each for each in known if wanted and each.name.upper() == wanted), None)
