"""Which checkpoints of the log does an evidence pack hold? Each receipt in it carries one."""

from collections.abc import Iterator
from pathlib import Path

from tabard.disclosure import bag
from tabard.disclosure.container import Container
from tabard.merkle.tlog_proof import MAX_PROOF_BYTES, TlogProof


def checkpoints_in(path: Path) -> Iterator[tuple[str, str]]:
    """The name of a receipt in the pack and the signed note in it, each note once. Nothing is verified.

    Raises:
        ContainerBroken: the file is not a zip as a pack's is.
        InvalidProof: a receipt in it is malformed.
    """
    with path.open("rb") as file:
        container, told = Container(file), set[bytes]()
        for placed in container.members:
            name = placed.member.name.partition("/")[2]
            if not name.endswith(bag.PROOF_SUFFIX) or placed.member.size_bytes > MAX_PROOF_BYTES:
                continue
            note = TlogProof.parse(b"".join(container.pieces(placed))).checkpoint_note
            if note not in told:
                told.add(note)
                yield name, note.decode("utf-8", "replace")
