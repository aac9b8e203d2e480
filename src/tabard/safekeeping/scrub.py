"""Is every copy still what was sealed? Each is read back whole, longest unseen first, and mended where it is not.

What was seen is written down as it is seen, and nothing else says how far a run is: whatever stops it, the next one
takes the copies that were not seen for longest, so it goes on where that one stopped. A damaged copy is mended from
another store only by bytes that were authenticated there, and then read back. The damaged bytes are not set aside:
nobody can read them, and where they are wrong stands in the event; a store with versions keeps them itself.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import Integrity, NotFound, Unavailable
from tabard.safekeeping.copies import copy_object, verify_copy
from tabard.safekeeping.damages import record_damage, record_good, record_repair
from tabard.safekeeping.errors import ScrubRunning
from tabard.safekeeping.side_by_side import side_by_side
from tabard.safekeeping.unseen import is_awaited, seen_again, totals, unseen
from tabard.vault.errors import ObjectLost
from tabard.vault.models import Scrub, SealedObject
from tabard.vault.ports import ObjectStore
from tabard.vault.stores import configured_stores

THREADS = max(2, min(os.cpu_count() or 2, 8))
_BATCH = 200
_WRITE_EVERY = timedelta(seconds=2)
_UNREACHABLE_AT_MOST = 10
_LOCK = 0x7363_7275_6200  # "scrub", and the store's letter
Clock = Callable[[], datetime]
Progress = Callable[["Run"], None]


@dataclass(frozen=True, slots=True)
class Culprit:
    """One copy that is not what was sealed: what is wrong with it, and what became of it."""

    object: SealedObject
    store: str
    code: str
    words: str
    repaired: bool = False
    why_not: str = ""


@dataclass(slots=True)
class Run:
    """One run over one store, as far as it is."""

    row: Scrub
    to_read: int
    size_to_read_bytes: int
    awaited: int = 0
    culprits: list[Culprit] = field(default_factory=list)
    unreachable: list[Culprit] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every copy that was read is good, and was good."""
        return not self.culprits and not self.unreachable


def scrub(
    *,
    store: str,
    by: Actor,
    clock: Clock,
    stop: Callable[[], bool] = lambda: False,
    unseen_since: datetime | None = None,
    threads: int = THREADS,
    progress: Progress = lambda _run: None,
) -> Run:
    """Every copy in the store was read back when this returns, or those unseen for longest until the time was up.

    `store.scrubbed` with the counts is in the log. Call outside any transaction.

    Args:
        store: The name of a configured store.
        by: Who asks.
        clock: Tells the time; a run is long.
        stop: No reading begins once this says so: the time is up, or the process ends.
        unseen_since: Leave out copies that were read back after this; the default is the start of the run.
        threads: How many copies are read at once.
        progress: Told how far the run is, every two seconds.

    Raises:
        NotFound: no such store is configured.
        ScrubRunning: another process scrubs it now.
        Unavailable: the store did not answer ten times in a row; what was seen is written down.
    """
    stores = configured_stores()
    if store not in stores:
        raise NotFound(f"There is no store {store}.", field="store")
    with _alone(store):
        began = clock()
        cutoff = min(unseen_since or began, began)
        Scrub.objects.filter(store=store, ended_at__isnull=True).update(ended_at=began)  # killed, all of them
        run = _new_run(store, began, cutoff)
        working = _Scrubbing(run, stores, by=by, clock=clock, progress=progress)
        return working.go(cutoff, stop, threads)


def newest_runs() -> list[Scrub]:
    """The newest run of each configured store, where there was one."""
    runs = (Scrub.objects.filter(store=name).order_by("-started_at").first() for name in configured_stores())
    return [run for run in runs if run is not None]


