"""Does the log bear out what the facts say? Facts and proven entries in; a sentence, or what is wrong, out. Pure.

The builder asks before it packs, so that no pack leaves that would not verify; the offline check asks again.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tabard.disclosure.bag import exhibit_folder
from tabard.disclosure.errors import CheckFailed
from tabard.disclosure.facts import ClipFacts, Facts, FileFacts, SegmentFacts
from tabard.disclosure.leaves import ProvenLeaf
from tabard.kernel.text import counted
from tabard.media.packet_proof import PacketProof, Tied

Leaves = Sequence[ProvenLeaf]

# An object that came as a second, different copy under a name already taken was sealed like any other.
SEALED_KINDS = ("object.sealed", "object.conflicted")
DECRYPTED_KIND = "object.decrypted"
MOST_PROBLEMS_SHOWN = 3


class Readable(NamedTuple):
    """A file that can be read in parts: its bytes [start, stop)."""

    size_bytes: int
    read: Callable[[int, int], bytes]


NOTHING = Readable(0, lambda _start, _stop: b"")


def refuse(problems: Iterable[str]) -> None:
    """Return only if there is no problem.

    Raises:
        CheckFailed: with the first problems, and how many more there are.
    """
    found = list(problems)
    if found:
        more = len(found) - MOST_PROBLEMS_SHOWN
        words = " ".join(found[:MOST_PROBLEMS_SHOWN])
        raise CheckFailed(f"{words} And {more} more like it." if more > 0 else words)


def footage_is_sealed(facts: Facts, leaves: Leaves) -> str:
    """Each file's SHA-256 stands in a proven entry of the log about that very file.

    Of a file that was decrypted, the entry also names what it was decrypted from, which is among the files.

    Raises:
        CheckFailed: one does not.
    """
    refuse(
        f"{file.file} is not a file that the log says was sealed."
        for file in facts.files
        if sealing_of(facts, file, leaves) is None
    )
    refuse(_decryption_problems(facts, leaves))
    count = counted(len(facts.files), "file")
    return f"The log holds the SHA-256 of all that {facts.exhibit.reference} consists of: {count}."


def recording_is_whole(facts: Facts, leaves: Leaves) -> str:
    """The log's entry of the recording covers exactly these segments in this order, and each was sealed.

    The entry's SHA-256 is over the SHA-256s of the recording's segments, one after another, in order.

    Raises:
        CheckFailed: a segment is missing, added, changed or out of order, or times are not those logged.
    """
    recording = facts.recording
    digests = b"".join(bytes.fromhex(segment.sha256) for segment in recording.segments)
    footage = hashlib.sha256(digests).hexdigest()
    entry = _entry("recording.sealed", "recording", recording.id, leaves)
    refuse(
        _differences(
            "recording.sealed", {"sha256": footage, "at": recording.received_at}, _leaf_values(entry)
        )
    )
    refuse(
        f"The recording's file {segment.name} is not one that the log says was sealed."
        for segment in recording.segments
        if _sealed(segment.object, segment.sha256, leaves) is None
    )
    if entry.details is not None:
        said = {
            "source_name": recording.name,
            "started_at": recording.started_at,
            "stopped_at": recording.stopped_at,
        }
        logged = {name: _in_utc(entry.details.get(name)) for name in said}
        refuse(_differences("recording.sealed", said, logged))
    count = counted(len(recording.segments), "camera file")
    return f"The log's entry of the recording covers exactly its {count}, in this order."


def clip_is_from_recording(facts: Facts, leaves: Leaves) -> str:
    """The log says from which segment, and from when to when, the excerpt was asked for and cut.

    Raises:
        CheckFailed: it says otherwise, or the segment is not one of the recording's.
    """
    clip = facts.clip
    if clip is None:
        return "The exhibit is a whole recording, not an excerpt."
    source = next((one for one in facts.recording.segments if one.id == clip.segment), None)
    if source is None:
        raise CheckFailed("The excerpt is not from a file of this recording.")
    refuse(_clip_problems(clip, source, leaves))
    return f"The log says that the excerpt was cut from {source.name} at the times given."


def packets_are_the_cameras(facts: Facts, leaves: Leaves, proof: bytes | None, clip: Readable) -> str:
    """Every packet of an excerpt is the camera's, in unbroken order, by the list whose root the log holds.

    Args:
        facts: What the pack says.
        leaves: The proven entries of the log.
        proof: The proof of packets, where there is one; a whole recording needs none.
        clip: The excerpt's file.

    Raises:
        Integrity: a packet is not, or the proof lacks its entry of the log or the entry its proof.
    """
    if facts.clip is None:
        return "The exhibit is a whole recording: the camera's own files are here."
    segment = facts.clip.segment
    if proof is None:
        if any(one.is_about("segment.packets_indexed", "segment", segment) for one in leaves):
            raise CheckFailed("The proof that the excerpt's packets are the camera's is missing.")
        return "No proof ties the packets of the clip to the camera's file one by one; the log's entries alone do."
    root = _entry("segment.packets_indexed", "segment", segment, leaves).leaf.sha256
    if root is None:
        raise CheckFailed("The log's entry of the camera's packets holds no root.")
    tied = PacketProof.parse(proof).verify(bytes.fromhex(root), clip.read, clip.size_bytes)
    return _tied_in_words(tied)


def exhibit_is_produced(facts: Facts, leaves: Leaves) -> str:
    """The log says that this recording or excerpt was produced under this reference at this time.

    Raises:
        CheckFailed: it says otherwise.
    """
    exhibit = facts.exhibit
    entry = _entry("exhibit.produced", "exhibit", exhibit.id, leaves)
    clip_sha256 = facts.files[0].sha256 if facts.clip and facts.files else None
    refuse(
        _differences(
            "exhibit.produced", {"at": exhibit.produced_at, "sha256": clip_sha256}, _leaf_values(entry)
        )
    )
    refuse(
        _differences(
            "exhibit.produced",
            {
                "reference": exhibit.reference,
                "recording": facts.recording.id,
                "clip": facts.clip.id if facts.clip else None,
                "incident": facts.incident.id if facts.incident else None,
            },
            _opened(entry),
        )
    )
    return f"The log says that {exhibit.reference} was produced at {exhibit.produced_at}."


def index_of(exhibits: Iterable[Facts], leaves: Leaves) -> dict[str, list[str]]:
    """For each exhibit file's path, the names of the proofs whose entries hold its SHA-256."""
    return {
        exhibit_folder(facts.exhibit.reference) + file.file: [
            proven.name for proven in leaves if proven.leaf.sha256 == file.sha256
        ]
        for facts in exhibits
        for file in facts.files
    }


