"""How far off was a camera's clock when it recorded, and how sure is that? Pure: readings in, a correction out.

An offset is what the camera's clock showed less the true time: positive where it is ahead. Between two readings the
offset runs in a straight line, and no further from it than a quartz can drift. From a reading on one side only, it is
carried on with an uncertainty that grows by that drift. Two readings that no drift explains tell that the clock was
set, or lost its battery, between them: what it was off by before or after is not chosen, both are bounds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# A 32.768 kHz crystal is off by up to 20 to 50 ppm as it is made (AMD AM011, "RTC accuracy", reckons with 50), and
# slows by 0.034 to 0.042 ppm for each squared degree from 25 °C (the formula of makers' calculators): about 50 ppm more
# at -10 or 60 °C. 100 ppm are 8.64 seconds a day.
DRIFT_PPM = 100
CARRIED_AT_MOST = timedelta(days=90)  # beyond, a battery may have died unseen, and drift alone says nothing
SATELLITES_UNCERTAIN = timedelta(
    seconds=1
)  # what receivers write into files is cut to the second, or a frame late
_NEVER_AFTER_RECEIPT = timedelta(minutes=5)  # our own machines' clocks
_ZERO = timedelta()


class Basis(StrEnum):
    """What a correction rests on."""

    UNKNOWN = ""
    BETWEEN = "between"
    BEFORE = "before"
    AFTER = "after"
    SATELLITES = "satellites"
    JUMPED = "jumped"

    @property
    def words(self) -> str:
        """The grounds, in words."""
        return _BASIS_WORDS[self]


_BASIS_WORDS: Mapping[Basis, str] = {
    Basis.UNKNOWN: "Not measured",
    Basis.BETWEEN: "Between two readings of the camera's clock",
    Basis.BEFORE: "Carried on from a reading before it",
    Basis.AFTER: "Carried back from a reading after it",
    Basis.SATELLITES: "Satellite time in the footage",
    Basis.JUMPED: "Not known: the clock was set or stopped between two readings",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a camera's clock showed at a true time, known to within the uncertainty."""

    camera_at: datetime
    true_at: datetime
    uncertainty: timedelta
    is_ours: bool = True
    """Measured by a dock of ours; a file's own satellite time is not, as anybody may write a file."""

    @property
    def offset(self) -> timedelta:
        """How far ahead the camera's clock was."""
        return self.camera_at - self.true_at


@dataclass(frozen=True, slots=True)
class Correction:
    """How far off the clock was, and on what grounds.

    `offset` and `uncertainty` are None where the offset is unknown; after a jump `bounds` are the least and the
    greatest that it can have been.
    """

    basis: Basis = Basis.UNKNOWN
    offset: timedelta | None = None
    uncertainty: timedelta | None = None
    bounds: tuple[timedelta, timedelta] | None = None

    def corrected(self, shown_at: datetime) -> datetime | None:
        """The true time of what the clock showed; None where the offset is unknown."""
        return None if self.offset is None else shown_at - self.offset


def correct(
    shown_at: datetime, received_at: datetime, readings: Sequence[Reading], own: Reading | None = None
) -> Correction:
    """The correction of one time that a camera's clock showed.

    Args:
        shown_at: What the clock showed, aware.
        received_at: When we had what was recorded: it was recorded no later.
        readings: Of the camera's clock, by true time; those around the time suffice (`around`).
        own: A reading of the clock at that very time, from satellites.
    """
    by_docks = _possible(_by_readings(shown_at, received_at, readings), shown_at, received_at)
    return by_docks if own is None else _possible(_with_own(by_docks, own), shown_at, received_at)


def begun_by(shown_at: datetime, received_at: datetime, readings: Sequence[Reading]) -> datetime:
    """The latest that a recording can have begun whose start the clock showed, as far as that is certain.

    Certain is receipt, and what readings of our own on both sides say that agree with one another. Anything less
    (one reading, a jump, satellite time from the file) leaves receipt.
    """
    found = correct(shown_at, received_at, [reading for reading in readings if reading.is_ours])
    if found.basis is not Basis.BETWEEN or found.offset is None or found.uncertainty is None:
        return received_at
    return min(received_at, shown_at - found.offset + found.uncertainty)


