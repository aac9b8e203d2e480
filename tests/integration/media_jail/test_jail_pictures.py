import io

import av
import pytest
from PIL import Image, ImageStat
from tests.integration.media_jail.jail_footage import Recipe, film, grey_of, look

from tabard.media.jail.errors import CannotDecode

HEVC = Recipe(video="libx265")
MJPEG_AVI = Recipe("avi", "mjpeg", "pcm_s16le", "yuvj420p")
MKV = Recipe("matroska")


def cut(output, facts):
    picture = Image.open(io.BytesIO(output[facts["start"] : facts["start"] + facts["length"]]))
    assert picture.format == "JPEG"
    return picture


def mean(picture):
    return sum(ImageStat.Stat(picture.convert("L")).mean)


def frames(data, kind="video"):
    with av.open(io.BytesIO(data)) as container:
        return list(container.decode(**{kind: 0}))


@pytest.mark.parametrize("recipe", [Recipe(), HEVC, MJPEG_AVI, MKV], ids=["mp4", "hevc", "avi", "mkv"])
def test_a_poster_and_a_strip_show_the_footage_at_the_times_they_name(recipe, tmp_path):
    facts, output = look("stills", film(recipe), tmp_path)
    poster, strip = cut(output, facts["poster"]), cut(output, facts["strip"])
    assert poster.size == (640, 360) == (facts["poster"]["width"], facts["poster"]["height"])
    assert mean(poster) == pytest.approx(grey_of(0, recipe), abs=6)
    times = facts["strip"]["times_s"]
    assert times == pytest.approx([0.0, 1.0, 2.0], abs=0.1)
    width, height = facts["strip"]["thumb_width"], facts["strip"]["thumb_height"]
    assert (width, height) == (160, 90)
    assert strip.size == (facts["strip"]["columns"] * width, facts["strip"]["rows"] * height)
    for number, time_s in enumerate(times):
        thumb = strip.crop((number * width, 0, (number + 1) * width, height))
        assert mean(thumb) == pytest.approx(grey_of(round(time_s * recipe.fps), recipe), abs=6)


def test_the_strip_has_at_most_twenty_thumbnails(tmp_path):
    facts, _ = look("stills", film(Recipe(seconds=30, fps=5, audio=None)), tmp_path)
    assert (len(facts["strip"]["times_s"]), facts["strip"]["columns"], facts["strip"]["rows"]) == (20, 5, 4)


def test_the_poster_is_not_the_black_before_the_first_picture(tmp_path):
    recipe = Recipe(dark_frames=25)
    facts, output = look("stills", film(recipe), tmp_path)
    assert facts["poster"]["time_s"] >= 25 / recipe.fps
    assert mean(cut(output, facts["poster"])) > 50


def test_pictures_of_a_turned_camera_stand_upright(tmp_path):
    facts, output = look("stills", film(Recipe(turn=90)), tmp_path)
    assert cut(output, facts["poster"]).size == (640, 1138)


def test_sound_alone_has_no_pictures(tmp_path):
    footage = film(Recipe(video=None))
    assert look("probe", footage, tmp_path)[0]["browser_playable"]
    with pytest.raises(CannotDecode, match="it holds no video"):
        look("stills", footage, tmp_path)
    with pytest.raises(CannotDecode, match="it holds no video"):
        look("rendition", footage, tmp_path)


@pytest.mark.parametrize("recipe", [HEVC, MJPEG_AVI, MKV], ids=["hevc", "avi", "mkv"])
def test_a_rendition_plays_everywhere_and_keeps_every_time(recipe, tmp_path):
    footage = film(recipe)
    facts, output = look("rendition", footage, tmp_path)
    probed, _ = look("probe", output, tmp_path)
    assert probed["browser_playable"]
    assert [s["codec"] for s in probed["streams"]] == ["h264", "aac"]
    assert probed["streams"][0]["pixel_format"] == "yuv420p"
    assert output.index(b"moov") < output.index(b"mdat")
    assert facts["size_bytes"] == len(output)
    assert facts["frames"] == 60
    assert facts["damaged"] == 0
    assert facts["duration_s"] == pytest.approx(3.0, abs=0.01)
    before, after = frames(footage), frames(output)
    assert [f.time - after[0].time for f in after] == pytest.approx(
        [f.time - before[0].time for f in before], abs=0.002
    )
    assert mean(after[30].to_image()) == pytest.approx(mean(before[30].to_image()), abs=5)


def test_the_sound_of_a_rendition_is_the_footages_sound(tmp_path):
    _, output = look("rendition", film(MJPEG_AVI), tmp_path)
    samples = sum(frame.samples for frame in frames(output, "audio"))
    assert samples / 48_000 == pytest.approx(3.0, abs=0.1)


def test_a_rendition_of_a_late_first_timestamp_starts_at_nought(tmp_path):
    _, output = look("rendition", film(Recipe("matroska", begins_at_s=5.0)), tmp_path)
    assert frames(output)[0].time == pytest.approx(0.0, abs=0.1)


def test_large_pictures_become_1080_lines(tmp_path):
    facts, _ = look("rendition", film(Recipe(size=(2560, 1440), seconds=0.3, audio=None)), tmp_path)
    assert (facts["width"], facts["height"], facts["has_audio"]) == (1920, 1080, False)


def test_a_rendition_stays_turned(tmp_path):
    facts, output = look("rendition", film(Recipe(turn=90)), tmp_path)
    assert facts["rotation_degrees"] == 270
    assert frames(output)[0].rotation == 90


def test_progress_rises_while_a_rendition_is_made(tmp_path):
    said = []
    look("rendition", film(Recipe(seconds=5)), tmp_path, on_progress=said.append)
    assert len(said) > 5
    assert said == sorted(said)
    assert 0 <= said[0] < said[-1] <= 1


def test_a_rendition_of_footage_with_a_damaged_stretch_goes_on_behind_it(tmp_path):
    footage = bytearray(
        film(Recipe(movie={"movflags": "faststart"}, audio=None, seconds=4, keyframe_every=10))
    )
    start = footage.index(b"mdat") + 4
    middle = start + (len(footage) - start) // 2
    footage[middle : middle + 40] = b"\xff" * 40
    facts, output = look("rendition", bytes(footage), tmp_path)
    assert facts["frames"] >= 60
    assert frames(output)[-1].time > 3.5
