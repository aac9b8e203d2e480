"""Does the log of today begin with the log of then? The proof between two of its signed checkpoints.

It holds no personal data and follows from what is published anyway; anyone may have it.
"""

from dataclasses import dataclass

from tabard.custody.models import Checkpoint
from tabard.custody.nodes import read_nodes
from tabard.custody.selectors import published_note
from tabard.kernel.errors import Invalid, NotFound
from tabard.merkle.note import encode_base64
from tabard.merkle.proofs import consistency_proof


@dataclass(frozen=True, slots=True)
class Consistency:
    """Two signed checkpoints and the RFC 6962 proof that the newer adds to the older, and does nothing else."""

    old: Checkpoint
    new: Checkpoint
    path: tuple[bytes, ...]

    @property
    def new_note(self) -> str:
        """The newer checkpoint as it is published, with its cosignatures."""
        return published_note(self.new)

    def encode(self) -> str:
        """The proof as the body of a C2SP tlog-witness `add-checkpoint` request: old size, hashes, checkpoint."""
        hashes = "".join(f"{encode_base64(value)}\n" for value in self.path)
        return f"old {self.old.size}\n{hashes}\n{self.new_note}"


def consistency(old_size: int, new_size: int) -> Consistency:
    """The proof between the signed checkpoints of these two sizes (RFC 6962 section 2.1.2).

    Its path is empty where the sizes are equal, and from the empty tree, to which everything adds.

    Raises:
        Invalid: when the newer is smaller than the older.
        NotFound: when no checkpoint of one of the sizes was signed.
    """
    if old_size > new_size:
        raise Invalid("The newer size is smaller than the older one.", field="to")
    old, new = _signed(old_size), _signed(new_size)
    path = tuple(consistency_proof(old_size, new_size, read_nodes)) if old_size else ()
    return Consistency(old, new, path)


def _signed(size: int) -> Checkpoint:
    found = Checkpoint.objects.filter(size=size).first()
    if found is None:
        raise NotFound("No checkpoint of that size was signed.", size=size)
    return found
