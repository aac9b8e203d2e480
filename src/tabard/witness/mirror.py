"""A static copy of a log: a folder that any web server can serve under the log's paths (C2SP tlog-tiles)."""

from pathlib import Path

from tabard.kernel.errors import Integrity
from tabard.witness.watch_memory import write_file


class MirrorDiffers(Integrity):
    """A file of the mirror has other bytes than the log gives now, although neither may ever change."""

    code = "mirror_differs"


class Mirror:
    """The copy; the checkpoint is written last, so that all it covers is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, path: str, data: bytes) -> None:
        """The mirror holds the file, durably.

        Raises:
            MirrorDiffers: when it holds other bytes under that path.
        """
        where = self._folder / path
        if where.exists():
            if where.read_bytes() != data:
                raise MirrorDiffers(f"The mirror holds other bytes under {path}.", path=str(where))
            return
        where.parent.mkdir(parents=True, exist_ok=True)
        write_file(where, data)

    def keep_checkpoint(self, note: str) -> None:
        """The mirror's newest checkpoint is this."""
        self._folder.mkdir(parents=True, exist_ok=True)
        write_file(self._folder / "checkpoint", note.encode())
