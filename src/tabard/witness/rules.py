"""May this checkpoint be cosigned, given what was cosigned last?

C2SP tlog-witness, "add-checkpoint": a request holds the size that the log believes we saw last, a consistency proof
from there, and the signed checkpoint. Every answer but "cosign" is a refusal whose reason has one HTTP status.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tabard.kernel.errors import Integrity
from tabard.merkle.checkpoint import Checkpoint, InvalidCheckpoint, open_checkpoint, parse_decimal
from tabard.merkle.note import InvalidNote, SignedNote, VerifierKey, decode_base64
from tabard.merkle.proofs import InvalidProof, verify_consistency
from tabard.merkle.tree import EMPTY_ROOT, HASH_SIZE

MAX_PROOF_LINES = 63
MAX_BODY_BYTES = 64 * 1024


class Reason(StrEnum):
    """Why a checkpoint is not cosigned; the protocol gives each an HTTP status."""

    MALFORMED = "malformed"
    UNKNOWN_LOG = "unknown_log"
    NOT_SIGNED = "not_signed"
    SHRUNK = "shrunk"
    OTHER_SIZE = "other_size"
    FORKED = "forked"
    NOT_CONSISTENT = "not_consistent"


@dataclass(frozen=True, slots=True)
class Refusal:
    """No cosignature: why, in words, and where the protocol asks for it the size that was cosigned last."""

    reason: Reason
    words: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks; nothing of it is verified yet. `origin` is whom the checkpoint claims to speak for."""

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes
    origin: str


def parse_request(body: bytes) -> Request | Refusal:
    """The request in a body: an old-size line, at most 63 proof lines, an empty line, a checkpoint."""
    head, separator, note = body.partition(b"\n\n")
    if not separator or not head.isascii():
        return Refusal(Reason.MALFORMED, "The body is not an add-checkpoint request.")
    first, *lines = head.decode("ascii").split("\n")
    hashes = [decode_base64(line) for line in lines]
    proof = tuple(value for value in hashes if value is not None and len(value) == HASH_SIZE)
    if len(proof) != len(lines) or len(proof) > MAX_PROOF_LINES:
        return Refusal(Reason.MALFORMED, "The consistency proof is not at most 63 lines of base64 hashes.")
    try:
        if not first.startswith("old "):
            return Refusal(Reason.MALFORMED, "The first line is not the old size.")
        old_size = parse_decimal(first.removeprefix("old "))
        origin = Checkpoint.parse(SignedNote.parse(note).text).origin
    except Integrity as error:
        return Refusal(Reason.MALFORMED, error.message)
    return Request(old_size, proof, note, origin)


def judge(request: Request, keys: Sequence[VerifierKey], last: Checkpoint | None) -> Checkpoint | Refusal:
    """The checkpoint to cosign, or why not.

    Args:
        request: As it was parsed.
        keys: The keys that are trusted for the request's origin; none means that the log is unknown.
        last: The newest checkpoint cosigned for that origin; None if there never was one.
    """
    if not keys:
        return Refusal(Reason.UNKNOWN_LOG, "This witness does not watch that log.")
    try:
        checkpoint = open_checkpoint(request.note, keys)
    except (InvalidNote, InvalidCheckpoint):
        return Refusal(Reason.NOT_SIGNED, "No key that is trusted for that log signed the checkpoint.")
    return _compare(request, checkpoint, last)


def _compare(request: Request, checkpoint: Checkpoint, last: Checkpoint | None) -> Checkpoint | Refusal:
    """The checks against what was cosigned last, in the specification's order."""
    seen = 0 if last is None else last.size
    if request.old_size > checkpoint.size:
        return Refusal(Reason.SHRUNK, "The old size is larger than the checkpoint's.")
    if request.old_size != seen:
        return Refusal(Reason.OTHER_SIZE, "The old size is not what was cosigned last.", seen)
    if last is not None and checkpoint.size == last.size and checkpoint.root != last.root:
        return Refusal(Reason.FORKED, "Another tree of that size was cosigned.", seen)
    if not _follows(request, checkpoint, last):
        return Refusal(Reason.NOT_CONSISTENT, "The consistency proof does not hold.")
    return checkpoint


def _follows(request: Request, checkpoint: Checkpoint, last: Checkpoint | None) -> bool:
    """Whether the checkpoint's tree begins with the tree cosigned last."""
    if last is None or last.size == 0:
        # Everything follows from nothing, without a proof; but nothing has one root.
        return not request.proof and (checkpoint.size > 0 or checkpoint.root == EMPTY_ROOT)
    try:
        verify_consistency(last.size, last.root, checkpoint.size, checkpoint.root, request.proof)
    except InvalidProof:
        return False
    return True
