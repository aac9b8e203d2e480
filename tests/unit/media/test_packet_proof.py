"""A clip is tied to the camera's file packet by packet, or not at all; no demuxer is asked."""

import dataclasses
import json
import random
from hashlib import sha256

import pytest
import rfc8785

from tabard.kernel.errors import Integrity
from tabard.media.packet_list import Header, PacketList, Record, StreamHead, write_list
from tabard.media.packet_proof import PacketProof, PacketProofBroken, ProvenPacket, ProvenStream, prove
from tabard.merkle.runs import root_of_stream
from tabard.merkle.tree import leaf_hash

FRAMES = [f"frame {number} ".encode() * (3 + number % 5) for number in range(60)]
SOUNDS = [f"sound {number} ".encode() * 2 for number in range(90)]
TELEMETRY = [b"speed 3", b"speed 4"]
STREAMS = (
    StreamHead(0, "video", "h264", 1, 20, len(FRAMES)),
    StreamHead(1, "audio", "aac", 1, 30, len(SOUNDS)),
    StreamHead(3, "data", "", 1, 1, len(TELEMETRY)),
)
HEAD = Header(truncated=False, streams=STREAMS)
FIRST, COUNT = {0: 20, 1: 31}, {0: 16, 1: 24}


def records(payloads: list[bytes], stream: int) -> list[Record]:
    return [
        Record(stream, number % 10 == 0, len(payload), number, None if stream else number, sha256(payload).digest())
        for number, payload in enumerate(payloads)
    ]  # fmt: skip


LISTED = [*records(FRAMES, 0), *records(SOUNDS, 1), *records(TELEMETRY, 3)]


def packet_list(listed=LISTED, head=HEAD) -> PacketList:
    data = b"".join(write_list(head, [record.pack() for record in listed]))
    return PacketList(lambda start, stop: [data[start:stop]], len(data))


ROOT = root_of_stream(map(leaf_hash, packet_list().leaves()))


def box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4) + kind + content


FILE_HEAD = box(b"ftyp", b"isom") + box(b"moov", b"index")


def clip_of(frames=FRAMES[20:36], sounds=SOUNDS[31:55], head=FILE_HEAD):
    """A clip's file, pictures and sound by turns, and where each packet's bytes begin."""
    body, places = b"", {0: [], 1: []}
    turns = [(number * 3, 0, frame) for number, frame in enumerate(frames)]
    turns += [(number * 2, 1, sound) for number, sound in enumerate(sounds)]
    for _, stream, payload in sorted(turns):
        places[stream].append(len(head) + 8 + len(body))
        body += payload
    return head + box(b"mdat", body), places


def proof_of(places, first=FIRST, listed=LISTED) -> PacketProof:
    streams = []
    for stream, offsets in places.items():
        own = [record for record in listed if record.stream == stream]
        originals = own[first[stream] : first[stream] + len(offsets)]
        streams.append(
            ProvenStream(
                stream,
                first[stream],
                tuple(
                    ProvenPacket(offset, one.size_bytes, one.pts, one.dts, int(one.is_key))
                    for offset, one in zip(offsets, originals, strict=True)
                ),
            )
        )
    return prove(packet_list(listed), streams)


def verified(proof: PacketProof, data: bytes, root: bytes = ROOT):
    return PacketProof.parse(proof.encode()).verify(root, lambda start, stop: data[start:stop], len(data))


def refused(proof: PacketProof, data: bytes, root: bytes = ROOT) -> str:
    with pytest.raises(PacketProofBroken) as error:
        verified(proof, data, root)
    return error.value.message


CLIP, PLACES = clip_of()
PROOF = proof_of(PLACES)


def test_every_packet_of_a_true_clip_is_the_cameras():
    tied = verified(PROOF, CLIP)
    assert tied.packets == {"video": 16, "audio": 24}
    assert tied.spans == {"video": (1.0, 1.75), "audio": (pytest.approx(31 / 30), pytest.approx(54 / 30))}
    assert tied.left_out == {"data": 1}


def test_the_proof_is_written_as_rfc_8785_has_it():
    assert PROOF.encode() == rfc8785.dumps(json.loads(PROOF.encode()))
    assert PacketProof.parse(PROOF.encode()) == PROOF


def test_a_byte_changed_in_any_packet_is_noticed():
    chosen = random.Random(1)  # noqa: S311 - a seed makes a failure repeatable; nothing is secret
    for place in chosen.sample(range(PLACES[0][0], len(CLIP)), 60):
        changed = bytearray(CLIP)
        changed[place] ^= 1 << chosen.randrange(8)
        assert "not, in unbroken order" in refused(PROOF, bytes(changed))


