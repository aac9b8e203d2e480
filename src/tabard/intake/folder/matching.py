r"""Which file does each row of a manifest mean? Pure.

A row's file is looked for by its whole path, then without the folders before it, one after another: exports name
files from wherever they were made (`D:\Export\101LX\a.mp4`). Letters may be of either case. What could be two files
is none.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tabard.intake.folder.listing import File
from tabard.intake.folder.manifest import Row


@dataclass(frozen=True, slots=True)
class Matched:
    """The row of each file by its path, rows without a file, and rows that cannot be used, with the reason."""

    row_of: Mapping[str, Row] = field(default_factory=dict)
    missing: Sequence[Row] = ()
    faulty: Sequence[tuple[Row, str]] = ()


def match(rows: Iterable[Row], files: Iterable[File]) -> Matched:
    """Every row with its file, or why it has none."""
    index = _Index(files)
    row_of: dict[str, Row] = {}
    missing: list[Row] = []
    faulty: list[tuple[Row, str]] = []
    for row in rows:
        found = index.find(row.file) if row.file else []
        if row.fault:
            faulty.append((row, row.fault))
        elif len(found) > 1:
            faulty.append((row, f"It could be any of {len(found)} files; write more of its path."))
        elif not found:
            missing.append(row)
        elif (other := row_of.setdefault(found[0], row)) is not row and (other.hashes, other.said) != (
            row.hashes,
            row.said,
        ):
            faulty.append((row, f"Line {other.line} says otherwise of the same file."))
    return Matched(row_of, missing, faulty)


class _Index:
    """Files by their whole paths, and by every ending of them."""

    def __init__(self, files: Iterable[File]) -> None:
        self._by_ending: dict[str, list[str]] = defaultdict(list)
        self._whole: dict[str, list[str]] = defaultdict(list)
        for file in files:
            parts = _comparable(file.path).split("/")
            self._whole["/".join(parts)].append(file.path)
            for start in range(1, len(parts)):
                self._by_ending["/".join(parts[start:])].append(file.path)

    def find(self, written: str) -> list[str]:
        """The paths of the files that may be meant; the longest part of the written path that any has decides."""
        parts = [part for part in _comparable(written.replace("\\", "/")).split("/") if part not in {"", "."}]
        for start in range(len(parts)):
            ending = "/".join(parts[start:])
            found = self._whole.get(ending) or self._by_ending.get(ending)
            if found:
                return found
        return []


def _comparable(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
