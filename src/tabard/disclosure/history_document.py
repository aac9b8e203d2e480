"""What does a recording's history say, before it is typeset or written as CSV? Values alone. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
NOT_COVERED = "not yet covered"


@dataclass(frozen=True, slots=True)
class File:
    """One file that came from the camera, by the hash of its bytes as the camera wrote them."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Head:
    """The newest signed checkpoint when the document was made, and who cosigned it."""

    origin: str
    size: int
    root: str
    signed_at: datetime
    witnesses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `position` is None until it has a place, `covered_size` until a signed checkpoint covers it."""

    position: int | None
    event_id: str
    at: datetime
    kind: str
    what: str
    section: str
    item: str
    subject_type: str
    subject_id: str
    said: str
    by: str
    leaf_hash: str
    covered_size: int | None
    covered_at: datetime | None


@dataclass(frozen=True, slots=True)
class HistoryDocument:
    """All that the document says; `left_out` says what its maker may not see, empty where that is nothing."""

    force: str
    made_by: str
    made_at: datetime
    reason: str
    left_out: str
    recording: tuple[tuple[str, str | datetime], ...]
    files: tuple[File, ...]
    entries: tuple[Entry, ...]
    head: Head | None
    vkey: str
    fingerprint: str

    @property
    def uncovered(self) -> int:
        """How many entries no signed checkpoint covers yet."""
        return sum(entry.covered_size is None for entry in self.entries)


def in_london(at: datetime) -> str:
    """`14 March 2026 22:41:07 GMT`: as clocks on the wall showed it."""
    local = at.astimezone(LONDON)
    return f"{local.day} {local:%B %Y %H:%M:%S %Z}"


def in_utc(at: datetime) -> str:
    """`2026-03-14 22:41:07.250 UTC`."""
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%d %H:%M:%S}.{utc.microsecond // 1000:03} UTC"
