"""What a container's objects are, and what bookmarks and tracks say."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.intake.axis.contents import (
    BOOKMARK_BYTES,
    attachment_kind,
    parse_bookmark,
    parse_tags,
    parse_trail,
)
from tabard.recordings.drafts import AttachmentKind, TrackPoint

BEGAN = datetime(2026, 11, 4, 21, 14, 3, tzinfo=UTC)


class TestWhatAnObjectIs:
    @pytest.mark.parametrize(
        ("name", "metadata"),
        [
            ("20261104T211403Z_4F2A.mkv", {}),
            ("20261104T211403Z_4F2A.MP4", {}),
            ("20261104T211403Z_4F2A", {"Containertype": "mkv"}),
        ],
    )
    def test_a_video_file_is_a_segment(self, name, metadata):
        assert attachment_kind(name, metadata) is None

    @pytest.mark.parametrize(
        ("name", "metadata", "kind"),
        [
            ("20261104T211403Z_4F2A.key", {}, AttachmentKind.KEY),
            ("whatever", {"Filetype": "key"}, AttachmentKind.KEY),
            ("bookmark_2026-11-04T21:14:03Z_1", {}, AttachmentKind.BOOKMARK),
            ("bookmark_holiday.mkv", {}, AttachmentKind.BOOKMARK),
            ("20261104_211403_4F2A_B8A44F_gpstrail.json", {"Filetype": "json"}, AttachmentKind.TRACK),
            ("report.json", {"Filetype": "json", "Containertype": "mkv"}, AttachmentKind.OTHER),
            ("clip.avi", {}, AttachmentKind.OTHER),
            (".mkv", {}, AttachmentKind.OTHER),
        ],
    )
    def test_everything_else_is_an_attachment(self, name, metadata, kind):
        assert attachment_kind(name, metadata) is kind


class TestBookmarks:
    def test_a_bookmark_says_what_when_and_which_category(self):
        metadata = {
            "Starttime": "2026-11-04T21:14:03Z",
            "Endtime": "2026-11-04T21:15:00Z",
            "Categoryid": "stop-search",
            "Categoryname": "Stop and search",
            "Tags": "TriggerOn:Button;SomeTag:a:b",
        }
        mark = parse_bookmark("bookmark_x_1", metadata, "Searched at the café".encode())
        assert (mark.start_at, mark.end_at) == (BEGAN, BEGAN.replace(minute=15, second=0))
        assert (mark.text, mark.category_code) == ("Searched at the café", "stop-search")
        assert mark.category_name == "Stop and search"
        assert mark.tags == {"TriggerOn": "Button", "SomeTag": "a:b"}

    def test_an_empty_bookmark_is_a_plain_one_at_the_time_in_its_name(self):
        mark = parse_bookmark("bookmark_2026-11-04T21:14:03Z_7", {}, b"")
        assert (mark.start_at, mark.end_at, mark.text, mark.tags) == (BEGAN, None, "", {})

    def test_hostile_text_becomes_text_that_a_database_can_hold(self):
        mark = parse_bookmark("bookmark_x_1", {}, b"a\0b\xff" + b"x" * BOOKMARK_BYTES)
        assert mark.text.startswith("ab\ufffdx")
        assert len(mark.text) <= BOOKMARK_BYTES

    def test_tags_keep_unknown_repeated_and_empty_ones(self):
        assert parse_tags("a:1;;b; c : 2;a:3") == {"a": "1;3", "b": "", "c ": " 2"}


class TestTracks:
    def test_points_come_in_time_order_as_seconds_longitude_latitude(self):
        body = json.dumps(
            {
                "CoordinateEntries": [
                    {"LocationWKT": "POINT(-0.1246 51.5012)", "SecondsFromStart": 82.0, "Timestamp": "x"},
                    {"LocationWKT": "Point( -0.1250  51.5010 )", "SecondsFromStart": -3},
                ]
            }
        ).encode()
        assert parse_trail(body) == (TrackPoint(-3.0, -0.125, 51.501), TrackPoint(82.0, -0.1246, 51.5012))

    @pytest.mark.parametrize(
        "entry",
        [
            None,
            {},
            {"LocationWKT": "POINT(-0.1 91)", "SecondsFromStart": 1},
            {"LocationWKT": "POINT(-0.1 51)", "SecondsFromStart": True},
            {"LocationWKT": "POINT(-0.1 51)", "SecondsFromStart": float("nan")},
            {"LocationWKT": "POINT(-0.1 51)", "SecondsFromStart": 10**400},
            {"LocationWKT": "LINESTRING(0 0, 1 1)", "SecondsFromStart": 1},
            {"LocationWKT": 5, "SecondsFromStart": 1},
        ],
    )
    def test_a_point_that_cannot_be_read_is_left_out(self, entry):
        good = {"LocationWKT": "POINT(-0.1 51)", "SecondsFromStart": 1}
        body = json.dumps({"CoordinateEntries": [entry, good]}).encode()
        assert parse_trail(body) == (TrackPoint(1.0, -0.1, 51.0),)

    @pytest.mark.parametrize(
        "body", [b"", b"\xff", b"[]", b"{}", b'{"CoordinateEntries": 5}', b"[" * 100_000, b"9" * 5000]
    )
    def test_what_is_no_track_is_none(self, body):
        assert parse_trail(body) is None

    @given(st.binary(max_size=200))
    def test_whatever_is_sent_is_a_track_or_none(self, body):
        assert parse_trail(body) is None or isinstance(parse_trail(body), tuple)
