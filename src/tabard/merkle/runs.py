"""Do these runs of consecutive leaves stand in that tree, at these places?

One proof for all of them: RFC 6962's tree is split until a part holds only known leaves or none of them; the hashes of
the parts with none, from left to right, are the proof. For runs of k leaves in a tree of n it holds at most about
2 log2(n) hashes a run, whatever k is. A run of one leaf in the tree gives the inclusion path of RFC 6962 section 2.1.1,
in the order of the leaves instead of from the leaf up.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from tabard.merkle.proofs import InvalidProof, split
from tabard.merkle.tree import HASH_SIZE, InvalidTreeInput, check_size, node_hash, root_of

_BATCH_LEAVES = 4096  # a power of two, so that every batch but the last is a complete subtree


class Run(NamedTuple):
    """Consecutive leaves, of which the first is number `first` of the tree."""

    first: int
    leaf_hashes: Sequence[bytes]

    @property
    def end(self) -> int:
        """The number of the leaf after the last."""
        return self.first + len(self.leaf_hashes)


def root_of_stream(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root of a tree of exactly these leaves, of which only a few thousand are held at a time.

    Raises:
        InvalidTreeInput: A hash is not 32 bytes.
    """
    source = iter(leaf_hashes)
    return root_of([root_of(batch) for batch in iter(lambda: list(islice(source, _BATCH_LEAVES)), [])])


def gaps(runs: Iterable[range], size: int) -> list[range]:
    """The leaves under each hash of the proof for these runs, from left to right.

    The hash of a gap is the root of a tree of exactly its leaves.

    Raises:
        InvalidTreeInput: The size is not possible, or the runs are not ascending, disjoint and inside the tree.
    """
    check_size(size)
    known = [run for run in runs if run]
    ends = [0, *(edge for run in known for edge in (run.start, run.stop)), size]
    if ends != sorted(ends):
        raise InvalidTreeInput("The runs of leaves do not lie in the tree one after another.", field="runs")
    return list(_gaps(known, 0, size)) if size else []


def verify_runs(runs: Sequence[Run], size: int, path: Sequence[bytes], root: bytes) -> None:
    """Returns only if each run's leaves stand at its places in that tree, one directly after another.

    Raises:
        InvalidProof: They do not, or the proof is malformed.
    """
    known = [run for run in runs if run.leaf_hashes]
    try:
        wanted = len(gaps([range(run.first, run.end) for run in known], size))
    except InvalidTreeInput as error:
        raise InvalidProof("The tree has no such runs of leaves.", size=size) from error
    if len(path) != wanted or any(len(value) != HASH_SIZE for value in path):
        raise InvalidProof("The proof does not hold exactly the hashes that it takes.", wanted=wanted)
    if not known or _computed(known, 0, size, iter(path)) != root:
        raise InvalidProof("The runs of leaves do not lead to the root.", size=size)


def _gaps(runs: Sequence[range], begin: int, end: int) -> Iterator[range]:
    inside = [run for run in runs if run.start < end and begin < run.stop]
    if not inside:
        yield range(begin, end)
    elif not (inside[0].start <= begin and end <= inside[0].stop):
        middle = begin + split(end - begin)
        yield from _gaps(inside, begin, middle)
        yield from _gaps(inside, middle, end)


def _computed(runs: Sequence[Run], begin: int, end: int, path: Iterator[bytes]) -> bytes:
    """The hash over leaves `[begin, end)`, by the same splitting as `_gaps`."""
    inside = [run for run in runs if run.first < end and begin < run.end]
    if not inside:
        return next(path)
    if inside[0].first <= begin and end <= inside[0].end:
        return root_of(inside[0].leaf_hashes[begin - inside[0].first : end - inside[0].first])
    middle = begin + split(end - begin)
    left = _computed(inside, begin, middle, path)
    return node_hash(left, _computed(inside, middle, end, path))
