"""How many leaves had the log, and under which root, according to whom?

C2SP tlog-checkpoint: a signed note whose lines are origin, tree size, root hash, then optional extension
lines. A checkpoint is opened only if a key named like its origin signed it: the specification says that the
log's key SHOULD be so named, and we insist, so that no witness alone and no other log's key can speak for it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from tabard.kernel.errors import Integrity
from tabard.merkle.note import (
    COSIGNATURE_V1,
    Signer,
    VerifierKey,
    decode_base64,
    encode_base64,
    open_note,
    sign_note,
)
from tabard.merkle.tree import HASH_SIZE, MAX_TREE_SIZE

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class InvalidCheckpoint(Integrity):
    """The checkpoint is malformed, or is not signed by the log it speaks of."""

    code = "invalid_checkpoint"


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log: its first `size` leaves have the RFC 6962 root `root`.

    Raises:
        InvalidCheckpoint: The values could not be written as a checkpoint.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lines = (self.origin, *self.extensions)
        if not all(lines) or any("\n" in line for line in lines):
            raise InvalidCheckpoint("The checkpoint's origin and extensions must be single lines.")
        if not 0 <= self.size <= MAX_TREE_SIZE or len(self.root) != HASH_SIZE:
            raise InvalidCheckpoint("The checkpoint's size or root is not possible.", size=self.size)

    def to_text(self) -> str:
        """The note text that is signed."""
        lines = (self.origin, str(self.size), encode_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The checkpoint in a note's text. Nothing is verified: see `open_checkpoint`.

        Raises:
            InvalidCheckpoint: The text is malformed.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop():
            raise InvalidCheckpoint("A checkpoint has at least three lines.")
        origin, size, root, *extensions = lines
        value = decode_base64(root)
        if value is None:
            raise InvalidCheckpoint("The checkpoint's root is not base64.")
        return cls(origin, parse_decimal(size), value, tuple(extensions))


def sign_checkpoint(checkpoint: Checkpoint, *signers: Signer) -> bytes:
    """The checkpoint as a signed note, ready to be published.

    Raises:
        InvalidNote: There is no signer, or a line holds a control character.
    """
    return sign_note(checkpoint.to_text(), *signers).encode()


def open_checkpoint(data: bytes, verifiers: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint, only if a known key that bears its origin as name signed it.

    Raises:
        InvalidNote: The note is malformed, a known key's signature is wrong, or no known key signed.
        InvalidCheckpoint: The text is malformed, or none of the known keys that signed is the log's own.
    """
    note = open_note(data, verifiers)
    checkpoint = Checkpoint.parse(note.text)
    # A witness may call itself what it likes; a cosignature says "I saw", never "I am the log".
    logs = [key for key in note.verified_by if key.algorithm != COSIGNATURE_V1]
    if all(key.name != checkpoint.origin for key in logs):
        raise InvalidCheckpoint("The log itself did not sign the checkpoint.", origin=checkpoint.origin)
    return checkpoint


def parse_decimal(text: str) -> int:
    """The number of leaves or the index of a leaf, in ASCII decimals without leading zeroes.

    Raises:
        InvalidCheckpoint: It is not written so, or no log can be that large.
    """
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_TREE_SIZE:
        raise InvalidCheckpoint("That is not a number of leaves.")
    return int(text)
