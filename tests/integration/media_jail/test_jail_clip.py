import io
from hashlib import sha256

import av
import pytest
from tests.integration.media_jail.jail_footage import Recipe, film, look

from tabard.kernel.errors import Invalid

SECONDS = 8
KINDS = {
    "h264 in mp4": Recipe(seconds=SECONDS),
    "hevc in mp4": Recipe(video="libx265", seconds=SECONDS),
    "h264 in mkv": Recipe("matroska", seconds=SECONDS, begins_at_s=3.0),
    "mjpeg in avi": Recipe("avi", "mjpeg", "pcm_s16le", "yuvj420p", seconds=SECONDS),
    "b-frames": Recipe(seconds=SECONDS, options={"bf": "3", "b-adapt": "0"}, keyframe_every=40),
}


def payloads(data, kind):
    """The hash of every packet in the order of the file, and when the stream's packets are shown."""
    with av.open(io.BytesIO(data)) as container:
        packets = [p for p in container.demux(**{kind: 0}) if p.size]
        return [sha256(bytes(p)).hexdigest() for p in packets], [
            float(p.pts * p.time_base) for p in packets if p.pts is not None
        ]


def position(part, whole):
    """Where the clip's packets lie in the original's, as one unbroken run."""
    first = whole.index(part[0])
    assert whole[first : first + len(part)] == part
    return first


@pytest.mark.parametrize("recipe", KINDS.values(), ids=KINDS)
def test_a_clip_holds_the_footages_own_packets_unbroken(recipe, tmp_path):
    footage = film(recipe)
    facts, output = look("clip", footage, tmp_path, {"start_s": 2.5, "end_s": 5.2})
    assert facts["verbatim"]
    assert facts["size_bytes"] == len(output)
    assert facts["container"] == ("matroska" if recipe.container == "avi" else "mp4")
    for kind in ("video", "audio"):
        whole, part = payloads(footage, kind)[0], payloads(output, kind)[0]
        position(part, whole)
        assert len(part) < len(whole)
        copied = next(s for s in facts["streams"] if s["kind"] == kind)
        assert copied["packets"] == len(part)


@pytest.mark.parametrize("recipe", KINDS.values(), ids=KINDS)
def test_a_clip_starts_at_the_keyframe_before_and_covers_its_end(recipe, tmp_path):
    footage = film(recipe)
    facts, output = look("clip", footage, tmp_path, {"start_s": 2.5, "end_s": 5.2})
    every_s = 1 / recipe.fps if recipe.video == "mjpeg" else recipe.keyframe_every / recipe.fps
    assert facts["start_s"] == pytest.approx(2.5 // every_s * every_s, abs=0.06)
    assert facts["start_s"] <= 2.5
    assert 5.2 <= facts["end_s"] <= 5.2 + 0.3
    first = position(payloads(output, "video")[0], payloads(footage, "video")[0])
    assert first == round(facts["start_s"] * recipe.fps)


@pytest.mark.parametrize("recipe", KINDS.values(), ids=KINDS)
def test_a_clip_decodes_from_its_first_picture_in_step_with_its_sound(recipe, tmp_path):
    facts, output = look("clip", film(recipe), tmp_path, {"start_s": 2.5, "end_s": 5.2})
    with av.open(io.BytesIO(output)) as container:
        pictures = [frame.time for frame in container.decode(video=0)]
    assert pictures[0] == pytest.approx(0.0, abs=0.1)
    assert pictures[-1] == pytest.approx(facts["end_s"] - facts["start_s"], abs=0.15)
    sounds = payloads(output, "audio")[1]
    assert sounds[0] == pytest.approx(0.0, abs=0.1)
    assert sounds[-1] == pytest.approx(facts["end_s"] - facts["start_s"], abs=0.4)


def test_a_clip_of_everything_is_everything(tmp_path):
    footage = film(Recipe())
    facts, output = look("clip", footage, tmp_path, {"start_s": 0, "end_s": 1e6})
    assert payloads(output, "video")[0] == payloads(footage, "video")[0]
    assert (facts["start_s"], facts["left_out"]) == (0.0, [])


def test_a_clip_from_behind_the_end_is_refused(tmp_path):
    with pytest.raises(Invalid) as refused:
        look("clip", film(Recipe()), tmp_path, {"start_s": 50, "end_s": 60})
    assert (type(refused.value), refused.value.fields["field"]) == (Invalid, "start_s")


def test_a_clip_whose_container_rewrites_packets_says_so(tmp_path):
    footage = film(Recipe("mpegts"))
    facts, _ = look("clip", footage, tmp_path, {"start_s": 1, "end_s": 2})
    assert not facts["verbatim"]


def test_a_clip_stays_turned(tmp_path):
    _, output = look("clip", film(Recipe(turn=90)), tmp_path, {"start_s": 1, "end_s": 2})
    with av.open(io.BytesIO(output)) as container:
        assert next(container.decode(video=0)).rotation == 90
