"""Which event is it? Names those altered, missing, moved, repeated or put in, from what differed on the walk.

A position differs where the row's leaf does not have the stored hash, or where there is no row. The hash that belongs
there is the one under which a signed root came out. A hash that belongs at one position and is found at another is an
event that was moved; one that is found nowhere is missing or altered; a leaf that belongs nowhere was put in.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from tabard.custody.models import Event
from tabard.custody.verification.heads import SignedHead
from tabard.custody.verification.report import LogReport
from tabard.custody.verification.rows import EventRow, waiting
from tabard.merkle.tree import leaf_hash


class Difference(NamedTuple):
    """A position at which row and stored hash disagree; None for the one that is not there."""

    position: int
    row: EventRow | None
    own: bytes | None
    kept: bytes | None


class Verdict(NamedTuple):
    """Whose tree came out at a signed size."""

    size: int
    rows: bool
    store: bool


@dataclass(slots=True)
class Misplaced:
    """All that differed, and what the signed roots said."""

    differences: list[Difference] = field(default_factory=list)
    strayed: list[EventRow] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    failed: list[SignedHead] = field(default_factory=list)

    def differs(self, position: int, row: EventRow | None, own: bytes | None, kept: bytes | None) -> None:
        """Remember a position at which row and stored hash disagree."""
        self.differences.append(Difference(position, row, own, kept))

    def stray(self, row: EventRow) -> None:
        """Remember an event at a position that no tree has, or that another event has too."""
        self.strayed.append(row)

    def holds(self, size: int, *, rows: bool, store: bool) -> None:
        """Remember that a signed root came out."""
        self.verdicts.append(Verdict(size, rows, store))

    def fails(self, head: SignedHead) -> None:
        """Remember a signed root that neither tree has."""
        self.failed.append(head)

    def row_is_right(self, position: int) -> bool:
        """Whether a signed root vouches for the row, and against a stored hash that differs, at this position."""
        return any(each.rows and not each.store for each in self.verdicts if each.size > position)

    def is_signed(self, position: int) -> bool:
        """Whether a signed root that came out covers the position."""
        return any(each.size > position for each in self.verdicts)


def name_misplaced(places: Misplaced, report: LogReport) -> None:
    """A defect for each event that is not where, or not what, it was."""
    belongs = {
        each.kept: each.position
        for each in places.differences
        if each.kept is not None and each.kept != each.own and not places.row_is_right(each.position)
    }
    loose = [*(each.row for each in places.differences if each.row is not None), *places.strayed]
    if any(each.row is None for each in places.differences):
        displaced = [row for row in waiting() if leaf_hash(row.leaf) in belongs]
        places.strayed += displaced
        loose += displaced
    found_at: dict[bytes, EventRow] = {}
    for row in loose:
        found_at.setdefault(leaf_hash(row.leaf), row)
    for each in places.differences:
        _name_difference(each, places, belongs, found_at, report)
    for row in places.strayed:
        _name_row(row, belongs, report)
    _name_failed_roots(places, report)


def _name_difference(
    each: Difference,
    places: Misplaced,
    belongs: dict[bytes, int],
    found_at: dict[bytes, EventRow],
    report: LogReport,
) -> None:
    if each.row is None:
        if each.kept is None or each.kept not in found_at:
            _name_absent(each, places, report)
        return
    if places.row_is_right(each.position) or (each.kept is None and places.is_signed(each.position)):
        _name_node(each, report)
        return
    _name_row(each.row, belongs, report, stands_for=found_at.get(each.kept or b""))
    if each.kept is not None and each.kept not in found_at and belongs.get(each.own or b"") is not None:
        _name_absent(each, places, report)  # another event stands in its place


def _name_absent(each: Difference, places: Misplaced, report: LogReport) -> None:
    left = "and nothing is left of it" if each.kept is None else f"whose leaf hash is {each.kept.hex()}"
    if each.kept is None or places.is_signed(each.position):
        words = f"The event at position {each.position}, {left}, is missing from the database."
        report.add("missing", each.position, words)
    else:
        words = f"Tree node 0/{each.position} has no event: it was put in, or its event was removed unsigned."
        report.add("nodes_unexpected", f"0/{each.position}", words)


def _name_node(each: Difference, report: LogReport) -> None:
    fate = "is missing" if each.kept is None else "was changed"
    words = f"Tree node 0/{each.position}, the leaf hash of event {each.row.id if each.row else '?'}, {fate}."
    report.add("node", f"0/{each.position}", words)


def _name_row(
    row: EventRow, belongs: dict[bytes, int], report: LogReport, *, stands_for: EventRow | None = None
) -> None:
    """The row's leaf is not what was logged at its position: it was moved here, repeated, put in, or altered."""
    home = belongs.get(leaf_hash(row.leaf))
    original = _original(row)
    if home is not None and home != row.position:
        report.add("reordered", row.id, f"{row.named} was moved: it was logged at position {home}.")
    elif original is not None:
        report.add("duplicated", row.id, f"{row.named} repeats event {original}: it was logged once.")
    elif stands_for is not None or row.position not in belongs.values():
        report.add("inserted", row.id, f"{row.named} was put in: no signed or stored tree has it.")
    else:
        words = f"{row.named} was altered: its leaf is not the one that was logged at that position."
        report.add("altered", row.id, words)


def _original(row: EventRow) -> UUID | None:
    """The other event whose leaf this row repeats, if it is there."""
    others = Event.objects.filter(leaf=row.leaf).exclude(id=row.id)
    try:
        named = UUID(json.loads(row.leaf)["id"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return named if others.filter(id=named).exists() else None


def _name_failed_roots(places: Misplaced, report: LogReport) -> None:
    """Signed roots that no tree of what is here has: a second history, or events altered with all their traces."""
    newest_ours = max((verdict.size for verdict in places.verdicts), default=0)
    for size, heads in _by_size(places.failed):
        where = ", ".join(sorted({head.where for head in heads}))
        before = max((each.size for each in places.verdicts if each.size < size), default=0)
        if newest_ours >= size and newest_ours > 0:
            words = (
                f"The log signed two histories: {where} has {size} events that are not the first {size} here."
            )
            report.add("fork", size, words)
            continue
        words = (
            f"The first {size} events do not have the root that was signed ({where}): "
            f"an event from position {before} to {size - 1} was altered, with its tree nodes."
        )
        report.add("root", size, words)


def _by_size(heads: list[SignedHead]) -> Iterator[tuple[int, list[SignedHead]]]:
    for size in sorted({head.size for head in heads}):
        yield size, [head for head in heads if head.size == size]
