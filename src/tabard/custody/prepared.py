"""Which statements does PostgreSQL parse and plan once a connection? The few that run for every act or every proof.

Elsewhere statements are not prepared, because the plan that is kept may be a bad one (`config.database`). These have
one way to go: rows are inserted, or found by their whole key. Values travel in binary form (`wire`), and past the
cursor, whose work for a dozen values costs as much as PostgreSQL's.
"""

from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

import psycopg
from django.db import connection
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

_GOOD = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


class Prepared:
    """A statement with values `$1`, `$2` and so on, which is prepared on a connection when it first runs there."""

    def __init__(self, name: str, statement: str) -> None:
        self._name, self._statement = name.encode(), statement.encode()
        self._prepared_on: WeakSet[psycopg.Connection[Any]] = WeakSet()

    def run(self, values: Sequence[bytes | None]) -> PGresult:
        """The result, its values in binary form; in the transaction that Django has open, if it has one.

        Raises:
            django.db.DatabaseError: as a cursor would.
        """
        # As Django's cursor does: a connection that went stale between requests is made anew.
        connection.close_if_health_check_failed()
        connection.ensure_connection()
        connection.validate_no_broken_transaction()
        link = connection.connection
        with connection.wrap_database_errors, link.lock:
            if link not in self._prepared_on:
                _checked(link.pgconn, link.pgconn.prepare(self._name, self._statement))
                self._prepared_on.add(link)
            # As a cursor of psycopg does before a transaction's first statement. Both in one round trip, in libpq's
            # pipeline mode, was no faster.
            if not link.autocommit and link.pgconn.transaction_status == TransactionStatus.IDLE:
                _checked(link.pgconn, link.pgconn.exec_(b"BEGIN"))
            formats = [Format.BINARY] * len(values)
            result = link.pgconn.exec_prepared(self._name, values, formats, Format.BINARY)
            return _checked(link.pgconn, result)


def _checked(server: PGconn, result: PGresult) -> PGresult:
    if result.status in _GOOD:
        return result
    if server.status != ConnStatus.OK:  # lost, with or without a last word
        raise psycopg.OperationalError(result.get_error_message())
    raise error_from_result(result)
