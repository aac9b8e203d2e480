"""How do the parent and the decoder speak? Two channels, each with bounds that the parent enforces.

Source channel: the decoder asks with two unsigned 64-bit numbers, start and stop; the parent answers with exactly
stop minus start bytes, or closes the channel. Control channel, decoder to parent only: frames of an unsigned
32-bit length and that many bytes of JSON. Progress frames may come first, one answer frame comes last.
"""

import os
import struct

ASK = struct.Struct(">QQ")
FRAME_HEAD = struct.Struct(">I")
MOST_READ_BYTES = 4 * 1024 * 1024
MOST_FRAME_BYTES = 4 * 1024 * 1024
MOST_FRAMES = 10_000


def write_all(fd: int, data: bytes) -> None:
    """Every byte is in the channel when it returns; plain `write`, because the filter allows no socket calls."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
