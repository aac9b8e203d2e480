"""Storms over the doors: whatever breaks while cameras dock, nothing acknowledged is lost, nothing doubled, nothing
erased that was not safe.

`make storms` runs 1,000; a run of the suite `TABARD_STORMS` (a handful unless told otherwise), from the seed
`TABARD_STORMS_SEED` on. What fails names its seed.
"""

import json
import os
import time
from collections import Counter

import pytest
from tests.faults.storms.site import Site
from tests.faults.storms.storm import Storm, tidy

pytestmark = pytest.mark.slow
STORMS = int(os.environ.get("TABARD_STORMS", "6"))
FIRST_SEED = int(os.environ.get("TABARD_STORMS_SEED", "1"))
LOG_EVERY = 50
DOOR_MOST_MIB = 512


def test_storms_lose_double_and_wrongly_erase_nothing(tmp_path):
    found: dict[int, list[str]] = {}
    done: Counter[str] = Counter()
    began = time.monotonic()
    with Site(tmp_path) as site:
        for seed in range(FIRST_SEED, FIRST_SEED + STORMS):
            storm = Storm(site, seed, tmp_path / f"storm-{seed}")
            violations = storm.run()
            done += storm.done
            if (seed - FIRST_SEED) % LOG_EVERY == LOG_EVERY - 1:
                violations += site.call("log")
            if violations:
                found[seed] = violations
                print(json.dumps({"seed": seed, "violations": violations}), flush=True)
            else:
                tidy(storm.folder)
        found_at_the_end = site.call("log") + site.call("stores")
        totals = site.call("totals")
        print(
            json.dumps(
                {
                    "storms": STORMS,
                    "seconds": round(time.monotonic() - began),
                    "faults": dict(done),
                    "kills": site.kills,
                    "door_peak_mib": round(site.door_peak_mib),
                    **totals,
                }
            )
        )
    assert found == {}
    assert found_at_the_end == []
    assert 0 < site.door_peak_mib < DOOR_MOST_MIB
    assert totals["files"] > STORMS
