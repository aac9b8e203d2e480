"""The decoder's output: a file without a name that it was handed, seen through positions of its own."""

import os


class OutputFile:
    """Writes whole pieces, and can be read back while it grows; several views may look at one file."""

    def __init__(self, fd: int) -> None:
        # FFmpeg may lose what a write raised and report something vaguer, so it is kept.
        self.failure: OSError | None = None
        self._fd = fd
        self._at = 0
        self._end = 0

    def view(self) -> "OutputFile":
        """Another view from the start of the same file."""
        other = OutputFile(self._fd)
        other._end = self._end
        return other

    @property
    def size_bytes(self) -> int:
        """How far it has been written."""
        return self._end

    def tell(self) -> int:
        """The position of the next read or write."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position; a negative one raises `ValueError`."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence]
        if base + offset < 0:
            raise ValueError("a seek before the start")
        self._at = base + offset
        return self._at

    def read(self, count: int) -> bytes:
        """At most `count` bytes; none only at the end."""
        piece = os.pread(self._fd, count, self._at)
        self._at += len(piece)
        return piece

    def write(self, data: bytes) -> int:
        """Every byte is in the file when it returns, also where the kernel takes only some at a time."""
        rest = memoryview(data)
        while rest:
            written = self._write_some(rest)
            self._at += written
            rest = rest[written:]
        self._end = max(self._end, self._at)
        return len(data)

    def _write_some(self, data: memoryview) -> int:
        try:
            return os.pwrite(self._fd, data, self._at)
        except OSError as failure:
            self.failure = failure
            raise
