"""Half-open spans: the start belongs, the end does not."""

from datetime import UTC, datetime, timedelta

import pytest

from tabard.kernel.errors import Invalid
from tabard.kernel.ids import new_id
from tabard.kernel.spans import TimeSpan

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_the_start_belongs_and_the_end_does_not() -> None:
    span = TimeSpan(NOON, NOON + HOUR)
    assert span.contains(NOON)
    assert not span.contains(NOON + HOUR)
    assert not span.contains(NOON - HOUR)


def test_spans_that_only_touch_do_not_overlap() -> None:
    first, second = TimeSpan(NOON, NOON + HOUR), TimeSpan(NOON + HOUR, NOON + 2 * HOUR)
    assert not first.overlaps(second)
    assert not second.overlaps(first)


def test_a_running_span_overlaps_whatever_comes_later() -> None:
    running = TimeSpan(NOON)
    assert running.overlaps(TimeSpan(NOON + 100 * HOUR, NOON + 101 * HOUR))
    assert not running.overlaps(TimeSpan(NOON - HOUR, NOON))
    assert running.duration is None


def test_an_end_before_the_start_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        TimeSpan(NOON, NOON - HOUR)
    assert refused.value.fields["field"] == "end_at"


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(Invalid):
        TimeSpan(datetime(2026, 3, 29, 12))


def test_ids_sort_by_time() -> None:
    ids = [new_id() for _ in range(1_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
