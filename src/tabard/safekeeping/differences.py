"""Where do database, stores, log and keys disagree? One statement for each way in which they can.

Each reads the temporary tables of `inventory` and adds to `reconcile_found` what it finds, in words. `%(young)s` is
the instant before which nothing can still be under way.
"""

from collections.abc import Mapping
from typing import Any

from django.db import connection

# Our own keys, as `vault.services.store_key` makes them: the id, in folders named by its last four digits.
_OURS = r"^[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$"
# Under such a key, the milliseconds since 1970 in the id (RFC 9562 section 5.7): when its sealing began.
_BEGAN_AT = (
    "to_timestamp(('x' || substr(replace(substr(l.key, 7), '-', ''), 1, 12))::bit(48)::bigint / 1000.0)"
)
# OFFSET 0 keeps the planner from trying the pattern on every key before it has joined: nearly all of them are known.
_UNEXPECTED = f"""
      FROM (SELECT l.store, l.key
              FROM reconcile_listed l
              LEFT JOIN vault_sealedobject o ON o.store_key = l.key
             WHERE o.id IS NULL OFFSET 0) AS l
     CROSS JOIN LATERAL (
           SELECT CASE WHEN l.key ~ '{_OURS}' AND left(l.key, 5) = right(l.key, 2) || '/' || substr(l.key, 39, 2)
                       THEN {_BEGAN_AT} END AS began_at) AS named
     WHERE true
"""  # noqa: S608 - our own text
_UNDER_WAY = "coalesce(began_at >= %(young)s AND began_at < %(at)s::timestamptz + interval '1 hour', false)"
_NOT_LISTED = """
      FROM reconcile_known k
      JOIN vault_sealedobject o USING (id)
     CROSS JOIN unnest(%(stores)s::text[]) AS s (name)
      LEFT JOIN reconcile_listed l ON l.key = o.store_key AND l.store = s.name
     WHERE l.key IS NULL AND o.key_destroyed_at IS NULL
"""
# A copy in the second store is made after sealing; until then it is awaited, not missing.
_AWAITED = """
    s.name <> 'a' AND o.sealed_at >= %(young)s AND NOT EXISTS (
        SELECT FROM vault_storedcopy c WHERE c.object_id = o.id AND c.store = s.name)
"""
_STILL_THERE = """
      FROM reconcile_listed l
      JOIN vault_sealedobject o ON o.store_key = l.key
     WHERE o.key_destroyed_at IS NOT NULL
"""
_BEING_REMOVED = "o.removed_at IS NULL AND o.key_destroyed_at >= %(young)s"

