"""A recording's true time: worked out as it comes in, and again when a later reading of its camera's clock arrives."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.recordings.coming_in import (
    FILMED_AT,
    MINUTE,
    RECEIVED_AT,
    camera,
    come_in,
    read_clock,
)
from tests.world import BY, DAY_ONE

from tabard.custody.models import Event
from tabard.fleet.clocks import clock_of, readings_around, readings_of, record_reading
from tabard.fleet.models import ClockReading
from tabard.fleet.offsets import Basis, correct
from tabard.kernel.errors import Denied, Invalid
from tabard.people.rules import Role
from tabard.recordings import times
from tabard.recordings.selectors import RecordingFilter, page

HOUR = timedelta(hours=1)
YEARS = timedelta(days=-20 * 365)


def corrected(recording):
    recording.refresh_from_db()
    return recording.clock_basis, recording.corrected_start_at


class TestReadings:
    def test_a_reading_is_kept_and_logged_once(self, world):
        worn = camera(world)
        first = read_clock(worn, DAY_ONE, timedelta(seconds=3))
        assert read_clock(worn, DAY_ONE, timedelta(seconds=3)) == first
        assert (first.offset_ms, first.uncertainty_ms) == (3000, 1000)
        event = Event.objects.select_related("particulars").get(kind="camera.clock_read")
        assert event.subject_id == worn.id
        assert event.particulars.details["offset_ms"] == 3000

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"our_at": RECEIVED_AT + HOUR}, "our_at"),
            ({"camera_at": FILMED_AT.replace(tzinfo=None)}, "camera_at"),
            ({"uncertainty_s": -1.0}, "uncertainty_s"),
            ({"uncertainty_s": float("nan")}, "uncertainty_s"),
            ({"uncertainty_s": 86_401.0}, "uncertainty_s"),
            ({"source": "guess"}, "source"),
        ],
    )
    def test_one_that_cannot_be_is_refused_by_its_field(self, world, changed, field):
        told = {
            "camera_at": FILMED_AT,
            "our_at": FILMED_AT,
            "uncertainty_s": 1.0,
            "source": "dock",
            **changed,
        }
        with pytest.raises(Invalid) as refused:
            record_reading(camera=camera(world), **told, by=BY, at=RECEIVED_AT)
        assert refused.value.fields["field"] == field

    def test_a_viewer_sees_how_far_off_it_is_by_now(self, world):
        worn = camera(world)
        read_clock(worn, DAY_ONE, HOUR)
        shown = clock_of(world.anyone(Role.BWV_ADMINISTRATOR), worn.id, at=RECEIVED_AT)
        assert (shown.now.basis, shown.now.offset) == (Basis.BEFORE, HOUR)
        with pytest.raises(Denied):
            clock_of(world.anyone(Role.OFFICER), worn.id, at=RECEIVED_AT)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        marks=st.lists(
            st.tuples(st.integers(0, 60), st.integers(-300, 300)), max_size=9, unique_by=lambda m: m[0]
        ),
        shown=st.integers(-300, 300),
        received=st.integers(0, 70),
    )
    def test_the_few_readings_that_are_asked_for_decide_as_all_would(self, world, marks, shown, received):
        worn = camera(world, serial=f"CAM-{ClockReading.objects.count()}-{len(marks)}-{shown}-{received}")
        ClockReading.objects.filter(camera=worn).delete()
        for at, ahead in marks:
            our_at = DAY_ONE + at * HOUR
            ClockReading.objects.create(
                camera=worn,
                camera_at=our_at + ahead * HOUR,
                our_at=our_at,
                uncertainty_ms=1000,
                source="dock",
                recorded_at=our_at,
            )
        shown_at, received_at = DAY_ONE + shown * HOUR, DAY_ONE + received * HOUR
        few = readings_around(camera_id=worn.pk, shown_at=shown_at, received_at=received_at)
        everything = readings_of(worn.pk)
        worn.clock_readings.all().delete()
        worn.delete()
        assert correct(shown_at, received_at, few) == correct(shown_at, received_at, everything)


class TestAsItComesIn:
    def test_two_readings_correct_it_and_the_cameras_own_time_stays(self, world):
        worn = camera(world)
        read_clock(worn, DAY_ONE, HOUR + MINUTE)
        read_clock(worn, RECEIVED_AT - MINUTE, HOUR + MINUTE)
        recording = come_in(b"one", began=FILMED_AT + HOUR + MINUTE)
        assert recording.started_at == FILMED_AT + HOUR + MINUTE
        assert recording.corrected_start_at == recording.filmed_at == FILMED_AT
        assert recording.filmed_until_at == FILMED_AT + MINUTE
        assert (recording.clock_offset_ms, recording.clock_basis) == (3_660_000, "between")
        assert 1000 < recording.clock_uncertainty_ms < 3000
        assert "clock_hour_off" in recording.flags

    @pytest.mark.parametrize(
        ("ahead", "flag"),
        [
            (YEARS, "clock_wrong"),
            (-YEARS, "clock_wrong"),
            (HOUR, "clock_hour_off"),
            (-HOUR, "clock_hour_off"),
        ],
    )
    def test_a_clock_that_is_off_is_flagged_and_the_wearer_is_still_found(self, world, ahead, flag):
        worn = camera(world, wearer="Bailey")
        read_clock(worn, DAY_ONE, ahead)
        read_clock(worn, RECEIVED_AT - MINUTE, ahead)
        recording = come_in(b"one", began=FILMED_AT + ahead)
        assert recording.filmed_at == FILMED_AT
        assert recording.flags == [flag]
        assert recording.officer == world.officers["Bailey"]
        assert recording.unit == world.units["LX"]

    def test_a_jump_is_no_guess(self, world):
        worn = camera(world, wearer="Bailey")
        read_clock(worn, DAY_ONE)
        read_clock(worn, RECEIVED_AT - MINUTE, HOUR)
        recording = come_in(b"one")
        assert (recording.corrected_start_at, recording.clock_offset_ms) == (None, None)
        assert (recording.clock_least_ms, recording.clock_most_ms) == (0, 3_600_000)
        assert recording.filmed_at == FILMED_AT
        assert recording.begun_by_at == RECEIVED_AT
        assert recording.flags == ["unknown_officer", "clock_jumped"]

    def test_a_camera_without_a_time_zone_is_flagged_and_nobodys(self, world):
        camera(world, wearer="Bailey")
        recording = come_in(b"one", has_zone=False)
        assert set(recording.flags) == {"no_time_zone", "unknown_officer"}

    def test_a_wearer_who_is_named_is_believed_whatever_the_clock(self, world):
        camera(world, wearer="Bailey")
        recording = come_in(b"one", began=FILMED_AT + YEARS, officer_reference="002WW")
        assert recording.officer == world.officers["Walker"]
        assert "clock_suspect" in recording.flags

    def test_satellites_correct_it_and_are_a_reading_for_others(self, world):
        worn = camera(world)
        first = come_in(b"one", began=FILMED_AT + HOUR, gnss_offset_s=3600.0)
        assert (first.clock_basis, first.filmed_at) == ("satellites", FILMED_AT)
        assert first.begun_by_at == RECEIVED_AT
        assert worn.clock_readings.get().source == "satellites"
        other = come_in(b"two", name="GOPR0002", began=FILMED_AT + HOUR + 2 * MINUTE)
        assert (other.clock_basis, other.filmed_at) == ("before", FILMED_AT + 2 * MINUTE)

    def test_times_that_are_of_satellites_need_no_reading(self, world):
        worn = camera(world)
        read_clock(worn, DAY_ONE, HOUR)
        recording = come_in(b"one", is_satellite_time=True)
        assert (recording.clock_basis, recording.clock_offset_ms) == ("satellites", 0)
        assert recording.filmed_at == FILMED_AT

    def test_beside_satellite_times_the_camera_clock_is_still_read(self, world):
        worn = camera(world)
        recording = come_in(b"one", is_satellite_time=True, gnss_offset_s=3600.0)
        assert recording.filmed_at == recording.started_at == FILMED_AT
        reading = worn.clock_readings.get()
        assert (reading.our_at, reading.offset_ms) == (FILMED_AT, 3_600_000)

    def test_it_is_listed_and_found_by_its_corrected_time(self, world):
        worn = camera(world)
        read_clock(worn, DAY_ONE, YEARS)
        read_clock(worn, RECEIVED_AT - MINUTE, YEARS)
        wrong = come_in(b"one", began=FILMED_AT + YEARS)
        right = come_in(b"two", name="B", serial="CAM-2", began=FILMED_AT - MINUTE)
        viewer = world.anyone(Role.BWV_ADMINISTRATOR)
        wanted = RecordingFilter(since=FILMED_AT - HOUR, until=FILMED_AT + HOUR)
        assert list(page(viewer, wanted).recordings) == [wrong, right]
        assert page(viewer, RecordingFilter(until=FILMED_AT - HOUR)).recordings == []


class TestLaterReadings:
    def test_a_later_reading_corrects_what_came_in_before_it(self, world):
        worn = camera(world)
        recording = come_in(b"one", began=FILMED_AT + 10 * MINUTE)
        assert corrected(recording) == ("", None)
        read_clock(worn, RECEIVED_AT + HOUR, 10 * MINUTE)
        assert times.apply_readings(camera_id=worn.pk, by=BY, at=RECEIVED_AT + HOUR) == 1
        assert corrected(recording) == ("after", FILMED_AT)
        assert recording.flags == ["unknown_officer", "clock_wrong"]
        assert recording.begun_by_at == RECEIVED_AT
        event = Event.objects.select_related("particulars").get(kind="recording.time_corrected")
        assert event.particulars.details["was"]["clock_basis"] == ""
        assert event.particulars.details["clock_offset_ms"] == 600_000

    def test_applied_again_it_changes_nothing(self, world):
        worn = camera(world)
        come_in(b"one")
        read_clock(worn, RECEIVED_AT + HOUR)
        assert times.cameras_waiting() == [worn.pk]
        assert times.apply_readings(camera_id=worn.pk, by=BY, at=RECEIVED_AT + HOUR) == 1
        assert times.apply_readings(camera_id=worn.pk, by=BY, at=RECEIVED_AT + HOUR) == 0
        assert times.cameras_waiting() == []
        assert Event.objects.filter(kind="recording.time_corrected").count() == 1

    def test_a_reading_told_late_takes_its_place(self, world):
        """A dock without a network told only days later what it had read."""
        worn = camera(world)
        read_clock(worn, RECEIVED_AT - MINUTE, 10 * MINUTE)
        recording = come_in(b"one", began=FILMED_AT + 10 * MINUTE)
        times.apply_readings(camera_id=worn.pk, by=BY, at=RECEIVED_AT)
        assert corrected(recording)[0] == "after"
        read_clock(worn, DAY_ONE, 10 * MINUTE)
        assert times.apply_readings(camera_id=worn.pk, by=BY, at=RECEIVED_AT + HOUR) == 1
        assert corrected(recording) == ("between", FILMED_AT)

    def test_a_jump_that_shows_only_later_takes_the_correction_back(self, world):
        worn = camera(world)
        read_clock(worn, DAY_ONE)
        recording = come_in(b"one")
        assert corrected(recording)[0] == "before"
        read_clock(worn, RECEIVED_AT + HOUR, HOUR)
        assert times.apply_readings(camera_id=worn.pk, by=BY, at=RECEIVED_AT + HOUR) == 1
        assert corrected(recording) == ("jumped", None)
        assert "clock_jumped" in recording.flags

    def test_what_came_in_at_an_earlier_docking_is_left_alone(self, world):
        worn = camera(world)
        read_clock(worn, DAY_ONE)
        read_clock(worn, RECEIVED_AT - MINUTE)
        recording = come_in(b"one")
        times.apply_readings(camera_id=worn.pk, by=BY, at=RECEIVED_AT)
        read_clock(worn, RECEIVED_AT + 12 * HOUR, YEARS)
        assert times.apply_readings(camera_id=worn.pk, by=BY, at=RECEIVED_AT + 13 * HOUR) == 0
        assert corrected(recording)[0] == "between"
