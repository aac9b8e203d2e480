"""Where did the wearer walk? A GPS track at walking pace that turns at corners and stays near where it began.

The file format is the one that Axis body-worn systems send as `..._gpstrail.json`.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

_M_PER_DEGREE: Final = 111_320.0
_PACE_M_S: Final = 1.35
_REACH_M: Final = 400.0
ACCURACY_M: Final = 4.0


@dataclass(frozen=True, slots=True)
class Fix:
    """One position of the wearer (WGS 84 degrees) at an instant."""

    at: datetime
    latitude: float
    longitude: float


def walk(*, start: tuple[float, float], started_at: datetime, duration_s: float, seed: int) -> Sequence[Fix]:
    """One fix a second from `start` (latitude, longitude), at most about 400 m away; seeded."""
    rng = np.random.default_rng([seed, 11])
    heading = float(rng.uniform(0, 2 * math.pi))
    east, north = 0.0, 0.0
    fixes = []
    for second in range(int(duration_s) + 1):
        fixes.append(_fix(start, east, north, started_at + timedelta(seconds=second)))
        if second % 45 == 44:
            heading += float(rng.choice([-math.pi / 2, math.pi / 2]))
        if math.hypot(east, north) > _REACH_M:
            heading = math.atan2(-north, -east)
        pace = _PACE_M_S * float(rng.uniform(0.85, 1.1))
        east += pace * math.cos(heading)
        north += pace * math.sin(heading)
    return fixes


def _fix(start: tuple[float, float], east_m: float, north_m: float, at: datetime) -> Fix:
    latitude = start[0] + north_m / _M_PER_DEGREE
    longitude = start[1] + east_m / (_M_PER_DEGREE * math.cos(math.radians(start[0])))
    return Fix(at, round(latitude, 6), round(longitude, 6))


def gpstrail(fixes: Sequence[Fix], started_at: datetime) -> bytes:
    """The fixes as an Axis track: seconds from the start of the recording, longitude before latitude."""
    entries = [
        {
            "LocationWKT": f"POINT({fix.longitude:.6f} {fix.latitude:.6f})",
            "SecondsFromStart": (fix.at - started_at).total_seconds(),
            "Timestamp": fix.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        for fix in fixes
    ]
    return json.dumps({"CoordinateEntries": entries}).encode()


def location_text(fix: Fix) -> str:
    """The fix as Axis metadata has it: latitude, longitude, accuracy in metres, epoch seconds, all signed."""
    return f"{fix.latitude:+.6f}{fix.longitude:+.6f}+{ACCURACY_M:.1f}+{int(fix.at.timestamp())}"
