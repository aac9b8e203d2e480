"""Does the tree of what is here have the roots that were signed, and which event is it if not?

Three sources speak of each position: the row's leaf, the stored leaf hash, and the published tiles. Where all agree one
tree is grown. Where a row and the stored hash differ two are, one over the rows and one over the stored hashes, and the
signed roots tell which of them is the log's; the other is what somebody changed.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection

from tabard.custody.nodes import read_run, read_runs
from tabard.custody.selectors import latest_checkpoint
from tabard.custody.verification.heads import Heads, SignedHead
from tabard.custody.verification.places import Misplaced, name_misplaced
from tabard.custody.verification.report import LogReport
from tabard.custody.verification.rows import EventRow, block, check_row, strays
from tabard.custody.verification.tiles import TileCheck
from tabard.merkle.tree import EMPTY_ROOT, HASH_SIZE, NodeId, extend, fold, leaf_hash, range_nodes

BLOCK_EVENTS = 4096  # a multiple of a tile's width, so that a block holds whole tiles
_NOTHING = bytes(HASH_SIZE)  # stands for a leaf of which nothing is left; no known input has this hash
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class GrowingTree:
    """A tree that grows by blocks of leaf hashes and forgets all but its right edge."""

    size: int = 0
    _edge: dict[NodeId, bytes] = field(default_factory=dict)
    _new: dict[NodeId, bytes] = field(default_factory=dict)

    def grow(self, hashes: Sequence[bytes]) -> list[tuple[NodeId, bytes]]:
        """Append leaves; the nodes that they complete."""
        self._edge = {node: self._known(node) for node in range_nodes(0, self.size)}
        added = extend(self.size, hashes, lambda wanted: {node: self._edge[node] for node in wanted})
        self.size += len(hashes)
        self._new = dict(added)
        return added

    def root(self, size: int) -> bytes:
        """The root of the first `size` leaves; `size` lies in the block that was appended last, or is all."""
        nodes = range_nodes(0, size)
        return fold([self._known(node) for node in nodes]) if nodes else EMPTY_ROOT

    def copy(self) -> "GrowingTree":
        """The same tree, to grow apart from here."""
        return GrowingTree(self.size, dict(self._edge), dict(self._new))

    def _known(self, node: NodeId) -> bytes:
        return self._new[node] if node in self._new else self._edge[node]


class TreeWalk:
    """One walk over all positions, in blocks."""

    def __init__(self, heads: Heads, report: LogReport) -> None:
        self._heads, self._report, self._sizes = heads, report, heads.sizes
        self._rows = GrowingTree()
        self._stored: GrowingTree | None = None  # only once the two differ
        self._places = Misplaced()
        newest = latest_checkpoint()
        self._tiles = TileCheck(0 if newest is None else newest.size, report)

    def run(self, progress: Progress) -> None:
        """Walk, then name what could not be named on the way."""
        report, heads = self._report, self._heads
        placed, stored = _counts()
        end = max(placed, stored.get(0, 0))
        self._check_heads(-1, 0)
        for first in range(0, end, BLOCK_EVENTS):
            self._walk(first, min(end, first + BLOCK_EVENTS))
            progress(min(end, first + BLOCK_EVENTS), end)
        self._tiles.finish()
        for row in strays(end):
            check_row(row, heads, report)
            self._places.stray(row)
        name_misplaced(self._places, report)
        _check_no_extra(stored, end, report)
        for size in (size for size in heads.sizes if size > end):
            report.add("events_missing", size, _TAIL.format(_sources(heads.found[size]), size, end))
        report.events = placed
        report.root = (self._stored or self._rows).root(end) if end else EMPTY_ROOT

    def _walk(self, first: int, end: int) -> None:
        rows = block(first, end)
        for row in rows:
            check_row(row, self._heads, self._report)
        hashes = [leaf_hash(row.leaf) for row in rows]
        is_whole = [row.position for row in rows] == list(range(first, end))
        if is_whole and read_runs({0: (first, end)}).get(0) == b"".join(hashes):
            self._grow(hashes, hashes)
            leaves: list[bytes | None] = [row.leaf for row in rows]
        else:
            leaves = self._walk_differing(first, end, rows)
        self._check_heads(first, end)
        self._tiles.take(first, leaves)

    def _walk_differing(self, first: int, end: int, rows: Sequence[EventRow]) -> list[bytes | None]:
        """Position by position, remember where row and stored hash differ; the rows' leaves."""
        placed: dict[int, EventRow] = {}
        for row in sorted(rows, key=EventRow.is_itself, reverse=True):
            if placed.setdefault(row.position or 0, row) is not row:
                self._places.stray(row)  # only where somebody dropped the constraint against it
        stored = read_run(0, first, end)
        by_row, by_store = [], []
        for position in range(first, end):
            found, kept = placed.get(position), stored.get(position)
            kept = kept if kept is not None and len(kept) == HASH_SIZE else None
            own = None if found is None else leaf_hash(found.leaf)
            if own is None or own != kept:
                self._places.differs(position, found, own, kept)
            by_row.append(own or kept or _NOTHING)
            by_store.append(kept or own or _NOTHING)
        self._grow(by_row, by_store)
        return [placed[at].leaf if at in placed else None for at in range(first, end)]

    def _grow(self, by_row: list[bytes], by_store: list[bytes]) -> None:
        if self._stored is None and by_row != by_store:
            self._stored = self._rows.copy()
        added = self._rows.grow(by_row)
        self._tiles.expect(added)
        _compare_nodes(added, added if self._stored is None else self._stored.grow(by_store), self._report)

    def _check_heads(self, first: int, end: int) -> None:
        """Compare both trees with every root that was signed for a size in `(first, end]`."""
        for size in self._sizes[bisect_right(self._sizes, first) : bisect_right(self._sizes, end)]:
            rows, store = self._rows.root(size), (self._stored or self._rows).root(size)
            for head in self._heads.found[size]:
                if head.root in (rows, store):
                    self._places.holds(size, rows=head.root == rows, store=head.root == store)
                else:
                    self._places.fails(head)


