"""Where the wearer walked."""

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from tabard.simulation.walk import Fix, gpstrail, location_text, walk

BEGAN = datetime(2026, 11, 4, 21, 14, 3, tzinfo=UTC)
CAMDEN = (51.529, -0.1255)


def metres(one, other):
    north = (other.latitude - one.latitude) * 111_320
    east = (other.longitude - one.longitude) * 111_320 * math.cos(math.radians(one.latitude))
    return math.hypot(north, east)


def test_there_is_one_fix_a_second_from_the_start():
    fixes = walk(start=CAMDEN, started_at=BEGAN, duration_s=30, seed=1)
    assert [fix.at for fix in fixes] == [BEGAN + timedelta(seconds=n) for n in range(31)]
    assert (fixes[0].latitude, fixes[0].longitude) == CAMDEN


def test_the_wearer_walks_and_does_not_fly():
    fixes = walk(start=CAMDEN, started_at=BEGAN, duration_s=120, seed=1)
    paces = [metres(one, other) for one, other in pairwise(fixes)]
    assert min(paces) > 0.9
    assert max(paces) < 1.8


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_hour_of_walking_stays_in_the_neighbourhood(seed):
    fixes = walk(start=CAMDEN, started_at=BEGAN, duration_s=3600, seed=seed)
    assert max(metres(fixes[0], fix) for fix in fixes) < 500


def test_the_same_seed_walks_the_same_way():
    one, same, other = (walk(start=CAMDEN, started_at=BEGAN, duration_s=60, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_the_track_file_has_the_published_form():
    fix = Fix(datetime(2026, 11, 4, 22, 14, 7, tzinfo=timezone(timedelta(hours=1))), 51.5, -0.125)
    assert json.loads(gpstrail([fix], BEGAN)) == {
        "CoordinateEntries": [
            {
                "LocationWKT": "POINT(-0.125000 51.500000)",
                "SecondsFromStart": 4.0,
                "Timestamp": "2026-11-04T21:14:07Z",
            }
        ]
    }


def test_a_location_in_metadata_is_latitude_longitude_accuracy_epoch():
    text = location_text(Fix(BEGAN, 51.5, -0.125))
    assert text == f"+51.500000-0.125000+4.0+{int(BEGAN.timestamp())}"
    assert len(text) <= 64
