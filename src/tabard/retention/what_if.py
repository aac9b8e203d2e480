"""What if another policy were in force? Both asked of every recording that there is, in one statement. Changes nothing.

What each would dispose of by an instant, side by side; and recording by recording, whose end moves: sooner or later, to
where there was none, or to none. What is held is counted with the rest, as its hold may end, and is said to be held.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from uuid import UUID

from tabard.kernel.cells import sheet_lines
from tabard.recordings.models import Recording
from tabard.retention import standing
from tabard.retention.rules import Policy
from tabard.retention.standing import Totals

PAGE_ITEMS = 50
HEADINGS = (
    *("recording", "name", "received_at", "bytes", "held", "change"),
    *("rule_before", "due_before", "review_before", "rule_after", "due_after", "review_after"),
)


class Shift(StrEnum):
    """What becomes of the end of a recording's period."""

    SOONER = "sooner"
    NEWLY = "newly"
    LATER = "later"
    NO_LONGER = "no_longer"
    REVIEW = "review"

    @property
    def words(self) -> str:
        """The change as screens show it."""
        return _SHIFT_WORDS[self]


_SHIFT_WORDS = {
    Shift.SOONER: "Fall due sooner",
    Shift.NEWLY: "Fall due, and did not before",
    Shift.LATER: "Fall due later",
    Shift.NO_LONGER: "No longer fall due by themselves",
    Shift.REVIEW: "Are reviewed at another time",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What each policy would dispose of by an instant, and whose end moves.

    `at_once` counts what would be due by then under the new policy and is not under the old, `saved` the reverse.
    """

    as_of: datetime
    before: Totals
    after: Totals
    shifts: dict[Shift, int]
    at_once: int
    saved: int

    @property
    def rules(self) -> list[tuple[str, int, int]]:
        """Every rule under which anything is due, with how much before and after."""
        codes = sorted({*self.before.by_rule, *self.after.by_rule})
        return [(code, self.before.by_rule.get(code, 0), self.after.by_rule.get(code, 0)) for code in codes]


@dataclass(frozen=True, slots=True)
class Item:
    """A recording whose end moves."""

    recording: Recording
    shift: Shift
    is_held: bool
    rule_before: str
    due_before: datetime | None
    review_before: datetime | None
    rule_after: str
    due_after: datetime | None
    review_after: datetime | None


def compare(old: Policy, new: Policy, as_of: datetime) -> Comparison:
    """Both policies side by side, over every recording."""
    rows = list(chain.from_iterable(standing.compared(old, new, as_of, _JOINED + _COUNTED)))
    shifts = Counter[str]()
    for shift, *_, count, _size in rows:
        shifts[shift] += count
    free = [row for row in rows if not row[1]]
    return Comparison(
        as_of=as_of,
        before=_totals(rows, due=2, rule=4),
        after=_totals(rows, due=3, rule=5),
        shifts={shift: shifts[shift.value] for shift in Shift},
        at_once=sum(row[6] for row in free if row[3] and not row[2]),
        saved=sum(row[6] for row in free if row[2] and not row[3]),
    )


def items(
    old: Policy,
    new: Policy,
    as_of: datetime,
    shift: Shift | None = None,
    *,
    first: int = 0,
    limit: int | None = None,
) -> Iterator[Item]:
    """The recordings whose end moves (so), soonest due under the new policy first; memory stays flat."""
    wanted = [shift.value] if shift else [each.value for each in Shift]
    asked = standing.compared(old, new, as_of, _JOINED + _LISTED, wanted=wanted, first=first, limit=limit)
    for rows in asked:
        yield from _items(rows)


def sheet(old: Policy, new: Policy, as_of: datetime, shift: Shift | None = None) -> Iterator[str]:
    """`items` as the lines of a CSV file that a spreadsheet reads well and runs nothing of."""
    return sheet_lines(HEADINGS, map(_cells, items(old, new, as_of, shift)))


def _cells(item: Item) -> list[str]:
    recording = item.recording
    ends = (
        *(item.rule_before, item.due_before, item.review_before),
        *(item.rule_after, item.due_after, item.review_after),
    )
    return [
        *(str(recording.pk), recording.source_name, recording.received_at.isoformat()),
        *(str(recording.size_bytes), "yes" if item.is_held else "no", item.shift.value),
        *(end.isoformat() if isinstance(end, datetime) else end or "" for end in ends),
    ]


def _items(
    rows: list[tuple[UUID, str, bool, str, datetime, datetime, str, datetime, datetime]],
) -> Iterator[Item]:
    found = Recording.objects.select_related("officer").in_bulk([row[0] for row in rows])
    for recording_id, shift, *rest in rows:
        yield Item(found[recording_id], Shift(shift), *rest)  # type: ignore[arg-type]  # as the statement selects them


def _totals(rows: list[tuple[str, bool, bool, bool, str, str, int, int]], *, due: int, rule: int) -> Totals:
    is_due = [row for row in rows if row[due]]
    free = [row for row in is_due if not row[1]]
    by_rule = Counter[str]()
    for row in free:
        by_rule[str(row[rule])] += row[6]
    return Totals(
        due=sum(row[6] for row in free),
        held=sum(row[6] for row in is_due if row[1]),
        size_bytes=sum(row[7] for row in free),
        by_rule=dict(by_rule),
    )


_JOINED = """, moved AS (
    SELECT id, before.size_bytes, before.held, before.rule AS old_rule, after.rule AS new_rule,
        before.due_at AS old_due, after.due_at AS new_due, before.review_at AS old_review,
        after.review_at AS new_review, CASE
            WHEN after.due_at < before.due_at THEN 'sooner'
            WHEN after.due_at > before.due_at THEN 'later'
            WHEN before.due_at IS NULL AND after.due_at IS NOT NULL THEN 'newly'
            WHEN before.due_at IS NOT NULL AND after.due_at IS NULL THEN 'no_longer'
            WHEN before.review_at IS DISTINCT FROM after.review_at THEN 'review'
            ELSE 'same' END AS shift
    FROM before JOIN after USING (id)
)"""
_COUNTED = """
SELECT shift, held, coalesce(old_due <= %(as_of)s, false), coalesce(new_due <= %(as_of)s, false), old_rule, new_rule,
    count(*), coalesce(sum(size_bytes), 0)::bigint
FROM moved GROUP BY 1, 2, 3, 4, 5, 6"""
_LISTED = """
SELECT id, shift, held, old_rule, old_due, old_review, new_rule, new_due, new_review
FROM moved WHERE shift = ANY(%(wanted)s) ORDER BY new_due, id LIMIT %(limit)s OFFSET %(first)s"""
