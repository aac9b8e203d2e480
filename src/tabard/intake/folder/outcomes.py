"""What became of a file, and is it what was expected?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from tabard.intake.folder.listing import File, LeftOut
from tabard.intake.folder.manifest import Row
from tabard.intake.models import FolderItem

State = FolderItem.State
Remark = FolderItem.Remark
WEAKER = ("sha1", "md5")
BEFORE = (
    "Other bytes were sealed under this path before; both are kept. If this is another card, give it a collection of "
    "its own."
)
DISPOSED = "It was sealed and has been disposed of since; it is not taken in again."
_NAMES = {"sha256": "SHA-256", "sha1": "SHA-1", "md5": "MD5"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file, or of one row without a file."""

    path: str
    state: State
    remark: Remark = Remark.NONE
    words: str = ""
    size_bytes: int | None = None
    sha256: bytes | None = None
    object_id: UUID | None = None
    recording_id: UUID | None = None


def compared(outcome: Outcome, row: Row | None, hashes: Mapping[str, str], *, has_manifest: bool) -> Outcome:
    """The outcome of a file that we have, beside what its manifest says of it.

    Args:
        outcome: What became of the file.
        row: Its row, if it has one.
        hashes: Those of the file, by algorithm, in lower-case hexadecimal.
        has_manifest: Whether there is a list that it should be on.
    """
    if row is None:
        return replace(outcome, remark=Remark.EXTRA) if has_manifest and not outcome.remark else outcome
    for algorithm, listed in row.hashes.items():
        found = hashes.get(algorithm)
        if found is not None and found != listed:
            words = f"Listed with {_NAMES[algorithm]} {listed}, and has {found}."
            return replace(outcome, remark=Remark.DIFFERENT, words=words)
    return outcome


def basis(row: Row | None) -> str:
    """The strongest hash that a row lists; empty if it lists none."""
    return next((name for name in ("sha256", *WEAKER) if row and name in row.hashes), "")


def left_out(found: LeftOut, path: str) -> Outcome:
    """The outcome of what stands in the folder and cannot be taken."""
    return Outcome(path, State.FAILED if found.is_failure else State.SKIPPED, words=found.words)


def without_file(row: Row, words: str = "") -> Outcome:
    """The outcome of a row that no file was found for, or that cannot be used."""
    where = f"Line {row.line} of the manifest"
    if words:
        return Outcome(row.file or f"(line {row.line})", State.FAILED, words=f"{where}: {words}")
    return Outcome(row.file, State.MISSING, words=f"{where} lists it, and the folder does not hold it.")


def not_taken(file: File, words: str) -> Outcome:
    """The outcome of a file that could not be read."""
    return Outcome(file.shown, State.FAILED, words=words, size_bytes=file.size_bytes)
