"""How fast are a recording's packets listed, and how small is the proof of a clip?

    python bench/packets.py --minutes 60 --json

One long H.264 and AAC recording of about 8 Mbit/s is made by repeating ten seconds by stream copy, and sealed. Listing
is the whole of `index_packets`: decrypt, demux and hash in the decoder jail, seal the list, compute the root, log it.
Its limits in the same run: SHA-256 of the same file in this process, and reading the sealed object without hashing it.
Then a clip of a minute from the middle is cut, and the proof that is sealed with it is measured and verified. Home and
database are temporary.
"""

import argparse
import hashlib
import json
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from tabard.cli.database import database

MIB = 1024 * 1024
FPS, RATE, LOOP_S = 30, 48_000, 10
SIZE = (1280, 720)
BIT_RATE = 8_000_000
CLIP_S = 60.0


def film(path: Path) -> None:
    """Ten seconds of grain over a moving grey, which costs a coder about what a street does."""
    random = np.random.default_rng(1)
    with av.open(str(path), "w", format="mp4") as made:
        video = made.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "bf": "0"})
        video.width, video.height, video.pix_fmt, video.bit_rate = *SIZE, "yuv420p", BIT_RATE
        video.gop_size = FPS
        audio = made.add_stream("aac", rate=RATE, layout="mono")
        for number in range(FPS * LOOP_S):
            grain = random.integers(0, 40, (SIZE[1], SIZE[0], 1), dtype=np.uint8).repeat(3, axis=2)
            frame = av.VideoFrame.from_ndarray(grain + np.uint8(number % 200), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            made.mux(video.encode(frame))
        made.mux(video.encode(None))
        for start in range(0, RATE * LOOP_S - 1023, 1024):
            noise = random.normal(0, 3000, (1, 1024)).astype(np.int16)
            sound = av.AudioFrame.from_ndarray(noise, format="s16", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = RATE, start, Fraction(1, RATE)
            made.mux(audio.encode(sound))
        made.mux(audio.encode(None))


def repeat(short: Path, path: Path, times: int) -> None:
    """The film over and over, by stream copy."""
    with av.open(str(path), "w", format="mp4") as made:
        streams: dict[int, Any] = {}
        for turn in range(times):
            with av.open(str(short)) as source:
                for stream in source.streams:
                    if stream.index not in streams:
                        streams[stream.index] = made.add_stream_from_template(stream, opaque=True)
                for packet in source.demux():
                    if packet.size:
                        shift = round(turn * LOOP_S / packet.time_base)
                        packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                        packet.stream = streams[packet.stream_index]
                        made.mux(packet)


def seconds_of(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def hashed(path: Path) -> None:
    digest, piece = hashlib.sha256(), bytearray(MIB)
    with path.open("rb", buffering=0) as file:
        while length := file.readinto(piece):
            digest.update(memoryview(piece)[:length])
    digest.digest()


def prepare(path: Path) -> tuple[Any, Any]:
    """The sealed segment of the film, and somebody who may cut from it."""
    from tabard.custody.actors import Actor
    from tabard.kernel.clock import now
    from tabard.people import services as people
    from tabard.people.rules import Role
    from tabard.people.selectors import viewer_of
    from tabard.recordings.drafts import RecordingDraft, SegmentDraft
    from tabard.recordings.services import register

    by, at = Actor.system("bench"), now() - timedelta(days=1)
    force = people.create_unit(kind="force", code="B", name="Bench", parent=None, by=by, at=at)
    officer = people.enrol_officer(
        given_name="Bea", family_name="Nch", rank="PC", warrant_number="1", shoulder_number="1B", unit=force, by=by,
        at=at,
    )  # fmt: skip
    account = people.create_account(
        username="bench", display_name="Bench", password=os.urandom(12).hex(), roles=[Role.OFFICER], officer=officer,
        by=by, at=at,
    )  # fmt: skip
    draft = RecordingDraft(
        source="bench",
        source_name="bench",
        officer_reference="1B",
        started_at=at,
        segments=(SegmentDraft(seal(path)),),
    )
    recording = register(draft=draft, by=by, at=now())
    return recording.segments.select_related("object", "recording").get(), viewer_of(account, now())


def seal(path: Path) -> Any:
    from tabard.kernel.clock import now
    from tabard.recordings.drafts import SealedDraft
    from tabard.vault import services as vault

    with vault.start() as pending, path.open("rb") as file:
        while piece := file.read(MIB):
            pending.write(piece)
        facts = pending.seal()
        kept = vault.record(pending=pending, at=now())
    return SealedDraft("bench.mp4", kept.id, kept.size_bytes, facts.sha256)


def listing(segment: Any, path: Path, runs: int) -> dict[str, float]:
    """Medians of the listing and of its limits, turn about, so that all see the same machine."""
    from tabard.custody.actors import Actor
    from tabard.kernel.clock import now
    from tabard.media.models import PacketTree
    from tabard.media.packets import index_packets
    from tabard.vault import services as vault

    reader = vault.open_object(obj=segment.object)
    taken: dict[str, list[float]] = {"list": [], "sha256": [], "decrypt": []}
    for _ in range(runs):
        taken["sha256"].append(seconds_of(lambda: hashed(path))[0])
        taken["decrypt"].append(seconds_of(lambda: sum(map(len, reader.read())))[0])
        PacketTree.objects.all().delete()
        seconds, tree = seconds_of(lambda: index_packets(segment=segment, by=Actor.system("bench"), at=now()))
        taken["list"].append(seconds)
    size_mb = segment.object.size_bytes / 1e6
    medians = {name: statistics.median(each) for name, each in taken.items()}
    return {
        "file_mb": size_mb,
        "packets": tree.packet_count,
        "list_s": medians["list"],
        "packets_per_s": tree.packet_count / medians["list"],
        "list_mb_per_s": size_mb / medians["list"],
        "sha256_mb_per_s": size_mb / medians["sha256"],
        "decrypt_mb_per_s": size_mb / medians["decrypt"],
        "list_of_sha256": medians["sha256"] / medians["list"],
        "list_bytes_per_packet": tree.object.size_bytes / tree.packet_count,
        "decoder_peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


def proof(segment: Any, viewer: Any, start_s: float) -> dict[str, float]:
    """What cutting a minute takes, and how large and how quickly checked its proof is."""
    from tabard.custody.actors import Actor
    from tabard.kernel.clock import now
    from tabard.media.models import PacketTree
    from tabard.media.packet_proof import PacketProof
    from tabard.media.services import cut_clip
    from tabard.recordings import clips
    from tabard.vault import services as vault

    clip = clips.request(
        segment=segment, start_s=start_s, end_s=start_s + CLIP_S, title="", viewer=viewer, at=now()
    )
    cutting, clip = seconds_of(lambda: cut_clip(clip=clip, by=Actor.system("bench"), at=now()))
    assert clip.packets.object is not None, clip.packets.reason or clip.reason
    data = b"".join(vault.open_object(obj=clip.packets.object).read())
    reader = vault.open_object(obj=clip.object)
    root = bytes(PacketTree.objects.get().root)
    checking, found = seconds_of(
        lambda: PacketProof.parse(data).verify(
            root, lambda start, stop: b"".join(reader.read(start, stop)), reader.size_bytes
        )
    )
    packets, hashes = sum(found.packets.values()), len(PacketProof.parse(data).path)
    return {
        "clip_mb": reader.size_bytes / 1e6,
        "clip_packets": packets,
        "cut_and_prove_s": cutting,
        "proof_bytes": len(data),
        "proof_bytes_per_packet": len(data) / packets,
        "proof_hashes": hashes,
        "proof_of_clip": len(data) / reader.size_bytes,
        "verify_s": checking,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=60, help="length of the recording")
    parser.add_argument("--runs", type=int, default=3, help="listings; the median counts")
    parser.add_argument("--json", action="store_true", help="one object on the last line")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"TABARD_HOME": home, "DJANGO_SETTINGS_MODULE": "tabard.config.settings"}
        os.environ["TABARD_ACCEPT_MISSING_WALLS"] = "1"
        short, path = Path(home) / "short.mp4", Path(home) / "long.mp4"
        film(short)
        repeat(short, path, options.minutes * 60 // LOOP_S)
        with database():
            segment, viewer = prepare(path)
            figures = listing(segment, path, options.runs)
            figures |= proof(segment, viewer, options.minutes * 30.0)
    for name, value in figures.items():
        print(f"{name:<24}{value:>14,.3f}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
