"""Which boxes does an MP4 or MOV file consist of? ISO/IEC 14496-12 clause 4.2, and Apple's QuickTime File Format.

A box names its length; none is believed further than the box around it goes, and there is an end to how many are
looked at, so a file of millions of boxes costs no more than one of thousands.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tabard.media.jail.reading.found import Broken, exactly
from tabard.media.jail.source import SourceFile

MOST_BODY_BYTES = 4 * 1024 * 1024
_HEAD = struct.Struct(">I4s")
_LONG = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its kind, and its body as bytes [start, stop) of the file."""

    kind: bytes
    start: int
    stop: int


class Movie:
    """The boxes of one file, with an end to how many are looked at in all."""

    def __init__(self, source: SourceFile, most_boxes: int = 20_000) -> None:
        self.source = source
        self._left = most_boxes

    def boxes(self, start: int = 0, stop: int | None = None) -> Iterator[Box]:
        """The boxes that stand in [start, stop), as far as they are whole at their head."""
        end = self.source.size_bytes if stop is None else stop
        while start + _HEAD.size <= end and self._left > 0:
            self._left -= 1
            size, kind = _HEAD.unpack(exactly(self.source, start, _HEAD.size))
            head = _HEAD.size
            if size == 1:
                if start + 16 > end:
                    return
                (size,) = _LONG.unpack(exactly(self.source, start + _HEAD.size, _LONG.size))
                head += _LONG.size
            if size == 0:
                size = end - start
            if size < head:
                return
            yield Box(kind, start + head, min(start + size, end))
            start += size

    def inside(self, box: Box, kind: bytes) -> Iterator[Box]:
        """The boxes of a kind that stand directly in a box."""
        return (each for each in self.boxes(box.start, box.stop) if each.kind == kind)

    def first(self, box: Box, *path: bytes) -> Box | None:
        """The first box at the end of a path of kinds."""
        found: Box | None = box
        for kind in path:
            found = next(self.inside(found, kind), None) if found else None
        return found

    def body(self, box: Box, most_bytes: int = MOST_BODY_BYTES) -> bytes:
        """What stands in the box, from its beginning, as far as it may be read."""
        return exactly(self.source, box.start, min(box.stop - box.start, most_bytes))


def unpacked(layout: str, body: bytes, at: int = 0) -> tuple[int, ...]:
    """Big-endian numbers from a body.

    Raises:
        Broken: the body is too short.
    """
    try:
        return struct.unpack_from(f">{layout}", body, at)
    except struct.error as error:
        raise Broken("a box is shorter than it must be") from error
