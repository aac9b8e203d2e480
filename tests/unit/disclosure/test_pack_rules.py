"""The log must bear out what the facts say; whatever it does not say was not so."""

import hashlib
from dataclasses import replace

import pytest

from tabard.disclosure import rules
from tabard.disclosure.errors import CheckFailed
from tabard.disclosure.facts import (
    ClipFacts,
    ExhibitFacts,
    Facts,
    FileFacts,
    Person,
    RecordingFacts,
    SegmentFacts,
)
from tabard.disclosure.leaves import Leaf, ProvenLeaf
from tabard.merkle.checkpoint import Checkpoint

T = "2026-11-21T09:30:07.000001Z"
ONE, TWO, CUT = "11" * 32, "22" * 32, "cc" * 32
HEAD = Checkpoint("example.org/log", 9, bytes(32))

SEGMENTS = (
    SegmentFacts("s1", 0, "1.mp4", "o1", 3, ONE, None, None),
    SegmentFacts("s2", 1, "2.mp4", "o2", 4, TWO, None, None),
)
RECORDING = RecordingFacts(
    "r", "name", T, T, T, None, "", "", None, "", None, None, None, None, None, (), (), SEGMENTS
)
EXHIBIT = ExhibitFacts("e", "LB/1", "Video", Person("Lee Bailey", "PC", "001LX"), T)
FILES = tuple(
    FileFacts(one.name, "segment", one.name, one.object, one.size_bytes, one.sha256) for one in SEGMENTS
)
WHOLE = Facts(1, EXHIBIT, None, RECORDING, None, FILES)
CLIP = ClipFacts("c", "", "s1", 1000, 2000, 800, 2200)
EXCERPT = replace(WHOLE, clip=CLIP, files=(FileFacts("1-clip.mp4", "clip", "1-clip.mp4", "oc", 2, CUT),))


def entry(kind, subject, sha256=None, details=None) -> ProvenLeaf:
    leaf = Leaf("i", kind, T, *subject.split(":"), "", sha256)
    return ProvenLeaf(kind, leaf, 0, b"", HEAD, details)


FOOTAGE = hashlib.sha256(bytes.fromhex(ONE + TWO)).hexdigest()
SEALED = [entry("object.sealed", "object:o1", ONE), entry("object.sealed", "object:o2", TWO)]
RECORDED = entry("recording.sealed", "recording:r", FOOTAGE)
PRODUCED = entry(
    "exhibit.produced",
    "exhibit:e",
    None,
    {"reference": "LB/1", "recording": "r", "clip": None, "incident": None},
)
ASKED = entry("clip.requested", "clip:c", ONE, {"segment": "s1", "start_ms": 1000, "end_ms": 2000})
WAS_CUT = entry("clip.cut", "clip:c", CUT, {"segment": "s1", "actual_start_ms": 800, "actual_end_ms": 2200})


def test_footage_is_sealed_by_its_own_entry_only():
    rules.footage_is_sealed(WHOLE, SEALED)
    for leaves in (
        SEALED[:1],
        [SEALED[0], entry("object.sealed", "object:o1", TWO)],
        [SEALED[0], entry("object.described", "object:o2", TWO)],
        [SEALED[0], entry("object.sealed", "clip:o2", TWO)],
    ):
        with pytest.raises(CheckFailed, match=r"2\.mp4"):
            rules.footage_is_sealed(WHOLE, leaves)


def test_a_second_differing_copy_counts_as_sealed_where_the_entry_is_of_its_object_and_bytes():
    rules.footage_is_sealed(WHOLE, [SEALED[0], entry("object.conflicted", "object:o2", TWO)])
    for subject, sha256 in (("object:o3", TWO), ("clip:o2", TWO), ("object:o2", ONE)):
        with pytest.raises(CheckFailed, match=r"2\.mp4"):
            rules.footage_is_sealed(WHOLE, [SEALED[0], entry("object.conflicted", subject, sha256)])


