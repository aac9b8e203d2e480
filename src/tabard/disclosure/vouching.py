"""Who besides the force vouches for a pack's checkpoint, and by which keys and certificates is that judged? Pure.

Witnesses cosign what they saw the log grow to; a time-stamping authority says when it existed at the latest. Both are
judged by what the recipient brings, where they bring it; by what the pack brings otherwise, and the answer says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tabard.custody.timestamping.tokens import InvalidTimestamp, Stamp, TsaChain, open_token
from tabard.disclosure.errors import CheckFailed, FactsBroken
from tabard.merkle.checkpoint import InvalidCheckpoint, open_checkpoint
from tabard.merkle.note import (
    InvalidNote,
    NoteSignature,
    SignedNote,
    VerifierKey,
    cosigned_at,
    vouched_by,
)
from tabard.merkle.policy import Policy

MOST_KEYS = 20


@dataclass(frozen=True, slots=True)
class Trust:
    """What the recipient brings from elsewhere; whatever is None or empty is taken from the pack itself."""

    log_keys: tuple[VerifierKey, ...] = ()
    policy: Policy | None = None
    tsa_chain: TsaChain | None = None


@dataclass(frozen=True, slots=True)
class Cosigned:
    """One cosignature on the checkpoint; the time is the witness's, of a good one."""

    witness: str
    verdict: Literal["good", "bad", "unknown"]
    at: datetime | None = None


def log_keys_in(data: bytes) -> tuple[VerifierKey, ...]:
    """The verifier keys of a log, one to a line, all of one name.

    Raises:
        FactsBroken: the file is not such a list.
        InvalidVerifierKey: a line is no key.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise FactsBroken("The verifier key is not text.") from error
    keys = tuple(VerifierKey.parse(line) for line in text.removesuffix("\n").split("\n")[: MOST_KEYS + 1])
    if len({key.name for key in keys}) > 1 or len(set(keys)) < len(keys) or len(keys) > MOST_KEYS:
        raise FactsBroken("The keys of the log are not different keys of one log.")
    return keys


def cosignatures(
    note: bytes, log_keys: Sequence[VerifierKey], witnesses: Sequence[VerifierKey]
) -> list[Cosigned]:
    """Each signature on the note that is not the log's own, judged by the witnesses' keys that we know."""
    signed = SignedNote.parse(note)
    own = {(key.name, key.key_id) for key in log_keys}
    known = {(key.name, key.key_id): key for key in witnesses}
    return [
        _judged(line, known.get((line.name, line.key_id)), signed.text.encode())
        for line in signed.signatures
        if (line.name, line.key_id) not in own
    ]


def check_quorum(note: bytes, policy: Policy, found: Sequence[Cosigned]) -> str:
    """A sentence, only if the note is a log's that the policy names and enough of its witnesses have cosigned.

    Raises:
        CheckFailed: not so.
    """
    if not is_of_a_log_in(policy, note):
        raise CheckFailed("The policy is not about this log: no key that it names signed the checkpoint.")
    if policy.quorum is None:
        return "It asks for no witness."
    good = vouched_by(SignedNote.parse(note), [each.key for each in policy.witnesses])
    if not policy.is_met(good):
        missing = ", ".join(each.name for each in policy.witnesses if each.key not in good)
        raise CheckFailed(f"Not enough witnesses have cosigned the checkpoint. Missing: {missing}.")
    names = ", ".join(each.name for each in policy.witnesses if each.key in good)
    latest = max((each.at for each in found if each.at), default=None)
    until = f", the last at {latest:%Y-%m-%d %H:%M:%S} UTC" if latest else ""
    return f"It is met by {names}{until}."


def stamps(tokens: Sequence[bytes], note: bytes, chain: TsaChain) -> list[Stamp]:
    """What each timestamp says of the checkpoint's text.

    Raises:
        CheckFailed: one does not hold.
    """
    text = SignedNote.parse(note).text.encode()
    try:
        return [open_token(token, text, chain) for token in tokens]
    except InvalidTimestamp as error:
        raise CheckFailed(error.message) from error


def _judged(line: NoteSignature, key: VerifierKey | None, text: bytes) -> Cosigned:
    if key is None:
        return Cosigned(line.name, "unknown")
    if not key.holds(text, line.signature):
        return Cosigned(line.name, "bad")
    return Cosigned(line.name, "good", cosigned_at(line))


def is_of_a_log_in(policy: Policy, note: bytes) -> bool:
    """Whether a log that the policy lists signed the checkpoint; where it lists none, which log is known elsewhere."""
    if not policy.logs:
        return True
    try:
        open_checkpoint(note, [log.key for log in policy.logs])
    except (InvalidNote, InvalidCheckpoint):
        return False
    return True