def test_a_frame_left_out_is_noticed_though_the_offsets_are_put_right():
    for left_out in (1, 7, 14):
        frames = FRAMES[20 : 20 + left_out] + FRAMES[21 + left_out : 36]
        data, places = clip_of(frames)
        video = PROOF.streams[0]
        kept = video.packets[:left_out] + video.packets[left_out + 1 :]
        moved = tuple(one._replace(offset=at) for one, at in zip(kept, places[0], strict=True))
        sound = tuple(
            one._replace(offset=at) for one, at in zip(PROOF.streams[1].packets, places[1], strict=True)
        )
        streams = (
            dataclasses.replace(video, packets=moved),
            dataclasses.replace(PROOF.streams[1], packets=sound),
        )
        forged = dataclasses.replace(PROOF, streams=streams)
        assert "not, in unbroken order" in refused(forged, data)
        refused(proof_of(places), data)  # the forger may have the original, and tries the best proof there is


def test_frames_that_changed_places_are_noticed():
    frames = FRAMES[20:36]
    frames[4], frames[5] = frames[5], frames[4]
    data, places = clip_of(frames)
    assert "share bytes" in refused(proof_of(places), data)  # they differ in size
    swapped = dict(places)
    swapped[0] = [*places[0][:4], places[0][5], places[0][4], *places[0][6:]]
    assert refused(proof_of(swapped), data) == "The packets of the clip are not in order."


def test_frames_of_one_size_that_changed_places_are_noticed():
    frames = FRAMES[20:36]
    frames[0], frames[10] = frames[10], frames[0]
    assert len(frames[0]) == len(frames[10])
    data, places = clip_of(frames)
    assert "not, in unbroken order" in refused(proof_of(places), data)


def test_a_frame_of_another_recording_is_noticed():
    frames = FRAMES[20:36]
    frames[8] = b"x" * len(frames[8])
    data, places = clip_of(frames)
    assert "not, in unbroken order" in refused(proof_of(places), data)
    # Nor does a list that has that frame help: the log holds the root of the camera's own.
    other = [*LISTED]
    other[28] = other[28]._replace(sha256=sha256(frames[8]).digest())
    forged = proof_of(places, listed=other)
    own_root = root_of_stream(map(leaf_hash, packet_list(other).leaves()))
    assert verified(forged, data, own_root).packets["video"] == 16
    assert "not, in unbroken order" in refused(forged, data)


def test_a_frame_hidden_in_the_media_data_is_noticed():
    body = CLIP[len(FILE_HEAD) + 8 :]
    whole = FILE_HEAD + box(b"mdat", body)
    for hidden in (FILE_HEAD + box(b"mdat", body + b"more"), whole + box(b"mdat", b"more")):
        assert "more or less" in refused(PROOF, hidden)


def test_packets_outside_the_media_data_are_noticed():
    at = len(FILE_HEAD) + 4
    assert "more or less" in refused(PROOF, CLIP[:at] + b"free" + CLIP[at + 4 :])
    assert "MP4 boxes" in refused(PROOF, CLIP + b"rest")


def test_of_matroska_only_the_packets_are_asked():
    magic = bytes.fromhex("1a45dfa3")
    data, places = clip_of(head=magic + bytes(40))
    assert verified(proof_of(places), data).packets["video"] == 16


def test_sound_from_another_moment_is_noticed():
    data, places = clip_of(sounds=SOUNDS[:24])
    refused(proof_of(places, {0: 20, 1: 31}), data)
    assert verified(proof_of(places, {0: 20, 1: 0}), data)  # a second early may still be the cutter's choice
    late = SOUNDS[66:]
    slow = Header(
        truncated=False, streams=(STREAMS[0], dataclasses.replace(STREAMS[1], tick_denominator=10), STREAMS[2])
    )  # fmt: skip
    data, places = clip_of(sounds=late)
    streams = proof_of(places, {0: 20, 1: 66}).streams
    packets = packet_list(head=slow)
    root = root_of_stream(map(leaf_hash, packets.leaves()))
    assert "another moment" in refused(prove(packets, streams), data, root)


