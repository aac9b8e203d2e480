"""Is this leaf in that tree, and does that tree only add to this one?

Proofs are made as RFC 6962 sections 2.1.1 (inclusion) and 2.1.2 (consistency) define them and checked by
the algorithms of RFC 9162 sections 2.1.3.2 and 2.1.4.2. A check either passes in silence or raises
`InvalidProof`; there is no third answer, and no input from a stranger raises anything else.
"""

from collections.abc import Sequence

from tabard.kernel.errors import Integrity
from tabard.merkle.tree import (
    HASH_SIZE,
    InvalidTreeInput,
    NodeId,
    NodeReader,
    check_size,
    fold,
    node_hash,
    range_nodes,
    read_nodes,
)


class InvalidProof(Integrity):
    """The proof does not show what it claims to show."""

    code = "invalid_proof"


def inclusion_nodes(index: int, size: int) -> list[NodeId]:
    """Every node that must be read to make the inclusion proof of one leaf.

    Raises:
        InvalidTreeInput: The tree has no such leaf.
    """
    return [node for span in _inclusion_spans(index, size) for node in range_nodes(*span)]


def inclusion_proof(index: int, size: int, read: NodeReader) -> list[bytes]:
    """The path from leaf `index` to the root of the first `size` leaves (RFC 6962 section 2.1.1).

    Returns:
        The sibling hashes, from the leaf's own sibling to the root's child.

    Raises:
        InvalidTreeInput: The tree has no such leaf.
        MissingNode: `read` did not give a node that must exist.
    """
    return _span_hashes(_inclusion_spans(index, size), read)


def consistency_nodes(old_size: int, new_size: int) -> list[NodeId]:
    """Every node that must be read to make the consistency proof between two sizes.

    Raises:
        InvalidTreeInput: The sizes are not `0 < old_size <= new_size`.
    """
    return [node for span in _consistency_spans(old_size, new_size) for node in range_nodes(*span)]


def consistency_proof(old_size: int, new_size: int, read: NodeReader) -> list[bytes]:
    """The proof that the first `old_size` leaves were not altered since (RFC 6962 section 2.1.2).

    Empty when the sizes are equal. There is none from the empty tree: everything adds to nothing.

    Raises:
        InvalidTreeInput: The sizes are not `0 < old_size <= new_size`.
        MissingNode: `read` did not give a node that must exist.
    """
    return _span_hashes(_consistency_spans(old_size, new_size), read)


def verify_inclusion(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Returns only if the leaf is number `index` of that tree (RFC 9162 section 2.1.3.2).

    Raises:
        InvalidProof: It is not, or the proof is malformed.
    """
    if not 0 <= index < size:  # clause 1
        raise InvalidProof("The tree has no leaf of that index.", index=index, size=size)
    _check_hashes([leaf_hash, *path])
    first, last = index, size - 1  # clause 2
    computed = leaf_hash  # clause 3
    for sibling in path:  # clause 4
        if last == 0:
            raise InvalidProof("The inclusion path is too long.", index=index, size=size)
        if first % 2 or first == last:
            computed = node_hash(sibling, computed)
            first, last = _skip_lone_levels(first, last)
        else:
            computed = node_hash(computed, sibling)
        first, last = first >> 1, last >> 1
    if last or computed != root:  # clause 5
        raise InvalidProof("The inclusion path does not lead to the root.", index=index, size=size)


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Returns only if the new tree begins with exactly the old tree's leaves (RFC 9162 section 2.1.4.2).

    Two trees of one size are consistent when their roots are equal and the path is empty. From the empty tree
    nothing can be shown, so an `old_size` of 0 is refused: who starts from nothing has nothing to compare.

    Raises:
        InvalidProof: It does not, or the proof is malformed.
    """
    if not 0 < old_size <= new_size:
        raise InvalidProof("No tree of that size can follow the other.", old_size=old_size, new_size=new_size)
    if old_size == new_size:
        agrees = not path and old_root == new_root
    else:
        agrees = _roots_from(old_size, old_root, new_size, path) == (old_root, new_root)
    if not agrees:
        raise InvalidProof("The two trees do not agree.", old_size=old_size, new_size=new_size)


def _roots_from(old_size: int, old_root: bytes, new_size: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The old and new roots that the path leads to (RFC 9162 section 2.1.4.2, clauses 1 to 7)."""
    whole = old_size & (old_size - 1) == 0
    hashes = [old_root, *path] if whole else list(path)  # clause 2
    if not path:  # clause 1
        raise InvalidProof("The consistency path is empty.", old_size=old_size, new_size=new_size)
    _check_hashes(hashes)
    first, last = old_size - 1, new_size - 1  # clause 3
    while first % 2:  # clause 4
        first, last = first >> 1, last >> 1
    old = new = hashes[0]  # clause 5
    for sibling in hashes[1:]:  # clause 6
        if last == 0:
            raise InvalidProof("The consistency path is too long.", old_size=old_size, new_size=new_size)
        if first % 2 or first == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            first, last = _skip_lone_levels(first, last)
        else:
            new = node_hash(new, sibling)
        first, last = first >> 1, last >> 1
    if last:  # clause 7
        raise InvalidProof("The consistency path is too short.", old_size=old_size, new_size=new_size)
    return old, new


def _skip_lone_levels(first: int, last: int) -> tuple[int, int]:
    """Climb the levels at which the node is the lone last one and so moves up unhashed."""
    while first and not first % 2:
        first, last = first >> 1, last >> 1
    return first, last


def _inclusion_spans(index: int, size: int) -> list[tuple[int, int]]:
    """The leaf ranges of PATH(index, D[size]), RFC 6962 section 2.1.1, in the proof's order."""
    check_size(size)
    if not 0 <= index < size:
        raise InvalidTreeInput("The tree has no leaf of that index.", field="index", index=index, size=size)
    begin, end = 0, size
    spans = []
    while end - begin > 1:
        middle = begin + split(end - begin)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((begin, middle))
            begin = middle
    return spans[::-1]


def _consistency_spans(old_size: int, new_size: int) -> list[tuple[int, int]]:
    """The leaf ranges of PROOF(old_size, D[new_size]), RFC 6962 section 2.1.2, in the proof's order."""
    check_size(new_size)
    if not 0 < old_size <= new_size:
        raise InvalidTreeInput("The sizes do not follow each other.", field="old_size", old_size=old_size)
    begin, end = 0, new_size
    spans = []
    while old_size != end:
        middle = begin + split(end - begin)
        if old_size <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((begin, middle))
            begin = middle
    if begin:  # SUBPROOF's flag b is false: the verifier cannot know this subtree's hash
        spans.append((begin, end))
    return spans[::-1]


def _span_hashes(spans: Sequence[tuple[int, int]], read: NodeReader) -> list[bytes]:
    spanned = [range_nodes(*span) for span in spans]
    found = read_nodes([node for nodes in spanned for node in nodes], read)
    return [fold([found[node] for node in nodes]) for nodes in spanned]


def split(width: int) -> int:
    """RFC 6962's k: the largest power of two smaller than `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if any(not isinstance(value, bytes) or len(value) != HASH_SIZE for value in hashes):
        raise InvalidProof("A hash in the proof is not 32 bytes.")
