"""When a recording was, in what order its segments stand, and which category it takes."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from tabard.fleet.offsets import Basis, Correction
from tabard.kernel.ids import new_id
from tabard.recordings.drafts import BookmarkDraft, RecordingDraft, SealedDraft, SegmentDraft
from tabard.recordings.rules import (
    CLOCK_AHEAD,
    OLDEST_CREDIBLE,
    ClockDoubt,
    clock_doubt,
    clock_is_suspect,
    footage_sha256,
    in_order,
    newest_category,
    settle_times,
)

BEGAN = datetime(2026, 11, 4, 21, 14, 3, tzinfo=UTC)
ENDED = BEGAN + timedelta(minutes=3)
RECEIVED = BEGAN + timedelta(hours=6)


def draft(**facts):
    return RecordingDraft(source="axis", source_name="x", **facts)


def segment(name, started_at=None, stopped_at=None):
    file = SealedDraft(name, new_id(), 3, hashlib.sha256(name.encode()).digest())
    return SegmentDraft(file, started_at, stopped_at)


class TestTimes:
    def test_what_the_camera_says_counts(self):
        when = settle_times(draft(started_at=BEGAN, stopped_at=ENDED, named_at=ENDED), RECEIVED)
        assert (when.started_at, when.stopped_at, when.is_suspect) == (BEGAN, ENDED, False)

    def test_else_the_segments_say_it(self):
        segments = (segment("b", ENDED, ENDED + timedelta(1)), segment("a", BEGAN, ENDED))
        when = settle_times(draft(segments=segments), RECEIVED)
        assert (when.started_at, when.stopped_at, when.is_suspect) == (BEGAN, ENDED + timedelta(1), False)

    def test_else_the_name_says_it_and_the_clock_is_suspect(self):
        when = settle_times(draft(stopped_at=ENDED, named_at=BEGAN), RECEIVED)
        assert (when.started_at, when.stopped_at, when.is_suspect) == (BEGAN, ENDED, True)

    def test_else_it_is_filed_under_its_arrival(self):
        when = settle_times(draft(), RECEIVED)
        assert (when.started_at, when.stopped_at, when.is_suspect) == (RECEIVED, RECEIVED, True)

    @pytest.mark.parametrize("stopped_at", [None, BEGAN - timedelta(seconds=1)])
    def test_a_stop_that_is_missing_or_before_the_start_is_the_start(self, stopped_at):
        when = settle_times(draft(started_at=BEGAN, stopped_at=stopped_at), RECEIVED)
        assert (when.stopped_at, when.is_suspect) == (BEGAN, True)

    @pytest.mark.parametrize(
        ("started_at", "suspect"),
        [
            (RECEIVED + CLOCK_AHEAD, False),
            (RECEIVED + CLOCK_AHEAD + timedelta(seconds=1), True),
            (RECEIVED - OLDEST_CREDIBLE, False),
            (RECEIVED - OLDEST_CREDIBLE - timedelta(seconds=1), True),
            (datetime(2014, 12, 31, 23, 59, 59, tzinfo=UTC), True),
        ],
    )
    def test_a_clock_from_the_future_or_long_ago_is_suspect(self, started_at, suspect):
        assert clock_is_suspect(started_at, RECEIVED) is suspect

    @pytest.mark.parametrize(
        ("started_at", "suspect"),
        [
            (datetime(2015, 1, 1, tzinfo=UTC), False),
            (datetime(2014, 12, 31, 23, 59, 59, tzinfo=UTC), True),
        ],
    )
    def test_what_another_system_kept_may_be_as_old_as_such_cameras(self, started_at, suspect):
        assert clock_is_suspect(started_at, RECEIVED, is_archived=True) is suspect


def measured(offset):
    return Correction(Basis.BETWEEN, offset, timedelta(seconds=1))


@pytest.mark.parametrize(
    ("found", "doubt"),
    [
        (Correction(), None),
        (measured(timedelta(minutes=5)), None),
        (measured(timedelta(minutes=-6)), ClockDoubt.WRONG),
        (measured(timedelta(minutes=54)), ClockDoubt.WRONG),
        (measured(timedelta(minutes=55)), ClockDoubt.HOUR_OFF),
        (measured(timedelta(minutes=-65)), ClockDoubt.HOUR_OFF),
        (measured(timedelta(hours=2)), ClockDoubt.WRONG),
        (measured(timedelta(days=-7300)), ClockDoubt.WRONG),
        (Correction(Basis.JUMPED, bounds=(timedelta(), timedelta(hours=1))), ClockDoubt.JUMPED),
    ],
)
def test_what_is_measured_to_be_off_is_looked_into(found, doubt):
    assert clock_doubt(found) is doubt


def test_segments_stand_by_start_then_name_and_those_without_a_start_last():
    parts = [segment("z"), segment("b", BEGAN), segment("a", BEGAN), segment("0", ENDED), segment("c")]
    assert [part.file.name for part in in_order(parts)] == ["a", "b", "0", "c", "z"]


def test_the_footage_hash_depends_on_every_segment_and_their_order():
    one, two = segment("one"), segment("two")
    expected = hashlib.sha256(one.file.sha256 + two.file.sha256).digest()
    assert footage_sha256((one, two)) == expected
    assert footage_sha256((two, one)) != expected
    assert footage_sha256(()) == hashlib.sha256().digest()


def test_the_newest_bookmark_that_chooses_a_category_decides():
    early = BookmarkDraft(start_at=BEGAN, category_code="traffic")
    late = BookmarkDraft(start_at=ENDED, category_code="stop-search")
    plain = BookmarkDraft(start_at=ENDED + timedelta(1), text="no category")
    without_time = BookmarkDraft(category_code="other")
    assert newest_category((late, early, plain, without_time)) is late
    assert newest_category((plain,)) is None
