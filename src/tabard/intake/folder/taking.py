"""How do the files of a folder become recordings? Threads read, hash and seal; one thread alone writes rows.

Each file is committed as it is sealed, so that whatever kills a run, the next one goes on with the file that was in
hand. When all files of a recording are in, its arrival is closed and registered. A recording of which a file could not
be read waits for it: its arrival stays open, and the next run completes it.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from tabard.custody.actors import Actor
from tabard.intake import arrivals
from tabard.intake.folder.grouping import Group
from tabard.intake.folder.known import Copy, Known
from tabard.intake.folder.listing import File
from tabard.intake.folder.manifest import Row
from tabard.intake.folder.names import object_name, short
from tabard.intake.folder.outcomes import (
    BEFORE,
    DISPOSED,
    WEAKER,
    Outcome,
    Remark,
    State,
    basis,
    compared,
    not_taken,
)
from tabard.intake.folder.reading import NotTaken, Reader
from tabard.intake.models import Container
from tabard.intake.services import receive
from tabard.kernel.errors import Unavailable
from tabard.recordings.models import Recording
from tabard.recordings.repeats import standing_by_footage
from tabard.safekeeping.side_by_side import side_by_side
from tabard.vault import services as vault
from tabard.vault.services import PendingObject

logger = logging.getLogger(__name__)
_TELL_EVERY = 500
Register = Callable[[Container], Recording | None]


@dataclass(frozen=True, slots=True)
class Expected:
    """What the manifest says, if there is one: the row of each file, by its path."""

    has_manifest: bool = False
    row_of: Mapping[str, Row] = field(default_factory=dict)
    manifest_path: str | None = None

    def lists(self, path: str) -> bool:
        """Whether a file should be on the list, which does not list itself."""
        return self.has_manifest and path != self.manifest_path


@dataclass(slots=True, eq=False)
class _Taking:
    """A group while its files are taken."""

    group: Group
    left: int = 0
    container_id: UUID | None = None
    has_failed: bool = False
    outcomes: list[Outcome] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Sealing:
    """One file in the hands of a thread; what is known already is only read, for a hash that nobody took yet."""

    taking: _Taking
    file: File
    row: Row | None
    copy: Copy | None = None
    pending: PendingObject | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)


class Taker:
    """Takes groups of files into a collection."""

    def __init__(
        self,
        *,
        collection: str,
        reader: Reader,
        expected: Expected,
        register: Register,
        by: Actor,
        clock: Callable[[], datetime],
    ) -> None:
        self.waiting = 0  # recordings that cannot be registered yet
        self._collection, self._reader, self._expected = collection, reader, expected
        self._register, self._by, self._clock = register, by, clock
        self.known = Known(collection)
        self._finished: list[_Taking] = []
        self._in_hand: set[_Sealing] = set()

    def take(self, groups: Iterable[Group], *, threads: int) -> Iterator[Outcome]:
        """What became of every file of every group, group by group, as each is done.

        Raises:
            Stopped: the reader was told to stop.
            Unavailable: the store, the database or the key ring does not work; another run goes on from there.
        """
        work = side_by_side(self._work(groups), self._seal, threads=threads)
        try:
            for sealing, error in work:
                self._settle(sealing, error)
                yield from self._told()
            yield from self._told()
        except BaseException:
            self._reader.stop.set()
            raise
        finally:
            work.close()
            for sealing in self._in_hand:
                if sealing.pending is not None:
                    vault.give_up(sealing.pending)

    def _work(self, groups: Iterable[Group]) -> Iterator[_Sealing]:
        """Every file that has to be read; what is sealed already is settled on the way."""
        for group in groups:
            taking = _Taking(
                group, left=1
            )  # the last of them is the group itself, so that none is done too early
            for file in group.files:
                sealing = _Sealing(taking, file, self._expected.row_of.get(file.path), self.known.same(file))
                if sealing.copy is not None and not self._must_read(sealing):
                    self._settle_known(sealing, sealing.copy)
                    continue
                taking.left += 1
                self._in_hand.add(sealing)
                yield sealing
            self._done(taking)
            if (
                len(self._finished) >= _TELL_EVERY
            ):  # so that a run over what is all sealed shows that it moves
                yield _Sealing(_Taking(group, left=2), group.files[0], None)

    @staticmethod
    def _must_read(sealing: _Sealing) -> bool:
        """Whether a file that is sealed is listed with a weaker hash alone, which was not taken when it was sealed."""
        algorithm = basis(sealing.row)
        taken = dict(sealing.copy.hashes) if sealing.copy else {}
        return algorithm in WEAKER and algorithm not in taken

    def _seal(self, sealing: _Sealing) -> None:
        """In a thread: the file is read, and sealed where it is not yet. Touches no row."""
        if sealing not in self._in_hand:
            return
        weaker = [name for name in WEAKER if sealing.row and name in sealing.row.hashes]
        if sealing.copy is not None:
            sealing.hashes = self._reader.read(sealing.file, weaker)
            return
        with vault.start() as pending:
            sealing.hashes = self._reader.read(sealing.file, weaker, pending.write)
            pending.seal()
        sealing.pending = pending

    def _settle(self, sealing: _Sealing, error: Exception | None) -> None:
        self._in_hand.discard(sealing)
        if isinstance(error, NotTaken):
            sealing.taking.has_failed = True
            sealing.taking.outcomes.append(not_taken(sealing.file, error.message))
        elif error is not None:
            raise error
        elif sealing.copy is not None:
            self._settle_known(sealing, sealing.copy)
        elif sealing.pending is not None:
            self._keep(sealing, sealing.pending)
        self._done(sealing.taking)

    def _settle_known(self, sealing: _Sealing, copy: Copy, words: str = "") -> None:
        """The file is sealed already."""
        sealing.taking.container_id = sealing.taking.container_id or copy.container_id
        outcome = Outcome(
            sealing.file.shown,
            State.ALREADY,
            words=DISPOSED if copy.is_disposed else words,
            size_bytes=copy.size_bytes,
            sha256=copy.sha256,
            object_id=None if copy.is_disposed else copy.object_id,
        )
        hashes = {"sha256": copy.sha256.hex(), **dict(copy.hashes), **sealing.hashes}
        self._add(sealing, outcome, hashes)

    def _keep(self, sealing: _Sealing, pending: PendingObject) -> None:
        """The bytes that were just sealed are kept, unless we have them."""
        sha256 = pending.facts.sha256 if pending.facts else b""
        before = self.known.of(sealing.file.shown)
        same = next((copy for copy in before if copy.sha256 == sha256), None)
        if same is not None:
            vault.give_up(pending)
            self._settle_known(sealing, same, "Its time on the card is another; its bytes are the same.")
        elif not before and (recording := self._standing(sealing, sha256)) is not None:
            vault.give_up(pending)
            self._settle_standing(sealing, sha256, recording)
        else:
            self._receive(sealing, pending, sha256, is_other=bool(before))

    def _standing(self, sealing: _Sealing, sha256: bytes) -> Recording | None:
        """The recording that a file which comes alone is already, if nobody lays claim to it for someone else."""
        said = sealing.row.said if sealing.row else {}
        is_alone = len(sealing.taking.group.files) == 1
        return standing_by_footage([sha256]) if is_alone and not said.keys() & {"officer", "camera"} else None

    def _settle_standing(self, sealing: _Sealing, sha256: bytes, recording: Recording) -> None:
        segment = recording.segments.filter(object__sha256=sha256).first()
        outcome = Outcome(
            sealing.file.shown,
            State.ALREADY,
            words="These bytes are a recording already, that came in another way.",
            size_bytes=sealing.file.size_bytes,
            sha256=sha256,
            object_id=segment.object_id if segment else None,
            recording_id=recording.pk,
        )
        self._add(sealing, outcome, {"sha256": sha256.hex(), **sealing.hashes})

    def _receive(self, sealing: _Sealing, pending: PendingObject, sha256: bytes, *, is_other: bool) -> None:
        file, taking = sealing.file, sealing.taking
        container = self._container(taking, is_other=is_other)
        receive(
            container_id=container,
            name=object_name(file.path, among=taking.group.paths),
            metadata=_metadata(sealing),
            pending=pending,
            by=self._by,
            at=self._clock(),
        )
        self.known.add(
            Copy(
                file.shown, file.size_bytes, str(file.modified_ns), tuple(sealing.hashes.items()),
                pending.object_id, container, sha256,
            )
        )  # fmt: skip
        self.known.unfinished.add(container)
        outcome = Outcome(
            file.shown,
            State.SEALED,
            Remark.DIFFERENT if is_other else Remark.NONE,
            BEFORE if is_other else "",
            file.size_bytes,
            sha256,
            pending.object_id,
        )
        self._add(sealing, outcome, {"sha256": sha256.hex(), **sealing.hashes})

    def _container(self, taking: _Taking, *, is_other: bool) -> UUID:
        """Where the group arrives: with those of its files that are sealed; other bytes of a path by themselves."""
        if taking.container_id is None:
            name = taking.group.name
            number = 2
            while is_other and arrivals.is_opened(collection=self._collection, name=name):
                name = f"{short(taking.group.name, 190)} ({number})"
                number += 1
            opened = arrivals.open_for_collection(collection=self._collection, name=name, at=self._clock())
            taking.container_id = opened.pk
        return taking.container_id

    def _add(self, sealing: _Sealing, outcome: Outcome, hashes: Mapping[str, str]) -> None:
        has_manifest = self._expected.lists(sealing.file.path)
        sealing.taking.outcomes.append(compared(outcome, sealing.row, hashes, has_manifest=has_manifest))

    def _done(self, taking: _Taking) -> None:
        """One file of a group is settled; after the last one, the group is."""
        taking.left -= 1
        if not taking.left:
            self._finished.append(taking)

    def _told(self) -> Iterator[Outcome]:
        """The outcomes of the groups that were finished since it was last asked, once they are recordings."""
        while self._finished:
            taking = self._finished.pop()
            recording_id = self._recording(taking)
            for outcome in taking.outcomes:
                is_ours = outcome.state in {State.SEALED, State.ALREADY} and outcome.recording_id is None
                yield replace(outcome, recording_id=recording_id) if is_ours else outcome

    def _recording(self, taking: _Taking) -> UUID | None:
        """The group's recording; None while a file of it is missing, or nothing can read what it says."""
        container_id = taking.container_id
        if container_id is None or taking.has_failed:
            return None
        if container_id not in self.known.unfinished:
            return self.known.recordings.get(container_id)
        container = Container.objects.get(pk=container_id)
        arrivals.close(container=container, by=self._by, at=self._clock())
        try:
            recording = self._register(container)
        except Unavailable as error:
            logger.info("A recording waits to be read: %s", error)
            self.waiting += 1
            return None
        self.known.unfinished.discard(container_id)
        if recording is not None:
            self.known.recordings[container_id] = recording.pk
        return recording.pk if recording else None


def _metadata(sealing: _Sealing) -> dict[str, str]:
    """What the sender says of a file: its manifest, and the card that it was on."""
    file, said = sealing.file, dict(sealing.row.said) if sealing.row else {}
    return {
        **said,
        **sealing.hashes,
        "path": file.shown,
        "modified_ns": str(file.modified_ns),
        "modified_at": _iso(file.modified_ns),
    }


def _iso(modified_ns: int) -> str:
    """The file's time in words; nothing where a broken card says one that no calendar has."""
    try:
        return datetime.fromtimestamp(modified_ns // 1_000_000_000, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""
