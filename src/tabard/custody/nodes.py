"""Where do the hashes of a proof come from? Complete nodes of the tree, read by level and index in one query."""

from collections.abc import Mapping, Sequence

from django.db import connection

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
