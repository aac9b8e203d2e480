"""How long does it take to compare a million objects in two stores with database, log and keys?

    python bench/reconcile.py --objects 1000000

The objects are files of the right size and no content (reconcile reads none) in two local stores in memory; rows, keys
and events are real, written by the product's own code and by COPY. Measured is `tabard vault reconcile` as a process of
its own, with five objects spoilt that it must name. Limits from the same run: walking both stores' lists alone, and
joining lists and rows in SQL alone. Home, database and stores are temporary.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from tabard.cli.database import database, owner_connection

BATCH = 5_000
PLAIN_BYTES = 1_000
ROWS = ("id", "store_key", "size_bytes", "sealed_size_bytes", "sha256", "chunk_size", "wrapped_key", "key_id", "sealed_at")  # fmt: skip  # noqa: E501


def populate(count: int, roots: list[Path]) -> None:
    """Rows, keys, events, verified copies, and a file of the right size in each store, for every object."""
    from django.db import connection, transaction

    from tabard.kernel.ids import new_id

    for _ in range(0, count, BATCH):
        ids = [new_id() for _ in range(BATCH)]
        with transaction.atomic():
            record(ids)
        make_files(ids, roots)
    with connection.cursor() as cursor:
        for store in "ab":
            cursor.execute(
                "INSERT INTO vault_storedcopy (object_id, store, verified_at) "
                "SELECT id, %s, now() FROM vault_sealedobject",
                [store],
            )
    with owner_connection(), connection.cursor() as cursor:  # whoever does not own a table cannot
        cursor.execute("VACUUM ANALYZE")


def record(ids: list[UUID]) -> None:
    """The rows of a batch, each with a key of its own, and their events."""
    from tabard.custody.actors import Actor, Subject
    from tabard.custody.copying import as_bytea, copy_rows
    from tabard.custody.drafting import PlannedEvent
    from tabard.custody.kinds import EventKind
    from tabard.custody.services import append_many
    from tabard.kernel.clock import now
    from tabard.sealing.format import DEFAULT_CHUNK_BYTES, sealed_size_bytes
    from tabard.vault.services import store_key
    from tabard.vault.stores import configured_key_ring

    ring, at = configured_key_ring(), now() - timedelta(days=2)
    sealed_bytes = sealed_size_bytes(PLAIN_BYTES, DEFAULT_CHUNK_BYTES)

    def rows() -> Iterator[str]:
        for each in ids:
            key = ring.wrap(ring.new_data_key(), each)
            fields = (
                each, store_key(each), PLAIN_BYTES, sealed_bytes, as_bytea(sha256(each.bytes).digest()),
                DEFAULT_CHUNK_BYTES, as_bytea(key.blob), key.key_id, at.isoformat(),
            )  # fmt: skip
            yield "\t".join(map(str, fields))

    copy_rows("vault_sealedobject", ROWS, rows())
    events = [
        PlannedEvent(EventKind.OBJECT_SEALED, Subject("object", each), sha256=sha256(each.bytes).digest())
        for each in ids
    ]
    append_many(events, at=at, by=Actor.system("bench"))


def make_files(ids: list[UUID], roots: list[Path]) -> None:
    from tabard.sealing.format import DEFAULT_CHUNK_BYTES, sealed_size_bytes
    from tabard.vault.services import store_key

    size = sealed_size_bytes(PLAIN_BYTES, DEFAULT_CHUNK_BYTES)
    for root in roots:
        for each in ids:
            path = root / store_key(each)
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
            os.ftruncate(descriptor, size)
            os.close(descriptor)


def spoil(roots: list[Path]) -> dict[str, int]:
    """Five objects are made to disagree; returns what must be found, by code."""
    from tabard.vault.models import SealedObject

    picked = list(SealedObject.objects.order_by("sha256")[:4])
    (roots[0] / picked[0].store_key).unlink()
    (roots[1] / picked[1].store_key).unlink()
    os.truncate(roots[1] / picked[2].store_key, 77)
    SealedObject.objects.filter(pk=picked[3].pk).update(sha256=bytes(32))
    (roots[0] / "stray").write_bytes(b"?")
    return {"missing": 2, "wrong_size": 1, "stores_differ": 1, "unexpected": 1, "hash_differs": 1}


def listing_alone() -> float:
    from tabard.vault.stores import configured_stores

    began = time.perf_counter()
    for store in configured_stores().values():
        assert sum(1 for _ in store.entries()) > 0
    return time.perf_counter() - began


def join_alone() -> float:
    """Two lists that are in the database already, each joined with the rows, whole."""
    from django.db import connection

    with connection.cursor() as cursor:
        for store in "ab":
            cursor.execute(
                f"CREATE TEMPORARY TABLE alone_{store} AS "  # noqa: S608 - two fixed names
                "SELECT store_key AS key, sealed_size_bytes AS size_bytes FROM vault_sealedobject"
            )
            cursor.execute(f"ANALYZE alone_{store}")
        began = time.perf_counter()
        cursor.execute(
            "SELECT count(*) FROM vault_sealedobject o FULL JOIN alone_a a ON a.key = o.store_key "
            "FULL JOIN alone_b b ON b.key = o.store_key WHERE a.size_bytes IS DISTINCT FROM b.size_bytes "
            "OR a.size_bytes IS DISTINCT FROM o.sealed_size_bytes"
        )
        return time.perf_counter() - began


def measured(*options: str) -> tuple[float, float, dict[str, object]]:
    """The command as a process of its own: seconds, peak memory in MiB, and its answer."""
    argv = [sys.executable, "-c", "from tabard.cli.main import run; run()", "vault", "reconcile", "--json"]
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen([*argv, *options], stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        out.seek(0)
        answer = json.loads(out.read().splitlines()[-1])
    return seconds, usage.ru_maxrss / 1024, answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--stores", default="/dev/shm", help="Where the two stores go.")  # noqa: S108 - in memory on purpose
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(dir=options.stores, prefix="bench-reconcile-") as folder,
        tempfile.TemporaryDirectory(prefix="bench-reconcile-") as home,
    ):
        roots = [Path(folder) / name for name in "ab"]
        os.environ["TABARD_HOME"] = home
        os.environ["TABARD_STORE_URL"], os.environ["TABARD_STORE_B_URL"] = (root.as_uri() for root in roots)
        with database():
            populate(options.objects, roots)
            listing, joining = listing_alone(), join_alone()
            wanted = spoil(roots)
            seconds, peak_mib, answer = measured()
            without_keys, _, _ = measured("--skip-keys")
        assert answer["findings"] == wanted, answer["findings"]
    figures = {
        "objects": answer["objects"],
        "seconds": round(seconds, 1),
        "seconds_without_keys": round(without_keys, 1),
        "peak_mib": round(peak_mib),
        "listing_alone_seconds": round(listing, 1),
        "join_alone_seconds": round(joining, 1),
    }
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):<24}{value:>12,}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
