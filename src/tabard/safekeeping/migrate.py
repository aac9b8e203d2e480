"""How does everything move to a new store, and how do we know that all of it arrived? N in, N out, file by file.

Each readable object is copied as it is sealed, only from bytes that were authenticated, read back from the new store
and hashed, and only then on record as moved. A kill anywhere leaves what is on record, and the next call goes on; one
that was copied and not yet on record is copied again. The old store is only read. Switching over is the operator's, by
one setting, and is offered only when every object that is readable at that moment is on record as moved, and the new
store lists each at its size.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet, Sum

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import Integrity, TabardError, Unavailable
from tabard.safekeeping.copies import copy_object
from tabard.safekeeping.errors import MoveRefused, MoveRunning
from tabard.safekeeping.inventory import list_store
from tabard.safekeeping.side_by_side import side_by_side
from tabard.vault.errors import KeyDestroyed, ObjectMissing
from tabard.vault.models import Move, MovedObject, SealedObject
from tabard.vault.ports import ObjectStore
from tabard.vault.stores import configured_stores, configured_urls, store_from_url

THREADS = max(2, min(os.cpu_count() or 2, 8))
_BATCH = 200
_WRITE_EVERY = timedelta(seconds=2)
_UNREACHABLE_AT_MOST = 10
_TAKEN_UP_AGAIN_FOR = timedelta(days=7)
_LOCK = 0x6D6F_7665  # "move"
_NOT_THERE = """
    SELECT o.id FROM vault_sealedobject o
      LEFT JOIN reconcile_listed l ON l.key = o.store_key
     WHERE o.key_destroyed_at IS NULL AND (l.key IS NULL OR l.size_bytes <> o.sealed_size_bytes)
"""


@dataclass(frozen=True, slots=True)
class NotMoved:
    """An object that did not arrive, and why."""

    object_id: UUID
    code: str
    words: str


@dataclass(slots=True)
class MoveReport:
    """How far a move is: N in is what is readable now, N out what of it was read back from the new store."""

    move: Move | None
    objects_in: int = 0
    objects_out: int = 0
    size_bytes: int = 0
    moved_now: int = 0
    moved_now_bytes: int = 0
    not_moved: list[NotMoved] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether every single one arrived, so that the new store may be switched to."""
        return self.objects_in == self.objects_out and not self.not_moved


Progress = Callable[[MoveReport], None]


def plan_move(*, url: str, store: str) -> MoveReport:
    """What a move would copy now; nothing is changed.

    Raises:
        MoveRefused: the URL names a store that is in use.
    """
    _check_new(url, store)
    return _counted(MoveReport(Move.objects.filter(url=url, store=store).order_by("-started_at").first()))


def migrate(
    *,
    url: str,
    store: str,
    by: Actor,
    clock: Callable[[], datetime],
    threads: int = THREADS,
    progress: Progress = lambda _report: None,
) -> MoveReport:
    """Every readable object was tried; where the report is whole, all arrived and `store.migrated` is in the log.

    Call outside any transaction. May be stopped and called again at any time.

    Args:
        url: The new store.
        store: Which store it is to become, `a` or `b`.
        by: Who asks.
        clock: Tells the time; a move is long.
        threads: How many objects are copied at once.
        progress: Told how far it is, every two seconds.

    Raises:
        MoveRefused: the URL names a store that is in use.
        MoveRunning: another process moves there now.
        Unavailable: a store did not answer ten times in a row; what arrived is on record.
    """
    _check_new(url, store)
    with _alone():
        move = _opened(url, store, clock())
        moving = _Moving(move, store_from_url(url, "new"), clock, progress)
        moving.copy_all(threads)
        return moving.finish(by)


def results(move: Move) -> Iterator[tuple[SealedObject, str]]:
    """Every object of the move that is readable, or was when it ended, with what became of it, in words."""
    moved = MovedObject.objects.filter(move=move).select_related("object").order_by("object_id")
    for each in moved.iterator(_BATCH):
        yield each.object, "moved, read back, hash equal" if each.verified_at else each.words


