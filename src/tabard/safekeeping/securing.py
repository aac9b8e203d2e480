"""How does every object come to stand, verified, in every store? One at a time, and again until it does.

Copies are made from sealed bytes, authenticated on the way, never through plain text on a disk. Bytes first, then the
row: a kill anywhere leaves a copy that the next round verifies, or none. Nothing is recorded of a copy that was not
read back. An object that cannot be secured now stays on the list of those that wait; sealing never waits for this.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection

from tabard.custody.actors import Actor
from tabard.kernel.errors import Integrity, NotFound, Unavailable
from tabard.safekeeping.copies import copy_object, verify_copy
from tabard.safekeeping.damages import record_damage, record_good, record_repair
from tabard.safekeeping.errors import NoGoodCopy
from tabard.vault import selectors
from tabard.vault.errors import ObjectLost, ObjectMissing, SealedObjectUnknown
from tabard.vault.models import Damage, SealedObject, StoredCopy
from tabard.vault.ports import ObjectStore
from tabard.vault.stores import configured_stores

_ONE_AT_A_TIME = 0x7365_6375_7265  # "secure": the advisory lock of the round
logger = logging.getLogger(__name__)


@dataclass
class Round:
    """What one round over the waiting objects did; `stopped_by` says which store could not be reached."""

    secured: int = 0
    failed: int = 0
    stopped_by: str = ""


def secure(*, object_id: UUID, by: Actor, at: datetime) -> bool:
    """Every configured store holds a copy that was read back, decrypted and hashed right, and that is on record.

    Damaged copies are recorded, and repaired from a good one. May be repeated at any time; what is on record already
    is not read again (a scrub does that).

    Returns:
        False where the object was disposed of; then no store holds what this call may have copied.

    Raises:
        SealedObjectUnknown.
        NoGoodCopy: no store holds a good copy.
        Unavailable: a store cannot serve now; what was found until then is on record.
    """
    work = _attempt(object_id, by, at)
    if work.down:
        raise next(iter(work.down.values()))
    return work.is_kept


def secure_waiting(*, by: Actor, clock: Callable[[], datetime], since: UUID | None = None) -> Round | None:
    """Every waiting object was tried, oldest first, in every store that could be reached.

    Args:
        by: Who does it.
        clock: Tells now; a round can take hours.
        since: Only objects with this id or a later one.

    Returns:
        What was done; None where another round is under way, which does the same.
    """
    with _alone() as is_alone:
        return _round(by, clock, since) if is_alone else None


def _round(by: Actor, clock: Callable[[], datetime], since: UUID | None) -> Round:
    """A store found down is left alone for the rest of the round; copies in the other are read back all the same."""
    done, reachable = Round(), set(configured_stores())
    again = True
    while again and reachable:
        again = False
        # A list of ids, not an open cursor: each takes its own transaction, and some take minutes.
        for object_id in list(selectors.waiting(since=since, stores=reachable)):
            down = _one_of_many(object_id, by, clock(), reachable, done)
            if down:
                done.stopped_by = "; ".join(error.message for error in down.values())
                reachable -= set(down)
                since, again = object_id, True
                break
    return done


def _one_of_many(
    object_id: UUID, by: Actor, at: datetime, reachable: set[str], done: Round
) -> dict[str, Unavailable]:
    try:
        work = _attempt(object_id, by, at, reachable)
    except (Integrity, NotFound):
        done.failed += 1
        logger.exception("Object %s cannot be secured.", object_id)
        return {}
    done.secured += work.is_kept and not work.down
    return work.down


def _attempt(object_id: UUID, by: Actor, at: datetime, among: Collection[str] | None = None) -> "_Work":
    """As `secure`, but only in some stores, and a store that is down is told in `down`."""
    obj = SealedObject.objects.filter(pk=object_id).first()
    if obj is None:
        raise SealedObjectUnknown("There is no such sealed object.", object_id=object_id)
    stores = {name: store for name, store in configured_stores().items() if among is None or name in among}
    work = _Work(obj, stores, by, at)
    if not obj.is_readable:
        return work
    try:
        work.run()
    except Integrity:
        if work.record():
            raise
        return work  # disposed of meanwhile: no wonder that nothing reads back
    work.record()
    return work


@dataclass
class _Work:
    """One object on its way to being secured."""

    obj: SealedObject
    stores: dict[str, ObjectStore]
    by: Actor
    at: datetime
    good: set[str] = field(default_factory=set)
    bad: set[str] = field(default_factory=set)
    down: dict[str, Unavailable] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    is_kept: bool = False

    def run(self) -> None:
        """Copy to where nothing stands, look at what was never looked at, repair what is damaged."""
        pending = self._pending()
        for name in [name for name in pending if self._is_absent(name)]:
            self._fill(name)
        for name in pending:
            if name not in self.good | self.bad | self.down.keys():
                self._look_at(name)
        for name in sorted(self.bad):
            self._repair(name)

    def record(self) -> bool:
        """What was found good is on record; False, and what was copied is gone, where the object was disposed of."""
        self.is_kept = record_good(object_id=self.obj.id, stores=sorted(self.good), by=self.by, at=self.at)
        if not self.is_kept:
            for name in self.written:
                self.stores[name].delete(self.obj.store_key)
        return self.is_kept

    def _pending(self) -> list[str]:
        """The stores whose copy is not on record as good."""
        known = set(StoredCopy.objects.filter(object=self.obj).values_list("store", flat=True))
        broken = Damage.objects.filter(object=self.obj, repaired_at__isnull=True)
        known -= set(broken.values_list("store", flat=True))
        return [name for name in self.stores if name not in known]

    def _is_absent(self, name: str) -> bool:
        try:
            self.stores[name].size(self.obj.store_key)
        except ObjectMissing:
            return True
        except Unavailable as error:
            self.down[name] = error
        return False

    def _look_at(self, name: str) -> None:
        try:
            verify_copy(obj=self.obj, store=self.stores[name])
        except Integrity as error:
            self._found_bad(name, error)
        except Unavailable as error:
            self.down[name] = error
        else:
            self._found_good(name)

    def _fill(self, name: str) -> None:
        """A store that holds no copy gets one. That it should have held one is damage; that it is new is not."""
        missing = ObjectLost("The store holds no copy of this object.", object_id=self.obj.id)
        record_damage(object_id=self.obj.id, store=name, error=missing, by=self.by, at=self.at)
        self._repair(name)

    def _repair(self, name: str) -> None:
        """The store holds a good copy, made from another's.

        Raises:
            NoGoodCopy: no other store has one, and none is out of reach.
        """
        for source in self.stores:
            if source == name or source in self.bad | self.down.keys():
                continue
            if self._copy(source, name):
                self._found_good(source)
                self._found_good(name, source)
                return
        if not self.down:
            raise NoGoodCopy("No store holds a good copy of this object.", object_id=self.obj.id)

    def _copy(self, source: str, target: str) -> bool:
        self.written.add(target)
        try:
            copy_object(obj=self.obj, source=self.stores[source], target=self.stores[target])
        except Integrity as error:
            if error.fields.get("copy") == "target":
                self._found_bad(target, error)
                raise
            self._found_bad(source, error)
            return False
        except Unavailable as error:
            self.down[target] = error  # if it was the source, the next attempt finds out
            return False
        return True

    def _found_good(self, name: str, source: str = "") -> None:
        self.good.add(name)
        self.bad.discard(name)
        record_repair(object_id=self.obj.id, store=name, source=source, by=self.by, at=self.at)

    def _found_bad(self, name: str, error: Integrity) -> None:
        self.bad.add(name)
        record_damage(object_id=self.obj.id, store=name, error=error, by=self.by, at=self.at)


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether this process may do a round; nobody else can until the block is left, or the process dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ONE_AT_A_TIME])
        (is_alone,) = cursor.fetchone() or (False,)
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ONE_AT_A_TIME])
