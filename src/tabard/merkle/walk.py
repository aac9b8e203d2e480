"""How does a leaf lead to the root, pairing by pairing? For people to follow; `proofs.verify_inclusion` judges."""

from collections.abc import Sequence
from typing import NamedTuple

from tabard.merkle.proofs import InvalidProof
from tabard.merkle.tree import node_hash


class Pairing(NamedTuple):
    """One hash of an inclusion path: on which side it joins what was computed so far, and what that gives."""

    sibling: bytes
    is_left: bool
    result: bytes


def pairings(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> tuple[Pairing, ...]:
    """The joins of RFC 9162 section 2.1.3.2, clause 4, from the leaf up; what they lead to is not judged.

    Raises:
        InvalidProof: when the path is not as long as this leaf's in a tree of this size.
    """
    if not 0 <= index < size:
        raise InvalidProof("The tree has no leaf of that index.", index=index, size=size)
    first, last, computed = index, size - 1, leaf_hash
    joined = []
    for sibling in path:
        if last == 0:
            raise InvalidProof("The inclusion path is too long.", index=index, size=size)
        while not first % 2 and first == last:  # the lone last node of its level moves up unhashed
            first, last = first >> 1, last >> 1
        is_left = bool(first % 2)
        computed = node_hash(sibling, computed) if is_left else node_hash(computed, sibling)
        joined.append(Pairing(sibling, is_left, computed))
        first, last = first >> 1, last >> 1
    if last:
        raise InvalidProof("The inclusion path is too short.", index=index, size=size)
    return tuple(joined)
