"""How do hundreds of thousands of rows become binary COPY without a loop over them? Column by column, in numpy.

A column is a matrix of bytes, a row to each of the table's, with how many of them count where they differ. Columns set
beside one another, less the bytes that do not count, are the rows.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tabard.custody.wire import as_smallint, field
from tabard.simulation.whole_force.instants import Ids, Instants

Bytes = NDArray[np.uint8]
PIECE_ROWS = 20_000
_PREFIX = 4
_NULL = field(None)


class Column(NamedTuple):
    """Fields of one column; of each row the first `lengths` bytes count, or all."""

    cells: Bytes
    lengths: NDArray[np.int64] | None = None


def pieces(count: int, columns: Callable[[slice], Sequence[Column]]) -> Iterator[bytes]:
    """Rows of binary COPY, a piece at a time; `columns` gives those of a slice."""
    for first in range(0, count, PIECE_ROWS):
        yield _rows(columns(slice(first, min(first + PIECE_ROWS, count))))


def _rows(columns: Sequence[Column]) -> bytes:
    """The columns beside one another."""
    count = len(columns[0].cells)
    begin = Column(np.broadcast_to(np.frombuffer(as_smallint(len(columns)), np.uint8), (count, 2)))
    every = [begin, *columns]
    together = np.concatenate([column.cells for column in every], axis=1)
    if any(column.lengths is not None for column in columns):
        together = together[np.concatenate([_counting(column) for column in every], axis=1)]
    return bytes(together.data)


def _counting(column: Column) -> NDArray[np.bool_]:
    """Which bytes of the column count."""
    shape = column.cells.shape
    if column.lengths is None:
        return np.broadcast_to(np.True_, shape)
    return np.arange(shape[1]) < column.lengths[:, None]


def uuids(ids: Ids) -> Column:
    """A uuid."""
    return Column(_prefixed(ids))


def instants(at: Instants, present: NDArray[np.bool_] | None = None) -> Column:
    """A timestamptz; null where it is not present."""
    return bigints(at, present)


def bigints(values: NDArray[np.int64], present: NDArray[np.bool_] | None = None) -> Column:
    """A bigint; null where it is not present."""
    return _numbers(values.astype(">i8"), present)


def integers(values: NDArray[np.int64]) -> Column:
    """An integer of four bytes."""
    return _numbers(values.astype(">i4"), None)


def doubles(values: NDArray[np.float64], present: NDArray[np.bool_] | None = None) -> Column:
    """A double precision number; null where it is not present."""
    return _numbers(values.astype(">f8"), present)


def hashes(values: Bytes) -> Column:
    """A bytea of one width."""
    return Column(_prefixed(values))


def chosen(which: NDArray[np.int64], values: Sequence[bytes | None]) -> Column:
    """One of a few values for each row, None for null."""
    written = [field(value) for value in values]
    width = max(map(len, written))
    table = np.frombuffer(b"".join(each.ljust(width, b"\0") for each in written), np.uint8)
    lengths = np.array([len(each) for each in written], np.int64)
    return Column(table.reshape(-1, width)[which], lengths[which])


def same(value: bytes | None, count: int) -> Column:
    """The one value for every row."""
    written = np.frombuffer(field(value), np.uint8)
    return Column(np.broadcast_to(written, (count, len(written))))


def numbered(begin: str, numbers: NDArray[np.int64], digits: int, end: str = "") -> Column:
    """A text around a number of so many digits."""
    powers = 10 ** np.arange(digits - 1, -1, -1)
    middle = (numbers[:, None] // powers % 10 + ord("0")).astype(np.uint8)
    around = [np.frombuffer(text.encode(), np.uint8) for text in (begin, end)]
    first, last = (np.broadcast_to(each, (len(middle), len(each))) for each in around)
    return Column(_prefixed(np.concatenate([first, middle, last], axis=1)))


def _numbers(values: NDArray[np.generic], present: NDArray[np.bool_] | None) -> Column:
    width = values.dtype.itemsize
    cells = _prefixed(np.ascontiguousarray(values).view(np.uint8).reshape(-1, width))
    if present is None:
        return Column(cells)
    cells[~present, :_PREFIX] = np.frombuffer(_NULL, np.uint8)
    return Column(cells, np.where(present, _PREFIX + width, _PREFIX))


def _prefixed(values: Bytes) -> Bytes:
    """The values, each after its length."""
    length = np.frombuffer(values.shape[1].to_bytes(_PREFIX, "big"), np.uint8)
    return np.concatenate([np.broadcast_to(length, (len(values), _PREFIX)), values], axis=1)