def test_an_excerpt_is_sealed_by_its_cut_only():
    rules.footage_is_sealed(EXCERPT, [WAS_CUT])
    for leaves in ([entry("object.sealed", "object:oc", CUT)], [entry("clip.cut", "clip:d", CUT)]):
        with pytest.raises(CheckFailed):
            rules.footage_is_sealed(EXCERPT, leaves)


@pytest.mark.parametrize("segments", [SEGMENTS[:1], SEGMENTS[::-1], (), (*SEGMENTS, SEGMENTS[0])])
def test_no_camera_file_is_missing_added_or_out_of_order(segments):
    rules.recording_is_whole(WHOLE, [*SEALED, RECORDED])
    with pytest.raises(CheckFailed, match="sha256"):
        rules.recording_is_whole(
            replace(WHOLE, recording=replace(RECORDING, segments=segments)), [*SEALED, RECORDED]
        )


def test_the_recording_has_exactly_one_entry_and_each_segment_its_own():
    for leaves in (SEALED, [*SEALED, RECORDED, RECORDED], [SEALED[0], RECORDED]):
        with pytest.raises(CheckFailed):
            rules.recording_is_whole(WHOLE, leaves)


def test_times_and_name_are_those_that_were_logged():
    logged = {"source_name": "name", "started_at": "2026-11-21T10:30:07.000001+01:00", "stopped_at": T}
    rules.recording_is_whole(WHOLE, [*SEALED, replace(RECORDED, details=logged)])
    for changed in ({"started_at": "2026-11-21T09:30:08Z"}, {"source_name": "other"}, {"stopped_at": None}):
        with pytest.raises(CheckFailed):
            rules.recording_is_whole(WHOLE, [*SEALED, replace(RECORDED, details={**logged, **changed})])


def test_an_excerpt_is_from_the_segment_and_the_times_that_were_logged():
    rules.clip_is_from_recording(EXCERPT, [ASKED, WAS_CUT])
    assert "not an excerpt" in rules.clip_is_from_recording(WHOLE, [])
    for leaves in (
        [WAS_CUT],
        [ASKED],
        [replace(ASKED, details=None), WAS_CUT],
        [ASKED, replace(WAS_CUT, details={**WAS_CUT.details, "actual_start_ms": 0})],
        [replace(ASKED, details={**ASKED.details, "end_ms": 9}), WAS_CUT],
        [replace(ASKED, leaf=replace(ASKED.leaf, sha256=TWO)), WAS_CUT],
    ):
        with pytest.raises(CheckFailed):
            rules.clip_is_from_recording(EXCERPT, leaves)
    with pytest.raises(CheckFailed, match="not from a file of this recording"):
        rules.clip_is_from_recording(replace(EXCERPT, clip=replace(CLIP, segment="s3")), [ASKED, WAS_CUT])


@pytest.mark.parametrize(
    "facts",
    [
        replace(WHOLE, exhibit=replace(EXHIBIT, reference="LB/2")),
        replace(WHOLE, exhibit=replace(EXHIBIT, produced_at="2026-11-21T09:30:08.000000Z")),
        replace(WHOLE, exhibit=replace(EXHIBIT, id="f")),
        replace(WHOLE, recording=replace(RECORDING, id="q")),
        EXCERPT,
    ],
)
def test_an_exhibit_is_what_was_produced(facts):
    rules.exhibit_is_produced(WHOLE, [PRODUCED])
    with pytest.raises(CheckFailed):
        rules.exhibit_is_produced(facts, [PRODUCED])


def test_an_exhibit_whose_details_are_kept_back_is_not_proven():
    with pytest.raises(CheckFailed, match="not disclosed"):
        rules.exhibit_is_produced(WHOLE, [replace(PRODUCED, details=None)])


def test_of_many_problems_the_first_are_named_and_the_rest_counted():
    with pytest.raises(CheckFailed, match=r"^a b c And 2 more like it\.$"):
        rules.refuse("abcde")
