"""What the readers take from each kind of file, from files made byte by byte."""

import json
import os
import random
import struct
import tracemalloc
from datetime import UTC, datetime

import pytest
from tests.telemetry import box, camera_file, gps5, gps9, klv, movie_header, nested, telemetry_track

from tabard.media.jail.limits import Limits
from tabard.media.jail.reading.found import MOST_POINTS, Found, Point, written_time
from tabard.media.jail.tasks import read
from tabard.media.jail.workbench import Workbench


class Bytes:
    """Footage in memory, as the jail sees it."""

    def __init__(self, data):
        self.data, self.at, self.size_bytes = data, 0, len(data)

    def seek(self, offset, whence=os.SEEK_SET):
        self.at = {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.size_bytes}[whence] + offset
        return self.at

    def read(self, count=-1):
        piece = self.data[self.at :] if count < 0 else self.data[self.at : self.at + count]
        self.at += len(piece)
        return piece


def told(data):
    if isinstance(data, str):
        data = data.encode()
    return read.perform(Workbench(Bytes(data), None, {}, Limits(), lambda fraction: None))


def text_box(kind, text):
    return box(kind, struct.pack(">HH", len(text), 0x15C7), text.encode())


class TestMovies:
    def test_a_header_says_when_by_the_cameras_clock_and_how_long(self):
        facts = told(box(b"ftyp", b"mp42") + movie_header(datetime(2026, 3, 2, 10, 0), 61.5))
        assert (facts["kind"], facts["clock_started_at"]) == ("footage", "2026-03-02T10:00:00")
        assert facts["started_at"] is None
        assert facts["duration_s"] == 61.5

    def test_a_header_with_long_numbers_says_the_same(self):
        facts = told(box(b"ftyp", b"mp42") + movie_header(datetime(2026, 3, 2, 10, 0), 61.5, version=1))
        assert (facts["clock_started_at"], facts["duration_s"]) == ("2026-03-02T10:00:00", 61.5)

    def test_a_clock_that_was_never_set_says_nothing(self):
        assert told(box(b"ftyp", b"mp42") + movie_header(None, 1))["clock_started_at"] is None

    def test_user_data_says_who_made_it_and_where(self):
        udta = box(
            b"udta", text_box(b"\xa9mak", "Acme"), text_box(b"\xa9mod", "Bodycam 3"), text_box(b"\xa9swr", "1.2"),
            text_box(b"\xa9xyz", "+51.4613-000.0106/"),
        )  # fmt: skip
        facts = told(movie_header(None, 1, udta))
        assert (facts["make"], facts["model"], facts["firmware"]) == ("Acme", "Bodycam 3", "1.2")
        assert (facts["latitude"], facts["longitude"]) == (51.4613, -0.0106)

    def test_a_location_box_says_where(self):
        place = (
            struct.pack(">IH", 0, 0x15C7) + b"here\0\0" + struct.pack(">iii", -700, round(51.46 * 65536), 0)
        )
        facts = told(movie_header(None, 1, box(b"udta", box(b"loci", place))))
        assert facts["latitude"] == pytest.approx(51.46, abs=1e-4)

    @pytest.mark.parametrize("is_plain", [True, False])
    def test_names_spelled_out_carry_an_offset_and_a_serial_number(self, is_plain):
        values = {
            "com.apple.quicktime.creationdate": "2026-03-02T10:00:00+0100",
            "com.apple.quicktime.location.ISO6709": "+51.4613-000.0106+012.3/",
            "com.apple.quicktime.make": "Acme",
            "com.acme.camera.SerialNumber": "A-77",
        }
        keys = b"".join(struct.pack(">I4s", 8 + len(name), b"mdta") + name.encode() for name in values)
        items = [
            box(struct.pack(">I", number), box(b"data", struct.pack(">II", 1, 0), text.encode()))
            for number, text in enumerate(values.values(), 1)
        ]
        meta = box(
            b"meta", b"" if is_plain else bytes(4), box(b"hdlr", bytes(24)),
            box(b"keys", struct.pack(">II", 0, len(values)), keys), box(b"ilst", *items),
        )  # fmt: skip
        facts = told(movie_header(datetime(2026, 3, 2, 10, 0), 1, meta))
        assert facts["started_at"] == "2026-03-02T09:00:00+00:00"
        assert facts["clock_started_at"] == "2026-03-02T10:00:00"
        assert (facts["make"], facts["camera_serial"], facts["latitude"]) == ("Acme", "A-77", 51.4613)

    def test_a_camera_with_satellites_says_all_of_it(self):
        facts = told(camera_file())
        assert facts["started_at"] == "2026-03-02T09:00:07+00:00"
        assert facts["is_satellite_time"]
        assert facts["clock_started_at"] == "2026-03-02T10:00:00"
        assert facts["track"] == [
            [0.0, -0.01, 51.46], [0.5, -0.01, 51.461], [1.001, -0.01, 51.462], [1.501, -0.01, 51.463],
        ]  # fmt: skip
        assert facts["camera_serial"] == "C3461324500001"
        assert (facts["make"], facts["model"], facts["firmware"]) == (
            "GoPro",
            "HERO9 Black",
            "HD9.01.01.72.00",
        )

    def test_an_older_camera_says_its_serial_before_its_pictures(self):
        head = (
            b"GPRO"
            + bytes(4)
            + b"HD5.02.02.00.00LAE6101112400243"
            + bytes(48)
            + b"C3161325750003\0HERO5 Black\0"
        )
        facts = told(box(b"ftyp", b"mp41") + box(b"mdat", head, bytes(300)) + movie_header(None, 1))
        assert (facts["camera_serial"], facts["model"]) == ("C3161325750003", "HERO5 Black")
        assert facts["firmware"] == "HD5.02.02.00.00"

    def test_another_tracks_samples_are_not_taken_for_telemetry(self):
        payload = gps5([(51.46, -0.01)])
        track = telemetry_track([8], [len(payload)], entry=b"text")
        assert told(box(b"mdat", payload) + movie_header(None, 1, track))["track"] == []

    def test_a_fragment_is_footage_that_says_no_time(self):
        facts = told(box(b"styp", b"msdh") + box(b"moof", box(b"mfhd", bytes(8))) + box(b"mdat", b"x"))
        assert (facts["kind"], facts["duration_s"]) == ("footage", None)

    def test_half_a_file_is_footage(self):
        facts = told(camera_file()[:60])
        assert (facts["kind"], facts["trouble"]) == ("footage", "it has no header")