def around(
    shown_at: datetime, received_at: datetime, readings: Sequence[Reading]
) -> tuple[Reading | None, Reading | None]:
    """The last reading before the time, and the one that followed it.

    The last before is the last that was taken by receipt and showed no later time. Where all showed later ones, the two
    taken last before receipt: between them the clock may have been set.
    """
    known = [reading for reading in readings if reading.true_at <= received_at]
    for number in range(len(known) - 1, -1, -1):
        if known[number].camera_at <= shown_at:
            return readings[number], (readings[number + 1] if number + 1 < len(readings) else None)
    if len(known) > 1:
        return known[-2], known[-1]
    return None, readings[0] if readings else None


def _by_readings(shown_at: datetime, received_at: datetime, readings: Sequence[Reading]) -> Correction:
    before, after = around(shown_at, received_at, readings)
    if before is not None and after is not None:
        if _has_jumped(before, after):
            return _jumped(before.offset, after.offset)
        if before.camera_at <= shown_at < after.camera_at:
            return _between(shown_at, before, after)
    nearest = before or after
    if nearest is None:
        return Correction()
    return _carried(shown_at, nearest)


def _has_jumped(one: Reading, other: Reading) -> bool:
    """Whether no drift explains how the offset changed from one reading to the other."""
    explained = one.uncertainty + other.uncertainty + _drift(other.true_at - one.true_at)
    return abs(other.offset - one.offset) > explained


def _between(shown_at: datetime, before: Reading, after: Reading) -> Correction:
    """On the line between two readings, and no further from it than drift allows that ends at both."""
    since, until = shown_at - before.camera_at, after.camera_at - shown_at
    share = since / (since + until)
    strays = _drift(2 * since * (1 - share))
    offset = before.offset + (after.offset - before.offset) * share
    return Correction(Basis.BETWEEN, offset, max(before.uncertainty, after.uncertainty) + strays)


def _carried(shown_at: datetime, reading: Reading) -> Correction:
    """From one reading, less surely the further away; unknown beyond what can be carried."""
    away = shown_at - reading.camera_at
    if abs(away) > CARRIED_AT_MOST:
        return Correction()
    basis = Basis.BEFORE if away >= _ZERO else Basis.AFTER
    return Correction(basis, reading.offset, reading.uncertainty + _drift(away))


def _with_own(by_docks: Correction, own: Reading) -> Correction:
    """Satellite time beside what docks measured: it is more exact where they agree, and a doubt where they do not."""
    agreed = Correction(Basis.SATELLITES, own.offset, own.uncertainty)
    if by_docks.bounds is not None:
        tolerance = own.uncertainty + _drift(CARRIED_AT_MOST)
        fits = any(abs(bound - own.offset) <= tolerance for bound in by_docks.bounds)
        return agreed if fits else _jumped(*by_docks.bounds, own.offset)
    if by_docks.offset is None or by_docks.uncertainty is None:
        return agreed
    apart = abs(by_docks.offset - own.offset)
    return agreed if apart <= by_docks.uncertainty + own.uncertainty else _jumped(by_docks.offset, own.offset)


def _possible(found: Correction, shown_at: datetime, received_at: datetime) -> Correction:
    """The correction, unless it says that we had the recording before it began: then the clock was set unseen."""
    corrected = found.corrected(shown_at)
    if corrected is None or found.offset is None or found.uncertainty is None:
        return found
    if corrected - found.uncertainty <= received_at + _NEVER_AFTER_RECEIPT:
        return found
    return _jumped(found.offset, shown_at - received_at)


def _jumped(*offsets: timedelta) -> Correction:
    return Correction(Basis.JUMPED, bounds=(min(offsets), max(offsets)))


def _drift(elapsed: timedelta) -> timedelta:
    """How far a quartz can stray in the time; rounded up, so that it is never too little."""
    return abs(elapsed) * DRIFT_PPM / 1_000_000 + timedelta(microseconds=1)
