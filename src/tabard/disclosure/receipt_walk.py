"""Does this receipt prove this entry, and how can somebody follow that who is no mathematician? Pure; no database.

The walk checks a leaf and its C2SP tlog-proof one step at a time, in words: what was written down, its fingerprint,
each pairing up to the signed total, the log's signature, every witness's, and a timestamp where there is one. It ends
at the first step that fails and says why. Nothing but the two files and the keys given decides; what a step shows is
what was computed, and `merkle` judges it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from tabard.custody.kinds import EventKind
from tabard.custody.timestamping.tokens import TsaChain, open_token
from tabard.disclosure.event_words import words_of
from tabard.disclosure.history_document import in_london, in_utc
from tabard.disclosure.leaves import Leaf
from tabard.disclosure.vouching import is_of_a_log_in
from tabard.kernel.errors import Integrity, Invalid
from tabard.merkle.checkpoint import Checkpoint, open_checkpoint
from tabard.merkle.note import NoteSignature, SignedNote, VerifierKey, cosigned_at
from tabard.merkle.policy import Policy
from tabard.merkle.proofs import InvalidProof, verify_inclusion
from tabard.merkle.tlog_proof import TlogProof
from tabard.merkle.tree import leaf_hash
from tabard.merkle.walk import Pairing, pairings


class Outcome(StrEnum):
    """How a step ended."""

    READ = "read"
    HELD = "held"
    FAILED = "failed"
    NOTED = "noted"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class Fact:
    """A value that a step shows; `is_hash` where it is to be compared letter by letter."""

    label: str
    value: str
    is_hash: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the check: what is looked at, what was found, and how it ended; `why` only where it failed."""

    title: str
    words: str
    outcome: Outcome
    facts: tuple[Fact, ...] = ()
    pairings: tuple[Pairing, ...] = ()
    why: str = ""

    @property
    def pairings_label(self) -> str:
        """How many there are, in words."""
        return f"{len(self.pairings)} pairing{'' if len(self.pairings) == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Keys:
    """What the receipt is checked with: the log's keys, the witnesses', and who must have witnessed."""

    log: Sequence[VerifierKey]
    witnesses: Sequence[VerifierKey] = ()
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class Timestamp:
    """An RFC 3161 token over the signed total, and the certificates that it is checked with."""

    token: bytes
    chain: TsaChain


@dataclass(frozen=True, slots=True)
class ReceiptWalk:
    """Every step in order, and the verdict: what is proven, and what is not."""

    steps: tuple[Step, ...]
    proven: bool
    shows: tuple[str, ...] = ()
    checkpoint: Checkpoint | None = None

    @property
    def failure(self) -> Step | None:
        """The step that failed; None where none did."""
        return next((step for step in self.steps if step.outcome is Outcome.FAILED), None)


SHOWS_NOT = (
    "It does not show that what the camera saw was true or complete, or that nothing was staged before the lens.",
    (
        "It does not show when the footage was filmed: the entry's time is the server's, the time in the picture the "
        "camera's."
    ),
    (
        "It does not show who held the mouse: the entry commits to the account that acted, as a salted hash that is "
        "opened only where it is disclosed."
    ),
    "It does not show that nothing else happened: an act that was never written down is not in the book.",
)


@dataclass
class _Walk:
    """What has been found on the way; each step adds to it."""

    leaf_bytes: bytes
    proof_bytes: bytes
    keys: Keys
    timestamp: Timestamp | None
    leaf: Leaf | None = None
    proof: Any = None
    checkpoint: Any = None
    cosigned: dict[VerifierKey, datetime] = field(default_factory=dict)
    stamped_at: datetime | None = None


def walk_receipt(*, leaf: bytes, proof: bytes, keys: Keys, timestamp: Timestamp | None = None) -> ReceiptWalk:
    """The whole check; it never raises over what the files hold, whatever that is."""
    walk = _Walk(leaf, proof, keys, timestamp)
    steps: list[Step] = []
    failed = False
    for title, words, look in _STEPS:
        if failed:
            steps.append(Step(title, words, Outcome.NOT_REACHED))
            continue
        try:
            steps.append(look(walk, title, words))
        except (Integrity, Invalid) as error:
            steps.append(Step(title, words, Outcome.FAILED, why=error.message))
        failed = steps[-1].outcome is Outcome.FAILED
    return ReceiptWalk(
        steps=tuple(steps),
        proven=not failed,
        shows=() if failed else _shows(walk),
        checkpoint=None if failed else walk.checkpoint,
    )


