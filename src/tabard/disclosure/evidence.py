"""What does the custody log say of an exhibit, and how is it shown to a stranger?

In proof files, and as a history in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import rfc8785

from tabard.custody.anchors import Anchor, policy_text
from tabard.custody.kinds import CLASS_OF, EventKind, Section62
from tabard.custody.leaf import rfc3339
from tabard.custody.proven import ProvenEvent, proven
from tabard.custody.selectors import history
from tabard.disclosure import bag, rules
from tabard.disclosure.contents import Contents
from tabard.disclosure.errors import NotInLog
from tabard.disclosure.leaves import ProvenLeaf, disclose, prove
from tabard.disclosure.schedule_pdf import HistoryLine
from tabard.merkle.note import VerifierKey
from tabard.vault import services as vault

PROVEN_KINDS = (
    EventKind.OBJECT_SEALED,
    EventKind.OBJECT_CONFLICTED,
    EventKind.OBJECT_DECRYPTED,
    EventKind.RECORDING_SEALED,
    EventKind.SEGMENT_PACKETS_INDEXED,
    EventKind.CLIP_REQUESTED,
    EventKind.CLIP_CUT,
    EventKind.EXHIBIT_PRODUCED,
)
_DISCLOSED = frozenset(
    {
        EventKind.OBJECT_DECRYPTED,
        EventKind.CLIP_REQUESTED,
        EventKind.CLIP_CUT,
        EventKind.EXHIBIT_PRODUCED,
    }
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The entries that a pack proves, and the pack's files that prove them, by path."""

    leaves: tuple[ProvenLeaf, ...]
    files: dict[str, bytes]


def evidence_for(contents: Contents, anchor: Anchor) -> Evidence:
    """The proofs of everything the facts rest on, checked here as the recipient will check them.

    Raises:
        NotYetSequenced: when no checkpoint covers one of the entries yet.
        Integrity: when the log does not bear out the facts; such a pack is not built.
    """
    events = proven(subject_ids=contents.proven_ids, kinds=PROVEN_KINDS, under=anchor)
    if not events:
        raise NotInLog("The custody log knows nothing of this exhibit.", exhibit=contents.facts.exhibit.id)
    files: dict[str, bytes] = {}
    leaves = [_add(number, event, contents, anchor.keys, files) for number, event in enumerate(events, 1)]
    for rule in (
        rules.footage_is_sealed,
        rules.recording_is_whole,
        rules.clip_is_from_recording,
        rules.exhibit_is_produced,
    ):
        rule(contents.facts, leaves)
    rules.packets_are_the_cameras(contents.facts, leaves, *_packets_and_clip(contents))
    files[bag.INDEX] = index_bytes(contents, leaves)
    return Evidence(tuple(leaves), files | vouchers(anchor))


def vouchers(anchor: Anchor) -> dict[str, bytes]:
    """The files that say who vouches for the checkpoint: the log's keys, witnesses and their policy, timestamps."""
    files = {bag.LOG_VKEY: "".join(f"{key.encode()}\n" for key in anchor.keys).encode()}
    if anchor.policy is not None:
        keys = [witness.key for witness in anchor.policy.witnesses]
        files[bag.WITNESS_POLICY] = policy_text(anchor.policy)
        for path, key in zip(bag.witness_paths(key.name for key in keys), keys, strict=True):
            files[path] = f"{key.encode()}\n".encode()
    files |= {bag.token_path(number): token for number, token in enumerate(anchor.tokens, 1)}
    if anchor.tokens and anchor.tsa_chain is not None:
        files[bag.TSA_CHAIN] = anchor.tsa_chain
    return files


def index_bytes(contents: Contents, leaves: Sequence[ProvenLeaf]) -> bytes:
    """`index.json`: which proofs hold which file's SHA-256, under which checkpoint."""
    head = leaves[0].checkpoint
    files = rules.index_of([contents.facts], leaves)
    return rfc8785.dumps({"v": bag.INDEX_VERSION, "origin": head.origin, "size": head.size, "files": files})


def history_of(contents: Contents) -> list[HistoryLine]:
    """What was done to the exhibit's footage, oldest first, without the occasions on which it was only looked at."""
    lines = []
    for event in history(contents.subject_ids).order_by("position"):
        if event.position is None or CLASS_OF[EventKind(event.kind)] is Section62.CONSULTATION:
            continue
        particulars = getattr(event, "particulars", None)
        by = particulars.actor_name if particulars else "(erased)"
        what = event.kind.replace(".", " ").replace("_", " ").capitalize()
        lines.append(HistoryLine(event.position, rfc3339(event.at), what, by))
    return lines


def _add(
    number: int,
    event: ProvenEvent,
    contents: Contents,
    verifiers: Sequence[VerifierKey],
    files: dict[str, bytes],
) -> ProvenLeaf:
    """Put the event's files among the pack's, and read them as the recipient will."""
    name = f"{number:03d}-{event.kind.value.replace('.', '-')}"
    path = bag.PROOFS + name
    leaf = files[path + bag.LEAF_SUFFIX] = event.leaf
    receipt = files[path + bag.PROOF_SUFFIX] = event.proof.encode()
    details = None
    if event.details is not None and _is_disclosed(event.kind, contents):
        details = disclose(event.details.value, event.details.salt)
        files[path + bag.DETAILS_SUFFIX] = details
    return prove(name, leaf, receipt, details, verifiers)


def _packets_and_clip(contents: Contents) -> tuple[bytes | None, rules.Readable]:
    """The proof of an excerpt's packets, and the excerpt's bytes to hold against it."""
    if contents.packets is None:
        return None, rules.NOTHING
    clip = vault.open_object(obj=contents.objects[0])
    readable = rules.Readable(clip.size_bytes, lambda start, stop: b"".join(clip.read(start, stop)))
    return b"".join(vault.open_object(obj=contents.packets).read()), readable


def _is_disclosed(kind: EventKind, contents: Contents) -> bool:
    """Whether the recipient may see what the entry commits to.

    What was said of a whole recording (its place, its other files) is disclosed only with the whole recording.
    """
    return kind in _DISCLOSED or (kind is EventKind.RECORDING_SEALED and contents.facts.clip is None)
