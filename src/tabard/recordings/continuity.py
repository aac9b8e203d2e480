"""Is footage whole? Segments follow one another, and a camera counts its files: what is missing in between shows. Pure.

Cameras number files in their names (GOPR0123, VID_0001, 00001); a GoPro that splits a long recording numbers its
chapters too (GX010123, GX020123). A count that falls back begins anew: the card was formatted, or the numbers ran out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Generic, TypeVar

# Cameras write whole seconds, and card file systems even ones.
SEAM_TOLERANCE = timedelta(seconds=2)
# A larger step is another count and not a loss: nobody looks for five hundred files one by one.
MOST_MISSING = 500
# Files of one moment may be listed in another order than they were counted in.
OUT_OF_ORDER = 20

_CHAPTERED = re.compile(
    r"G[HXLP](?P<chapter>\d{2})(?P<number>\d{4})"
)  # GoPro, from HERO6; GP01 to GP99 before
_FIRST_OF_OLD = re.compile(r"GOPR(?P<number>\d{4})")
_COUNTED = re.compile(r"(?:[A-Za-z]{1,10}(?:\d{0,2}[_-])?)?(?P<number>\d{3,5})")

Item = TypeVar("Item")


class SeamKind(StrEnum):
    """What is wrong where one segment follows another."""

    GAP = "gap"
    OVERLAP = "overlap"


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when to when one segment filmed, by its camera; None where the camera did not say."""

    started_at: datetime | None
    stopped_at: datetime | None


@dataclass(frozen=True, slots=True)
class Seam:
    """Where two neighbours do not fit: after which of them, and by how much."""

    kind: SeamKind
    after: int
    lasting: timedelta


@dataclass(frozen=True, slots=True)
class FileNumber:
    """The number of a file in its camera's counting, and which chapter of it the file is, where there are chapters."""

    number: int
    chapter: int | None = None


@dataclass(frozen=True, slots=True)
class Hole(Generic[Item]):
    """The numbers from `first` to `last` that never came, and the counted items on both sides."""

    first: int
    last: int
    before: Item
    after: Item

    @property
    def words(self) -> str:
        """The numbers in words: `124`, or `124 to 126`."""
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


def file_number(name: str) -> FileNumber | None:
    """The number that a camera counts the file by, as its name says; None where the name counts nothing.

    A name with more than five digits together tells a date or an id, and is not counted by.
    """
    stem = PurePosixPath(name.upper()).stem
    if found := _CHAPTERED.fullmatch(stem):
        return FileNumber(int(found["number"]), int(found["chapter"]))
    if found := _FIRST_OF_OLD.fullmatch(stem):
        return FileNumber(int(found["number"]), 0)
    found = _COUNTED.fullmatch(stem)
    return FileNumber(int(found["number"])) if found else None


def seams(stretches: Sequence[Stretch]) -> Iterator[Seam]:
    """Where neighbours, in order, leave time out between them or film the same time twice."""
    for number, (one, following) in enumerate(pairwise(stretches)):
        stopped_at, started_at = one.stopped_at, following.started_at
        if stopped_at is None or started_at is None:
            continue
        apart = started_at - stopped_at
        if abs(apart) > SEAM_TOLERANCE:
            kind = SeamKind.GAP if apart > timedelta() else SeamKind.OVERLAP
            yield Seam(kind, number, abs(apart))


def missing_chapters(names: Sequence[str]) -> list[str]:
    """The chapters that are not there of files of which a later one is, as `0123 chapter 2`.

    The first is chapter 1, or in the older way of naming (GOPR0123, then GP010123) chapter 0.
    """
    chapters: dict[int, set[int]] = {}
    for numbered in map(file_number, names):
        if numbered is not None and numbered.chapter is not None:
            chapters.setdefault(numbered.number, set()).add(numbered.chapter)
    is_old = any(PurePosixPath(name).stem.upper().startswith(("GOPR", "GP")) for name in names)
    return [
        f"{number:04} chapter {chapter}"
        for number, there in sorted(chapters.items())
        for chapter in range(0 if is_old else 1, max(there))
        if chapter not in there
    ]


def holes(counted: Sequence[tuple[int, Item]]) -> Iterator[Hole[Item]]:
    """The numbers that never came, of items with their numbers in the order in which they were filmed."""
    for run in _runs(counted):
        in_order = sorted(run, key=lambda each: each[0])
        for (number, before), (following, after) in pairwise(in_order):
            if 1 < following - number <= MOST_MISSING + 1:
                yield Hole(number + 1, following - 1, before, after)


def _runs(counted: Sequence[tuple[int, Item]]) -> Iterator[list[tuple[int, Item]]]:
    """The stretches in which the camera counted on."""
    run: list[tuple[int, Item]] = []
    highest = 0
    for number, item in counted:
        if run and number < highest - OUT_OF_ORDER:
            yield run
            run, highest = [], 0
        run.append((number, item))
        highest = max(highest, number)
    if run:
        yield run
