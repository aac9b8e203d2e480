"""May an event bear this time? The time it says is compared with two that were not its author's to choose.

One is in its id, a UUIDv7 made when it was appended; the other is when the checkpoints around it were signed. Both may
differ honestly, as an act may take a while between its time and its commit, so only more than an hour is a defect.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

DATING_TOLERANCE = timedelta(hours=1)
"""How far an event's `at` may be from the time in its id, and from the checkpoints around it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def time_in_id(event_id: UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond (RFC 9562 section 5.7)."""
    return _EPOCH + timedelta(milliseconds=event_id.int >> 80)


def misdated(
    at: datetime,
    event_id: UUID,
    signed_before: tuple[int, datetime] | None,
    covered_by: tuple[int, datetime] | None,
    tolerance: timedelta = DATING_TOLERANCE,
) -> tuple[str, str] | None:
    """Why an event's time cannot be true, as a code and words; None where it can.

    Args:
        at: What the event says.
        event_id: Its id.
        signed_before: Size and time of the newest checkpoint that does not cover it.
        covered_by: Size and time of the oldest that does.
        tolerance: How far it may be from each.
    """
    if event_id.version != 7:
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
