"""How is a folder taken in from beginning to end? Listed, matched with its manifest, taken, reconciled.

Run twice, it adds nothing; killed at any point, the next run goes on. A rehearsal says what would happen and writes
nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from tabard.custody.actors import Actor
from tabard.intake.folder import services
from tabard.intake.folder.grouping import Group, grouped
from tabard.intake.folder.known import Known
from tabard.intake.folder.listing import File, LeftOut, walk
from tabard.intake.folder.manifest import Manifest, Row
from tabard.intake.folder.matching import match
from tabard.intake.folder.names import shown
from tabard.intake.folder.outcomes import (
    WEAKER,
    Outcome,
    State,
    basis,
    compared,
    left_out,
    not_taken,
    without_file,
)
from tabard.intake.folder.reading import NotTaken, Reader
from tabard.intake.folder.taking import Expected, Register, Taker
from tabard.intake.models import FolderRun
from tabard.kernel.errors import Invalid
from tabard.recordings.repeats import standing_by_footage

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Folder:
    """What a folder holds and should hold."""

    root: Path
    files: Sequence[File]
    left_out: Sequence[LeftOut]
    groups: Sequence[Group]
    expected: Expected
    rows: Sequence[Row] = ()
    missing: Sequence[Row] = ()
    faulty: Sequence[tuple[Row, str]] = ()

    @property
    def size_bytes(self) -> int:
        """How much there is to read."""
        return sum(file.size_bytes for file in self.files)

    @property
    def by_weaker_hash(self) -> int:
        """How many files are listed with SHA-1 or MD5 alone, which tell accidents but no forgeries."""
        return sum(basis(row) in WEAKER for row in self.expected.row_of.values())


class Shows(Protocol):
    """What is told how far a run is."""

    def settled(self, outcome: Outcome) -> None:
        """One more file, or row, is accounted for."""


@dataclass(slots=True)
class Tally:
    """How many of each, and those that a person has to look into."""

    counts: Counter[str] = field(default_factory=Counter)
    to_look_into: list[Outcome] = field(default_factory=list)
    object_ids: set[UUID] = field(default_factory=set)
    recording_ids: set[UUID] = field(default_factory=set)

    def add(self, outcome: Outcome) -> None:
        """One more outcome."""
        self.counts[outcome.state] += 1
        if outcome.remark:
            self.counts[outcome.remark] += 1
        if outcome.state in {State.MISSING, State.FAILED} or outcome.remark:
            self.to_look_into.append(outcome)
        if outcome.object_id is not None:
            self.object_ids.add(outcome.object_id)
        if outcome.recording_id is not None:
            self.recording_ids.add(outcome.recording_id)

    @property
    def is_clean(self) -> bool:
        """Whether everything that should be there was, as it should be."""
        return not any(self.counts[wrong] for wrong in ("missing", "different", "failed"))


def look(root: Path, manifest: Manifest | None = None, manifest_path: Path | None = None) -> Folder:
    """What the folder holds, beside what its manifest lists; nothing is read but names.

    Raises:
        Invalid: it is no folder, or cannot be read.
    """
    if not root.is_dir():
        raise Invalid(f"There is no folder {shown(str(root))}.", field="path")
    found = list(walk(root))
    files = [each for each in found if isinstance(each, File)]
    others = [each for each in found if isinstance(each, LeftOut)]
    if not files and any(each.path == "." for each in others):
        raise Invalid(others[0].words, field="path")
    matched = match(manifest.rows if manifest else (), files)
    own = _below(root, manifest_path) if manifest_path else None
    return Folder(
        root=root,
        files=files,
        left_out=others,
        groups=grouped(files, matched.row_of),
        expected=Expected(manifest is not None, matched.row_of, own),
        rows=manifest.rows if manifest else (),
        missing=matched.missing,
        faulty=matched.faulty,
    )


def rehearse(folder: Folder, *, collection: str, reader: Reader | None = None) -> Iterator[Outcome]:
    """What would become of each file; with a reader each is read and hashed, else only looked at. Writes nothing."""
    known = Known(collection)
    for group in folder.groups:
        for file in group.files:
            yield _rehearsed(folder, file, known, reader)
    yield from _accounted(folder, known)


def take_in(
    folder: Folder,
    *,
    run: FolderRun,
    reader: Reader,
    register: Register,
    threads: int,
    by: Actor,
    clock: Callable[[], datetime],
    shows: Shows,
) -> tuple[Tally, int]:
    """Every file of the folder is sealed, or the reason why not is kept; the run is reconciled and logged.

    Args:
        folder: What was found.
        run: The run, begun.
        reader: Reads the folder; setting its `stop` ends the run after the pieces in hand.
        register: Makes a recording of an arrival that is closed.
        threads: How many files are read and sealed at a time.
        by: Who acts.
        clock: Tells the time.
        shows: Is told how far it is.

    Returns:
        The tally, and how many recordings still wait to be read.

    Raises:
        Stopped, Unavailable: the run is not finished; the next one goes on.
    """
    taker = Taker(
        collection=run.collection,
        reader=reader,
        expected=folder.expected,
        register=register,
        by=by,
        clock=clock,
    )
    tally = Tally()
    for outcomes in _batches(_all(folder, taker, threads)):
        services.note(run=run, outcomes=outcomes)
        for outcome in outcomes:
            tally.add(outcome)
            shows.settled(outcome)
    services.finish(run=run, counts=counts(folder, tally), by=by, at=clock())
    return tally, taker.waiting


def counts(folder: Folder, tally: Tally) -> dict[str, int]:
    """The figures of a reconciliation."""
    names = ("sealed", "already", "missing", "failed", "skipped", "extra", "different")
    return {
        "listed": len(folder.rows),
        "found": len(folder.files),
        **{name: tally.counts[name] for name in names},
        "size_bytes": folder.size_bytes,
        "recordings": len(tally.recording_ids),
        "by_weaker_hash": folder.by_weaker_hash,
    }


def _all(folder: Folder, taker: Taker, threads: int) -> Iterator[Outcome]:
    yield from taker.take(folder.groups, threads=threads)
    yield from _accounted(folder, taker.known)


def _accounted(folder: Folder, known: Known) -> Iterator[Outcome]:
    """What is not among the files: rows without one, and what stands in the folder and is no file to be taken."""
    gone = match(folder.missing, known.files())
    for row in folder.missing:
        yield from _not_there(
            row, known, next((path for path, each in gone.row_of.items() if each is row), "")
        )
    for row, words in folder.faulty:
        yield without_file(row, words)
    for found in folder.left_out:
        yield left_out(found, shown(found.path))


def _not_there(row: Row, known: Known, path: str) -> Iterator[Outcome]:
    """A row without a file: missing, unless the file was sealed by an earlier run and has left the folder since."""
    copies = [copy for copy in known.of(path) if copy.has(row.hashes)]
    if not copies:
        yield without_file(row)
        return
    copy = copies[-1]
    yield Outcome(
        path,
        State.ALREADY,
        words="Sealed by an earlier run; the folder does not hold it any more.",
        size_bytes=copy.size_bytes,
        sha256=copy.sha256,
        object_id=copy.object_id,
        recording_id=known.recordings.get(copy.container_id),
    )


def _rehearsed(folder: Folder, file: File, known: Known, reader: Reader | None) -> Outcome:
    row, copy = folder.expected.row_of.get(file.path), known.same(file)
    hashes = dict(copy.hashes) | {"sha256": copy.sha256.hex()} if copy else {}
    if reader is not None:
        try:
            hashes = dict(reader.read(file, ("sha256", *WEAKER)))
        except NotTaken as error:
            return not_taken(file, error.message)
    is_known = copy is not None or _is_here(file, known, hashes.get("sha256", ""))
    sha256 = bytes.fromhex(hashes["sha256"]) if "sha256" in hashes else None
    state = State.ALREADY if is_known else State.SEALED
    outcome = Outcome(file.shown, state, size_bytes=file.size_bytes, sha256=sha256)
    return compared(outcome, row, hashes, has_manifest=folder.expected.lists(file.path))


def _is_here(file: File, known: Known, sha256: str) -> bool:
    if not sha256:
        return False
    digest = bytes.fromhex(sha256)
    return (
        any(copy.sha256 == digest for copy in known.of(file.shown))
        or standing_by_footage([digest]) is not None
    )


def _below(root: Path, path: Path) -> str | None:
    """The path as the listing tells it, if it is in the folder."""
    try:
        return str(path.resolve().relative_to(root.resolve()))
    except ValueError:
        return None


def _batches(outcomes: Iterable[Outcome]) -> Iterator[list[Outcome]]:
    batch: list[Outcome] = []
    for outcome in outcomes:
        batch.append(outcome)
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
