"""How is a value written for PostgreSQL so that neither side turns it into text and back? In its binary form.

As each type's `send` function writes it, in network byte order (PostgreSQL manual, COPY, Binary Format). Strings are
UTF-8 and bytes are themselves, so they need nothing here.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NO_VALUE = b"\xff\xff\xff\xff"
_JSONB_VERSION = b"\x01"

_BIGINT_ARRAY = Struct(">iiiii")
_BIGINT_OID = 20

as_smallint = Struct(">h").pack
as_bigint = Struct(">q").pack
as_length = Struct(">i").pack

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""What a binary COPY begins with: eleven bytes, no flags, no extension."""

TRAILER = as_smallint(-1)
"""What it ends with: a row of no possible number of fields."""


def as_timestamptz(at: datetime) -> bytes:
    """An instant: microseconds since the beginning of 2000."""
    return as_bigint((at - _EPOCH) // _MICROSECOND)


def timestamptz_of(value: bytes) -> datetime:
    """The instant that PostgreSQL wrote."""
    return _EPOCH + timedelta(microseconds=bigint_of(value))


def bigint_of(value: bytes) -> int:
    """The whole number that PostgreSQL wrote, of whichever length."""
    return int.from_bytes(value, "big", signed=True)


def as_bigint_array(values: Sequence[int]) -> bytes:
    """An array of one dimension, without nulls, whose first subscript is 1."""
    begin = _BIGINT_ARRAY.pack(1, 0, _BIGINT_OID, len(values), 1)
    return begin + fields(*map(as_bigint, values))


def as_jsonb(written: bytes) -> bytes:
    """JSON that is written already."""
    return _JSONB_VERSION + written


def field(value: bytes | None) -> bytes:
    """A value as a field of a row: its length, then itself."""
    return _NO_VALUE if value is None else as_length(len(value)) + value


def fields(*values: bytes | None) -> bytes:
    """Several fields of a row, one after another."""
    return b"".join(map(field, values))