def _entry(walk: _Walk, title: str, words: str) -> Step:
    leaf = walk.leaf = Leaf.parse(walk.leaf_bytes)
    facts = [
        Fact("What happened", _said(leaf.kind)),
        Fact("When", _when(leaf.at)),
        Fact("To what", f"{leaf.subject_type} {leaf.subject_id}"),
    ]
    if leaf.sha256:
        facts.append(Fact("SHA-256 of the footage or document concerned", leaf.sha256, is_hash=True))
    facts.append(Fact("Details, as a salted hash", leaf.details, is_hash=True))
    return Step(title, words, Outcome.READ, tuple(facts))


def _fingerprint(walk: _Walk, title: str, words: str) -> Step:
    value = leaf_hash(walk.leaf_bytes).hex()
    return Step(title, words, Outcome.READ, (Fact("Fingerprint of the entry", value, is_hash=True),))


def _total(walk: _Walk, title: str, words: str) -> Step:
    proof = walk.proof = TlogProof.parse(walk.proof_bytes)
    note = SignedNote.parse(proof.checkpoint_note)
    head = walk.checkpoint = Checkpoint.parse(note.text)
    facts = (
        Fact("The log's name", head.origin),
        Fact("Entries in the log when this was signed", str(head.size)),
        Fact("Place of this entry, counted from 0", str(proof.index)),
        Fact("The total", head.root.hex(), is_hash=True),
    )
    return Step(title, words, Outcome.READ, facts)


def _pairings(walk: _Walk, title: str, words: str) -> Step:
    proof, head = walk.proof, walk.checkpoint
    start = leaf_hash(walk.leaf_bytes)
    joined = pairings(start, proof.index, head.size, proof.path)
    reached = joined[-1].result if joined else start
    facts = (
        Fact("What the pairings give", reached.hex(), is_hash=True),
        Fact("The total that was signed", head.root.hex(), is_hash=True),
    )
    try:
        verify_inclusion(start, proof.index, head.size, proof.path, head.root)
    except InvalidProof:
        why = (
            "The two numbers differ. Either the entry is not the one that was written down, or the receipt belongs to "
            "another entry or was altered."
        )
        return Step(title, words, Outcome.FAILED, facts, joined, why)
    return Step(title, words, Outcome.HELD, facts, joined)


def _signature(walk: _Walk, title: str, words: str) -> Step:
    open_checkpoint(walk.proof.checkpoint_note, list(walk.keys.log))
    note = SignedNote.parse(walk.proof.checkpoint_note)
    signed = {(line.name, line.key_id) for line in note.signatures}
    facts = tuple(
        Fact("Signed with the key", key.encode(), is_hash=True)
        for key in walk.keys.log
        if (key.name, key.key_id) in signed
    )
    return Step(title, words, Outcome.HELD, facts)


def _witnesses(walk: _Walk, title: str, words: str) -> Step:
    note = SignedNote.parse(walk.proof.checkpoint_note)
    known = {(key.name, key.key_id): key for key in walk.keys.witnesses}
    logs = {(key.name, key.key_id) for key in walk.keys.log}
    facts = []
    for line in note.signatures:
        if (line.name, line.key_id) in logs:
            continue
        key = known.get((line.name, line.key_id))
        facts.append(_cosignature(walk, note, line, key))
    policy = walk.keys.policy
    if policy is not None and not is_of_a_log_in(policy, walk.proof.checkpoint_note):
        why = "The witness policy is about other logs: no key that it names signed this total."
        return Step(title, words, Outcome.FAILED, tuple(facts), why=why)
    if policy is not None and not policy.is_met(set(walk.cosigned)):
        why = "Fewer witnesses cosigned this total than the witness policy asks for."
        return Step(title, words, Outcome.FAILED, tuple(facts), why=why)
    if not facts:
        facts = [Fact("Cosignatures", "none; the log's own signature stands alone")]
    return Step(title, words, Outcome.HELD if walk.cosigned else Outcome.NOTED, tuple(facts))


