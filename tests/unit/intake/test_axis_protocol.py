"""The pure half of the Axis door: paths, names, metadata, times and places."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.intake.axis.protocol import (
    ContainerKind,
    Level,
    Target,
    folded,
    kind_of,
    merged,
    metadata_headers,
    parse_metadata,
    parse_recording_name,
    parse_target,
    safe_name,
    value,
)
from tabard.intake.axis.times import instant, place
from tabard.intake.errors import MetadataTooLong, NameRefused, PathTooDeep, RequestUnknown
from tabard.kernel.errors import TabardError


class TestPaths:
    def test_a_path_names_a_container_or_an_object_in_it(self):
        assert parse_target(b"/v1/acc/box") == Target("acc", "box")
        assert parse_target(b"/v1/acc/box/file.mkv") == Target("acc", "box", "file.mkv")
        assert parse_target(b"/v1/acc/box").level is Level.CONTAINER
        assert parse_target(b"/v1/acc/box/file.mkv").level is Level.OBJECT

    @pytest.mark.parametrize("raw", [b"/v1/acc", b"/v1/", b"/v2/acc/box", b"/v1"])
    def test_a_path_without_a_container_is_none_of_the_protocol(self, raw):
        with pytest.raises(RequestUnknown):
            parse_target(raw)

    @pytest.mark.parametrize("raw", [b"/v1/a/b/c/d", b"/v1/a/b/c/", b"/v1/a//b/c"])
    def test_more_than_two_levels_are_too_deep(self, raw):
        with pytest.raises(PathTooDeep):
            parse_target(raw)

    @pytest.mark.parametrize("raw", [b"/v1/acc/", b"/v1/acc//x", b"/v1/acc/box/"])
    def test_an_empty_level_is_refused(self, raw):
        with pytest.raises(NameRefused):
            parse_target(raw)


class TestNames:
    @pytest.mark.parametrize(
        ("raw", "name"),
        [
            (b"20261104T211403Z_4F2A.mkv", "20261104T211403Z_4F2A.mkv"),
            (b"bookmark_2026-11-04T21:14:03Z_1", "bookmark_2026-11-04T21:14:03Z_1"),
            (b"PC%20L%C3%A9na", "PC Léna"),
            (b"%F0%9F%90%8E", "🐎"),
            (b"a..b", "a..b"),
            (b"a" * 255, "a" * 255),
        ],
    )
    def test_any_percent_encoded_text_is_a_name(self, raw, name):
        assert safe_name(raw) == name

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b".",
            b"..",
            b"%2e%2e",
            b"a%2Fb",
            b"%2Fetc%2Fpasswd",
            b"..%2f..%2fetc",
            b"a%00b",
            b"a%0Ab",
            b"a%7F",
            b"a%C2%85",
            b"a\tb",
            b"%zz",
            b"100%",
            b"%C3%28",
            b"%ED%A0%80",
            b"\xff",
            b"a" * 256,
            b"%F0%9F%90%8E" * 64,
        ],
    )
    def test_a_name_that_could_do_harm_is_refused(self, raw):
        with pytest.raises(NameRefused):
            safe_name(raw)

    @given(st.binary(max_size=300))
    def test_whatever_is_sent_gives_a_safe_name_or_our_error(self, raw):
        try:
            name = safe_name(raw)
        except TabardError:
            return
        assert name not in {"", ".", ".."}
        assert "/" not in name
        assert "\0" not in name
        assert len(name.encode()) <= 255

    @given(st.binary(max_size=120))
    def test_whatever_path_is_sent_gives_a_target_or_our_error(self, raw):
        try:
            target = parse_target(b"/v1/" + raw)
        except TabardError:
            return
        assert target.account
        assert target.container


class TestContainers:
    @pytest.mark.parametrize("name", ["System", "Users", "Devices"])
    def test_registries_go_by_their_names(self, name):
        assert kind_of(name) is ContainerKind.REGISTRY

    def test_rejected_content_goes_by_its_prefix(self):
        assert kind_of("RejectedContent_UnknownTime_0b0f4c5e") is ContainerKind.REJECTED

    @pytest.mark.parametrize("name", ["u_s_20261104T211403Z", "anything", "users", "Rejected"])
    def test_everything_else_may_be_footage(self, name):
        assert kind_of(name) is ContainerKind.RECORDING

    @pytest.mark.parametrize("name", ["U1_B8A44F_20261104T211403Z", "U1_B8A44F_20261104_211403"])
    def test_a_recordings_name_says_who_which_and_when(self, name):
        named = parse_recording_name(name)
        assert (named.user_id, named.camera_serial) == ("U1", "B8A44F")
        assert named.triggered_at == datetime(2026, 11, 4, 21, 14, 3, tzinfo=UTC)

    def test_a_user_id_may_hold_underscores(self):
        assert parse_recording_name("a_b_c_B8A44F_20261104T211403Z").user_id == "a_b_c"

    def test_an_impossible_time_in_a_name_is_no_time(self):
        assert parse_recording_name("u_s_20261399T996161Z").triggered_at is None

    def test_a_name_of_another_make_says_nothing(self):
        assert parse_recording_name("holiday") is None


class TestMetadata:
    def test_headers_are_folded_decoded_and_kept(self):
        headers = [
            (b"x-container-meta-userid", b"PC%20L%C3%A9na"),
            (b"x-container-meta-made-up-key", b"x"),
            (b"x-future-header", b"7"),
            (b"x-auth-token", b"secret"),
            (b"x-forwarded-for", b"10.0.0.1"),
            (b"host", b"door"),
        ]
        assert parse_metadata(headers, Level.CONTAINER) == {
            "Userid": "PC Léna",
            "Made-Up-Key": "x",
            "header:X-Future-Header": "7",
        }

    def test_the_other_levels_metadata_is_kept_as_a_header(self):
        headers = [(b"x-object-meta-a", b"1")]
        assert parse_metadata(headers, Level.CONTAINER) == {"header:X-Object-Meta-A": "1"}

    def test_the_first_of_a_repeated_header_counts(self):
        headers = [(b"x-object-meta-a", b"1"), (b"X-Object-Meta-A", b"2")]
        assert parse_metadata(headers, Level.OBJECT) == {"A": "1"}

    @pytest.mark.parametrize("raw", [b"%C3%28", b"a%00b", b"a%0D%0Ab", b"50%"])
    def test_a_value_that_is_no_clean_text_is_kept_as_it_was_sent(self, raw):
        assert parse_metadata([(b"x-object-meta-a", raw)], Level.OBJECT) == {"A": raw.decode()}

    def test_more_than_any_camera_says_is_refused(self):
        with pytest.raises(MetadataTooLong):
            parse_metadata([(b"x-object-meta-a", b"x" * 65_536)], Level.OBJECT)

    def test_an_empty_value_removes_its_key_and_others_stay(self):
        assert merged({"A": "1", "B": "2"}, {"A": "", "C": "3"}) == {"B": "2", "C": "3"}

    def test_keys_are_found_in_any_case(self):
        assert folded("BWCSerialNumber") == "Bwcserialnumber"
        assert value({"Bwcserialnumber": "B8A44F"}, "BWCSerialNumber") == "B8A44F"
        assert value({}, "BWCSerialNumber") == ""

    @given(st.text(max_size=50))
    def test_no_value_can_end_its_header_when_it_is_read_back(self, text):
        try:
            text.encode()
        except UnicodeEncodeError:
            return
        ((name, raw),) = metadata_headers({"Systemname": text}, Level.OBJECT)
        assert name == b"x-object-meta-systemname"
        assert raw.isascii()
        assert not set(raw) & set(b"\r\n\0 ")

    def test_what_is_read_back_is_what_was_sent(self):
        sent = parse_metadata([(b"x-object-meta-systemname", b"L%C3%A9wisham%0Adock")], Level.OBJECT)
        assert parse_metadata(metadata_headers(sent, Level.OBJECT), Level.OBJECT) == sent

    def test_other_headers_are_not_read_back(self):
        assert metadata_headers({"header:X-Future": "1"}, Level.OBJECT) == []


class TestTimesAndPlaces:
    @pytest.mark.parametrize(
        "text",
        [
            "1793826843",
            "1793826843.0",
            "2026-11-04T21:14:03Z",
            "2026-11-04T22:14:03+01:00",
            "2026-11-04T21:14:03",
        ],
    )
    def test_epoch_seconds_and_rfc_3339_name_the_same_instant(self, text):
        assert instant(text) == datetime(2026, 11, 4, 21, 14, 3, tzinfo=UTC)

    @pytest.mark.parametrize(
        "text",
        ["", "yesterday", "2026-13-01T00:00:00Z", "-5", "999999999999999999", "0001-01-01T00:00:00+14:00"],
    )
    def test_what_is_no_time_is_none(self, text):
        assert instant(text) is None

    @given(st.datetimes(timezones=st.just(UTC)))
    def test_every_rfc_3339_time_is_read_exactly(self, at):
        assert instant(at.isoformat()) == at
        assert instant(at.astimezone(timezone(timedelta(0))).isoformat()) == at

    @given(st.text(max_size=40))
    def test_whatever_is_written_is_a_time_and_a_place_or_none(self, text):
        found = instant(text)
        assert found is None or found.tzinfo is UTC
        where = place(text)
        assert where is None or (abs(where.latitude) <= 90 and abs(where.longitude) <= 180)

    @pytest.mark.parametrize(
        "text",
        [
            "+51.5012-0.1246+5.0+1793826843",
            "51.5012,-0.1246,5.0,1793826843",
            "<51.5012><-0.1246><5.0><1793826843>",
            "51.5012 -0.1246",
        ],
    )
    def test_a_location_is_latitude_then_longitude(self, text):
        assert place(text) == (51.5012, -0.1246)

    @pytest.mark.parametrize("text", ["", "51.5", "nowhere", "+91.0+0.0", "+0.0+181.0"])
    def test_what_is_not_on_earth_is_no_place(self, text):
        assert place(text) is None
