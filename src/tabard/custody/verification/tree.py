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
from tabard.custody.verification.blocks import Looked
from tabard.custody.verification.heads import Heads, SignedHead
from tabard.custody.verification.places import Misplaced, name_misplaced
from tabard.custody.verification.reading import looks
from tabard.custody.verification.report import LogReport
from tabard.custody.verification.rows import EventRow, check_row, strays
from tabard.custody.verification.tiles import TileCheck
from tabard.merkle.tree import EMPTY_ROOT, HASH_SIZE, NodeId, NodeRun, fold, grow, leaf_hash, range_nodes

BLOCK_EVENTS = 4096  # a multiple of a tile's width, so that a block holds whole tiles
_NOTHING = bytes(HASH_SIZE)  # stands for a leaf of which nothing is left; no known input has this hash
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class GrowingTree:
    """A tree that grows by blocks of leaf hashes and forgets all but its right edge."""

    size: int = 0
    _edge: dict[NodeId, bytes] = field(default_factory=dict)
    _new: list[NodeRun] = field(default_factory=list)

    def grow(self, hashes: Sequence[bytes]) -> list[NodeRun]:
        """Append leaves; the nodes that they complete, a run of each level, lowest first."""
        self._edge = {node: self._known(node) for node in range_nodes(0, self.size)}
        self._new = grow(self.size, hashes, lambda wanted: {node: self._edge[node] for node in wanted})
        self.size += len(hashes)
        return self._new

    def root(self, size: int) -> bytes:
        """The root of the first `size` leaves; `size` lies in the block that was appended last, or is all."""
        nodes = range_nodes(0, size)
        return fold([self._known(node) for node in nodes]) if nodes else EMPTY_ROOT

    def copy(self) -> "GrowingTree":
        """The same tree, to grow apart from here."""
        return GrowingTree(self.size, dict(self._edge), list(self._new))

    def _known(self, node: NodeId) -> bytes:
        run = self._new[node.level] if node.level < len(self._new) else None
        if run is not None and run.first <= node.index < run.end:
            return run.hashes[node.index - run.first]
        return self._edge[node]


class TreeWalk:
    """One walk over all positions, in blocks."""

    def __init__(self, heads: Heads, report: LogReport) -> None:
        self._heads, self._report, self._sizes = heads, report, heads.sizes
        self._rows = GrowingTree()
        self._stored: GrowingTree | None = None  # only once the two differ
        self._places = Misplaced()
        newest = latest_checkpoint()
        self._published = 0 if newest is None else newest.size
        self._tiles = TileCheck(self._published, report)

    def run(self, progress: Progress, processes: int) -> None:
        """Walk, then name what could not be named on the way."""
        report, heads, times = self._report, self._heads, self._heads.times
        placed, stored = _counts()
        end = max(placed, stored.get(0, 0))
        self._check_heads(-1, 0)
        blocks = [(first, min(end, first + BLOCK_EVENTS)) for first in range(0, end, BLOCK_EVENTS)]
        for looked in looks(blocks, times, self._published, processes):
            self._walk(looked)
            progress(looked.end, end)
        self._tiles.finish()
        for row in strays(end):
            check_row(row, times, report)
            self._places.stray(row)
        name_misplaced(self._places, report)
        _check_no_extra(stored, end, report)
        for size in (size for size in heads.sizes if size > end):
            report.add("events_missing", size, _TAIL.format(_sources(heads.found[size]), size, end))
        report.events = placed
        report.root = (self._stored or self._rows).root(end) if end else EMPTY_ROOT

    def _walk(self, looked: Looked) -> None:
        self._report.take(looked.report)
        if looked.rows is None:
            self._grow(looked.hashes, looked.hashes)
        else:
            self._walk_differing(looked.first, looked.end, looked.rows)
        self._check_heads(looked.first, looked.end)

    def _walk_differing(self, first: int, end: int, rows: Sequence[EventRow]) -> None:
        """Position by position, remember where row and stored hash differ."""
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
        leaves = [placed[at].leaf if at in placed else None for at in range(first, end)]
        self._tiles.take(first, leaves, by_row)

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


def _compare_nodes(added: Sequence[NodeRun], other: Sequence[NodeRun], report: LogReport) -> None:
    """Report every node above the leaves that is not stored as one of the two trees has it."""
    inner = [(run, of_other) for run, of_other in zip(added, other, strict=True) if run.level]
    stored = read_runs({run.level: (run.first, run.end) for run, _ in inner})
    for run, of_other in inner:
        if stored.get(run.level) != b"".join(run.hashes):
            _name_nodes(run, of_other, read_run(run.level, run.first, run.end), report)


def _name_nodes(run: NodeRun, other: NodeRun, stored: Mapping[int, bytes], report: LogReport) -> None:
    for index, either in enumerate(zip(run.hashes, other.hashes, strict=True), run.first):
        kept = stored.get(index)
        if kept not in either:
            node = NodeId(run.level, index)
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
