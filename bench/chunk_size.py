"""Which chunk size serves both sealing and seeking? Prints one row per size; nothing here is asserted.

Run: .venv/bin/python bench/chunk_size.py [--mib 256] [--folder DIR]

`hashlib` is the limit: plain SHA-256 of the same pieces, measured beside each row. `seal` hashes and encrypts with no
disk; `seal+store` also writes to a folder and syncs it. `seek` opens one byte at a random place, `open` decrypts the
whole object in order, both from the page cache and without opening the object anew.
"""

import argparse
import hashlib
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from tabard.sealing import SealedFacts, SealedReader, Sealer
from tabard.vault.adapters.local import LocalStore

MIB = 1024 * 1024
PIECE = os.urandom(MIB)
KEY = os.urandom(32)
REPEATS = 3
SEEKS = 500
STORE_KEY = "bench/object"


def best_mb_s(mib: int, work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return mib * MIB / 1e6 / min(seconds)


def hash_only(mib: int) -> None:
    digest = hashlib.sha256()
    for _ in range(mib):
        digest.update(PIECE)
    digest.digest()


def seal(mib: int, chunk_size: int, sink: Callable[[bytes | memoryview], object]) -> SealedFacts:
    # The same key for every run is safe only because these objects are thrown away.
    sealer = Sealer(uuid4(), KEY, "bench", sink, chunk_size)
    for _ in range(mib):
        sealer.update(PIECE)
    return sealer.finish()


def seal_and_store(store: LocalStore, mib: int, chunk_size: int) -> SealedFacts:
    store.delete(STORE_KEY)
    with store.create(STORE_KEY) as writer:
        facts = seal(mib, chunk_size, writer.write)
        writer.commit()
    return facts


def seek_ms(reader: SealedReader) -> list[float]:
    places = random.Random(1)  # noqa: S311 - the same places for every row, not a secret
    waits = []
    for _ in range(SEEKS):
        at = places.randrange(reader.size_bytes)
        began = time.perf_counter()
        b"".join(reader.read(at, at + 1))
        waits.append((time.perf_counter() - began) * 1000)
    return sorted(waits)


def read_through(reader: SealedReader) -> None:
    for _ in reader.read():
        pass


def row(store: LocalStore, mib: int, chunk_size: int) -> list[str]:
    limit = best_mb_s(mib, lambda: hash_only(mib))
    sealing = best_mb_s(mib, lambda: seal(mib, chunk_size, lambda _: None))
    storing = best_mb_s(mib, lambda: seal_and_store(store, mib, chunk_size))
    facts = seal_and_store(store, mib, chunk_size)
    reader = SealedReader(
        lambda start, stop: store.read(STORE_KEY, start, stop), facts.sealed_size_bytes, facts.object_id, KEY
    )
    assert reader.verify() == facts.sha256
    waits = seek_ms(reader)
    opening = best_mb_s(mib, lambda: read_through(reader))
    overhead = (facts.sealed_size_bytes - facts.size_bytes) / facts.size_bytes
    return [
        f"{chunk_size // 1024} KiB",
        f"{limit:.0f}",
        f"{sealing:.0f}",
        f"{sealing / limit:.2f}",
        f"{storing:.0f}",
        f"{statistics.median(waits):.3f}",
        f"{waits[int(SEEKS * 0.95)]:.3f}",
        f"{opening:.0f}",
        f"{overhead:.4%}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=256, help="size of the object")
    parser.add_argument("--folder", type=Path, help="where to put it (default a temporary folder)")
    options = parser.parse_args()
    heads = ["chunk", "hashlib MB/s", "seal MB/s", "of limit", "seal+store MB/s"]
    heads += ["seek p50 ms", "seek p95 ms", "open MB/s", "added bytes"]
    print(" | ".join(heads))
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        store = LocalStore(Path(folder))
        for chunk_size in (64 * 1024, 256 * 1024, MIB):
            cells = row(store, options.mib, chunk_size)
            print(" | ".join(cell.rjust(len(head)) for head, cell in zip(heads, cells, strict=True)))


if __name__ == "__main__":
    main()