class TestTelemetry:
    def test_each_place_of_a_new_camera_has_its_own_time(self):
        days = (datetime(2026, 3, 2) - datetime(2000, 1, 1)).days
        facts = told(
            camera_file([gps9([(51.46, -0.01, days, 32407.25, 3), (51.47, -0.01, days, 32408.25, 3)])])
        )
        assert facts["started_at"] == "2026-03-02T09:00:07.250000+00:00"
        assert len(facts["track"]) == 2

    def test_without_a_fix_the_time_is_no_satellite_time_and_places_are_the_last_known(self):
        facts = told(camera_file([gps5([(51.46, -0.01)], fix=0)], created=None))
        assert (facts["started_at"], facts["is_satellite_time"]) == (None, False)
        assert facts["clock_started_at"] == "2026-03-02T09:00:07"
        assert (facts["is_position_fixed"], len(facts["track"])) == (False, 1)

    def test_places_without_a_fix_are_left_out_where_there_are_better_ones(self):
        facts = told(
            camera_file([gps5([(51.0, -0.5)], fix=0), gps5([(51.46, -0.01)], at="260302090008.001")])
        )
        assert facts["track"] == [[1.001, -0.01, 51.46]]
        assert facts["started_at"] == "2026-03-02T09:00:07+00:00"

    def test_a_bare_stream_is_a_track(self):
        facts = told(gps5([(51.46, -0.01)]) + gps5([(51.47, -0.01)], at="260302090008.001"))
        assert (facts["kind"], facts["duration_s"], facts["model"]) == ("track", 2.002, "Hero6 Black")
        assert facts["track_started_at"] == "2026-03-02T09:00:07+00:00"

    def test_places_that_are_not_on_the_earth_are_left_out(self):
        facts = told(camera_file([gps5([(0.0, 0.0), (99.0, 1.0), (51.46, -0.01)])]))
        assert facts["track"] == [[0.667, -0.01, 51.46]]

    @pytest.mark.parametrize(
        "payload",
        [
            pytest.param(b"DEVC\0\1\xff\xff" + bytes(9), id="longer than what holds it"),
            pytest.param(nested("DEVC", b"\x01\x02\x03\x04c\1\0\1" + bytes(4)), id="no key"),
            pytest.param(nested("DEVC", nested("STRM", klv("GPS5", "z", 4, bytes(4)))), id="no type"),
            pytest.param(
                nested("DEVC", nested("STRM", klv("TYPE", "c", 1, b"lll"), klv("GPS9", "?", 16, bytes(16)))),
                id="rows of another size",
            ),
        ],
    )
    def test_broken_telemetry_is_told_and_the_rest_counts(self, payload):
        facts = told(camera_file([gps5([(51.46, -0.01)]), payload]))
        assert facts["trouble"].startswith("the telemetry is broken")
        assert len(facts["track"]) == 1
        assert facts["camera_serial"] == "C3461324500001"