def _cosignature(walk: _Walk, note: SignedNote, line: NoteSignature, key: VerifierKey | None) -> Fact:
    if key is None:
        return Fact(line.name, "signed too, but its key is not known here: counts neither for nor against")
    if not key.holds(note.text.encode(), line.signature):
        raise InvalidProof(f"The cosignature of {line.name} is wrong.")
    walk.cosigned[key] = cosigned_at(line)
    return Fact(line.name, f"holds; it saw this total at {_both(walk.cosigned[key])}")


def _stamp(walk: _Walk, title: str, words: str) -> Step:
    if walk.timestamp is None:
        return Step(title, words, Outcome.NOTED, (Fact("Timestamp", "none came with this receipt"),))
    text = SignedNote.parse(walk.proof.checkpoint_note).text.encode()
    stamp = open_token(walk.timestamp.token, text, walk.timestamp.chain)
    walk.stamped_at = stamp.at
    facts = (Fact("Authority", stamp.authority), Fact("Existed at the latest at", _both(stamp.at)))
    return Step(title, words, Outcome.HELD, facts)


_STEPS: tuple[tuple[str, str, Callable[[_Walk, str, str], Step]], ...] = (
    (
        "What was written down",
        (
            "Whenever something happens to evidence, one entry is written into the log. This is the entry as it was "
            "handed in; the steps below show whether it is the one that was written down. It names no person."
        ),
        _entry,
    ),
    (
        "Its fingerprint",
        (
            "From the entry a number is computed, its fingerprint (SHA-256). Change one letter of the entry, and the "
            "number is another; nobody knows how to write a second entry with the same number."
        ),
        _fingerprint,
    ),
    (
        "The total that the log signed",
        (
            "All fingerprints of the log are paired, the results are paired again, and so on, until one number stands "
            "for the whole log: the total. The receipt carries the total and how many entries there were when the log "
            "signed it; whether it did is checked in step 5."
        ),
        _total,
    ),
    (
        "Each pairing on the way to the total",
        (
            "Starting from the fingerprint of this entry, the receipt gives the partner for each pairing. Two numbers "
            "make the next, until the total is reached. If the entry had been changed, put in later or moved, it would "
            "not be."
        ),
        _pairings,
    ),
    (
        "The signature of the log",
        (
            "The total must have been signed with the log's own key. Compare this key with the one that the force "
            "publishes: whoever could forge a receipt could also send you a key of their own."
        ),
        _signature,
    ),
    (
        "The witnesses",
        (
            "A witness is somebody outside the force who checks that the log only ever grows, and countersigns. With "
            "witnesses the force cannot keep two logs and show each of them to somebody else."
        ),
        _witnesses,
    ),
    (
        "The timestamp",
        (
            "A time-stamping authority can say that the total existed by a certain moment, so that its time does not "
            "rest on the force's word."
        ),
        _stamp,
    ),
)


def _shows(walk: _Walk) -> tuple[str, ...]:
    """What the receipt proves, in sentences."""
    leaf, head = walk.leaf, walk.checkpoint
    said = [
        (
            f"This entry stands in the log {head.origin} at place {walk.proof.index}, and is among the first "
            f"{head.size} entries that the log signed. It has not been changed since."
        ),
    ]
    if leaf is not None and leaf.sha256:
        said.append(
            "The entry names a SHA-256. Bytes that have this hash are, one for one, those that the entry speaks of."
        )
    if walk.cosigned:
        names = ", ".join(key.name for key in walk.cosigned)
        said.append(f"{names} saw the same log, and that it had only grown since they saw it before.")
    known_by = [at for at in (*walk.cosigned.values(), walk.stamped_at) if at is not None]
    if known_by:
        said.append(
            f"The entry had been written down by {_both(min(known_by))}, by the word of somebody outside."
        )
    if not walk.cosigned:
        said.append(
            "No witness whose key is known here has countersigned. That the force keeps only one log rests on the "
            "force, and on whoever compares two of its signed totals."
        )
    return tuple(said)


def _said(kind: str) -> str:
    try:
        return f"{words_of(EventKind(kind))} ({kind})"
    except ValueError:
        return kind


def _when(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return _both(at) if at.tzinfo else text


def _both(at: datetime) -> str:
    return f"{in_london(at)} ({in_utc(at)})"
