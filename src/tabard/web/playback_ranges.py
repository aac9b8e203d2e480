"""Which bytes does a request ask for? One range of RFC 9110 section 14, read strictly. Pure."""

import re
from dataclasses import dataclass

from tabard.kernel.errors import Invalid

# More digits than any object has bytes; also keeps int() from being given a page of them.
_ONE_RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.IGNORECASE)


class RangeUnsatisfiable(Invalid):
    """The range begins beyond the end; `fields["size_bytes"]` says where that is."""

    code = "range_unsatisfiable"


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes [start, stop) of an object of `size_bytes`; `is_partial` tells an answer 206 from a 200."""

    start: int
    stop: int
    size_bytes: int
    is_partial: bool

    @property
    def length(self) -> int:
        """How many bytes it has."""
        return self.stop - self.start

    @property
    def content_range(self) -> str:
        """The value of the `Content-Range` field."""
        return f"bytes {self.start}-{self.stop - 1}/{self.size_bytes}"


def asked_range(header: str, size_bytes: int) -> ByteRange:
    """The bytes that a `Range` field asks for; all of them where it is absent, malformed or asks for several ranges.

    RFC 9110 14.2 lets a server ignore a range it does not understand or care to serve.

    Raises:
        RangeUnsatisfiable: when the range is well formed and no byte of the object lies in it.
    """
    found = _ONE_RANGE.fullmatch(header.strip())
    if found is None or not (found[1] or found[2]):
        return ByteRange(0, size_bytes, size_bytes, is_partial=False)
    if not found[1]:
        return _suffix(int(found[2]), size_bytes)
    first, last = int(found[1]), int(found[2]) if found[2] else size_bytes - 1
    if found[2] and last < first:
        return ByteRange(0, size_bytes, size_bytes, is_partial=False)
    if first >= size_bytes:
        raise _beyond(size_bytes)
    return ByteRange(first, min(last + 1, size_bytes), size_bytes, is_partial=True)


def _suffix(length: int, size_bytes: int) -> ByteRange:
    """The last so many bytes."""
    if length == 0 or size_bytes == 0:
        raise _beyond(size_bytes)
    return ByteRange(max(size_bytes - length, 0), size_bytes, size_bytes, is_partial=True)


def _beyond(size_bytes: int) -> RangeUnsatisfiable:
    return RangeUnsatisfiable("No byte lies in that range.", field="range", size_bytes=size_bytes)