def sealing_of(facts: Facts, file: FileFacts, leaves: Leaves) -> ProvenLeaf | None:
    """The entry that seals a file of the exhibit: the cut of an excerpt, the arrival of anything else."""
    if facts.clip is None:
        return _sealed(file.object, file.sha256, leaves)
    cuts = (one for one in leaves if one.is_about("clip.cut", "clip", facts.clip.id))
    return next((one for one in cuts if one.leaf.sha256 == file.sha256 and file.kind == "clip"), None)


def _tied_in_words(tied: Tied) -> str:
    held = [counted(tied.packets["video"], "frame")] if tied.packets["video"] else []
    held += [counted(tied.packets["audio"], "sound packet")] if tied.packets["audio"] else []
    words = f"Each of the {' and '.join(held)} of the clip is byte for byte one of the camera's, in unbroken order"
    span = tied.spans.get("video") or tied.spans.get("audio")
    if span:
        words += f" (stamped {span[0]:.3f} s to {span[1]:.3f} s in the camera's file)"
    left_out = ", ".join(counted(count, f"{kind} stream") for kind, count in sorted(tied.left_out.items()))
    return f"{words}. Of the camera's file the clip leaves out: {left_out or 'no stream'}."


def _sealed(object_id: str, sha256: str, leaves: Leaves) -> ProvenLeaf | None:
    for proven in leaves:
        if proven.leaf.sha256 == sha256 and any(
            proven.is_about(kind, "object", object_id) for kind in (*SEALED_KINDS, DECRYPTED_KIND)
        ):
            return proven
    return None


def _decryption_problems(facts: Facts, leaves: Leaves) -> Iterator[str]:
    """What was decrypted rests on a ciphertext and a key file that are in the pack as they came."""
    there = {(file.object, file.sha256) for file in facts.files if file.kind != "decrypted"}
    for file in facts.files:
        if file.kind != "decrypted":
            continue
        said = _opened(_entry(DECRYPTED_KIND, "object", file.object, leaves))
        if not {_named(said, "ciphertext"), _named(said, "key_file")} <= there:
            yield f"{file.file} was not decrypted from files of this exhibit."


def _named(said: Mapping[str, Any], part: str) -> tuple[Any, Any]:
    """The object and hash that an entry's details give under a name."""
    found = said.get(part)
    return (found.get("object"), found.get("sha256")) if isinstance(found, Mapping) else (None, None)


def _plain_sha256(source: SegmentFacts, leaves: Leaves) -> str | None:
    """What the log says that the segment decrypts to; its own hash, where it came in the clear."""
    opened = (one for one in leaves if one.leaf.kind == DECRYPTED_KIND and one.details is not None)
    for one in opened:
        if _named(_opened(one), "ciphertext") == (source.object, source.sha256):
            return one.leaf.sha256
    return source.sha256


def _clip_problems(clip: ClipFacts, source: SegmentFacts, leaves: Leaves) -> Iterator[str]:
    asked = _entry("clip.requested", "clip", clip.id, leaves)
    cut = _entry("clip.cut", "clip", clip.id, leaves)
    yield from _differences("clip.requested", {"sha256": _plain_sha256(source, leaves)}, _leaf_values(asked))
    wanted = {"segment": clip.segment, "start_ms": clip.asked_start_ms, "end_ms": clip.asked_end_ms}
    yield from _differences("clip.requested", wanted, _opened(asked))
    got = {
        "segment": clip.segment,
        "actual_start_ms": clip.actual_start_ms,
        "actual_end_ms": clip.actual_end_ms,
    }
    yield from _differences("clip.cut", got, _opened(cut))


def _entry(kind: str, subject_type: str, subject_id: str, leaves: Leaves) -> ProvenLeaf:
    """The one proven entry of that kind about that subject."""
    found = [proven for proven in leaves if proven.is_about(kind, subject_type, subject_id)]
    if len(found) != 1:
        raise CheckFailed(f"The pack does not prove exactly one entry {kind} about its {subject_type}.")
    return found[0]


def _opened(entry: ProvenLeaf) -> Mapping[str, Any]:
    if entry.details is None:
        raise CheckFailed(f"The details of the log's entry {entry.leaf.kind} were not disclosed.")
    return entry.details


def _leaf_values(entry: ProvenLeaf) -> Mapping[str, Any]:
    return {"at": entry.leaf.at, "sha256": entry.leaf.sha256}


def _differences(kind: str, said: Mapping[str, Any], logged: Mapping[str, Any]) -> Iterator[str]:
    for name, value in said.items():
        if logged.get(name) != value:
            yield f"The facts say {name} {value}; the log's entry {kind} says {logged.get(name)}."


def _in_utc(value: Any) -> Any:
    """An instant in any zone as the facts write it; anything else as it is."""
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at.tzinfo else value
