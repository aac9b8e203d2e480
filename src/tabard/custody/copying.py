"""How do thousands of rows reach PostgreSQL at once? As one COPY, in text or in binary form (its manual, COPY)."""

import re
from collections.abc import Iterable, Sequence

from django.db import connection

from tabard.custody.wire import SIGNATURE, TRAILER

_PIECE_ROWS = 200
_NEEDS_ESCAPE = re.compile(r"[\\\n\r\t]")
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})

NULL = r"\N"


def escaped(text: str) -> str:
    """Text as a field of COPY."""
    return text.translate(_ESCAPES) if _NEEDS_ESCAPE.search(text) else text


def as_bytea(value: bytes) -> str:
    """Bytes as a field of COPY: the hex form, its backslash escaped."""
    return r"\\x" + value.hex()


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[str]) -> None:
    """Write rows, each its fields joined by tabs, in the caller's transaction.

    Raises:
        django.db.DatabaseError: the database refused them.
    """
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.cursor.copy(statement) as copy,
    ):
        waiting: list[str] = []
        for row in rows:
            waiting.append(row)
            if len(waiting) == _PIECE_ROWS:
                copy.write("\n".join(waiting) + "\n")
                waiting.clear()
        if waiting:
            copy.write("\n".join(waiting) + "\n")


def copy_binary(table: str, columns: Sequence[str], pieces: Iterable[bytes]) -> None:
    """Write rows in binary form (`wire`), any number of whole ones a piece, in the caller's transaction.

    Raises:
        django.db.DatabaseError: the database refused them.
    """
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)"
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.cursor.copy(statement) as copy,
    ):
        copy.write(SIGNATURE)
        for piece in pieces:
            copy.write(piece)
        copy.write(TRAILER)
