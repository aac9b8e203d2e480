"""Each packet of an excerpt is shown to be the camera's, and an insider who cuts otherwise is found out."""

import dataclasses
import json
import random
from hashlib import sha256
from pathlib import Path

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.integration.disclosure.docked import build, dock, excerpt, exported, produce
from tests.integration.disclosure.forger import forged, unpack
from tests.integration.disclosure.test_forged_packs import _own_log, failing
from tests.integration.media_jail.jail_footage import Recipe, film

from tabard.custody.adapters import log_signer
from tabard.disclosure import bag
from tabard.disclosure.facts import Facts
from tabard.disclosure.models import Pack
from tabard.disclosure.schedule import schedule_csv
from tabard.disclosure.verify import verify_pack
from tabard.media import packets
from tabard.media.packet_proof import PacketProof
from tabard.merkle.note import Signer

FOLDER = "data/exhibits/LB-1/"
CLIP = f"{FOLDER}20260302T090500Z_7f3a-clip.mp4"
PACKETS = "data/proofs/20260302T090500Z_7f3a-clip.mp4.packets.json"


def words(pack: bytes, folder: Path) -> str:
    path = folder / "pack.zip"
    path.write_bytes(pack)
    (check,) = [one for one in verify_pack(path).checks if one.name == "packets"]
    return check.words


def indexed_leaf(pack: bytes) -> str:
    (found,) = [path for path in unpack(pack)[1] if path.endswith("segment-packets_indexed.leaf.json")]
    return found.removesuffix(".leaf.json")


def relogged(pack: bytes, clip: bytes, proof: bytes) -> bytes:
    """What an insider can make who holds the log's key: another clip, cut and produced, every hash and proof right."""
    files, other = unpack(pack)[1], sha256(clip).hexdigest()
    old = sha256(files[CLIP]).hexdigest().encode()
    changed = {
        path: data.replace(old, other.encode()) for path, data in files.items() if path.endswith(".leaf.json")
    }
    facts = Facts.parse(files[f"{FOLDER}facts.json"])
    file = dataclasses.replace(facts.files[0], sha256=other, size_bytes=len(clip))
    facts = dataclasses.replace(facts, files=(file,))
    changed |= {
        CLIP: clip,
        PACKETS: proof,
        f"{FOLDER}facts.json": facts.encode(),
        bag.SCHEDULE_CSV: schedule_csv([facts]),
    }
    return forged(pack, {**changed, **_own_log({**files, **changed}, Signer(log_signer().origin, KEY))})


KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


def test_a_pack_of_an_excerpt_says_how_many_frames_are_the_cameras(proven_pack, tmp_path):
    assert failing(proven_pack, tmp_path, log_signer().vkey) == set()
    proof = PacketProof.parse(unpack(proven_pack)[1][PACKETS])
    frames, sounds = (len(stream.packets) for stream in proof.streams)
    assert frames > 40 < sounds
    assert words(proven_pack, tmp_path).startswith(
        f"Each of the {frames} frames and {sounds} sound packets of the clip is byte for byte one of the camera's, "
        "in unbroken order (stamped 2.000 s to 5."
    )
    assert words(proven_pack, tmp_path).endswith("Of the camera's file the clip leaves out: no stream.")


def test_of_a_whole_recording_nothing_needs_to_be_tied(recording_pack, tmp_path):
    assert words(recording_pack, tmp_path) == (
        "The exhibit is a whole recording: the camera's own files are here."
    )


def test_an_excerpt_without_a_proof_says_that_it_has_none(clip_pack, tmp_path):
    assert words(clip_pack, tmp_path).startswith("No proof ties the packets of the clip")


def test_a_clip_that_could_not_be_tied_is_packed_without_a_proof(world, tmp_path):
    recording = dock(world, {"20260302T090500Z_7f3a.ts": film(Recipe("mpegts", seconds=8))})
    pack = build(world, produce(world, recording, clip=excerpt(world, recording)))
    assert pack.state == Pack.State.BUILT
    data = exported(pack)
    assert failing(data, tmp_path) == set()
    assert words(data, tmp_path).startswith("No proof ties")


