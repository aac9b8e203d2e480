"""How large is the force, and which year does it play? The defaults are the published figures."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from tabard.kernel.errors import Invalid

PUBLISHED_RECORDINGS: Final = 785_000
PUBLISHED_DISPOSED: Final = 460_000
PUBLISHED_CAMERAS: Final = 22_000
OFFICERS: Final = 30_000

FEWEST_CAMERAS: Final = 100
MOST_RECORDINGS: Final = 5_000_000
FIRST_YEAR: Final = 2017


@dataclass(frozen=True)
class WholeForceSpec:
    """A force and its year.

    Raises:
        Invalid: a command would have no camera, a camera no officer, or the year is not over long ago.
    """

    recordings: int = PUBLISHED_RECORDINGS
    seed: int = 1
    cameras: int = PUBLISHED_CAMERAS
    officers: int = OFFICERS
    year: int = 2025
    leave_due: bool = False

    def __post_init__(self) -> None:
        if not FEWEST_CAMERAS <= self.cameras <= self.officers:
            words = f"There are at least {FEWEST_CAMERAS} cameras, and no fewer officers than cameras."
            raise Invalid(words, field="cameras")
        if not 0 <= self.recordings <= MOST_RECORDINGS:
            raise Invalid(f"There are 0 to {MOST_RECORDINGS:,} recordings.", field="recordings")
        if self.year < FIRST_YEAR:
            raise Invalid(f"The year is {FIRST_YEAR} or a later one.", field="year")

    @cached_property
    def begins_at(self) -> datetime:
        """The first instant of the year."""
        return datetime(self.year, 1, 1, tzinfo=UTC)

    @cached_property
    def ends_at(self) -> datetime:
        """The first instant after it; everything that is simulated has happened by then, but for readings of clocks."""
        return datetime(self.year + 1, 1, 1, tzinfo=UTC)

    @property
    def disposed(self) -> int:
        """How many of the recordings were disposed of within the year, in the proportion that is published.

        With `leave_due` none was: as many are due, and wait for a disposal run.
        """
        return 0 if self.leave_due else self.unneeded

    @property
    def unneeded(self) -> int:
        """How many of those whose period ended within the year nobody needed as evidence."""
        return round(self.recordings * PUBLISHED_DISPOSED / PUBLISHED_RECORDINGS)
