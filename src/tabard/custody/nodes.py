"""Where do the hashes of a proof come from? Complete nodes of the tree, read by level and index in one query."""

from collections.abc import Mapping, Sequence

from django.db import connection
from psycopg import Cursor

from tabard.merkle.tree import NodeId


def read_nodes(wanted: Sequence[NodeId]) -> Mapping[NodeId, bytes]:
    """The stored hashes of the wanted nodes; a node that is not stored is missing from the answer."""
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT node.level, node.index, node.hash
              FROM custody_node AS node
              JOIN unnest(%s::smallint[], %s::bigint[]) AS wanted (level, index)
                ON node.level = wanted.level AND node.index = wanted.index
            """,
            [[node.level for node in wanted], [node.index for node in wanted]],
        )
        return {NodeId(level, index): bytes(value) for level, index, value in cursor.fetchall()}


def read_runs(runs: Mapping[int, tuple[int, int]]) -> Mapping[int, bytes]:
    """The stored hashes of one run of each level, joined in order; shorter or longer where they are not whole.

    Args:
        runs: For each level the first index and the one after the last.
    """
    if not runs:
        return {}
    with connection.wrap_database_errors:
        found = Cursor(connection.connection).execute(
            """
            SELECT run.level, string_agg(node.hash, '' ORDER BY node.index)
              FROM unnest(%s::smallint[], %s::bigint[], %s::bigint[]) AS run (level, low, high)
              JOIN custody_node AS node
                ON node.level = run.level AND node.index >= run.low AND node.index < run.high
             GROUP BY run.level
            """,
            [list(runs), [low for low, _ in runs.values()], [high for _, high in runs.values()]],
            binary=True,
        )
        return dict(found.fetchall())


def read_run(level: int, low: int, high: int) -> Mapping[int, bytes]:
    """The stored hashes of a level's nodes `[low, high)`, by index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT index, hash FROM custody_node WHERE level = %s AND index >= %s AND index < %s",
            [level, low, high],
        )
        return {index: bytes(value) for index, value in cursor.fetchall()}
