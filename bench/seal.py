"""How fast is one stream sealed, beside the fastest that hashing allows? Prints a table; nothing here is asserted.

Run: .venv/bin/python bench/seal.py [--size 1GiB] [--folder DIR] [--rounds 5]

Sealing hashes and encrypts a stream and writes it to a local store. `sealed` stops there, `durable` also waits for the
store's sync, which is the disk's speed; removing the object afterwards is not timed. A stream comes in pieces: 8 MiB
as the door hands over a single upload, 1 MiB as jobs copy. The limit is `hashlib` alone over as many bytes, in the same
process, turn and turn about. `peak` is the most memory the process ever held, Python and libraries included.
"""

import argparse
import hashlib
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from tabard.sealing import Sealer
from tabard.vault.adapters.local import LocalStore, LocalWriter

KEY = os.urandom(32)
PIECE = os.urandom(1024 * 1024)
PIECES_MIB = (1, 8)
Work = Callable[[], Callable[[], None] | None]
"""What is timed; it may return what cleans up after it, which is not."""
UNITS = {"MiB": 1024**2, "GiB": 1024**3}


@dataclass(frozen=True)
class Row:
    """One line: medians over the rounds, all streams together."""

    name: str
    gb_s: float
    limit_gb_s: float
    ratio: float
    peak_mib: float


def size_of(text: str) -> int:
    return int(text[:-3]) * UNITS[text[-3:]]


def seconds(work: Sequence[Work]) -> float:
    """All of it at once, each in a thread of its own."""
    with ThreadPoolExecutor(len(work)) as pool:
        began = time.perf_counter()
        left = [done.result() for done in [pool.submit(each) for each in work]]
        took = time.perf_counter() - began
    for clean_up in filter(None, left):
        clean_up()
    return took


def turns(
    name: str,
    work: Sequence[Work],
    limits: Sequence[Work],
    size_bytes: int,
    rounds: int,
) -> Row:
    """Limit and work turn about, so that what else the machine does falls on both."""
    pairs = [(seconds(limits), seconds(work)) for _ in range(rounds)]
    gb = size_bytes * len(work) / 1e9
    return Row(
        name,
        gb / statistics.median(took for _, took in pairs),
        gb / statistics.median(limit for limit, _ in pairs),
        statistics.median(limit / took for limit, took in pairs),
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def fresh(measure: Callable[..., Row], *arguments: Any) -> Row:
    """In a process of its own, so that its peak memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, arguments)


def show(rows: Sequence[Row]) -> None:
    print("measured | GB/s | SHA-256 limit GB/s | of the limit | peak MiB")
    for row in rows:
        figures = f"{row.gb_s:.2f} | {row.limit_gb_s:.2f} | {row.ratio:.2f} | {row.peak_mib:.0f}"
        print(f"{row.name} | {figures}")


def seal(store: LocalStore, piece: bytes, size_bytes: int) -> Callable[[], None]:
    writer = store.create("bench/object")
    seal_into(writer, piece, size_bytes)
    return writer.abort


def seal_durably(store: LocalStore, piece: bytes, size_bytes: int) -> Callable[[], None]:
    writer = store.create("bench/object")
    seal_into(writer, piece, size_bytes)
    writer.commit()
    return lambda: store.delete("bench/object")


def seal_into(writer: LocalWriter, piece: bytes, size_bytes: int) -> None:
    sealer = Sealer(uuid4(), KEY, "bench", writer.write)
    for _ in range(size_bytes // len(piece)):
        sealer.update(piece)
    sealer.finish()


def hash_only(size_bytes: int) -> None:
    digest = hashlib.sha256()
    for _ in range(size_bytes // len(PIECE)):
        digest.update(PIECE)


def row(folder: str, size_bytes: int, rounds: int, piece_mib: int, *, is_durable: bool) -> Row:
    store, piece = LocalStore(Path(folder)), os.urandom(piece_mib * UNITS["MiB"])
    sealing = seal_durably if is_durable else seal
    return turns(
        f"one stream, {piece_mib} MiB at a time, {'durable' if is_durable else 'sealed'}",
        [lambda: sealing(store, piece, size_bytes)],
        [lambda: hash_only(size_bytes)],
        size_bytes,
        rounds,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=size_of, default=size_of("1GiB"), help="of the stream")
    parser.add_argument("--folder", type=Path, help="where to put it (default a temporary folder)")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        show(
            [
                fresh(partial(row, is_durable=is_durable), folder, options.size, options.rounds, piece_mib)
                for is_durable in (False, True)
                for piece_mib in PIECES_MIB
            ]
        )


if __name__ == "__main__":
    main()
