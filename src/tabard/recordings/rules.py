"""When was it, in what order, and under which category? Pure decisions about a recording that comes in.

A camera's times are kept as they came even where they cannot be right: they are evidence too. Whatever had to be
guessed, or cannot be right, makes the clock suspect; nothing is ever refused for it. What its clock was off by is
worked out in `fleet.offsets`; here is decided what of it a person should look into.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from tabard.fleet.offsets import Basis, Correction
from tabard.recordings.drafts import BookmarkDraft, RecordingDraft, SegmentDraft

CLOCK_AHEAD = timedelta(minutes=5)
FIRST_CREDIBLE = datetime(2015, 1, 1, tzinfo=UTC)  # before it, a camera's clock was never set
OLDEST_CREDIBLE = timedelta(days=90)  # a camera that lay in a drawer for longer, or whose clock is wrong
CLOCK_OFF = timedelta(minutes=5)  # more, and somebody should set the camera's clock
_HOUR = timedelta(hours=1)


class ClockDoubt(StrEnum):
    """What a measured clock makes a person look into; the values are flags of a recording."""

    WRONG = "clock_wrong"
    HOUR_OFF = "clock_hour_off"
    JUMPED = "clock_jumped"


@dataclass(frozen=True, slots=True)
class When:
    """The times a recording is filed under, and whether they can be trusted.

    `is_told` says that the start is by the camera's clock, and not only when the recording came in; `is_guessed`, that
    start or stop had to be put together from what there was.
    """

    started_at: datetime
    stopped_at: datetime
    is_suspect: bool
    is_told: bool = True
    is_guessed: bool = False


def settle_times(draft: RecordingDraft, received_at: datetime) -> When:
    """A start and a stop not before it, from the best there is: camera, files, name, our clock."""
    segments = draft.segments
    started_at = draft.started_at or _first(segment.started_at for segment in segments)
    is_said = started_at is not None
    started_at = started_at or draft.named_at or received_at
    stopped_at = draft.stopped_at or _last(segment.stopped_at for segment in segments)
    is_ordered = stopped_at is not None and stopped_at >= started_at
    if stopped_at is None or not is_ordered:
        stopped_at = started_at
    is_guessed = not is_said or not is_ordered
    is_suspect = is_guessed or clock_is_suspect(started_at, received_at, is_archived=draft.is_archived)
    is_told = is_said or draft.named_at is not None
    return When(started_at, stopped_at, is_suspect, is_told, is_guessed)


def clock_is_suspect(started_at: datetime, received_at: datetime, *, is_archived: bool = False) -> bool:
    """Whether a start can hardly be right: in the future, before there were such cameras, or long before receipt.

    What another system kept (`is_archived`) may be old.
    """
    is_old = started_at < received_at - OLDEST_CREDIBLE and not is_archived
    return started_at > received_at + CLOCK_AHEAD or started_at < FIRST_CREDIBLE or is_old


def clock_doubt(found: Correction) -> ClockDoubt | None:
    """What a person should look into about a measured clock, or nothing.

    An hour's difference is daylight saving, or a neighbouring time zone, and is told apart from a clock that is wrong.
    """
    if found.basis is Basis.JUMPED:
        return ClockDoubt.JUMPED
    if found.offset is None or abs(found.offset) <= CLOCK_OFF:
        return None
    return ClockDoubt.HOUR_OFF if abs(abs(found.offset) - _HOUR) <= CLOCK_OFF else ClockDoubt.WRONG


def in_order(segments: Iterable[SegmentDraft]) -> tuple[SegmentDraft, ...]:
    """The segments as they follow one another: by start, then by name; those without a start last."""
    never = datetime.max.replace(tzinfo=UTC)
    return tuple(sorted(segments, key=lambda segment: (segment.started_at or never, segment.file.name)))


def footage_sha256(segments: Sequence[SegmentDraft]) -> bytes:
    """The SHA-256 over the 32-byte SHA-256s of the segments, one after another, in order."""
    return hashlib.sha256(b"".join(segment.file.sha256 for segment in segments)).digest()


def newest_category(bookmarks: Iterable[BookmarkDraft]) -> BookmarkDraft | None:
    """The latest bookmark that chooses a category, by its start; None if none does."""
    always = datetime.min.replace(tzinfo=UTC)
    choosing = [mark for mark in bookmarks if mark.category_code or mark.category_name]
    return max(choosing, key=lambda mark: mark.start_at or always, default=None)


def _first(times: Iterable[datetime | None]) -> datetime | None:
    return min((time for time in times if time is not None), default=None)


def _last(times: Iterable[datetime | None]) -> datetime | None:
    return max((time for time in times if time is not None), default=None)
