"""Footage is looked into only through the jail, and whatever it is, the recording stays whole."""

from datetime import timedelta

import pytest
from tests.disposals import dispose
from tests.world import BY, DAY_ONE, footage

from tabard.custody.models import Event
from tabard.media import services
from tabard.media.jail.runner import JailResult
from tabard.media.making import DisposedMeanwhile
from tabard.media.models import Derivative, Probe
from tabard.recordings import clips
from tabard.recordings.models import Clip, Recording
from tabard.vault import services as vault

NOW = DAY_ONE + timedelta(days=1)


def probed(recording: Recording) -> Probe:
    (probe,) = services.probe_recording(recording=recording, by=BY, at=NOW)
    return probe


def content(sealed) -> bytes:
    return b"".join(vault.open_object(obj=sealed).read())


def test_playable_footage_gets_a_poster_and_a_strip_and_no_rendition(world):
    recording = world.recording(footage())
    probe = probed(recording)
    assert (probe.is_decodable, probe.is_browser_playable, probe.reason) == (True, True, "")
    assert probe.duration_s == pytest.approx(4.0, abs=0.3)
    made = services.make_derivatives(segment=recording.segments.get(), by=BY, at=NOW)
    assert sorted(derivative.kind for derivative in made) == ["poster", "strip"]
    assert all(content(derivative.object).startswith(b"\xff\xd8") for derivative in made)
    assert Event.objects.filter(kind="derivative.made").count() == 2


@pytest.mark.parametrize("form", ["mjpeg-avi", "hevc-mp4"])
def test_what_a_browser_cannot_play_gets_a_rendition_and_stays_untouched(world, form):
    original = footage(form)
    recording = world.recording(original)
    assert not probed(recording).is_browser_playable
    services.make_derivatives(segment=recording.segments.get(), by=BY, at=NOW)
    rendition = Derivative.objects.get(kind="rendition")
    again = world.recording(content(rendition.object))
    assert probed(again).is_browser_playable
    assert content(recording.segments.get().object) == original


def test_broken_footage_of_which_no_film_can_be_made_has_its_pictures_and_is_done_with(world, monkeypatch):
    recording = world.recording(footage("mjpeg-avi"))
    probed(recording)
    jailed = services.jailed

    def without_film(task, *rest):
        return JailResult({}, None) if task == "rendition" else jailed(task, *rest)

    monkeypatch.setattr(services, "jailed", without_film)
    made = services.make_derivatives(segment=recording.segments.get(), by=BY, at=NOW)
    assert sorted(derivative.kind for derivative in made) == ["poster", "strip"]


@pytest.mark.parametrize("junk", [b"", b"hello, this is text", bytes(range(256)) * 64])
def test_what_cannot_be_decoded_says_why_and_is_flagged(world, junk):
    recording = world.recording(junk)
    probe = probed(recording)
    assert not probe.is_decodable
    assert probe.reason.startswith("cannot be decoded: ")
    assert "cannot_decode" in Recording.objects.get(id=recording.id).flags
    assert services.make_derivatives(segment=recording.segments.get(), by=BY, at=NOW) == []


def test_looking_twice_adds_nothing(world):
    recording = world.recording(footage())
    probed(recording)
    assert services.probe_recording(recording=recording, by=BY, at=NOW) == []
    segment = recording.segments.get()
    services.make_derivatives(segment=segment, by=BY, at=NOW)
    assert services.make_derivatives(segment=segment, by=BY, at=NOW) == []
    assert Derivative.objects.count() == 2


def cut(world, recording, start_s=1.0, end_s=3.0) -> Clip:
    clip = clips.request(
        segment=recording.segments.get(),
        start_s=start_s,
        end_s=end_s,
        title="",
        viewer=world.viewer("bailey"),
        at=NOW,
    )
    return services.cut_clip(clip=clip, by=BY, at=NOW)


def test_a_clip_covers_what_was_asked_and_says_what_it_really_covers(world):
    clip = cut(world, world.recording(footage()))
    assert clip.state == "cut"
    assert clip.actual_start_s <= 1.0
    assert clip.actual_end_s >= 2.9
    assert services.cut_clip(clip=clip, by=BY, at=NOW).object_id == clip.object_id
    assert Event.objects.filter(kind="clip.cut").count() == 1


def test_a_clip_from_what_cannot_be_decoded_fails_with_the_reason(world):
    clip = cut(world, world.recording(b"not a video"))
    assert clip.state == "failed"
    assert "cannot be decoded" in clip.reason


def test_a_clip_that_begins_after_the_end_fails_with_the_reason(world):
    clip = cut(world, world.recording(footage()), 100.0, 101.0)
    assert clip.state == "failed"
    assert clip.reason


def test_nothing_is_made_from_what_was_disposed_of_meanwhile(world):
    recording = world.recording(footage())
    probed(recording)
    segment = recording.segments.get()
    real = services.jailed

    def disposed_meanwhile(*arguments, **named):
        result = real(*arguments, **named)
        later = DAY_ONE + timedelta(days=90)
        dispose(later)
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "jailed", disposed_meanwhile)
        with pytest.raises(DisposedMeanwhile):
            services.make_derivatives(segment=segment, by=BY, at=NOW)
    assert not Derivative.objects.exists()
