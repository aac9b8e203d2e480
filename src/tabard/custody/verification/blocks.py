"""What does a block of positions show by itself? All but how it continues the tree of those before it.

So blocks can be looked at in any order, and by several processes at once (`readers`).
"""

from typing import NamedTuple

from tabard.custody.nodes import read_runs
from tabard.custody.verification.dating import Times
from tabard.custody.verification.report import LogReport
from tabard.custody.verification.rows import EventRow, block, check_row
from tabard.custody.verification.tiles import TileCheck
from tabard.merkle.tree import leaf_hash


class Looked(NamedTuple):
    """What positions `[first, end)` show; `rows` only where they are not whole or not as the stored leaf hashes say."""

    first: int
    end: int
    report: LogReport
    hashes: list[bytes]
    rows: list[EventRow] | None


def look(first: int, end: int, times: Times, published: int) -> Looked:
    """Check each event of a block, and the block against stored leaf hashes and published tiles.

    Args:
        first: The first position.
        end: The one after the last.
        times: What to date events by.
        published: How many events the newest checkpoint covers.
    """
    report, rows = LogReport(), block(first, end)
    for row in rows:
        check_row(row, times, report)
    hashes = [leaf_hash(row.leaf) for row in rows]
    is_whole = [row.position for row in rows] == list(range(first, end))
    if not is_whole or read_runs({0: (first, end)}).get(0) != b"".join(hashes):
        return Looked(first, end, report, hashes, rows)
    TileCheck(published, report).take(first, [row.leaf for row in rows], hashes)
    return Looked(first, end, report, hashes, None)
