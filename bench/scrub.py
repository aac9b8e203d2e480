"""How fast is an object read back, beside the fastest that hashing allows? Prints a table; nothing here is asserted.

Run: .venv/bin/python bench/scrub.py [--size 1GiB] [--folder DIR] [--rounds 5]

A scrub reads a sealed object from its store, decrypts and authenticates it, and hashes the plain bytes. The limit is
`hashlib` alone over as many bytes already in memory, in as many threads, in the same process, turn and turn about.
The object is read from the page cache (a disk slower than that is its own limit). `peak` is the most memory the
process ever held, Python and libraries included.
"""

import argparse
import hashlib
import os
import tempfile
from pathlib import Path
from uuid import uuid4

from seal import Row, Work, fresh, show, size_of, turns

from tabard.sealing import SealedFacts, SealedReader, Sealer
from tabard.vault.adapters.local import LocalStore

KEY = os.urandom(32)
PIECE = os.urandom(1024 * 1024)


def put(folder: Path, name: str, size_bytes: int) -> SealedFacts:
    with LocalStore(folder).create(name) as writer:
        sealer = Sealer(uuid4(), KEY, "bench", writer.write)
        for _ in range(size_bytes // len(PIECE)):
            sealer.update(PIECE)
        facts = sealer.finish()
        writer.commit()
    return facts


def verify(folder: Path, name: str, facts: SealedFacts) -> None:
    store = LocalStore(folder)

    def read_at(start: int, stop: int) -> bytes:
        return store.read(name, start, stop)

    def read_into(start: int, buffer: memoryview) -> int:
        return store.read_into(name, start, buffer)

    reader = SealedReader(read_at, facts.sealed_size_bytes, facts.object_id, KEY, read_into)
    assert reader.verify() == facts.sha256


def hash_only(size_bytes: int) -> None:
    digest = hashlib.sha256()
    for _ in range(size_bytes // len(PIECE)):
        digest.update(PIECE)


def row(folder: str, streams: int, size_bytes: int, rounds: int) -> Row:
    there = Path(folder)
    facts = [put(there, f"{streams}/{number}", size_bytes) for number in range(streams)]

    def verifying(number: int) -> Work:
        return lambda: verify(there, f"{streams}/{number}", facts[number])

    work = [verifying(number) for number in range(streams)]
    limits: list[Work] = [lambda: hash_only(size_bytes)] * streams
    return turns(f"scrub, {streams} at once", work, limits, size_bytes, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=size_of, default=size_of("1GiB"), help="of each object")
    parser.add_argument("--folder", type=Path, help="where to put it (default a temporary folder)")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        show([fresh(row, folder, streams, options.size, options.rounds) for streams in (1, 2)])


if __name__ == "__main__":
    main()
