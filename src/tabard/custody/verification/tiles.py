"""Do outsiders get the log that is here? Every tile and bundle of the newest checkpoint, asked for as they ask."""

from collections.abc import Sequence

from tabard.custody import selectors
from tabard.custody.verification.report import LogReport
from tabard.kernel.errors import TabardError
from tabard.merkle.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    BundleId,
    TileId,
    decode_bundle,
    encode_bundle,
    tile_hashes,
    tile_nodes,
    tiles_of,
)
from tabard.merkle.tree import NodeRun


class TileCheck:
    """Compares what is published for a tree of `size` leaves with the leaves and nodes that the walk gives."""

    def __init__(self, size: int, report: LogReport) -> None:
        self._size, self._report = size, report
        self._above: dict[int, list[bytes]] = {}

    def expect(self, added: Sequence[NodeRun]) -> None:
        """Remember the nodes above the leaves that tiles are made of."""
        for run in added:
            if run.level and run.level % TILE_HEIGHT == 0:
                self._above.setdefault(run.level, []).extend(run.hashes)

    def take(self, first: int, leaves: Sequence[bytes | None], hashes: Sequence[bytes]) -> None:
        """Compare the bundles and the lowest tiles over these leaves.

        Args:
            first: The position of the first leaf, a multiple of a tile's width.
            leaves: Whole tiles' worth of leaves, but for the last; None where the row is missing.
            hashes: Their hashes, as the tree has them.
        """
        for at in range(0, min(len(leaves), self._size - first), TILE_WIDTH):
            width = min(TILE_WIDTH, self._size - first - at, len(leaves) - at)
            index = (first + at) // TILE_WIDTH
            self._check_bundle(BundleId(index, width), leaves[at : at + width])
            self._check_tile(TileId(0, index, width), hashes[at : at + width])

    def finish(self) -> None:
        """Compare the tiles of the higher levels."""
        for tile in tiles_of(self._size):
            if tile.level:
                begin = tile.index * TILE_WIDTH
                known = self._above.get(tile.level * TILE_HEIGHT, [])
                self._check_tile(tile, known[begin : begin + tile.width])

    def _check_bundle(self, bundle: BundleId, leaves: Sequence[bytes | None]) -> None:
        data = self._published(bundle.path)
        present = [leaf for leaf in leaves if leaf is not None]
        if data is None or len(present) != len(leaves) or data == encode_bundle(present):
            return
        served = decode_bundle(data)
        for offset, leaf in enumerate(leaves):
            if leaf not in served[offset : offset + 1]:
                position = bundle.index * TILE_WIDTH + offset
                words = f"The published bundle {bundle.path} does not hold the event at position {position}."
                self._report.add("tile", bundle.path, words)

    def _check_tile(self, tile: TileId, expected: Sequence[bytes]) -> None:
        data = self._published(tile.path)
        if data is None or data == b"".join(expected):
            return
        for node, served, known in zip(tile_nodes(tile), tile_hashes(data), expected, strict=False):
            if known != served:
                words = f"The published tile {tile.path} has another hash than the events at {node.level}/{node.index}."
                self._report.add("tile", tile.path, words)

    def _published(self, path: str) -> bytes | None:
        """The bytes that anyone gets under the path; None and a defect where nothing whole is served."""
        self._report.tiles += 1
        try:
            return selectors.published(path)
        except TabardError as error:
            self._report.add("tile", path, f"The published {path} cannot be served: {error.message}")
            return None