_TAIL = "{} has {} events and was signed, but only {} are here: the others were cut off, or the log was turned back."


def _sources(heads: list[SignedHead]) -> str:
    found = ", ".join(sorted({head.where for head in heads}))
    return found[0].upper() + found[1:]


def _counts() -> tuple[int, dict[int, int]]:
    """How many events are placed, and how many nodes each level has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM custody_event WHERE position IS NOT NULL")
        (placed,) = cursor.fetchone()
        cursor.execute("SELECT level, count(*) FROM custody_node GROUP BY level")
        return placed, dict(cursor.fetchall())


def _compare_nodes(
    added: Sequence[tuple[NodeId, bytes]], other: Sequence[tuple[NodeId, bytes]], report: LogReport
) -> None:
    """Report every node above the leaves that is not stored as one of the two trees has it."""
    levels: dict[int, list[tuple[NodeId, bytes]]] = {}
    for node, value in added:
        if node.level:
            levels.setdefault(node.level, []).append((node, value))
    runs = {level: (of[0][0].index, of[-1][0].index + 1) for level, of in levels.items()}
    stored = read_runs(runs)
    for level, wanted in levels.items():
        if stored.get(level) != b"".join(value for _, value in wanted):
            _name_nodes(wanted, dict(other), read_run(level, *runs[level]), report)


def _name_nodes(
    wanted: Sequence[tuple[NodeId, bytes]],
    other: Mapping[NodeId, bytes],
    stored: Mapping[int, bytes],
    report: LogReport,
) -> None:
    for node, value in wanted:
        kept = stored.get(node.index)
        if kept not in (value, other[node]):
            words = f"Tree node {node.level}/{node.index}, over the events at {_span(node)}, {_fate(kept)}"
            report.add("node", f"{node.level}/{node.index}", words)


def _fate(kept: bytes | None) -> str:
    return "is missing." if kept is None else "was changed."


def _span(node: NodeId) -> str:
    first = node.index << node.level
    return f"positions {first} to {first + (1 << node.level) - 1}"


def _check_no_extra(counted: Mapping[int, int], end: int, report: LogReport) -> None:
    """No node may stand where a tree of `end` leaves has none."""
    for level in sorted(counted):
        allowed = end >> level if level < 63 else 0
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT index FROM custody_node WHERE level = %s AND (index >= %s OR index < 0) LIMIT 100",
                [level, allowed],
            )
            for (index,) in cursor.fetchall():
                words = f"Tree node {level}/{index} stands where {end} events give none."
                report.add("nodes_unexpected", f"{level}/{index}", words)