def test_another_place_stream_header_or_root_is_noticed():
    video, sound = PROOF.streams
    less = Header(truncated=False, streams=(dataclasses.replace(STREAMS[0], packets=59), *STREAMS[1:]))
    for forged in (
        dataclasses.replace(PROOF, streams=(dataclasses.replace(video, first=21), sound)),
        dataclasses.replace(PROOF, streams=(dataclasses.replace(video, first=50), sound)),
        dataclasses.replace(PROOF, streams=(video, dataclasses.replace(sound, stream=3))),
        dataclasses.replace(PROOF, streams=(video, dataclasses.replace(sound, stream=2))),
        dataclasses.replace(PROOF, header=dataclasses.replace(HEAD, truncated=True)),
        dataclasses.replace(PROOF, header=less),
        dataclasses.replace(PROOF, path=PROOF.path[::-1]),
        dataclasses.replace(PROOF, path=PROOF.path[1:]),
        dataclasses.replace(PROOF, path=()),
    ):
        refused(forged, CLIP)
    assert "not, in unbroken order" in refused(PROOF, CLIP, bytes(32))


@pytest.mark.parametrize("field", ["offset", "size_bytes", "pts", "dts", "key"])
def test_another_number_of_any_packet_is_noticed(field):
    video, sound = PROOF.streams
    for at in (0, 9):
        packet = video.packets[at]
        value = 1 - packet.key if field == "key" else (getattr(packet, field) or 0) + 1
        changed = (*video.packets[:at], packet._replace(**{field: value}), *video.packets[at + 1 :])
        refused(
            dataclasses.replace(PROOF, streams=(dataclasses.replace(video, packets=changed), sound)), CLIP
        )


def test_a_byte_changed_anywhere_in_the_proof_is_noticed():
    good = PROOF.encode()
    for at in range(len(good)):
        changed = bytearray(good)
        changed[at] ^= 1
        with pytest.raises(Integrity):
            PacketProof.parse(bytes(changed)).verify(ROOT, lambda start, stop: CLIP[start:stop], len(CLIP))


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.update(v=2),
        lambda value: value.update(v=True),
        lambda value: value.update(more=1),
        lambda value: value.pop("path"),
        lambda value: value.update(path=["00"]),
        lambda value: value.update(path=[1]),
        lambda value: value.update(path="00" * 32),
        lambda value: value.update(streams=[]),
        lambda value: value.update(streams=[1]),
        lambda value: value["streams"].reverse(),
        lambda value: value["streams"].append(value["streams"][0]),
        lambda value: value["streams"][0].update(packets=[]),
        lambda value: value["streams"][0].update(packets=[[1, 2, 3, 4]]),
        lambda value: value["streams"][0].update(packets=[1]),
        lambda value: value["streams"][0].update(first=-1),
        lambda value: value["streams"][0].update(first=True),
        lambda value: value["streams"][0]["packets"][0].__setitem__(0, -1),
        lambda value: value["streams"][0]["packets"][0].__setitem__(0, 2**60),
        lambda value: value["streams"][0]["packets"][0].__setitem__(1, 0),
        lambda value: value["streams"][0]["packets"][0].__setitem__(2, 1.5),
        lambda value: value["streams"][0]["packets"][0].__setitem__(4, True),
        lambda value: value.update(header=None),
        lambda value: value["header"].update(streams={}),
        lambda value: value["header"].update(truncated=0),
        lambda value: value["header"]["streams"].reverse(),
        lambda value: value["header"]["streams"][0].update(packets=-1),
        lambda value: value["header"]["streams"][0].update(kind="film"),
        lambda value: value["header"]["streams"][0].update(codec="\ud800"),
        lambda value: value["header"]["streams"][0].update(tick_denominator="1"),
        lambda value: value["header"]["streams"][0].pop("index"),
    ],
)
def test_a_proof_of_another_form_is_refused(change):
    value = json.loads(PROOF.encode())
    change(value)
    data = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(Integrity):
        PacketProof.parse(data)


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"v":NaN}', b"{}"])
def test_what_is_no_proof_is_refused(data):
    with pytest.raises(Integrity):
        PacketProof.parse(data)


def test_a_proof_that_names_bytes_past_the_end_is_refused():
    assert "does not have" in refused(PROOF, CLIP[:-1])


@pytest.mark.parametrize(
    "boxes", [b"", b"\0\0\0\4mdat", b"\0\0\0\1mdat" + bytes(8), (9**9).to_bytes(4) + b"mdat"]
)
def test_boxes_that_are_none_are_refused_and_nothing_else_happens(boxes):
    head = box(b"ftyp", b"isom") + boxes
    data, places = clip_of(head=head)
    refused(proof_of(places), head + data[len(head) + 8 :])
