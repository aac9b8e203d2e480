"""How a recording and its objects are named for the Axis door."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from tabard.kernel.errors import Invalid
from tabard.simulation.upload import BookmarkUpload, RecordingUpload, SegmentUpload
from tabard.simulation.walk import Fix

BEGAN = datetime(2026, 11, 4, 21, 14, 3, tzinfo=UTC)
BST = timezone(timedelta(hours=1))


def upload(**changes):
    segment = SegmentUpload(
        content=Path("x.MKV"), started_at=BEGAN.astimezone(BST), stopped_at=BEGAN + timedelta(seconds=8)
    )
    facts = {
        "user_id": "7f1e",
        "camera_serial": "SIMCAM000001",
        "camera_model": "W120",
        "controller_serial": "SIM-DOCK-EK-1",
        "started_at": BEGAN,
        "triggered_at": BEGAN + timedelta(seconds=2),
        "ended_at": BEGAN + timedelta(seconds=8),
        "stopped_at": BEGAN + timedelta(seconds=8),
        "recording_id": "7CF7",
        "segments": (segment,),
    }
    return RecordingUpload(**(facts | changes))


def test_the_container_is_named_by_user_camera_and_trigger_in_utc():
    at = (BEGAN + timedelta(seconds=2)).astimezone(BST)
    assert upload(triggered_at=at).container == "7f1e_SIMCAM000001_20261104T211405Z"


def test_objects_are_named_by_start_and_recording_id():
    recording = upload()
    assert recording.segment_name(recording.segments[0]) == "20261104_211403_7CF7.mkv"
    assert recording.key_name(recording.segments[0]) == "20261104_211403_7CF7.key"
    assert recording.track_name == "20261104_211403_7CF7_SIMCAM000001_gpstrail.json"


def test_times_are_epoch_seconds_and_rfc_3339():
    facts = upload().metadata()
    assert facts["StartTime"] == str(int(BEGAN.timestamp()))
    assert facts["StartTimeISO"] == "2026-11-04T21:14:03.000Z"
    assert facts["TriggerOnTimeISO"] == "2026-11-04T21:14:05.000Z"
    assert facts["TimeZone"] == "Europe/London"


def test_a_recording_without_a_position_says_nothing_about_it():
    assert "TriggerOnLocation" not in upload().metadata()
    located = upload(trigger_location=Fix(BEGAN, 51.5, -0.1)).metadata()
    assert located["TriggerOnLocation"].startswith("+51.500000-0.100000")


def test_a_plain_bookmark_is_only_a_time():
    bookmark = BookmarkUpload(at=BEGAN, number="3")
    assert bookmark.name == "bookmark_20261104_211403_3"
    assert bookmark.metadata() == {"StartTime": "2026-11-04T21:14:03.000Z"}


def test_a_bookmark_carries_category_tags_and_a_span():
    bookmark = BookmarkUpload(
        at=BEGAN,
        category_id="12",
        category_name="Stop and search",
        tags={"TriggerOn": "Button", "Some": "Tag"},
        starts_at=BEGAN + timedelta(seconds=1),
        ends_at=BEGAN + timedelta(seconds=4),
    )
    assert bookmark.metadata() == {
        "CategoryID": "12",
        "CategoryName": "Stop and search",
        "Tags": "TriggerOn:Button;Some:Tag",
        "StartTime": "2026-11-04T21:14:04.000Z",
        "EndTime": "2026-11-04T21:14:07.000Z",
    }


def test_a_recording_has_at_least_one_segment():
    with pytest.raises(Invalid):
        upload(segments=())
