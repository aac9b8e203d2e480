"""At which moment is the log looked at? One, although others append and sign meanwhile, and for several connections."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from psycopg import sql


@contextmanager
def one_moment(snapshot: str | None = None) -> Iterator[None]:
    """Inside the block all that is read is of one moment, and nothing can be written.

    Args:
        snapshot: That of another connection, which exported it and still has its transaction open.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            if snapshot is not None:
                cursor.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
            # Every read is of a run by an index. Before the first ANALYZE the planner does not know that the runs are
            # short, and would read a whole table for each of them.
            cursor.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
        yield
