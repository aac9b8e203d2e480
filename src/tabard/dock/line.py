"""Is the server worth trying now, and what time is it there?

Whoever fails to reach it tells the line, and then everybody waits, a little longer each time and never all for
equally long. A station that was off, or whose clock is wrong, still knows the server's time: by what the server said,
and a clock that never goes back.
"""

import random
import threading
import time
from datetime import UTC, datetime, timedelta

_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0
_ODD_CLOCK = timedelta(seconds=30)


def steady_s() -> float:
    """Seconds of a clock that never goes back and goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Line:
    """Whether the server is worth trying; for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._retry_at_s = 0.0
        self._quiet_until_s = 0.0
        self.words = ""

    def is_up(self) -> bool:
        """Whether to try it now."""
        with self._lock:
            return steady_s() >= self._retry_at_s

    def worked(self) -> None:
        """It answered."""
        with self._lock:
            self._failures, self.words = 0, ""

    def failed(self, words: str, *, retry_after_s: float | None = None) -> None:
        """It did not, or asked us to come back: nobody tries for a while."""
        with self._lock:
            self._failures += 1
            most_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(self._failures - 1, 10))
            wait_s = random.uniform(most_s / 2, most_s)  # noqa: S311 - spreads docks, hides nothing
            if retry_after_s is not None:
                wait_s = max(wait_s, min(retry_after_s, 3600.0) * random.uniform(1.0, 1.25))  # noqa: S311 - the same
            self._retry_at_s = max(self._retry_at_s, steady_s() + wait_s)
            self.words = words

    def be_quiet_for(self, seconds: float) -> None:
        """The server asked that nothing be sent for so long."""
        with self._lock:
            self._quiet_until_s = steady_s() + max(0.0, seconds)

    def is_quiet(self) -> bool:
        """Whether the server asked that nothing be sent now."""
        with self._lock:
            return steady_s() < self._quiet_until_s


class ServerClock:
    """The server's time, from its last word on; the machine's own clock may be years off."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: tuple[datetime, float, float] | None = None

    def heard(self, server_at: datetime, *, asked_at_s: float, answered_at_s: float) -> None:
        """The server said that it was so late, at some moment between our asking and its answer."""
        with self._lock:
            self._said = (server_at, asked_at_s, answered_at_s)

    def latest(self) -> datetime | None:
        """The latest that it can be at the server now; None if it never said."""
        with self._lock:
            if self._said is None:
                return None
            server_at, asked_at_s, _ = self._said
            return server_at + timedelta(seconds=steady_s() - asked_at_s)

    def round_trip_s(self) -> float | None:
        """How long its last word took, there and back."""
        with self._lock:
            return None if self._said is None else self._said[2] - self._said[1]

    def best(self) -> datetime:
        """The server's time as well as we know it, else our own."""
        return self.latest() or datetime.now(UTC)

    def own_is_off_by(self) -> timedelta | None:
        """By how much this machine's clock is ahead of the server's, where that is worth a word."""
        latest = self.latest()
        if latest is None:
            return None
        off = datetime.now(UTC) - latest
        return off if abs(off) > _ODD_CLOCK else None