class _Scrubbing:
    """Keeps the threads busy; everything that touches the database is done by the one that called."""

    def __init__(
        self,
        run: Run,
        stores: Mapping[str, ObjectStore],
        *,
        by: Actor,
        clock: Clock,
        progress: Progress,
    ) -> None:
        self._name, self._store = run.row.store, stores[run.row.store]
        self._others = {name: other for name, other in stores.items() if name != self._name}
        self._by, self._clock, self._run, self._progress = by, clock, run, progress
        self._good: list[SealedObject] = []
        self._written_at = clock()
        self._in_a_row = 0

    def go(self, cutoff: datetime, stop: Callable[[], bool], threads: int) -> Run:
        """The run, ended and logged."""
        row = self._run.row
        try:
            row.is_complete = self._read_all(cutoff, stop, threads)
        finally:
            self._write()
            row.ended_at = self._clock()
            self._end()
        return self._run

    def _read_all(self, cutoff: datetime, stop: Callable[[], bool], threads: int) -> bool:
        """Whether all were read; False where it was stopped before."""
        is_stopped = False

        def until_stopped() -> Iterator[SealedObject]:
            nonlocal is_stopped
            for obj in unseen(self._name, cutoff):
                if stop():
                    is_stopped = True
                    return
                yield obj

        def look(obj: SealedObject) -> None:
            verify_copy(obj=obj, store=self._store)

        for obj, error in side_by_side(until_stopped(), look, threads=threads):
            self._judge(obj, error)
            if self._clock() - self._written_at >= _WRITE_EVERY or len(self._good) >= _BATCH:
                self._write()
        return not is_stopped

    def _judge(self, obj: SealedObject, error: Exception | None) -> None:
        row = self._run.row
        if isinstance(error, Unavailable):
            self._note_unreachable(obj, error)
            return
        self._in_a_row = 0
        row.copies += 1
        row.size_bytes += obj.size_bytes
        if error is None:
            self._good.append(obj)
        elif isinstance(error, Integrity):
            self._deal_with(obj, error)
        else:
            raise error

    def _deal_with(self, obj: SealedObject, error: Integrity) -> None:
        current = SealedObject.objects.filter(pk=obj.pk).first()
        if current is None or not current.is_readable:  # disposed of while it was being read
            return
        if isinstance(error, ObjectLost) and is_awaited(obj.pk, self._name):
            self._run.awaited += 1
            return
        record_damage(object_id=obj.pk, store=self._name, error=error, by=self._by, at=self._clock())
        why_not = self._mend(current)
        self._run.culprits.append(
            Culprit(current, self._name, error.code, error.message, not why_not, why_not)
        )
        self._run.row.damaged += 1
        self._run.row.repaired += not why_not

    def _mend(self, obj: SealedObject) -> str:
        """Empty once the copy is good again, or why it could not be mended."""
        reasons = [self._mend_from(name, obj) for name in self._others]
        if not reasons:
            return "There is no second store to repair it from."
        return "" if "" in reasons else " ".join(reasons)

    def _mend_from(self, name: str, obj: SealedObject) -> str:
        try:
            copy_object(obj=obj, source=self._others[name], target=self._store)
        except Integrity as error:
            return self._failed_from(name, obj, error)
        except Unavailable as error:
            return f"A store does not answer: {error.message}"
        is_kept = record_repair(
            object_id=obj.pk, store=self._name, source=name, by=self._by, at=self._clock()
        )
        if not is_kept and SealedObject.objects.filter(pk=obj.pk, key_destroyed_at__isnull=False).exists():
            self._store.delete(obj.store_key)  # disposed of meanwhile: what was put back goes again
        return ""

    def _failed_from(self, name: str, obj: SealedObject, error: Integrity) -> str:
        if error.fields.get("copy") == "target":
            return f"What was written does not read back: {error.message}"
        record_damage(object_id=obj.pk, store=name, error=error, by=self._by, at=self._clock())
        return f"The copy in store {name} is not good either: {error.message}"

    def _note_unreachable(self, obj: SealedObject, error: Unavailable) -> None:
        self._run.unreachable.append(Culprit(obj, self._name, error.code, error.message))
        self._in_a_row += 1
        if self._in_a_row >= _UNREACHABLE_AT_MOST:
            raise error

    def _write(self) -> None:
        """What was seen is in the database."""
        at = self._clock()
        known = seen_again(objects=[obj.pk for obj in self._good], store=self._name, at=at)
        for obj in self._good:
            if obj.pk not in known:
                record_repair(object_id=obj.pk, store=self._name, source="", by=self._by, at=at)
                record_good(object_id=obj.pk, stores=[self._name], by=self._by, at=at)
        self._good.clear()
        self._run.row.save()
        self._written_at = at
        self._progress(self._run)

    def _end(self) -> None:
        row = self._run.row
        with transaction.atomic():
            row.save()
            custody.append(
                kind=EventKind.STORE_SCRUBBED,
                subject=Subject("scrub", row.pk),
                at=row.ended_at or row.started_at,
                by=self._by,
                details={
                    "store": row.store,
                    "is_complete": row.is_complete,
                    "copies": row.copies,
                    "size_bytes": row.size_bytes,
                    "damaged": row.damaged,
                    "repaired": row.repaired,
                    "unreachable": len(self._run.unreachable),
                    "awaited": self._run.awaited,
                },
            )


def _new_run(store: str, began: datetime, cutoff: datetime) -> Run:
    number, size_bytes = totals(store, cutoff)
    return Run(Scrub.objects.create(store=store, started_at=began), number, size_bytes)


@contextmanager
def _alone(store: str) -> Iterator[None]:
    """Nobody else scrubs the store meanwhile; a killed process holds nothing, as its connection is gone."""
    number = _LOCK + ord(store)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        (is_ours,) = cursor.fetchone()
    if not is_ours:
        raise ScrubRunning("This store is being scrubbed already.", store=store)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [number])
