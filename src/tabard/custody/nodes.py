"""Where do the hashes of a proof come from? Complete nodes of the tree, read by level and index in one query."""

from collections.abc import Mapping, Sequence

from django.db import connection
from psycopg import Cursor

from tabard.custody.prepared import Prepared
from tabard.custody.wire import as_bigint_array
from tabard.merkle.tree import NodeId

# LATERAL, and LIMIT, so that each is looked up by the whole key, whatever the planner believes of the table's size.
WANTED = """
    SELECT node.hash
      FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS wanted (level, index, number)
      LEFT JOIN LATERAL (
           SELECT hash FROM custody_node WHERE level = wanted.level AND index = wanted.index LIMIT 1
      ) AS node ON true
     ORDER BY wanted.number
"""
_WANTED = Prepared("tabard_nodes", WANTED)


def read_nodes(wanted: Sequence[NodeId]) -> Mapping[NodeId, bytes]:
    """The stored hashes of the wanted nodes; a node that is not stored is missing from the answer."""
    if not wanted:
        return {}
    found = _WANTED.run([as_bigint_array(numbers) for numbers in zip(*wanted, strict=True)])
    hashes = (found.get_value(number, 0) for number in range(found.ntuples))
    return {node: value for node, value in zip(wanted, hashes, strict=True) if value is not None}


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
