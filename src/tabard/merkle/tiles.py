"""Under which paths, and as which bytes, is a log published?

C2SP tlog-tiles: the nodes of every eighth level in runs of 256 (`tile/<level>/<index>`), and the leaves'
bytes in runs of 256 (`tile/entries/<index>`). The last run of a level may be partial (`.p/<width>`). A path
has one spelling only, and the bytes under it never change once they exist, so caches may keep them for ever.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tabard.kernel.errors import Integrity, Invalid
from tabard.merkle.tree import HASH_SIZE, NodeId, NodeReader, check_size, read_nodes

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_LEVEL = 63
MAX_ENTRY_BYTES = 0xFFFF

_LENGTH_BYTES = 2
_TILE_PATH = re.compile(
    r"tile/(?P<level>entries|[0-9]{1,2})/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[0-9]{1,3}))?"
)


class InvalidTilePath(Invalid):
    """No tile or entry bundle can have that path."""

    code = "invalid_tile_path"


class EntryTooLarge(Invalid):
    """A leaf is longer than the 65,535 bytes that an entry bundle can hold."""

    code = "entry_too_large"


class InvalidTile(Integrity):
    """The bytes of a tile or an entry bundle are not well formed."""

    code = "invalid_tile"


@dataclass(frozen=True)
class TileId:
    """A run of `width` nodes of tree level `8 * level`, from node `256 * index` on."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where a log serves it, relative to the log's prefix."""
        return tile_path(self.level, self.index, self.width)


@dataclass(frozen=True)
class BundleId:
    """A run of `width` leaves' bytes, from leaf `256 * index` on."""

    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where a log serves it, relative to the log's prefix."""
        return entries_path(self.index, self.width)


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """The one path of a hash tile, as `tile/0/x001/x234/067.p/12`; the suffix only when it is partial.

    Raises:
        InvalidTilePath: There can be no such tile.
    """
    if not 0 <= level <= MAX_LEVEL:
        raise InvalidTilePath("A tile's level is between 0 and 63.", field="level", level=level)
    return f"tile/{level}/{_place(index, width)}"


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """The one path of an entry bundle, as `tile/entries/x001/067`; with `.p/<width>` when it is partial.

    Raises:
        InvalidTilePath: There can be no such bundle.
    """
    return f"tile/entries/{_place(index, width)}"


def parse_path(path: str) -> TileId | BundleId:
    """The tile or bundle that a path names; only the exact spelling that we would write is read.

    Raises:
        InvalidTilePath: The path names none.
    """
    match = _TILE_PATH.fullmatch(path)
    if match is None:
        raise InvalidTilePath("That is not the path of a tile.", field="path", path=path)
    index = int(match["index"].replace("x", "").replace("/", ""))
    width = int(match["width"] or TILE_WIDTH)
    bundle = match["level"] == "entries"
    named = BundleId(index, width) if bundle else TileId(int(match["level"]), index, width)
    if named.path != path:
        raise InvalidTilePath("The path of that tile is spelt otherwise.", field="path", path=path)
    return named


def tile_nodes(tile: TileId) -> list[NodeId]:
    """The nodes whose hashes a tile holds, in order."""
    first = tile.index * TILE_WIDTH
    return [NodeId(tile.level * TILE_HEIGHT, index) for index in range(first, first + tile.width)]


def tile_bytes(tile: TileId, read: NodeReader) -> bytes:
    """The content of a hash tile: its nodes' hashes, concatenated.

    Raises:
        MissingNode: `read` did not give a node of it.
    """
    nodes = tile_nodes(tile)
    found = read_nodes(nodes, read)
    return b"".join(found[node] for node in nodes)


def tile_hashes(data: bytes) -> list[bytes]:
    """The hashes in a tile's content, in order.

    Raises:
        InvalidTile: It does not hold between 1 and 256 whole hashes.
    """
    if not 0 < len(data) <= TILE_WIDTH * HASH_SIZE or len(data) % HASH_SIZE:
        raise InvalidTile("A tile holds 1 to 256 hashes of 32 bytes.", size_bytes=len(data))
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """The content of an entry bundle: each leaf's bytes after their length as a big-endian uint16.

    Raises:
        EntryTooLarge: A leaf is longer than 65,535 bytes.
        InvalidTile: There are not between 1 and 256 leaves.
    """
    if not 0 < len(entries) <= TILE_WIDTH:
        raise InvalidTile("A bundle holds 1 to 256 entries.", entries=len(entries))
    longest = max(map(len, entries))
    if longest > MAX_ENTRY_BYTES:
        raise EntryTooLarge("A leaf is too long for the log.", field="entries", size_bytes=longest)
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)


def decode_bundle(data: bytes) -> list[bytes]:
    """The leaves' bytes in an entry bundle, in order.

    Raises:
        InvalidTile: It does not hold between 1 and 256 whole entries.
    """
    entries = []
    at = 0
    while at < len(data):
        begin = at + _LENGTH_BYTES
        at = begin + int.from_bytes(data[at:begin], "big")
        entries.append(data[begin:at])
    if at != len(data) or not 0 < len(entries) <= TILE_WIDTH:
        raise InvalidTile("A bundle holds 1 to 256 whole entries.", size_bytes=len(data))
    return entries


def covers(size: int, tile: TileId | BundleId) -> bool:
    """True when everything in the tile or bundle exists in a tree of `size` leaves."""
    level = tile.level if isinstance(tile, TileId) else 0
    return tile.index * TILE_WIDTH + tile.width <= size >> (level * TILE_HEIGHT)


def tiles_of(size: int) -> Iterator[TileId]:
    """Every hash tile of a tree of `size` leaves, level by level; a level's last is partial if not full.

    Raises:
        InvalidTreeInput: The size is not possible.
    """
    check_size(size)
    level = 0
    while hashes := size >> (level * TILE_HEIGHT):
        for index, width in _runs(hashes):
            yield TileId(level, index, width)
        level += 1


def bundles_of(size: int) -> Iterator[BundleId]:
    """Every entry bundle of a tree of `size` leaves; the last is partial if not full.

    Raises:
        InvalidTreeInput: The size is not possible.
    """
    check_size(size)
    for index, width in _runs(size):
        yield BundleId(index, width)


def _runs(length: int) -> Iterator[tuple[int, int]]:
    full, rest = divmod(length, TILE_WIDTH)
    for index in range(full):
        yield index, TILE_WIDTH
    if rest:
        yield full, rest


def _place(index: int, width: int) -> str:
    if index < 0 or not 0 < width <= TILE_WIDTH:
        raise InvalidTilePath("There is no such tile.", field="index", index=index, width=width)
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    suffix = "" if width == TILE_WIDTH else f".p/{width}"
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]]) + suffix
