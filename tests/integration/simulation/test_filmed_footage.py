"""Every form of camera file, decoded by FFmpeg."""

import io
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import av
import pytest

from tabard.kernel.errors import Invalid
from tabard.simulation.footage import FootageSpec, film

BEGAN = datetime(2026, 11, 4, 21, 14, 3, 250_000, tzinfo=UTC)
FORMS = {
    "h264-mp4": ("h264", "aac"),
    "h264-mkv": ("h264", "aac"),
    "hevc-mp4": ("hevc", "aac"),
    "mjpeg-avi": ("mjpeg", "pcm_s16le"),
}


def small(**changes):
    facts = {"started_at": BEGAN, "serial": "SIMCAM000001", "seed": 3, "width": 160, "height": 90, "fps": 10}
    return FootageSpec(**(facts | {"duration_s": 2.5} | changes))


def decoded(path):
    with av.open(str(path)) as container:
        frames = list(container.decode(container.streams.video[0]))
    with av.open(str(path)) as container:
        samples = sum(frame.samples for frame in container.decode(container.streams.audio[0]))
    return frames, samples


@pytest.mark.parametrize("form", FORMS)
def test_every_form_decodes_to_the_frames_and_sound_filmed(form, tmp_path):
    path = tmp_path / "segment"
    filmed = film(small(form=form), path)
    frames, samples = decoded(path)
    assert len(frames) == filmed.frames == 25
    assert {(frame.width, frame.height) for frame in frames} == {(160, 90)}
    assert frames[-1].time - frames[0].time == pytest.approx(2.4)
    assert samples / 48_000 == pytest.approx(2.5, abs=0.05)
    with av.open(str(path)) as container:
        codecs = (
            container.streams.video[0].codec_context.name,
            container.streams.audio[0].codec_context.name,
        )
    assert codecs == FORMS[form]
    assert filmed.size_bytes == path.stat().st_size
    assert filmed.stopped_at == BEGAN + timedelta(seconds=2.5)


@pytest.mark.parametrize("form", ["h264-mp4", "h264-mkv", "hevc-mp4"])
def test_a_key_frame_comes_every_second(form, tmp_path):
    path = tmp_path / "segment"
    film(small(form=form), path)
    frames, _ = decoded(path)
    assert [n for n, frame in enumerate(frames) if frame.key_frame] == [0, 10, 20]


@pytest.mark.parametrize("form", FORMS)
def test_the_file_says_when_it_was_made_and_by_which_camera(form, tmp_path):
    path = tmp_path / "segment"
    film(small(form=form), path)
    with av.open(str(path)) as container:
        facts = {key.lower(): value for key, value in container.metadata.items()}
    made = facts["date" if form == "mjpeg-avi" else "creation_time"]
    assert abs(datetime.fromisoformat(made) - BEGAN) < timedelta(seconds=1)
    assert facts["title"] == "SIMCAM000001"
    assert facts["comment"] == "SIMULATED"


def test_the_same_spec_films_the_same_bytes_to_a_path_or_an_open_file(tmp_path):
    path, held = tmp_path / "segment.mp4", io.BytesIO()
    film(small(), path)
    film(small(), held)
    assert held.getvalue() == path.read_bytes()


def test_a_later_segment_carries_the_walk_on(tmp_path):
    later = BEGAN + timedelta(seconds=10)
    film(small(started_at=later, walking_since=BEGAN, duration_s=0.1), tmp_path / "standing.avi")
    film(small(started_at=later, duration_s=0.1), tmp_path / "setting-off.avi")
    standing, _ = decoded(tmp_path / "standing.avi")
    setting_off, _ = decoded(tmp_path / "setting-off.avi")
    apart = abs(standing[0].to_ndarray(format="gray").astype(int) - setting_off[0].to_ndarray(format="gray"))
    assert apart.mean() > 8


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"started_at": datetime(2026, 11, 4)}, "started_at"),
        ({"duration_s": 0.0}, "duration_s"),
        ({"width": 161}, "width"),
        ({"height": 32}, "width"),
    ],
)
def test_what_cannot_be_filmed_is_refused_by_field(wrong, field):
    with pytest.raises(Invalid) as refusal:
        small(**wrong)
    assert refusal.value.fields["field"] == field


def test_no_part_of_the_simulator_needs_django(tmp_path):
    words = (
        "import sys, tabard.simulation.recording, tabard.simulation.dock, tabard.simulation.real_footage;"
        "sys.exit('django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", words], check=False, cwd=tmp_path).returncode == 0
