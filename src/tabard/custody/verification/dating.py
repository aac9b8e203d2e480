"""May an event bear this time? The time it says is compared with two that were not its author's to choose.

One is in its id, a UUIDv7 made when it was appended; the other is when the checkpoints around it were signed. Both may
differ honestly, as an act may take a while between its time and its commit, so only more than an hour is a defect.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

DATING_TOLERANCE = timedelta(hours=1)
"""How far an event's `at` may be from the time in its id, and from the checkpoints around it."""

Signed = tuple[int, datetime]
"""A checkpoint's size, and when it was signed."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def time_in_id(event_id: str) -> datetime:
    """When a UUIDv7 was made, to the millisecond (RFC 9562 section 5.7)."""
    return _EPOCH + timedelta(0, 0, 0, int(event_id[:8] + event_id[9:13], 16))


def is_dated(event_id: str) -> bool:
    """Whether the id is a UUIDv7, and so says when it was made."""
    return event_id[14] == "7"


def misdated(
    at: datetime,
    event_id: str,
    signed_before: Signed | None,
    covered_by: Signed | None,
    tolerance: timedelta = DATING_TOLERANCE,
) -> tuple[str, str] | None:
    """Why an event's time cannot be true, as a code and words; None where it can.

    Args:
        at: What the event says.
        event_id: Its id, as text.
        signed_before: Size and time of the newest checkpoint that does not cover it.
        covered_by: Size and time of the oldest that does.
        tolerance: How far it may be from each.
    """
    if not is_dated(event_id):
        return "event_id", "its id is no UUIDv7"
    made = time_in_id(event_id)
    if at < made - tolerance:
        return "back_dated", f"it says {_said(at)}, but its id was made {_said(made)}"
    if at > made + tolerance:
        return "post_dated", f"it says {_said(at)}, but its id was made {_said(made)}"
    if signed_before is not None and at < signed_before[1] - tolerance:
        size, signed = signed_before
        return "back_dated", f"it says {_said(at)}, but checkpoint {size}, signed {_said(signed)}, lacks it"
    if covered_by is not None and at > covered_by[1] + tolerance:
        size, signed = covered_by
        return "post_dated", f"it says {_said(at)}, but checkpoint {size}, signed {_said(signed)}, has it"
    return None


def _said(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


class Around(NamedTuple):
    """Of some positions: the newest checkpoint that does not cover them, and the first that does; None where none."""

    positions: range
    before: Signed | None
    covering: Signed | None


class Times:
    """When our own checkpoints were signed, and how far an event's time may be from that; None where no time counts."""

    def __init__(self, signed: Sequence[Signed], dated_within: timedelta | None) -> None:
        self.signed, self.dated_within = signed, dated_within
        self._last = Around(range(0), None, None)

    def around(self, position: int) -> Around:
        """The checkpoints next to this position; quick for one position after another."""
        if position not in self._last.positions:
            place = bisect_right(self.signed, position, key=lambda signed: signed[0])
            before = self.signed[place - 1] if place else None
            covering = self.signed[place] if place < len(self.signed) else None
            first, end = before[0] if before else position, covering[0] if covering else position + 1
            self._last = Around(range(first, end), before, covering)
        return self._last

    def misdated(self, at: datetime, event_id: str, position: int | None) -> tuple[str, str] | None:
        """Why an event's time cannot be true, as a code and words; None where it can, or no time counts."""
        if self.dated_within is None:
            return None
        if position is None:
            return misdated(at, event_id, None, None, self.dated_within)
        _, before, covering = self.around(position)
        return misdated(at, event_id, before, covering, self.dated_within)
