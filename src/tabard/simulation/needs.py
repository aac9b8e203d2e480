"""What does the whole force need at the end of a shift? Reckoned from what one machine's share took. Pure.

Two phases were measured: large files, which tell what a gigabyte costs, and the shift itself, which tells what a
recording costs besides its bytes. Costs are processor seconds, so that a slow or shared machine changes them little.
"""

import math
from dataclasses import dataclass
from typing import Final

from tabard.simulation.shift import (
    BIT_RATE,
    BUSIEST,
    MEAN_LENGTH_S,
    PUBLISHED_RECORDINGS_A_CAMERA,
    ShiftSpec,
)

BUSY_SHARE: Final = 0.7
"""How much of a core is planned for; the rest is for what nobody foresaw."""
SHIFTS_A_DAY: Final = 3
HOURS_TO_THE_NEXT: Final = 24 / SHIFTS_A_DAY
GIGA: Final = 1e9


@dataclass(frozen=True, slots=True)
class Phase:
    """What was sent in one phase of the measurement, and the processor seconds that each kind of process took."""

    recordings: int
    bytes: int
    seconds: float
    door_cpu_s: float
    worker_cpu_s: float
    database_cpu_s: float


@dataclass(frozen=True, slots=True)
class Costs:
    """Processor seconds for each recording, whatever its size, and for each gigabyte."""

    door_a_recording_s: float
    door_a_gb_s: float
    worker_a_recording_s: float
    worker_a_gb_s: float
    database_a_recording_s: float

    @property
    def are_told_apart(self) -> bool:
        """Whether enough was sent to tell what a gigabyte costs; nothing may be reckoned where it seems to be free."""
        return self.door_a_gb_s > 0 and self.worker_a_gb_s > 0


def costs(large: Phase, shift: Phase) -> Costs:
    """What a recording and a gigabyte cost, by two phases with different shares of both."""
    door = _split(large, shift, large.door_cpu_s, shift.door_cpu_s)
    worker = _split(large, shift, large.worker_cpu_s, shift.worker_cpu_s)
    return Costs(*door, *worker, database_a_recording_s=shift.database_cpu_s / shift.recordings)


def _split(large: Phase, shift: Phase, large_s: float, shift_s: float) -> tuple[float, float]:
    """Seconds a recording and a gigabyte: the two unknowns of two equations, neither less than nothing."""
    large_gb, shift_gb = large.bytes / GIGA, shift.bytes / GIGA
    unlike = large.recordings * shift_gb - shift.recordings * large_gb
    a_recording = (large_s * shift_gb - shift_s * large_gb) / unlike if unlike else 0.0
    a_recording = min(max(0.0, a_recording), shift_s / shift.recordings, large_s / large.recordings)
    return a_recording, (large_s - large.recordings * a_recording) / large_gb


@dataclass(frozen=True, slots=True)
class Needs:
    """What the whole force needs: doors, workers and databases as cores that are always busy, and cores to have."""

    recordings_per_s: float
    store_gb_per_s: float
    doors: float
    workers: float
    databases: float

    @property
    def door_cores(self) -> int:
        """How many doors, one to a core."""
        return planned(self.doors)

    @property
    def worker_cores(self) -> int:
        """How many workers, one to a core."""
        return planned(self.workers)

    @property
    def database_cores(self) -> int:
        """How many cores of the database's machine."""
        return planned(self.databases)


def needs(spec: ShiftSpec, each: Costs) -> Needs:
    """What the force's busiest moment takes, and what its workers have to do before the next shift ends."""
    window_s = 60 * spec.minutes
    recordings_per_s = BUSIEST * spec.recordings / window_s
    gb_per_s = BUSIEST * spec.bytes / GIGA / window_s
    worker_s = spec.recordings * each.worker_a_recording_s + spec.bytes / GIGA * each.worker_a_gb_s
    return Needs(
        recordings_per_s=recordings_per_s,
        store_gb_per_s=gb_per_s,
        doors=recordings_per_s * each.door_a_recording_s + gb_per_s * each.door_a_gb_s,
        workers=worker_s / (3600 * HOURS_TO_THE_NEXT),
        databases=recordings_per_s * each.database_a_recording_s,
    )


def planned(busy_cores: float) -> int:
    """How many cores to have, so that they are busy for no more than `BUSY_SHARE` of the time."""
    return max(1, math.ceil(busy_cores / BUSY_SHARE))


def arithmetic(spec: ShiftSpec, each: Costs, found: Needs) -> tuple[str, ...]:
    """How the needs were reckoned, a sentence for each."""
    rate = f"{found.recordings_per_s:.1f}"
    whole = f"{spec.cameras:,} cameras x {spec.recordings_a_camera:g} recordings x {MEAN_LENGTH_S / 60:.1f} minutes"
    busiest = f"in {spec.minutes:g} minutes, {BUSIEST:.2f} times the mean at the busiest"
    door = f"{rate} x {each.door_a_recording_s:.4f} s + {found.store_gb_per_s:.2f} GB/s x {each.door_a_gb_s:.2f} s/GB"
    worker = (
        f"{spec.recordings:,.0f} x {each.worker_a_recording_s:.2f} s"
        f" + {spec.bytes / GIGA:,.0f} GB x {each.worker_a_gb_s:.2f} s/GB"
    )
    return (
        f"{whole} = {spec.recordings:,.0f} recordings, {spec.bytes / 1e12:.2f} TB",
        f"{busiest}: {rate} recordings/s, {found.store_gb_per_s:.2f} GB/s",
        f"doors: ({door}) / {BUSY_SHARE} = {found.doors / BUSY_SHARE:.1f}",
        f"workers: ({worker}) / {HOURS_TO_THE_NEXT:g} h / {BUSY_SHARE} = {found.workers / BUSY_SHARE:.1f}",
        f"database: {rate} x {each.database_a_recording_s:.4f} s / {BUSY_SHARE} = {found.databases / BUSY_SHARE:.1f}",
        f"store: {found.store_gb_per_s:.2f} GB/s written, as much into a second one, and all of it read back from each",
    )


ASSUMPTIONS: Final = (
    f"footage of {BIT_RATE / 1e6:g} Mbit/s, of 15.2 minutes on average (London trial, 2014-15)",
    f"recordings a camera as asked for; {PUBLISHED_RECORDINGS_A_CAMERA:.3f} a day are published (Met, 2016-17)",
    f"cameras come home along a curve that is highest a third of the way; workers have {HOURS_TO_THE_NEXT:g} hours",
    f"a core is planned to be busy {BUSY_SHARE:.0%} of the time, and is one of this machine's",
    "no dock, cable or station's network slows a camera down; where one does, fewer doors are enough for longer",
    "pictures are small: finding packets costs what it would, decoding for stills less than at 1080p",
    "no TLS, one store, the database beside the door: TLS adds its encryption to each gigabyte's cost",
)
