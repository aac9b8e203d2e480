"""Sealed objects in memory, for the tests of this folder and of `tests/properties`."""

from dataclasses import dataclass
from uuid import UUID

from tabard.sealing import SealedFacts, SealedReader, Sealer

OBJECT_ID = UUID("00112233-4455-6677-8899-aabbccddeeff")
KEY = bytes(range(32))


@dataclass
class Sealed:
    """One object, its bytes, its facts, and the spans that were read from it."""

    data: bytes
    facts: SealedFacts
    reads: list[tuple[int, int]]

    def reader(self, data=None, object_id=OBJECT_ID, key=KEY):
        stored = self.data if data is None else data

        def read_at(start, stop):
            self.reads.append((start, stop))
            return stored[start:stop]

        return SealedReader(read_at, len(stored), object_id, key)


def seal(pieces, *, chunk_size=16, object_id=OBJECT_ID, key=KEY):
    out = bytearray()
    sealer = Sealer(object_id, key, "example-1", out.extend, chunk_size)
    for piece in pieces:
        sealer.update(piece)
    facts = sealer.finish()
    return Sealed(bytes(out), facts, [])
