import os

import pytest
from tests.integration.media_jail.jail_footage import Recipe, film, look

from tabard.media.jail.errors import CannotDecode
from tabard.media.jail.limits import Limits

MJPEG_AVI = Recipe("avi", "mjpeg", "pcm_s16le", "yuvj420p")


def stream(facts, kind):
    return next(s for s in facts["streams"] if s["kind"] == kind)


def test_an_h264_mp4_is_described_and_plays_in_a_browser(tmp_path):
    footage = film(Recipe(created="2026-03-01T10:11:12Z", begins_at_s=2.0))
    facts, output = look("probe", footage, tmp_path)
    assert output == b""
    video, audio = stream(facts, "video"), stream(facts, "audio")
    assert (facts["container"], facts["media_type"]) == ("mp4", "video/mp4")
    assert facts["size_bytes"] == len(footage)
    assert facts["duration_s"] == pytest.approx(3.0, abs=0.1)
    assert facts["created_at"] == "2026-03-01T10:11:12+00:00"
    assert (video["codec"], video["width"], video["height"], video["fps"]) == ("h264", 192, 108, 20.0)
    assert (audio["codec"], audio["sample_rate_hz"], audio["channels"]) == ("aac", 48_000, 2)
    assert video["decodable"]
    assert audio["decodable"]
    assert facts["decodable"]
    assert facts["browser_playable"]
    assert facts["reason"] is None


@pytest.mark.parametrize(
    ("recipe", "container", "codec", "playable"),
    [
        (Recipe(video="libx265"), "mp4", "hevc", False),
        (Recipe(pixels="yuv422p"), "mp4", "h264", False),
        (MJPEG_AVI, "avi", "mjpeg", False),
        (Recipe("matroska"), "matroska", "h264", False),
        (Recipe("mov"), "mov", "h264", False),
        (Recipe("webm", "libvpx", "libopus"), "webm", "vp8", True),
        (Recipe(video="mpeg4"), "mp4", "mpeg4", False),
        (Recipe(audio=None), "mp4", "h264", True),
        (Recipe(audio="ac3"), "mp4", "h264", False),
    ],
    ids=lambda value: f"{value.container} {value.video} {value.audio}" if isinstance(value, Recipe) else None,
)
def test_only_what_every_browser_plays_is_called_playable(recipe, container, codec, playable, tmp_path):
    facts, _ = look("probe", film(recipe), tmp_path)
    assert (facts["container"], stream(facts, "video")["codec"]) == (container, codec)
    assert facts["decodable"]
    assert facts["browser_playable"] is playable


def test_a_turned_camera_is_said_to_be_turned(tmp_path):
    facts, _ = look("probe", film(Recipe(turn=90)), tmp_path)
    assert stream(facts, "video")["rotation_degrees"] == 270


def test_a_clock_that_was_never_set_gives_no_time(tmp_path):
    facts, _ = look("probe", film(Recipe(created="1970-01-01T00:00:00Z")), tmp_path)
    assert facts["created_at"] is None


@pytest.mark.parametrize(
    ("footage", "reason"),
    [
        (lambda: b"", "the file is empty"),
        (
            lambda: b"Dear Sir, here is the footage that you asked for.\n" * 400,
            "it is not a video or audio file that can be read",
        ),
        (lambda: os.urandom(100_000), "it is not a video or audio file that can be read"),
        (
            lambda: film(Recipe())[:8_000],
            "its index is missing or damaged, as in a recording that was cut short",
        ),
    ],
    ids=["zero bytes", "text", "random", "truncated"],
)
@pytest.mark.parametrize("task", ["probe", "stills", "rendition", "clip"])
def test_what_is_no_footage_is_refused_in_words(task, footage, reason, tmp_path):
    with pytest.raises(CannotDecode) as refused:
        look(task, footage(), tmp_path, {"start_s": 0.0, "end_s": 1.0} if task == "clip" else {})
    assert refused.value.fields["reason"] == reason
    assert refused.value.message == f"cannot be decoded: {reason}"


def test_footage_truncated_after_its_index_still_decodes(tmp_path):
    footage = film(Recipe(movie={"movflags": "faststart"}))
    facts, _ = look("probe", footage[: len(footage) // 2], tmp_path)
    assert facts["decodable"]


def test_pictures_that_are_all_noise_are_described_but_not_decodable(tmp_path):
    footage = bytearray(film(Recipe(movie={"movflags": "faststart"}, audio=None, video="libx265")))
    start = footage.index(b"mdat") + 4
    footage[start:] = os.urandom(len(footage) - start)
    facts, _ = look("probe", bytes(footage), tmp_path)
    assert not facts["decodable"]
    assert not facts["browser_playable"]
    assert facts["reason"] == "cannot be decoded: its video (hevc) is damaged"
    with pytest.raises(CannotDecode, match="its video"):
        look("stills", bytes(footage), tmp_path)


def test_larger_pictures_than_allowed_are_refused_before_they_are_decoded(tmp_path):
    footage = film(Recipe(size=(640, 480), seconds=0.5))
    small = Limits(max_side=320, cpu_s=60, wall_s=60)
    with pytest.raises(CannotDecode, match="640 x 480, larger than is decoded here"):
        look("probe", footage, tmp_path, limits=small)


def test_a_picture_larger_than_the_header_admits_is_never_decoded(tmp_path):
    footage = bytearray(film(Recipe("avi", "mjpeg", None, "yuvj420p", size=(640, 480), seconds=0.5)))
    # The JPEG frames say 640 x 480; the limit lies below, and the AVI header is made to say 64 x 48.
    header = footage.index(b"strf")
    footage[header + 12 : header + 20] = (64).to_bytes(4, "little") + (48).to_bytes(4, "little")
    few = Limits(max_pixels=100_000, cpu_s=60, wall_s=60)
    try:
        facts, _ = look("probe", bytes(footage), tmp_path, limits=few)
    except CannotDecode as refused:
        assert "larger" in refused.fields["reason"]  # noqa: PT017 - either way of refusing is right
    else:
        assert facts["decodable"] is False


@pytest.mark.parametrize("start_s", [-1, "0", float("nan"), None, 3])
def test_a_clip_needs_a_start_before_its_end(start_s, tmp_path):
    from tabard.kernel.errors import Invalid

    with pytest.raises(Invalid) as refused:
        look("clip", b"not looked at", tmp_path, {"start_s": start_s, "end_s": 2})
    assert refused.value.fields["field"] in {"start_s", "end_s"}
