"""How fast may we send, and when? A limit that all cameras share, and hours in which the line belongs to others.

Both are pure: given the time, they answer. Waiting is the caller's.
"""

import re
import threading
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from tabard.dock.errors import BadConfiguration

_BURST_S = 0.25
_SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")


class Pace:
    """A bandwidth limit: a bucket that fills steadily and may be overdrawn by whoever then waits. For many threads.

    Args:
        bytes_per_s: The limit; None where there is none.
    """

    def __init__(self, bytes_per_s: int | None) -> None:
        self.bytes_per_s = bytes_per_s
        self._lock = threading.Lock()
        self._free_at_s = 0.0

    def take(self, size_bytes: int, *, at_s: float) -> float:
        """How many seconds to wait before these bytes may go; they are counted as sent.

        Args:
            size_bytes: How many are about to go.
            at_s: Now, of a clock that never goes back.
        """
        if self.bytes_per_s is None:
            return 0.0
        with self._lock:
            start_s = max(self._free_at_s, at_s - _BURST_S)
            self._free_at_s = start_s + size_bytes / self.bytes_per_s
            return max(0.0, start_s - at_s)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Spans of local time, each day, in which nothing is sent; one that ends before it begins runs over midnight."""

    spans: tuple[tuple[time, time], ...] = ()

    @classmethod
    def parse(cls, texts: list[str], *, field: str) -> "QuietHours":
        """The spans in texts such as `06:00-09:30`.

        Raises:
            BadConfiguration: naming the field.
        """
        spans = []
        for text in texts:
            match = _SPAN.fullmatch(text)
            if match is None or (match[1], match[2]) == (match[3], match[4]):
                raise BadConfiguration(f"{text} is not a span of hours; write 06:00-09:30.", field=field)
            first = time(int(match[1]), int(match[2]))
            spans.append((first, time(int(match[3]), int(match[4]))))
        return cls(tuple(spans))

    def until(self, at: datetime) -> datetime | None:
        """When the quiet ends that reigns at this local time; None where there is none."""
        ends = [end for first, end in self.spans if _is_within(at.time(), first, end)]
        return max((_next(at, end) for end in ends), default=None)


def _is_within(moment: time, first: time, end: time) -> bool:
    if first < end:
        return first <= moment < end
    return moment >= first or moment < end


def _next(at: datetime, end: time) -> datetime:
    """The next time after `at` that the clock shows `end`."""
    today = at.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    return today if today > at else today + timedelta(days=1)
