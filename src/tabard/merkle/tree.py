"""What is the root of these leaves, and which nodes does a growing tree gain?

RFC 6962 section 2.1 (unchanged in RFC 9162 section 2.1.1): leaves and inner nodes are hashed under different
prefixes, so neither can pass for the other. A node is named by its level (0 is the leaf hashes) and its index
within the level, and exists only once its whole subtree is there; a node that exists never changes. Every
function that needs old nodes asks for all of them in one call of a `NodeReader`.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from tabard.kernel.errors import Integrity, Invalid

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()
MAX_TREE_SIZE = 2**63 - 1

_LEAF_PREFIX = b"\x00"
_NODE_PREFIX = b"\x01"


class NodeId(NamedTuple):
    """The complete node over leaves `[index * 2**level, (index + 1) * 2**level)`."""

    level: int
    index: int  # type: ignore[assignment]  # hides tuple.index, for which a node has no use


class NodeRun(NamedTuple):
    """Neighbouring complete nodes of a level, from index `first` on."""

    level: int
    first: int
    hashes: list[bytes]

    @property
    def end(self) -> int:
        """The index after the last."""
        return self.first + len(self.hashes)


NodeReader = Callable[[Sequence[NodeId]], Mapping[NodeId, bytes]]


class InvalidTreeInput(Invalid):
    """A size, an index or a leaf hash is not one that a tree can have."""

    code = "invalid_tree_input"


class MissingNode(Integrity):
    """The store of nodes lacks one that the tree's size says must be there, or holds a damaged one."""

    code = "missing_node"


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf's bytes: SHA-256(0x00 || data)."""
    return sha256(_LEAF_PREFIX + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(0x01 || left || right)."""
    return sha256(_NODE_PREFIX + left + right).digest()


def grow(size: int, leaf_hashes: Sequence[bytes], read: NodeReader) -> list[NodeRun]:
    """Every node that exists once the leaves are appended and did not exist before: one run a level, lowest first.

    Args:
        size: Leaves in the tree so far.
        leaf_hashes: The appended leaves' 32-byte hashes, in order.
        read: Gives the few old nodes that new ones complete (at most one a level, in one call).

    Raises:
        InvalidTreeInput: The size or a hash is not possible.
        MissingNode: `read` did not give a node that must exist.
    """
    check_size(size + len(leaf_hashes), least=len(leaf_hashes))
    row = _checked_leaves(leaf_hashes)
    known = read_nodes(_waiting_nodes(size, size + len(row)), read)
    runs: list[NodeRun] = []
    level, start = 0, size
    while row:
        runs.append(NodeRun(level, start, row))
        row = _parents([known[NodeId(level, start - 1)], *row] if start % 2 else row)
        level, start = level + 1, start // 2
    return runs


def extend(size: int, leaf_hashes: Sequence[bytes], read: NodeReader) -> list[tuple[NodeId, bytes]]:
    """`grow`, node by node."""
    runs = grow(size, leaf_hashes, read)
    return [
        (NodeId(run.level, index), value) for run in runs for index, value in enumerate(run.hashes, run.first)
    ]


def root(size: int, read: NodeReader) -> bytes:
    """The root of the tree's first `size` leaves, whatever was appended since.

    Raises:
        InvalidTreeInput: The size is not possible.
        MissingNode: `read` did not give a node that must exist.
    """
    check_size(size)
    if size == 0:
        return EMPTY_ROOT
    nodes = range_nodes(0, size)
    found = read_nodes(nodes, read)
    return fold([found[node] for node in nodes])


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root of a tree of exactly these leaves.

    Raises:
        InvalidTreeInput: A hash is not 32 bytes.
    """
    row = _checked_leaves(leaf_hashes)
    if not row:
        return EMPTY_ROOT
    while len(row) > 1:
        # A lone last node moves up unhashed: that is where RFC 6962's largest power of two below n splits.
        lone = row[-1:] if len(row) % 2 else []
        row = _parents(row) + lone
    return row[0]


def range_nodes(begin: int, end: int) -> list[NodeId]:
    """The complete nodes that together span leaves `[begin, end)`, from left to right.

    The range must be one that RFC 6962's splitting makes: `begin` is a multiple of the powers of two in it.
    """
    nodes = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        nodes.append(NodeId(level, begin >> level))
        begin += 1 << level
    return nodes


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash of the subtree over adjoining complete nodes, given from left to right."""
    result = hashes[-1]
    for left in reversed(hashes[:-1]):
        result = node_hash(left, result)
    return result


def read_nodes(nodes: Sequence[NodeId], read: NodeReader) -> Mapping[NodeId, bytes]:
    """The value of every node asked for; the reader is called once, or not at all when none is asked for.

    Raises:
        MissingNode: A node is absent or not 32 bytes.
    """
    if not nodes:
        return {}
    found = read(nodes)
    for node in nodes:
        if len(found.get(node, b"")) != HASH_SIZE:
            raise MissingNode("A node of the tree is missing or damaged.", level=node.level, index=node.index)
    return found


def check_size(size: int, *, least: int = 0) -> None:
    """Passes only for a size a tree can have.

    Raises:
        InvalidTreeInput: It is less than `least` or more than `MAX_TREE_SIZE`.
    """
    if not least <= size <= MAX_TREE_SIZE:
        raise InvalidTreeInput("That is not the size of a tree.", field="size", size=size)


def _waiting_nodes(size: int, new_size: int) -> list[NodeId]:
    """The old nodes whose right sibling becomes complete: a left child alone at the tree's right edge."""
    levels = range(size.bit_length())
    edges = [(level, size >> level) for level in levels if new_size >> level > size >> level]
    return [NodeId(level, edge - 1) for level, edge in edges if edge % 2]


def _parents(row: Sequence[bytes]) -> list[bytes]:
    """The parents of the row's pairs; a lone last node has none yet."""
    pairs = zip(row[::2], row[1::2], strict=False)
    return [sha256(_NODE_PREFIX + left + right).digest() for left, right in pairs]


def _checked_leaves(leaf_hashes: Sequence[bytes]) -> list[bytes]:
    if any(len(value) != HASH_SIZE for value in leaf_hashes):
        raise InvalidTreeInput("A leaf hash is not 32 bytes.", field="leaf_hashes")
    return list(leaf_hashes)