class _Moving:
    """Copies with threads; everything that touches the database is done by the one that called."""

    def __init__(
        self, move: Move, target: ObjectStore, clock: Callable[[], datetime], progress: Progress
    ) -> None:
        self._move, self._target, self._clock, self._progress = move, target, clock, progress
        self._sources = _in_order(configured_stores(), move.store)
        self._arrived: list[UUID] = []
        self._written_at = clock()
        self._unreachable = 0
        self._report = _counted(MoveReport(move))

    def copy_all(self, threads: int) -> None:
        """Everything readable was tried once, and so was what was sealed meanwhile."""
        last: UUID | None = None
        try:
            while page := list(_after(_to_move(self._move), last)[:_BATCH]):
                for obj, error in side_by_side(page, self._copy, threads=threads):
                    self._note(obj, error)
                    if self._clock() - self._written_at >= _WRITE_EVERY:
                        self._write()
                self._write()
                last = page[-1].pk
        finally:
            self._write()

    def finish(self, by: Actor) -> MoveReport:
        """The report; the move is ended, with its event, if all arrived."""
        self._withdraw_disposed()
        lost = self._not_listed()
        with transaction.atomic():
            # Nothing is recorded or disposed of between counting and saying so.
            _lock_rows()
            report = _counted(self._report)
            if report.is_whole and not lost:
                self._end(report, by)
        return report

    def _copy(self, obj: SealedObject) -> None:
        """The new store holds a good copy, from the first source that has one.

        Raises:
            Integrity, Unavailable: of the last source that was tried.
        """
        *others, last = self._sources
        for source in others:
            try:
                copy_object(obj=obj, source=source, target=self._target)
            except (Integrity, ObjectMissing) as error:
                if error.fields.get("copy") == "target":
                    raise
            else:
                return
        copy_object(obj=obj, source=last, target=self._target)

    def _note(self, obj: SealedObject, error: Exception | None) -> None:
        if error is None:
            self._unreachable = 0
            self._arrived.append(obj.pk)
            self._report.moved_now += 1
            self._report.moved_now_bytes += obj.size_bytes
        elif isinstance(error, TabardError):
            self._note_failure(obj, error)
        else:
            raise error

    def _note_failure(self, obj: SealedObject, error: TabardError) -> None:
        is_gone = SealedObject.objects.filter(pk=obj.pk, key_destroyed_at__isnull=False).exists()
        if is_gone or isinstance(error, KeyDestroyed):
            return
        _keep(self._move, obj.pk, code=error.code, words=error.message)
        if isinstance(error, Unavailable):
            self._unreachable += 1
            if self._unreachable >= _UNREACHABLE_AT_MOST:
                raise error

    def _write(self) -> None:
        at = self._clock()
        MovedObject.objects.bulk_create(
            [MovedObject(move=self._move, object_id=each, verified_at=at) for each in self._arrived],
            update_conflicts=True,
            unique_fields=["move", "object"],
            update_fields=["verified_at", "code", "words"],
        )
        self._arrived.clear()
        self._written_at = at
        self._progress(self._report)

    def _withdraw_disposed(self) -> None:
        """What was disposed of after it was moved leaves the new store too; nobody could read it."""
        gone = MovedObject.objects.filter(move=self._move, object__key_destroyed_at__isnull=False)
        for each in gone.select_related("object").iterator(_BATCH):
            self._target.delete(each.object.store_key)
            MovedObject.objects.filter(pk=each.pk).delete()

    def _not_listed(self) -> int:
        """What was moved but is not in the new store's list, at its size, is not moved after all; says how many."""
        with list_store(self._target) as cursor:
            cursor.execute(_NOT_THERE)
            absent = [row[0] for row in cursor.fetchall()]
        moved = MovedObject.objects.filter(move=self._move, object_id__in=absent, verified_at__isnull=False)
        return moved.update(
            verified_at=None, code="not_listed", words="It was moved, and the new store no longer lists it."
        )

    def _end(self, report: MoveReport, by: Actor) -> None:
        move = self._move
        move.ended_at, move.objects_in, move.objects_out = (
            self._clock(),
            report.objects_in,
            report.objects_out,
        )
        move.save()
        custody.append(
            kind=EventKind.STORE_MIGRATED,
            subject=Subject("move", move.pk),
            at=move.ended_at,
            by=by,
            details={
                "store": move.store,
                "url": move.url,
                "objects_in": report.objects_in,
                "objects_out": report.objects_out,
                "size_bytes": report.size_bytes,
            },
        )


def _opened(url: str, store: str, at: datetime) -> Move:
    """The move that is open, or the one that ended lately, taken up again, or a new one.

    Between a move's end and the switch more is sealed; that it needs, and not everything anew.
    """
    last = Move.objects.filter(url=url, store=store).order_by("-started_at").first()
    if last is None or (last.ended_at is not None and last.ended_at < at - _TAKEN_UP_AGAIN_FOR):
        return Move.objects.create(url=url, store=store, started_at=at)
    last.ended_at = last.objects_in = last.objects_out = None
    last.save()
    return last


def _keep(move: Move, object_id: UUID, *, code: str, words: str) -> None:
    MovedObject.objects.update_or_create(
        move=move, object_id=object_id, defaults={"verified_at": None, "code": code, "words": words[:500]}
    )


def _readable() -> QuerySet[SealedObject]:
    return SealedObject.objects.filter(key_destroyed_at__isnull=True)


def _to_move(move: Move) -> QuerySet[SealedObject]:
    """What is readable and not on record as moved, oldest first; what is sealed meanwhile comes last."""
    arrived = MovedObject.objects.filter(move=move, object=OuterRef("pk"), verified_at__isnull=False)
    return _readable().filter(~Exists(arrived)).order_by("pk")


def _after(objects: QuerySet[SealedObject], last: UUID | None) -> QuerySet[SealedObject]:
    return objects if last is None else objects.filter(pk__gt=last)


def _counted(report: MoveReport) -> MoveReport:
    """The report, with N in and N out as they are now."""
    totals = _readable().aggregate(size=Sum("size_bytes"))
    report.objects_in, report.size_bytes = _readable().count(), totals["size"] or 0
    if report.move is not None:
        moved = MovedObject.objects.filter(move=report.move, object__key_destroyed_at__isnull=True)
        report.objects_out = moved.filter(verified_at__isnull=False).count()
        report.not_moved = [
            NotMoved(*row)
            for row in moved.filter(verified_at__isnull=True).values_list("object_id", "code", "words")
        ]
    return report


def _in_order(stores: Mapping[str, ObjectStore], first: str) -> list[ObjectStore]:
    """The store that is to be replaced, where there is one, then the others."""
    return [stores[name] for name in sorted(stores, key=lambda name: (name != first, name))]


def _check_new(url: str, store: str) -> None:
    if store not in {"a", "b"}:
        raise MoveRefused("A store is a or b.", field="as")
    if url.rstrip("/") in {known.rstrip("/") for known in configured_urls().values()}:
        raise MoveRefused("This store is in use already; a move needs a new one.", field="to")


def _lock_rows() -> None:
    """Readers go on; who records or disposes of an object waits until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE vault_sealedobject IN SHARE ROW EXCLUSIVE MODE")


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        (is_ours,) = cursor.fetchone() or (False,)
    if not is_ours:
        raise MoveRunning("Another process is moving objects already.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
