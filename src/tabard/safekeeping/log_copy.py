"""The log as files: written as a static C2SP tlog-tiles tree that any such tool reads, and read back with its proof."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tabard.custody.carrying import cosigned_note, leaves_of
from tabard.custody.nodes import read_nodes
from tabard.kernel.errors import Integrity
from tabard.merkle.checkpoint import Checkpoint as TreeHead
from tabard.merkle.checkpoint import open_checkpoint
from tabard.merkle.note import VerifierKey
from tabard.merkle.tiles import TILE_WIDTH, bundles_of, decode_bundle, encode_bundle, tile_bytes, tiles_of
from tabard.merkle.tree import leaf_hash, root_of
from tabard.safekeeping.errors import BackupUnusable

CHECKPOINT, VKEY = "checkpoint", "log.vkey"


@dataclass(frozen=True, slots=True)
class LogCopy:
    """A static copy of the log: its signed head and where its leaves are."""

    folder: Path
    head: TreeHead
    note: str

    def leaves(self, first: int = 0) -> Iterator[bytes]:
        """The leaves' bytes from position `first` on, in order.

        Raises:
            BackupUnusable: an entry bundle is missing or damaged.
        """
        for bundle in bundles_of(self.head.size):
            start = bundle.index * TILE_WIDTH
            if start + bundle.width <= first:
                continue
            yield from self._bundle(bundle.path, bundle.width)[max(0, first - start) :]

    def check(self) -> None:
        """Return only if the leaves have the root that was signed.

        Raises:
            BackupUnusable.
        """
        if root_of([leaf_hash(leaf) for leaf in self.leaves()]) != self.head.root:
            raise BackupUnusable(f"The leaves in {self.folder} do not have the root that was signed.")

    def _bundle(self, path: str, width: int) -> list[bytes]:
        try:
            entries = decode_bundle(self._wider(path).read_bytes())
        except (OSError, Integrity) as error:
            raise BackupUnusable(f"{path} is missing or damaged.", path=path) from error
        if len(entries) < width:
            raise BackupUnusable(f"{path} holds too few leaves.", path=path)
        return entries[:width]

    def _wider(self, path: str) -> Path:
        """A partial bundle, or the full one that took its place in a copy that went on."""
        found = self.folder / path
        return found if found.exists() else self.folder / path.partition(".p/")[0]


def read_log(folder: Path, verifiers: Sequence[VerifierKey]) -> LogCopy:
    """The copy of the log in a folder, if one of the log's keys signed its head.

    Raises:
        BackupUnusable: there is no checkpoint, or none that these keys signed.
    """
    try:
        note = (folder / CHECKPOINT).read_bytes()
        return LogCopy(folder, open_checkpoint(note, verifiers), note.decode())
    except (OSError, Integrity, UnicodeDecodeError) as error:
        raise BackupUnusable(f"{folder} holds no checkpoint that this log's keys signed.") from error


def read_verifiers(folder: Path) -> list[VerifierKey]:
    """The verifier keys that stand beside a copy; believe them no further than whoever gave you the copy.

    Raises:
        BackupUnusable: there are none.
    """
    try:
        lines = (folder / VKEY).read_text(encoding="utf-8").split()
        return [VerifierKey.parse(line) for line in lines]
    except (OSError, ValueError) as error:
        raise BackupUnusable(f"There is no {VKEY} in {folder}.") from error


def write_log(folder: Path, size: int, verifiers: Sequence[VerifierKey]) -> None:
    """Every tile and bundle that the checkpoint of this size covers stands below the folder, and that itself."""
    for tile in tiles_of(size):
        _write(folder / tile.path, tile_bytes(tile, read_nodes))
    leaves = leaves_of(size)
    for bundle in bundles_of(size):
        _write(folder / bundle.path, encode_bundle([next(leaves) for _ in range(bundle.width)]))
    _write(folder / CHECKPOINT, cosigned_note(size).encode())
    _write(folder / VKEY, "".join(f"{key.encode()}\n" for key in verifiers).encode())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(content)
