"""Who docks what in one run: systems with cameras, stations with cards, and every byte on them, all from the seed."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

# Nothing, less than a chunk of a sealed object, a chunk and its neighbours, so much that it is read from the socket.
SIZES = (0, 40, 900, 20_000, 131_072, 262_143, 262_144, 262_145, 400_000, 1_100_000, 1_500_000)
WEIGHTS = (1, 1, 4, 6, 3, 1, 2, 1, 3, 1, 1)
TWENTY_YEARS = timedelta(days=365 * 20 + 5)
EVENING = datetime(2026, 11, 27, 21, 0, tzinfo=UTC)


@dataclass(frozen=True)
class File:
    """One file on a camera; its bytes follow from its seed."""

    name: str
    size: int
    seed: int

    @property
    def content(self) -> bytes:
        return _content(self.seed, self.size)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Recording:
    """What one trigger made: files that belong together. `name` is its container's; unknown for what lies on a card."""

    name: str
    files: tuple[File, ...]
    edited: File | None = None  # a later version of its first file, docked again under the same name


@dataclass(frozen=True)
class Sender:
    """A camera behind an Axis system, a card in a station, or a card that somebody mounted."""

    kind: str  # axis, dock, folder
    serial: str
    clock_off: timedelta
    recordings: tuple[Recording, ...]

    @property
    def files(self) -> list[File]:
        return [file for recording in self.recordings for file in recording.files]


@dataclass(frozen=True)
class Population:
    """Everybody of one run."""

    seed: int
    senders: tuple[Sender, ...] = field(default=())


def populate(seed: int) -> Population:
    """Three who dock at once; the same for the same seed."""
    rng = Random(seed)  # noqa: S311 - runs that can be repeated
    kinds = ["axis", "dock", rng.choice(["axis", "dock", "folder", "folder"])]
    rng.shuffle(kinds)
    senders = [_sender(rng, seed, number, kind) for number, kind in enumerate(kinds)]
    return Population(seed, tuple(senders))


def _sender(rng: Random, seed: int, number: int, kind: str) -> Sender:
    serial = f"S{seed:06}N{number}"
    off = rng.choice([timedelta(), timedelta(), TWENTY_YEARS, -TWENTY_YEARS])
    make = _axis_recording if kind == "axis" else _card_recording
    count = rng.randint(1, 3)
    return Sender(kind, serial, off, tuple(make(rng, serial, each, off) for each in range(count)))


def _axis_recording(rng: Random, serial: str, number: int, off: timedelta) -> Recording:
    at = EVENING + off - timedelta(hours=number + 1)
    files = tuple(
        _file(rng, f"{at + timedelta(minutes=each):%Y%m%d_%H%M%S}_{number:04X}.mp4")
        for each in range(rng.randint(1, 3))
    )
    edited = _file(rng, files[0].name, least=1) if rng.random() < 0.2 else None
    return Recording(f"user{number}_{serial}_{at:%Y%m%dT%H%M%SZ}", files, edited)


def _card_recording(rng: Random, serial: str, number: int, off: timedelta) -> Recording:
    """Chapters of a GoPro: their names say that they belong together."""
    files = tuple(_file(rng, f"GX{chapter:02}{number + 1:04}.MP4") for chapter in range(1, rng.randint(2, 3)))
    return Recording("", files)


def _file(rng: Random, name: str, least: int = 0) -> File:
    size = max(least, rng.choices(SIZES, WEIGHTS)[0])
    return File(name, size, rng.getrandbits(48))


@cache
def _content(seed: int, size: int) -> bytes:
    return Random(seed).randbytes(size)  # noqa: S311 - noise that can be made again
