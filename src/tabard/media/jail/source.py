"""The decoder's view of the footage: a seekable file whose bytes come from the parent on request."""

import os
from collections import OrderedDict

from tabard.media.jail import wire

BLOCK_BYTES = 1024 * 1024
_BLOCKS_KEPT = 16


class SourceFile:
    """Reads the footage block by block over the source channel, keeping the last few blocks.

    Demuxers hop between an index and two interleaved streams, so a few blocks serve nearly all their reads.
    """

    def __init__(self, fd: int, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self._fd = fd
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        """Always true."""
        return True

    def seekable(self) -> bool:
        """Always true."""
        return True

    def tell(self) -> int:
        """The position of the next read."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position, which may lie past the end; a negative one raises `ValueError`."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size_bytes}[whence]
        if base + offset < 0:
            raise ValueError("a seek before the start")
        self._at = base + offset
        return self._at

    def read(self, count: int = -1) -> bytes:
        """At most `count` bytes, fewer at a block's edge, none only at the end."""
        if self._at >= self.size_bytes or count == 0:
            return b""
        number, within = divmod(self._at, BLOCK_BYTES)
        block = self._block(number)
        piece = block[within:] if count < 0 else block[within : within + count]
        self._at += len(piece)
        return piece

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            self._blocks[number] = self._fetch(number)
            if len(self._blocks) > _BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _fetch(self, number: int) -> bytes:
        start = number * BLOCK_BYTES
        stop = min(start + BLOCK_BYTES, self.size_bytes)
        wire.write_all(self._fd, wire.ASK.pack(start, stop))
        pieces, missing = [], stop - start
        while missing:
            piece = os.read(self._fd, missing)
            if not piece:
                # FFmpeg might make something else of an exception; an orphan has nothing left to say anyway.
                os._exit(1)
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)
