"""Real footage, whole, odd, broken and encrypted: every file has a clean outcome and the parent lives on."""

from pathlib import Path

import pytest
from tests.integration.media_jail.jail_footage import look

from tabard.media.jail.errors import CannotDecode
from tabard.media.jail.limits import Limits

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
FOLDERS = ("oddmedia", "actioncam", "people_vehicles")
FILES = sorted(path for folder in FOLDERS for path in (SAMPLES / folder).rglob("*") if path.is_file())
BOUNDS = Limits(cpu_s=120, wall_s=300)

needs_samples = pytest.mark.skipif(not FILES, reason="no sample footage beside the repository")


@needs_samples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_sample_is_described_and_pictured_or_refused_in_words(path, tmp_path):
    footage = path.read_bytes()
    try:
        facts, _ = look("probe", footage, tmp_path, limits=BOUNDS)
    except CannotDecode as refused:
        facts = {"decodable": False, "reason": refused.message}
    assert facts["decodable"] is (facts["reason"] is None)
    assert (facts["reason"] or "cannot be decoded: ").startswith("cannot be decoded: ")
    try:
        stills, output = look("stills", footage, tmp_path, limits=BOUNDS)
    except CannotDecode:
        assert not facts["decodable"] or all(s["kind"] != "video" for s in facts["streams"])
    else:
        assert facts["decodable"]
        assert output[stills["poster"]["start"] :].startswith(b"\xff\xd8")
        assert stills["strip"]["times_s"]


@needs_samples
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mp4ff/mp4__testdata__prog_8s_enc_dashinit.mp4", "its video is encrypted"),
        ("mp4ff/mp4__testdata__cbcs.mp4", "its video is encrypted"),
        ("mp4ff/mp4__testdata__init_prog.mp4", "it holds no video, only a description of it"),
        ("pymediainfo_mpeg4_262B.mp4", "it holds no video and no audio"),
    ],
)
def test_what_cannot_be_decoded_is_named(name, words, tmp_path):
    try:
        reason = look("probe", (SAMPLES / "oddmedia" / name).read_bytes(), tmp_path)[0]["reason"]
    except CannotDecode as refused:
        reason = refused.message
    assert reason == f"cannot be decoded: {words}"


@needs_samples
def test_a_clip_of_a_real_camera_holds_its_own_packets(tmp_path):
    footage = (SAMPLES / "actioncam" / "karma.mp4").read_bytes()
    facts, _ = look("clip", footage, tmp_path, {"start_s": 4.3, "end_s": 9.9})
    assert facts["verbatim"]
    assert facts["start_s"] <= 4.3
    assert facts["end_s"] >= 9.9
