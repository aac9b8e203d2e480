"""The end of a shift: the same seed plays the same, a scale keeps the rates, and the needs are plain arithmetic."""

import io
from dataclasses import replace

import av
import pytest

from tabard.kernel.errors import Invalid
from tabard.simulation.long_footage import FPS, LongFootage, write_padded
from tabard.simulation.needs import Costs, Phase, arithmetic, costs, needs, planned
from tabard.simulation.shift import LEAST_BIT_RATE, LENGTHS_S, MEAN_LENGTH_S, ShiftSpec, homecomings
from tabard.simulation.shift_play import force_for

WHOLE = ShiftSpec(cameras=7000, minutes=30, scale=1)


class TestThePlan:
    def test_the_same_seed_plays_the_same_shift(self):
        spec = replace(WHOLE, scale=50)
        assert homecomings(spec) == homecomings(spec)
        assert homecomings(spec) != homecomings(replace(spec, seed=2))

    def test_everybody_comes_home_within_the_window_most_of_them_early(self):
        times = [arrival.at_s for arrival in homecomings(WHOLE)]
        assert len(times) == 7000
        assert times == sorted(times)
        assert 0 <= times[0] <= times[-1] <= 1800
        assert 0.35 * 1800 < sum(times) / len(times) < 0.45 * 1800

    def test_lengths_and_numbers_are_the_published_mean_and_what_was_asked_for(self):
        lengths = [length for arrival in homecomings(WHOLE) for length in arrival.lengths_s]
        assert MEAN_LENGTH_S == 15.2 * 60
        assert set(lengths) == set(LENGTHS_S)
        assert len(lengths) / 7000 == pytest.approx(3, rel=0.03)
        assert sum(lengths) / len(lengths) == pytest.approx(MEAN_LENGTH_S, rel=0.03)

    def test_with_few_recordings_some_cameras_bring_none(self):
        numbers = [
            len(arrival.lengths_s) for arrival in homecomings(replace(WHOLE, recordings_a_camera=0.134))
        ]
        assert set(numbers) == {0, 1}
        assert sum(numbers) / 7000 == pytest.approx(0.134, rel=0.15)

    def test_a_scale_keeps_arrivals_a_second_and_divides_bytes_a_second(self):
        share = replace(WHOLE, scale=100)
        assert share.played_cameras / share.played_s == pytest.approx(7000 / 1800)
        assert share.size_bytes(60.0) == 600_000
        assert WHOLE.size_bytes(60.0) == 60_000_000

    @pytest.mark.parametrize(
        "wrong",
        [{"cameras": 0}, {"minutes": 0}, {"scale": 0.5}, {"recordings_a_camera": 0}],
    )
    def test_what_cannot_be_played_names_its_field(self, wrong):
        with pytest.raises(Invalid) as refused:
            replace(WHOLE, **wrong)
        assert refused.value.fields["field"] in {*wrong, "recordings"}

    @pytest.mark.parametrize("cameras", [1, 69, 70, 500, 6831, 6832, 7004])
    def test_a_force_has_enough_cameras_each_its_own(self, cameras):
        serials = [camera.serial for camera in force_for(cameras, seed=1).cameras]
        assert len(serials) == len(set(serials)) >= cameras


class TestTheFootage:
    def test_it_is_as_long_as_asked_for_and_every_picture_decodes(self, tmp_path):
        path = tmp_path / "long.mp4"
        footage = LongFootage().of_length(20.0)
        assert write_padded(footage, 90_000, path) == path.stat().st_size == 90_000
        assert len(footage) + 24 < 20 * LEAST_BIT_RATE / 8
        with av.open(io.BytesIO(path.read_bytes())) as file:
            assert file.duration / av.time_base == 20.0
            assert sum(1 for _ in file.decode(video=0)) == 20 * FPS

    def test_no_two_files_are_alike_however_small_they_should_be(self, tmp_path):
        one, two = tmp_path / "1.mp4", tmp_path / "2.mp4"
        assert write_padded(b"footage", 0, one) == write_padded(b"footage", 0, two) == 7 + 8 + 16
        assert one.read_bytes() != two.read_bytes()


class TestTheNeeds:
    # A door that takes 10 ms for each recording and 2 s for each gigabyte; a worker 0.5 s and 4 s.
    LARGE = Phase(4, 10**9, 5.0, 4 * 0.01 + 2.0, 4 * 0.5 + 4.0, 0.1)
    SHIFT = Phase(100, 5 * 10**8, 20.0, 100 * 0.01 + 0.5 * 2.0, 100 * 0.5 + 0.5 * 4.0, 3.0)

    def test_two_phases_tell_recordings_from_bytes(self):
        found = costs(self.LARGE, self.SHIFT)
        assert found.door_a_recording_s == pytest.approx(0.01)
        assert found.door_a_gb_s == pytest.approx(2.0)
        assert (found.worker_a_recording_s, found.worker_a_gb_s) == (pytest.approx(0.5), pytest.approx(4.0))
        assert found.database_a_recording_s == pytest.approx(0.03)

    def test_noise_never_makes_a_cost_negative(self):
        found = costs(replace(self.LARGE, door_cpu_s=0.0), replace(self.SHIFT, door_cpu_s=9.0))
        assert found.door_a_recording_s >= 0
        assert found.door_a_gb_s >= 0

    def test_what_seems_to_be_free_was_not_measured(self):
        assert costs(self.LARGE, self.SHIFT).are_told_apart
        assert not costs(replace(self.LARGE, worker_cpu_s=0.0), self.SHIFT).are_told_apart

    def test_phases_of_one_mixture_cannot_be_told_apart_and_all_is_laid_on_bytes(self):
        found = costs(self.LARGE, self.LARGE)
        assert found.door_a_recording_s == 0
        assert found.door_a_gb_s == pytest.approx(2.04)

    def test_the_force_needs_what_its_busiest_moment_takes(self):
        each = Costs(0.01, 2.0, 0.5, 4.0, 0.03)
        found = needs(WHOLE, each)
        assert found.recordings_per_s == pytest.approx(21_000 / 1800 * 16 / 9)
        assert found.store_gb_per_s == pytest.approx(19.152e12 / 1e9 / 1800 * 16 / 9)
        assert found.doors == pytest.approx(found.recordings_per_s * 0.01 + found.store_gb_per_s * 2)
        assert found.workers == pytest.approx((21_000 * 0.5 + 19_152 * 4) / (8 * 3600))
        assert found.door_cores == planned(found.doors)

    def test_cores_are_planned_to_be_busy_for_seven_tenths(self):
        assert [planned(busy) for busy in (0, 0.7, 0.71, 7.0)] == [1, 1, 2, 10]

    def test_the_arithmetic_names_every_figure_it_uses(self):
        each = Costs(0.0123, 2.0, 0.5, 4.0, 0.03)
        text = "\n".join(arithmetic(WHOLE, each, needs(WHOLE, each)))
        for figure in (
            "7,000 cameras",
            "21,000 recordings",
            "19.15 TB",
            "0.0123 s",
            "2.00 s/GB",
            "/ 0.7",
            "8 h",
        ):
            assert figure in text
