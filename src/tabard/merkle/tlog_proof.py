"""Can a stranger check, offline, that these bytes are in the log?

C2SP tlog-proof: the leaf's index, its inclusion path and the signed checkpoint in one text file. Whoever
holds the leaf's bytes and the log's verifier key needs nothing else. The extra data is unsigned: it may
inform, but it proves nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from tabard.merkle.checkpoint import Checkpoint, InvalidCheckpoint, open_checkpoint, parse_decimal
from tabard.merkle.note import MAX_NOTE_BYTES, VerifierKey, decode_base64, encode_base64
from tabard.merkle.proofs import InvalidProof, verify_inclusion
from tabard.merkle.tree import HASH_SIZE, MAX_TREE_SIZE, leaf_hash

HEADER = "c2sp.org/tlog-proof@v1"
FILE_SUFFIX = ".tlog-proof"
MAX_PROOF_BYTES = 2 * MAX_NOTE_BYTES

_MAX_PATH = MAX_TREE_SIZE.bit_length()


@dataclass(frozen=True)
class TlogProof:
    """The receipt of one leaf: its index, its path to the root, and the signed checkpoint with that root.

    Raises:
        InvalidProof: The values could not be those of a receipt.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint_note: bytes
    extra: bytes = b""

    def __post_init__(self) -> None:
        if not 0 <= self.index < MAX_TREE_SIZE:
            raise InvalidProof("No leaf can have that index.", index=self.index)
        if len(self.path) > _MAX_PATH or any(len(value) != HASH_SIZE for value in self.path):
            raise InvalidProof("The path is not a list of at most 63 hashes.", index=self.index)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The receipt in a `.tlog-proof` file. Nothing is verified: see `verify`.

        Raises:
            InvalidProof: The file is malformed.
        """
        head, separator, checkpoint_note = data.partition(b"\n\n")
        if not separator or len(data) > MAX_PROOF_BYTES or not head.isascii():
            raise InvalidProof("That is not a proof file.")
        lines = head.decode("ascii").split("\n")
        if lines.pop(0) != HEADER:
            raise InvalidProof("The proof file's first line is not its format's.")
        extra = _parse_extra(lines)
        index = _parse_index(lines)
        return cls(index, tuple(_parse_base64(line) for line in lines), checkpoint_note, extra)

    def encode(self) -> bytes:
        """The receipt as a `.tlog-proof` file; `parse` gives back an equal receipt."""
        lines = [HEADER, f"index {self.index}", *map(encode_base64, self.path)]
        if self.extra:
            lines.insert(1, f"extra {encode_base64(self.extra)}")
        return "\n".join(lines).encode("ascii") + b"\n\n" + self.checkpoint_note

    def verify(self, leaf_bytes: bytes, verifiers: Sequence[VerifierKey]) -> Checkpoint:
        """The checkpoint, only if its log signed it and the leaf is in its tree at this index.

        Raises:
            InvalidNote: The checkpoint is malformed, wrongly signed, or signed by nobody we know.
            InvalidCheckpoint: The checkpoint is not the log's own.
            InvalidProof: The leaf is not in the tree at this index.
        """
        checkpoint = open_checkpoint(self.checkpoint_note, verifiers)
        verify_inclusion(leaf_hash(leaf_bytes), self.index, checkpoint.size, self.path, checkpoint.root)
        return checkpoint


def _parse_extra(lines: list[str]) -> bytes:
    """Take the optional extra line off the front."""
    if not lines or not lines[0].startswith("extra "):
        return b""
    extra = _parse_base64(lines.pop(0).removeprefix("extra "))
    if not extra:
        raise InvalidProof("Without extra data a proof file has no extra line.")
    return extra


def _parse_index(lines: list[str]) -> int:
    """Take the index line off the front."""
    if not lines or not lines[0].startswith("index "):
        raise InvalidProof("The proof file has no index line.")
    try:
        return parse_decimal(lines.pop(0).removeprefix("index "))
    except InvalidCheckpoint as error:
        raise InvalidProof("The proof file's index is not a number.") from error


def _parse_base64(text: str) -> bytes:
    value = decode_base64(text)
    if value is None:
        raise InvalidProof("A line of the proof file is not base64.")
    return value
