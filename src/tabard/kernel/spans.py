"""When does one thing overlap another? Half-open spans of time: the start belongs, the end does not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tabard.kernel.errors import Invalid


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """The half-open span [start_at, end_at) of aware datetimes; `end_at` None means still running."""

    start_at: datetime
    end_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.start_at.tzinfo is None or (self.end_at is not None and self.end_at.tzinfo is None):
            raise Invalid("Times need a time zone.", field="start_at")
        if self.end_at is not None and self.end_at < self.start_at:
            raise Invalid("The end is before the start.", field="end_at")

    @property
    def duration(self) -> timedelta | None:
        """How long the span lasts, or None while it is still running."""
        return None if self.end_at is None else self.end_at - self.start_at

    def contains(self, at: datetime) -> bool:
        """Whether the instant lies in the span."""
        return self.start_at <= at and (self.end_at is None or at < self.end_at)

    def overlaps(self, other: "TimeSpan") -> bool:
        """Whether the two spans share at least one instant."""
        starts_before_other_ends = other.end_at is None or self.start_at < other.end_at
        ends_after_other_starts = self.end_at is None or other.start_at < self.end_at
        return starts_before_other_ends and ends_after_other_starts
