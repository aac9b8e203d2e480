"""What do database, stores, log and keys each say is there? Each list stands in a temporary table, to be joined.

Lists are streamed by COPY and never held in memory. The order of reading keeps a running installation from looking
wrong: the rows' ids first, then log and stores. Bytes come before a row and a row comes with its event, so whatever
had a row when we began must be in all lists read later, unless it was disposed of since, which the joins look up.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from django.db import connection
from django.db.backends.utils import CursorWrapper

from tabard.custody.copying import NULL, as_bytea, copy_rows, escaped
from tabard.custody.sealed_facts import destroyed_subjects, sealed_facts
from tabard.kernel.errors import TabardError
from tabard.safekeeping.belonging import Belonging
from tabard.sealing import WrappedKey
from tabard.vault.models import SealedObject
from tabard.vault.ports import ObjectStore
from tabard.vault.stores import configured_key_ring

Progress = Callable[[str, int], None]
"""Told what is being done, and how many of it are done."""

_TELL_EVERY = 5_000
_BATCH = 2_000
_COPY_ROWS = 20_000
_T = TypeVar("_T")
_TABLES = {
    "reconcile_known": "id uuid PRIMARY KEY, was_destroyed boolean NOT NULL",
    "reconcile_listed": "store varchar(1) NOT NULL, key text NOT NULL, size_bytes bigint NOT NULL",
    "reconcile_named": "object_id uuid NOT NULL, sha256 bytea, kind text NOT NULL",
    "reconcile_destroyed": "subject_id uuid NOT NULL",
    "reconcile_belongs": "object_id uuid NOT NULL, recording_id uuid NOT NULL",
    "reconcile_bad_key": "object_id uuid NOT NULL, words text NOT NULL",
    "reconcile_found": (
        "number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text NOT NULL, object_id uuid, "
        "store varchar(1), key text, words text NOT NULL"
    ),
}
_KNOWN = """
    INSERT INTO reconcile_known
    SELECT id, key_destroyed_at IS NOT NULL FROM vault_sealedobject
"""


@contextmanager
def empty_tables() -> Iterator[None]:
    """The temporary tables are there, empty, and gone afterwards; they are this connection's alone."""
    _drop()
    with connection.cursor() as cursor:
        for name, columns in _TABLES.items():
            cursor.execute(f"CREATE TEMPORARY TABLE {name} ({columns})")
    try:
        yield
    finally:
        _drop()


@contextmanager
def list_store(store: ObjectStore) -> Iterator[CursorWrapper]:
    """A cursor that sees what the store lists, in `reconcile_listed`.

    Raises:
        StoreFailed: the store cannot be listed.
    """
    with empty_tables():
        _load("reconcile_listed", ("store", "key", "size_bytes"), _listed("n", store))
        _analyse()
        with connection.cursor() as cursor:
            yield cursor


def take_stock(
    *, stores: Mapping[str, ObjectStore], belonging: Belonging, with_keys: bool, progress: Progress
) -> None:
    """Every list is in its table when this returns.

    Raises:
        StoreFailed: a store cannot be listed; then nothing can be said.
        LogCorrupt: a leaf cannot be read.
    """
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN)
    _load("reconcile_named", ("object_id", "sha256", "kind"), _counted("log", _named(), progress))
    _load("reconcile_destroyed", ("subject_id",), map(str, destroyed_subjects()))
    _load("reconcile_belongs", ("object_id", "recording_id"), _belongs(belonging))
    for name, store in stores.items():
        rows = _counted(f"store {name}", _listed(name, store), progress)
        _load("reconcile_listed", ("store", "key", "size_bytes"), rows)
    if with_keys:
        _load("reconcile_bad_key", ("object_id", "words"), _bad_keys(progress))
    _analyse()


def _load(table: str, columns: Sequence[str], rows: Iterable[str]) -> None:
    """All rows are in the table. A batch is taken before it is copied: nothing else can be asked during a COPY."""
    for batch in _batches(rows, _COPY_ROWS):
        copy_rows(table, columns, batch)


def _named() -> Iterator[str]:
    for object_id, sha256, kind in sealed_facts():
        yield f"{object_id}\t{NULL if sha256 is None else as_bytea(sha256)}\t{kind}"


def _listed(name: str, store: ObjectStore) -> Iterator[str]:
    for entry in store.entries():
        yield f"{name}\t{escaped(entry.key)}\t{entry.size_bytes}"


def _belongs(belonging: Belonging) -> Iterator[str]:
    """The recordings of the objects whose keys are destroyed, so that their disposals can be looked for."""
    destroyed = SealedObject.objects.filter(key_destroyed_at__isnull=False).values_list("id", flat=True)
    for batch in _batches(destroyed.iterator(_BATCH), _BATCH):
        for object_id, recording_id in belonging(batch).items():
            yield f"{object_id}\t{recording_id}"


def _bad_keys(progress: Progress) -> Iterator[str]:
    """The objects whose data key does not come out of its wrapping, each with the reason."""
    ring = configured_key_ring()
    held = SealedObject.objects.filter(wrapped_key__isnull=False).values_list("id", "key_id", "wrapped_key")
    for number, (object_id, key_id, blob) in enumerate(held.iterator(_BATCH), 1):
        if number % _TELL_EVERY == 0:
            progress("keys", number)
        try:
            ring.unwrap(WrappedKey(key_id, bytes(blob or b"")), object_id)
        except TabardError as error:
            yield f"{object_id}\t{escaped(error.message)}"


def _counted(what: str, rows: Iterable[str], progress: Progress) -> Iterator[str]:
    number = 0
    for number, row in enumerate(rows, 1):
        if number % _TELL_EVERY == 0:
            progress(what, number)
        yield row
    progress(what, number)


def _batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    waiting = iter(items)
    while batch := list(islice(waiting, size)):
        yield batch


def _analyse() -> None:
    """Without statistics the planner takes a million rows for a few, and loops instead of hashing."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX ON reconcile_listed (key)")
        cursor.execute("CREATE INDEX ON reconcile_named (object_id)")
        for name in _TABLES:
            cursor.execute(f"ANALYZE {name}")


def _drop() -> None:
    with connection.cursor() as cursor:
        for name in _TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
