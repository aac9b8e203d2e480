"""Where does each sample of a track stand, and when? The tables of ISO/IEC 14496-12 clause 8.6 and 8.7."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat

from tabard.media.jail.reading.boxes import Box, Movie, unpacked
from tabard.media.jail.reading.found import Broken

MOST_SAMPLES = 100_000  # a payload a second for more than a day


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample: its bytes in the file, and its time from the track's start."""

    start: int
    size_bytes: int
    at_s: float
    length_s: float


def samples(movie: Movie, track: Box) -> Iterator[Sample]:
    """The track's samples in order, as far as its tables go.

    Raises:
        Broken: a table is missing or too short.
    """
    ticks = _ticks(movie, track)
    table = movie.first(track, b"mdia", b"minf", b"stbl")
    if table is None:
        raise Broken("a track has no tables")
    sizes, offsets = _sizes(movie, table), _offsets(movie, table)
    lengths, at = _lengths(movie, table), 0
    counts = _samples_per_chunk(movie, table, len(offsets))
    number = 0
    for start, count in zip(offsets, counts, strict=False):
        offset = start
        for _ in range(min(count, len(sizes) - number)):
            length = next(lengths, 0)
            yield Sample(offset, sizes[number], at / ticks, length / ticks)
            offset += sizes[number]
            at += length
            number += 1


def _ticks(movie: Movie, track: Box) -> int:
    box = movie.first(track, b"mdia", b"mdhd")
    body = movie.body(box, 64) if box else b""
    (ticks,) = unpacked("I", body, 20 if body[:1] == b"\1" else 12)
    if not ticks:
        raise Broken("a track has no clock")
    return ticks


def _entries(movie: Movie, table: Box, kind: bytes, layout: str, at: int = 4) -> list[tuple[int, ...]]:
    """The entries of one table, whose number stands at `at`."""
    box = movie.first(table, kind)
    if box is None:
        raise Broken("a track lacks a table")
    body = movie.body(box)
    width = 4 * len(layout) if "Q" not in layout else 8
    (count,) = unpacked("I", body, at)
    return [unpacked(layout, body, at + 4 + width * n) for n in range(min(count, MOST_SAMPLES))]


def _sizes(movie: Movie, table: Box) -> list[int]:
    box = movie.first(table, b"stsz")
    size, count = unpacked("II", movie.body(box, 12) if box else b"", 4)
    if size:
        return [size] * min(count, MOST_SAMPLES)
    return [each for (each,) in _entries(movie, table, b"stsz", "I", at=8)]


def _offsets(movie: Movie, table: Box) -> list[int]:
    kind, layout = (b"stco", "I") if movie.first(table, b"stco") else (b"co64", "Q")
    return [each for (each,) in _entries(movie, table, kind, layout)]


def _lengths(movie: Movie, table: Box) -> Iterator[int]:
    runs = _entries(movie, table, b"stts", "II")
    return chain.from_iterable(repeat(length, min(count, MOST_SAMPLES)) for count, length in runs)


def _samples_per_chunk(movie: Movie, table: Box, chunks: int) -> Iterator[int]:
    """How many samples each chunk holds; an entry counts until the next one's first chunk."""
    runs = [(first, count) for first, count, _ in _entries(movie, table, b"stsc", "III")]
    ends = [*(first for first, _ in runs[1:]), chunks + 1]
    for (first, count), end in zip(runs, ends, strict=False):
        yield from repeat(count, max(min(end, chunks + 1) - first, 0))
