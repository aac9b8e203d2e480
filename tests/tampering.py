"""How does a test do to the log what nobody can? As the owner of its tables, with their refusals lifted for a moment.

What stands for an attacker who owns the database is `tampering()`, and nothing else lifts a refusal but one: between
transactional tests Django empties every table, so `let_tables_be_emptied` lifts the one against TRUNCATE, once, in the
database of the test run. `tests/integration/cli/test_database_roles.py` shows on a server of its own that it holds.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from tabard.custody.log_tables import MAY_CHANGE, REFUSALS


def let_tables_be_emptied() -> None:
    """TRUNCATE works on the log's tables of this test database; all other refusals stay."""
    with connection.cursor() as cursor:
        for table in MAY_CHANGE:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_not_emptied")


@contextmanager
def tampering() -> Iterator[CursorWrapper]:
    """Inside the block rows of the log can be changed and removed; after it nothing can, as before.

    One transaction: either the tampering and the refusals are both there, or neither. Foreign keys hold all the
    while: who removes a checkpoint removes what was said of it first.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # A table with checks still to come cannot be altered, so they come now: before, and after what was done.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, name in _lifted():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        yield cursor
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, name in _lifted():
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _lifted() -> Iterator[tuple[str, str]]:
    for table, names in REFUSALS.items():
        for name in names:
            if not name.endswith("_not_emptied"):
                yield table, name
