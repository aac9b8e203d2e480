"""Which bytes a `Range` field asks for (RFC 9110 section 14), without a server."""

import pytest

from tabard.web.playback_ranges import RangeUnsatisfiable, asked_range


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=5-", 5, 100),
        ("bytes=-1", 99, 100),
        ("bytes=-500", 0, 100),
        ("bytes=90-500", 90, 100),
        ("BYTES= 5-9 ", 5, 10),
    ],
)
def test_one_range_is_served_in_part(header, start, stop):
    found = asked_range(header, 100)
    assert (found.start, found.stop, found.is_partial) == (start, stop, True)
    assert found.content_range == f"bytes {start}-{stop - 1}/100"


@pytest.mark.parametrize(
    "header", ["", "bytes=", "bytes=-", "bytes=9-5", "bytes=0-1,5-6", "items=0-5", "bytes=a-b", "bytes=1-2-3"]
)
def test_what_is_no_single_range_is_ignored_and_everything_is_served(header):
    found = asked_range(header, 100)
    assert (found.start, found.stop, found.is_partial) == (0, 100, False)


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-0", 0), ("bytes=-5", 0)]
)
def test_a_range_without_any_byte_is_refused_with_the_size(header, size):
    with pytest.raises(RangeUnsatisfiable) as refused:
        asked_range(header, size)
    assert refused.value.fields["size_bytes"] == size


def test_an_empty_object_has_an_empty_whole():
    assert asked_range("", 0).length == 0
