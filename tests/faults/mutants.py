"""Movies that are broken on purpose: real files with bytes flipped, lengths lied about, pieces doubled or cut."""

import random
import struct
from collections.abc import Callable, Iterator, Sequence

_LIES = (0, 1, 7, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)
_KINDS = (
    b"moov",
    b"trak",
    b"stbl",
    b"stsz",
    b"stco",
    b"stts",
    b"stsc",
    b"udta",
    b"meta",
    b"GPMF",
    b"mdat",
    b"moof",
)


def mutants(seeds: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """So many broken files, the same ones for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - a seed, so that a failure can be found again
    for _ in range(count):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 6)):
            chance.choice(_WAYS)(data, chance)
        yield bytes(data)


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 16)):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _lie(data: bytearray, chance: random.Random) -> None:
    """A length or a count somewhere is another."""
    if len(data) > 4:
        at = chance.randrange(len(data) - 4)
        data[at : at + 4] = struct.pack(">I", chance.choice(_LIES))


def _lie_of_a_box(data: bytearray, chance: random.Random) -> None:
    """A box's own length, or what stands right behind its name."""
    at = data.find(chance.choice(_KINDS))
    if at >= 4 and at + 12 <= len(data):
        at += chance.choice((-4, 4, 8))
        data[at : at + 4] = struct.pack(">I", chance.choice(_LIES))


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _drop(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data) + 1)
    del data[start : start + chance.randint(1, 64)]


def _double(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data) + 1)
    piece = data[start : start + chance.randint(1, 2048)]
    at = chance.randrange(len(data) + 1)
    data[at:at] = piece


def _blank(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data) + 1)
    stop = min(len(data), start + chance.randint(1, 256))
    data[start:stop] = bytes([chance.choice((0, 0xFF))]) * (stop - start)


_WAYS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip, _flip, _lie, _lie, _lie_of_a_box, _lie_of_a_box, _cut, _drop, _double, _blank,
)  # fmt: skip