DIFFERENCES: Mapping[str, str] = {
    "missing": f"""
        SELECT o.id, s.name, o.store_key, format('Store %%s does not hold it.', s.name)
        {_NOT_LISTED} AND NOT ({_AWAITED})
    """,
    "wrong_size": """
        SELECT o.id, l.store, l.key,
               format('Store %%s holds %%s bytes; %%s were sealed.', l.store, l.size_bytes, o.sealed_size_bytes)
          FROM reconcile_listed l
          JOIN vault_sealedobject o ON o.store_key = l.key
         WHERE o.key_destroyed_at IS NULL AND l.size_bytes <> o.sealed_size_bytes
    """,
    "stores_differ": """
        SELECT o.id, NULL, a.key,
               format('Store a holds %%s bytes, store b %%s.', a.size_bytes, b.size_bytes)
          FROM reconcile_listed a
          JOIN reconcile_listed b ON b.key = a.key AND b.store = 'b'
          LEFT JOIN vault_sealedobject o ON o.store_key = a.key
         WHERE a.store = 'a' AND a.size_bytes <> b.size_bytes
    """,
    "damaged": """
        SELECT d.object_id, d.store, o.store_key, format('Store %%s, known since %%s and not repaired: %%s', d.store,
               to_char(d.found_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), d.words)
          FROM vault_damage d
          JOIN vault_sealedobject o ON o.id = d.object_id
         WHERE d.repaired_at IS NULL AND o.key_destroyed_at IS NULL
    """,
    "unexpected": f"""
        SELECT CASE WHEN began_at IS NOT NULL THEN substr(l.key, 7)::uuid END, l.store, l.key,
               CASE WHEN began_at IS NULL THEN 'It stands in the store under a key that is none of ours.'
                    ELSE 'It was sealed but never recorded: the store holds it, the database does not know it.' END
        {_UNEXPECTED} AND NOT {_UNDER_WAY}
    """,
    "disposed_present": f"""
        SELECT o.id, l.store, l.key, format('It was disposed of on %%s and its bytes are still in store %%s.',
               to_char(o.key_destroyed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), l.store)
        {_STILL_THERE} AND NOT ({_BEING_REMOVED})
    """,
    "disposed_unlogged": """
        SELECT o.id, NULL, o.store_key, 'Its key is destroyed, and no event in the log says that it was disposed of.'
          FROM reconcile_known k
          JOIN vault_sealedobject o USING (id)
         WHERE k.was_destroyed AND o.key_destroyed_at IS NOT NULL
           AND NOT EXISTS (SELECT FROM reconcile_destroyed d WHERE d.subject_id = o.id)
           AND NOT EXISTS (
               SELECT FROM reconcile_belongs b
                 JOIN reconcile_destroyed d ON d.subject_id = b.recording_id WHERE b.object_id = o.id)
    """,
    "unlogged": """
        SELECT o.id, NULL, o.store_key, 'The database has it, and no event in the log says that it was sealed.'
          FROM reconcile_known k
          JOIN vault_sealedobject o USING (id)
          LEFT JOIN reconcile_named n ON n.object_id = o.id AND n.kind = ANY(%(sealing)s)
         WHERE n.object_id IS NULL AND o.key_destroyed_at IS NULL
    """,
    "row_missing": """
        SELECT DISTINCT ON (n.object_id) n.object_id, NULL, NULL::text,
               format('The log says %%s of it, and the database does not know it.', n.kind)
          FROM reconcile_named n
          LEFT JOIN vault_sealedobject o ON o.id = n.object_id
         WHERE o.id IS NULL
         ORDER BY n.object_id, n.kind
    """,
    "hash_differs": """
        SELECT DISTINCT ON (o.id) o.id, NULL, o.store_key,
               format('The database says SHA-256 %%s, the log (%%s) %%s.',
                      encode(o.sha256, 'hex'), n.kind, encode(n.sha256, 'hex'))
          FROM reconcile_named n
          JOIN vault_sealedobject o ON o.id = n.object_id
         WHERE n.sha256 <> o.sha256 AND n.kind = ANY(%(sealing)s)
         ORDER BY o.id, n.kind
    """,
    "key_missing": """
        SELECT o.id, NULL, o.store_key, 'Its key is gone, and it was never disposed of.'
          FROM vault_sealedobject o
         WHERE o.wrapped_key IS NULL AND o.key_destroyed_at IS NULL
    """,
    "key_wrong": """
        SELECT o.id, NULL, o.store_key, format('Its key cannot be unwrapped: %%s', b.words)
          FROM reconcile_bad_key b
          JOIN vault_sealedobject o ON o.id = b.object_id
         WHERE o.wrapped_key IS NOT NULL
    """,
}
UNDER_WAY: Mapping[str, str] = {
    "being_sealed": f"SELECT count(*) {_UNEXPECTED} AND {_UNDER_WAY}",
    "being_copied": f"SELECT count(*) {_NOT_LISTED} AND {_AWAITED}",
    "being_removed": f"SELECT count(*) {_STILL_THERE} AND {_BEING_REMOVED}",
}


def find(code: str, values: Mapping[str, Any]) -> int:
    """What differs in this way is in `reconcile_found`; returns how many."""
    statement = f"INSERT INTO reconcile_found (object_id, store, key, words, code) SELECT *, %(code)s FROM ({DIFFERENCES[code]}) AS f"  # noqa: E501, S608 - our own text
    with connection.cursor() as cursor:
        cursor.execute(statement, {**values, "code": code})
        return int(cursor.rowcount)


def count(statement: str, values: Mapping[str, Any]) -> int:
    """The one number that the statement selects."""
    with connection.cursor() as cursor:
        cursor.execute(statement, dict(values))
        (number,) = cursor.fetchone()
    return int(number)
