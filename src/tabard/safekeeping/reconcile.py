"""Do database, store A, store B and the log agree on what there is? Every object on which they do not is named.

Nothing is read but lists, sizes and keys: what the bytes themselves are worth is for `scrub`. A running installation
does not look wrong: what is being sealed, copied or removed is counted apart for a day, and each difference that a
change in the meantime could explain is looked at once more, by itself, before it is reported.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.custody.sealed_facts import SEALING_KINDS
from tabard.kernel.ids import new_id
from tabard.safekeeping.belonging import Belonging
from tabard.safekeeping.differences import DIFFERENCES, UNDER_WAY, count, find
from tabard.safekeeping.inventory import Progress, empty_tables, take_stock
from tabard.vault.errors import ObjectMissing
from tabard.vault.models import SealedObject
from tabard.vault.ports import ObjectStore
from tabard.vault.stores import configured_stores

UNDER_WAY_FOR = timedelta(hours=24)
_BATCH = 500
_LOOKED_AT_AGAIN = 1_000  # that many wrong at once are no race


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that disagrees: which object of which recording, where, and what is wrong, as code and in words."""

    code: str
    words: str
    object_id: UUID | None
    recording_id: UUID | None
    store: str | None
    key: str | None


@dataclass(slots=True)
class Reconciliation:
    """How many of what there are, how many findings of each code, and what was under way and so not judged."""

    id: UUID
    objects: int = 0
    disposed: int = 0
    listed: dict[str, int] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)
    under_way: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing disagrees."""
        return not self.findings


def reconcile(
    *,
    by: Actor,
    at: datetime,
    belonging: Belonging,
    report: Callable[[Finding], None],
    progress: Progress,
    with_keys: bool = True,
) -> Reconciliation:
    """Everything that disagrees was given to `report`, and `store.reconciled` with the counts is in the log.

    Args:
        by: Who asks.
        at: Now, aware.
        belonging: Finds the recordings of objects.
        report: Takes each finding, one at a time.
        progress: Told what is being listed, and how far it is.
        with_keys: Also take every data key out of its wrapping.

    Raises:
        Unavailable: a store or the key ring cannot answer now; nothing is logged.
        LogCorrupt: a leaf of the log cannot be read.
    """
    stores = configured_stores()
    with empty_tables():
        take_stock(stores=stores, belonging=belonging, with_keys=with_keys, progress=progress)
        found = _compare(stores, at, progress)
        for finding in _findings(belonging):
            report(finding)
    with transaction.atomic():
        custody.append(
            kind=EventKind.STORE_RECONCILED,
            subject=Subject("reconciliation", found.id),
            at=at,
            by=by,
            details={
                "objects": found.objects,
                "disposed": found.disposed,
                "listed": found.listed,
                "findings": found.findings,
                "under_way": found.under_way,
            },
        )
    return found


def _compare(stores: Mapping[str, ObjectStore], at: datetime, progress: Progress) -> Reconciliation:
    values: dict[str, Any] = {
        "at": at,
        "young": at - UNDER_WAY_FOR,
        "stores": list(stores),
        "sealing": sorted(SEALING_KINDS),
    }
    found = Reconciliation(id=new_id())
    held = "SELECT count(*) FROM reconcile_known WHERE {} was_destroyed"
    found.objects, found.disposed = count(held.format("NOT"), {}), count(held.format(""), {})
    for name in stores:
        listed = "SELECT count(*) FROM reconcile_listed WHERE store = %(store)s"
        found.listed[name] = count(listed, {"store": name})
    for code in DIFFERENCES:
        progress("comparing", len(found.findings))
        number = find(code, values)
        if 0 < number <= _LOOKED_AT_AGAIN and code in _STILL_SO:
            number -= _drop_settled(code, stores)
        if number:
            found.findings[code] = number
    found.under_way = {name: count(statement, values) for name, statement in UNDER_WAY.items()}
    return found


def _findings(belonging: Belonging) -> Iterator[Finding]:
    """What was found, in the order of the codes, each with its recording."""
    last = 0
    columns = "number, code, words, object_id, store, key"
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {columns} FROM reconcile_found WHERE number > %s ORDER BY number LIMIT %s",  # noqa: S608 - our own text
                [last, _BATCH],
            )
            rows = cursor.fetchall()
        if not rows:
            return
        recordings = belonging({row[3] for row in rows if row[3] is not None})
        for _, code, words, object_id, store, key in rows:
            yield Finding(code, words, object_id, recordings.get(object_id), store, key)
        last = rows[-1][0]


def _drop_settled(code: str, stores: Mapping[str, ObjectStore]) -> int:
    """Findings that are no longer so, now that each is looked at by itself, are dropped; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number, object_id, store, key FROM reconcile_found WHERE code = %s ORDER BY number",
            [code],
        )
        settled = [
            number
            for number, object_id, store, key in cursor.fetchall()
            if not _STILL_SO[code](SealedObject.objects.filter(pk=object_id).first(), stores[store], key)
        ]
        cursor.execute("DELETE FROM reconcile_found WHERE number = ANY(%s)", [settled])
    return len(settled)


def _size(store: ObjectStore, key: str) -> int | None:
    try:
        return store.size(key)
    except ObjectMissing:
        return None


def _is_missing(obj: SealedObject | None, store: ObjectStore, key: str) -> bool:
    return obj is not None and obj.key_destroyed_at is None and _size(store, key) is None


def _has_wrong_size(obj: SealedObject | None, store: ObjectStore, key: str) -> bool:
    if obj is None or obj.key_destroyed_at is not None:
        return False
    return _size(store, key) not in {None, obj.sealed_size_bytes}


def _is_there(obj: SealedObject | None, store: ObjectStore, key: str) -> bool:  # noqa: ARG001 - the others' shape
    return _size(store, key) is not None


_STILL_SO: Mapping[str, Callable[[SealedObject | None, ObjectStore, str], bool]] = {
    "missing": _is_missing,
    "wrong_size": _has_wrong_size,
    "disposed_present": _is_there,
}
