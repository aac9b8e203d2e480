"""How is a value written for PostgreSQL so that neither side turns it into text and back? In its binary form.

As each type's `send` function writes it, in network byte order (PostgreSQL manual, COPY, Binary Format). Strings are
UTF-8 and bytes are themselves, so they need nothing here.
"""

from datetime import UTC, datetime, timedelta
from struct import Struct

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NO_VALUE = b"\xff\xff\xff\xff"
_JSONB_VERSION = b"\x01"

as_smallint = Struct(">h").pack
as_bigint = Struct(">q").pack
_length = Struct(">i").pack

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""What a binary COPY begins with: eleven bytes, no flags, no extension."""

TRAILER = as_smallint(-1)
"""What it ends with: a row of no possible number of fields."""


def as_timestamptz(at: datetime) -> bytes:
    """An instant: microseconds since the beginning of 2000."""
    return as_bigint((at - _EPOCH) // _MICROSECOND)


def as_jsonb(written: bytes) -> bytes:
    """JSON that is written already."""
    return _JSONB_VERSION + written


def field(value: bytes | None) -> bytes:
    """A value as a field of a row: its length, then itself."""
    return _NO_VALUE if value is None else _length(len(value)) + value


def fields(*values: bytes | None) -> bytes:
    """Several fields of a row, one after another."""
    return b"".join(map(field, values))


def row(*values: bytes | None) -> bytes:
    """A whole row: how many fields, then each."""
    return as_smallint(len(values)) + fields(*values)
