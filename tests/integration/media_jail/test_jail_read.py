"""What camera files say of themselves, read behind the walls: real cameras' and those of every kind of sidecar."""

import pytest
from tests.integration.media_jail.jail_footage import look
from tests.telemetry import camera_file

# What gopro-telemetry 1.2.11, another reader of the same format, tells of the same files: how many places, the first
# of them, and the time of the first; the Karma's time is worked out from its SYST, as ExifTool does.
PUBLISHED = {
    "karma.mp4": (47, [-117.3310641, 33.125368], "2017-04-17T19:27:57.367422+00:00"),
    "hero6-trimmed.mp4": (36, [-117.3271676, 33.126515], "2018-01-24T19:27:58.674000+00:00"),
    "hero5.raw": (18, [-117.3273542, 33.1264969], "2017-04-17T17:31:03+00:00"),
    "karma.raw": (4, [-117.3310641, 33.125368], "2017-04-17T19:27:57.367422+00:00"),
    "gopro-telemetry_hero11.raw": (110, [-8.6499795, 42.4261529], "2022-09-20T13:29:36.899000+00:00"),
}


def read(footage, tmp_path):
    return look("read", footage, tmp_path)[0]


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_real_camera_tells_its_start_and_its_way(name, samples, tmp_path):
    facts = read((samples / "actioncam" / name).read_bytes(), tmp_path)
    places, first, start = PUBLISHED[name]
    assert (len(facts["track"]), facts["track"][0][1:]) == (places, first)
    assert (facts["started_at"], facts["is_satellite_time"], facts["is_position_fixed"]) == (
        start,
        True,
        True,
    )


def test_a_real_camera_tells_its_serial_number(samples, tmp_path):
    facts = read((samples / "actioncam" / "karma.mp4").read_bytes(), tmp_path)
    assert facts["camera_serial"] == "C3161325750003"
    assert (facts["make"], facts["model"], facts["firmware"]) == ("GoPro", "HERO5 Black", "HD5.02.02.00.00")


def test_a_real_camera_without_a_fix_tells_no_satellite_time(samples, tmp_path):
    facts = read((samples / "actioncam" / "hero6.raw").read_bytes(), tmp_path)
    assert (facts["started_at"], facts["clock_started_at"]) == (None, "2018-01-24T19:28:01.699000")
    assert (len(facts["track"]), facts["is_position_fixed"]) == (17, False)


@pytest.mark.parametrize(
    ("footage", "kind"),
    [
        (camera_file(), "footage"),
        (b'<?xml version="1.0" encoding="iso-8859-1"?><a><Officer>Ren\xe9</Officer></a>', "notes"),
        (
            '<?xml version="1.0" encoding="utf-16"?><a><Officer>Ren\u00e9</Officer></a>'.encode("utf-16"),
            "notes",
        ),
        ("\ufeff" + '{"officer": "Ren\u00e9"}', "notes"),
        ('{"officer": "Ren\u00e9"}'.encode("utf-16"), "notes"),
        ("1\n00:00:00,000 --> 00:00:01,000\nofficer: 101LX\n".encode("utf-16"), "notes"),
        ("\ufeff1\r\n00:00:00,000 --> 00:00:01,000\r\nofficer: 101LX\r\n", "notes"),
    ],
)
def test_nothing_that_reading_needs_is_missing_behind_the_walls(footage, kind, tmp_path):
    facts = read(footage if isinstance(footage, bytes) else footage.encode(), tmp_path)
    assert facts["kind"] == kind
    if kind == "notes":
        assert facts["said"]["officer"] in {"Ren\u00e9", "101LX"}