class TestSidecars:
    def test_a_gpx_track(self):
        facts = told(
            '<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>'
            '<trkpt lat="51.46" lon="-0.01"><ele>3</ele><time>2026-03-02T09:00:07Z</time></trkpt>'
            '<trkpt lat="51.47" lon="-0.01"><time>2026-03-02T09:00:09.5Z</time></trkpt></trkseg></trk></gpx>'
        )
        assert facts["kind"] == "track"
        assert facts["track"] == [[0.0, -0.01, 51.46], [2.5, -0.01, 51.47]]
        assert facts["started_at"] == facts["track_started_at"] == "2026-03-02T09:00:07+00:00"

    def test_xml_of_another_system_as_elements_attributes_or_named_values(self):
        facts = told(
            '<Evidence xmlns:v="urn:v"><v:OfficerID>101LX</v:OfficerID><Device serialNumber="X60A-1"/>'
            '<meta name="Category" value="Stop and search"/><StartTime>2026-03-02 10:00:00</StartTime>'
            "<Mount>chest</Mount><CaseNumber>CR/1/26</CaseNumber></Evidence>"
        )
        assert facts["kind"] == "notes"
        assert facts["camera_serial"] == "X60A-1"
        assert facts["mount"] == "chest"
        assert facts["clock_started_at"] == "2026-03-02T10:00:00"
        assert facts["said"] == {"officer": "101LX", "category": "Stop and search", "reference": "CR/1/26"}

    def test_json_of_any_shape(self):
        facts = told(
            json.dumps({
                "version": 3,
                "device": {"Serial Number": "X60A-1", "manufacturer": "Axon", "firmware_version": "1.9"},
                "recording": {"start_time": "2026-03-02T09:00:07+00:00", "duration": 12.5, "badge-id": "101LX"},
                "gps": [
                    {"lat": 51.46, "lng": -0.01, "timestamp": 1772442007},
                    {"lat": 51.47, "lng": -0.01, "timestamp": 1772442009},
                ],
            })
        )  # fmt: skip
        assert facts["kind"] == "track"
        assert (facts["camera_serial"], facts["make"], facts["firmware"]) == ("X60A-1", "Axon", "1.9")
        assert facts["started_at"] == "2026-03-02T09:00:07+00:00"
        assert facts["duration_s"] == 12.5
        assert facts["said"] == {"officer": "101LX"}
        assert facts["track"] == [[0.0, -0.01, 51.46], [2.0, -0.01, 51.47]]

    def test_the_trail_of_an_axis_system(self):
        trail = {"CoordinateEntries": [
            {"LocationWKT": f"POINT (-0.01 {latitude})", "SecondsFromStart": second}
            for second, latitude in enumerate((51.46, 51.47))
        ]}  # fmt: skip
        assert told(json.dumps(trail))["track"] == [[0.0, -0.01, 51.46], [1.0, -0.01, 51.47]]

    def test_a_line_of_geojson_has_places_and_an_area_has_none(self):
        line = {"type": "LineString", "coordinates": [[-0.01, 51.46], [-0.01, 51.47]]}
        area = {"type": "Polygon", "coordinates": [[[-0.01, 51.46], [-0.01, 51.47], [0, 51], [-0.01, 51.46]]]}
        assert told(json.dumps(line))["latitude"] == 51.46
        assert told(json.dumps(area))["latitude"] is None
        assert told(json.dumps({"aspect": [16, 9], "size": [64, 48]}))["latitude"] is None

    def test_captions_of_a_drone(self):
        facts = told(
            '1\n00:00:00,000 --> 00:00:00,033\n<font size="28">FrameCnt: 1, DiffTime: 33ms\n'
            "2026-03-02 10:00:00.500\n[iso: 100] [latitude: 51.46] [longitude: -0.01] [rel_alt: 1.2]</font>\n\n"
            "2\n00:00:01,000 --> 00:00:01,033\n2026-03-02 10:00:01.500\n[latitude: 51.47] [longtitude: -0.01]\n"
        )
        assert facts["kind"] == "track"
        assert facts["clock_started_at"] == "2026-03-02T10:00:00.500000"
        assert facts["track"] == [[0.0, -0.01, 51.46], [1.0, -0.01, 51.47]]
        assert facts["duration_s"] == pytest.approx(1.033)

    def test_captions_of_a_camera_with_its_serial_number(self):
        facts = told(
            "1\n00:00:02,000 --> 00:00:03,000\nSN: BWV-0012 GPS(-0.01,51.46,16) 2026.03.02 10:00:02\n"
        )
        assert facts["camera_serial"] == "BWV-0012"
        assert facts["clock_started_at"] == "2026-03-02T10:00:00"
        assert facts["track"] == [[2.0, -0.01, 51.46]]

    def test_entities_are_never_expanded(self):
        facts = told('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "xxxx">]><a><Officer>&e;</Officer></a>')
        assert (facts["said"], facts["trouble"]) == ({}, "it is no XML that is read here")

    @pytest.mark.parametrize(
        "text",
        [
            "{" * 200_000,
            "[" * 200_000,
            '<?xml version="1.0"?>' + "<a>" * 100_000,
            "{" + '"a":1,' * 9,
            "<s> words",
        ],
    )
    def test_what_is_no_such_thing_is_left_alone(self, text):
        assert told(text)["track"] == []


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x1aE\xdf\xa3" + bytes(40), "footage"),
        (b"RIFF\0\0\0\0AVI " + bytes(40), "footage"),
        (b"RIFF\0\0\0\0WAVE" + bytes(40), "footage"),
        ((b"G" + bytes(187)) * 4, "footage"),
        ((bytes(4) + b"G" + bytes(187)) * 4, "footage"),
        (b"\xff\xd8\xff\xe0" + bytes(40), "picture"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"Date,Type\n", "other"),
        (b"", "other"),
        (bytes(100), "other"),
    ],
)
def test_the_first_bytes_tell_what_it_is(head, kind):
    assert told(head)["kind"] == kind


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-03-02T10:00:00Z", datetime(2026, 3, 2, 10, 0, tzinfo=UTC)),
        ("2026:03:02 10:00:00", datetime(2026, 3, 2, 10, 0)),
        ("2026/03/02 10:00", datetime(2026, 3, 2, 10, 0)),
        ("at 2026.03.02_10:00:00,250 or so", datetime(2026, 3, 2, 10, 0, 0, 250_000)),
        ("2026-02-30 10:00:00", None),
        ("9999-12-31T23:59:60", None),
        ("no time", None),
    ],
)
def test_times_as_cameras_write_them(text, time):
    assert written_time(text) == time


def test_more_places_than_may_leave_the_jail_are_thinned_evenly():
    found = Found(points=[Point(float(second), 0.1, 51.0) for second in range(3 * MOST_POINTS)])
    track = found.as_facts()["track"]
    assert len(track) == MOST_POINTS
    assert (track[0][0], track[1][0], track[-1][0]) == (0.0, 3.0, 3 * MOST_POINTS - 3)


def test_whatever_is_changed_in_a_file_it_is_read_or_left_alone():
    whole, chance = camera_file(), random.Random(4)  # noqa: S311 - a seed, so that a failure can be found again
    tracemalloc.start()
    for _ in range(1500):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        told(bytes(data[: chance.choice((len(data), chance.randrange(len(data))))]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * 1024 * 1024