@pytest.mark.parametrize(("part", "names"), [("proof", {"packets"}), ("leaf", {"packets"}), ("both", set())])
def test_taking_half_of_the_proof_away_is_noticed_and_taking_all_is_said(proven_pack, tmp_path, part, names):
    leaf = indexed_leaf(proven_pack)
    changes = {PACKETS: None} if part != "leaf" else {}
    if part != "proof":
        changes |= {f"{leaf}.leaf.json": None, f"{leaf}.tlog-proof": None}
    changed = forged(proven_pack, changes)
    assert failing(changed, tmp_path) == names
    assert names or words(changed, tmp_path).startswith("No proof ties")


def test_a_byte_flipped_in_the_proof_is_noticed_though_every_hash_is_right(proven_pack, tmp_path):
    good = unpack(proven_pack)[1][PACKETS]
    chosen = random.Random(5)  # noqa: S311 - a seed makes a failure repeatable; nothing is secret
    for place in [0, len(good) - 1, *chosen.sample(range(len(good)), 25)]:
        changed = bytearray(good)
        changed[place] ^= 1 << chosen.randrange(8)
        assert failing(forged(proven_pack, {PACKETS: bytes(changed)}), tmp_path) == {"packets"}, place


def test_an_insider_cannot_cut_a_frame_out_swap_two_or_put_one_in(proven_pack, tmp_path):
    """Even with the log's own key, under which everything else about the clip can be made to agree."""
    files = unpack(proven_pack)[1]
    clip, proof = files[CLIP], PacketProof.parse(files[PACKETS])
    assert failing(relogged(proven_pack, clip, files[PACKETS]), tmp_path) == set()
    video = proof.streams[0]
    one, two = (
        video.packets[3],
        next(p for p in video.packets[8:] if p.size_bytes == video.packets[3].size_bytes),
    )
    payloads = [clip[p.offset : p.offset + p.size_bytes] for p in (one, two)]
    assert payloads[0] != payloads[1]
    swapped = put(put(clip, one.offset, payloads[1]), two.offset, payloads[0])
    foreign = put(clip, one.offset, bytes(one.size_bytes))
    for other in (swapped, foreign):
        assert failing(relogged(proven_pack, other, files[PACKETS]), tmp_path) == {"packets"}
    shorter, moved = without(clip, proof, 20)
    assert failing(relogged(proven_pack, shorter, moved.encode()), tmp_path) == {"packets"}


def put(data: bytes, at: int, piece: bytes) -> bytes:
    return data[:at] + piece + data[at + len(piece) :]


def without(clip: bytes, proof: PacketProof, number: int) -> tuple[bytes, PacketProof]:
    """The clip without one of its frames, its box shortened, and the proof with every offset put right."""
    video = proof.streams[0]
    gone = video.packets[number]
    box = clip.rindex(b"mdat", 0, proof_start(proof)) - 4
    length = int.from_bytes(clip[box : box + 4]) - gone.size_bytes
    data = put(clip, box, length.to_bytes(4))
    streams = tuple(
        dataclasses.replace(
            stream,
            packets=tuple(
                one._replace(offset=one.offset - gone.size_bytes * (one.offset > gone.offset))
                for one in stream.packets
                if one.offset != gone.offset
            ),
        )
        for stream in proof.streams
    )
    kept = data[: gone.offset] + data[gone.offset + gone.size_bytes :]
    return kept, dataclasses.replace(proof, streams=streams)


def proof_start(proof: PacketProof) -> int:
    return min(stream.packets[0].offset for stream in proof.streams)


def test_the_list_of_another_segment_does_not_do(proven_pack, tmp_path):
    files = unpack(proven_pack)[1]
    leaf = f"{indexed_leaf(proven_pack)}.leaf.json"
    value = json.loads(files[leaf])
    value["subject"]["id"] = value["id"]
    other = {leaf: rfc8785.dumps(value)}
    own = _own_log({**files, **other}, Signer(log_signer().origin, KEY))
    assert failing(forged(proven_pack, {**other, **own}), tmp_path) == {"packets"}


def test_a_pack_is_not_built_with_a_proof_that_does_not_hold(world, monkeypatch):
    """The clip's proof was sealed for another root than the log's."""
    recording = dock(world, {"20260302T090500Z_7f3a.mp4": film(Recipe(seconds=8))})
    monkeypatch.setattr(packets, "root_of_stream", lambda leaves: bytes(32))
    monkeypatch.setattr(packets, "_checked", lambda proof, root, output: proof.encode())
    pack = build(world, produce(world, recording, clip=excerpt(world, recording)))
    assert pack.state == Pack.State.FAILED
    assert "not, in unbroken order" in pack.reason
