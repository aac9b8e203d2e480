"""The tree that a watcher grew: every leaf hash it saw, the nodes that tiles are made of, and any root."""

from collections.abc import Sequence

from tabard.merkle.tiles import TILE_HEIGHT, TileId, tile_nodes
from tabard.merkle.tree import EMPTY_ROOT, NodeId, extend, fold, node_hash, range_nodes

_BLOCK = 4096


class WatchTree:
    """A growing tree in memory; holds the levels of tiles, and computes what lies between."""

    def __init__(self, leaf_hashes: Sequence[bytes] = ()) -> None:
        self.size = 0
        self._grown: tuple[int, dict[NodeId, bytes], list[NodeId]] = (0, {}, [])
        self._kept: dict[NodeId, bytes] = {}
        self._edge: dict[NodeId, bytes] = {}
        self.grow(leaf_hashes)

    def grow(self, leaf_hashes: Sequence[bytes]) -> None:
        """Append leaves."""
        before, edge, gained = self.size, self._edge, list[NodeId]()
        for first in range(0, len(leaf_hashes), _BLOCK):
            block = leaf_hashes[first : first + _BLOCK]
            added = dict(extend(self.size, block, lambda wanted: {node: self._node(node) for node in wanted}))
            self._kept.update({node: value for node, value in added.items() if node.level % TILE_HEIGHT == 0})
            self.size += len(block)
            wanted = range_nodes(0, self.size)
            self._edge = {node: added[node] if node in added else self._node(node) for node in wanted}

        self._grown = before, edge, gained

    def shrink_back(self) -> None:
        """Forget the leaves that were appended last."""
        self.size, self._edge, gained = self._grown
        for node in gained:
            del self._kept[node]
        self._grown = self.size, self._edge, []

    def root(self, size: int) -> bytes:
        """The root of the first `size` leaves."""
        nodes = range_nodes(0, size)
        return fold([self._node(node) for node in nodes]) if nodes else EMPTY_ROOT

    def leaf(self, position: int) -> bytes:
        """The hash of a leaf."""
        return self._kept[NodeId(0, position)]

    def tile(self, tile: TileId) -> list[bytes]:
        """The hashes of a tile."""
        return [self._kept[node] for node in tile_nodes(tile)]

    def _node(self, node: NodeId) -> bytes:
        """A complete node, from those kept below it where it is not kept itself."""
        known = self._kept.get(node) or self._edge.get(node)
        if known is not None:
            return known
        left = NodeId(node.level - 1, node.index * 2)
        return node_hash(self._node(left), self._node(NodeId(left.level, left.index + 1)))
