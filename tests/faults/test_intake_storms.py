"""Storms over the doors: whatever breaks while cameras dock, nothing acknowledged is lost, nothing doubled, nothing
erased that was not safe. And are they worth anything? Defects put into the doors on purpose, one at a time, are seen.

`make storms` runs 1,000 and tries every defect; a run of the suite `TABARD_STORMS` (a handful unless told otherwise),
from the seed `TABARD_STORMS_SEED` on, and one defect. What fails names its seed.
"""

import json
import os
import time
from collections import Counter
from itertools import count, islice

import pytest
from tests.faults.storms.site import Site
from tests.faults.storms.storm import Storm, tidy

pytestmark = pytest.mark.slow
STORMS = int(os.environ.get("TABARD_STORMS", "5"))
FIRST_SEED = int(os.environ.get("TABARD_STORMS_SEED", "1"))
LOG_EVERY = 50
DOOR_MOST_MIB = 512

PLANTS = (
    "never_the_same",
    "answered_before_commit",
    "same_by_name",
    "checksum_not_compared",
    "half_a_body_is_a_body",
    "full_disk_ignored",
    "event_apart",
    "offset_ahead",
    "permit_without_reading_back",
    "permit_before_checkpoint",
    "upload_ends_before_it_is_kept",
)
PLANTED = PLANTS if os.environ.get("TABARD_STORM_PLANTS") == "all" else PLANTS[:1]
MOST_STORMS = 40


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Site(tmp_path_factory.mktemp("storms")) as site:
        yield site


def test_storms_lose_double_and_wrongly_erase_nothing(site, tmp_path):
    found: dict[int, list[str]] = {}
    done: Counter[str] = Counter()
    began = time.monotonic()
    for number, seed in enumerate(range(FIRST_SEED, FIRST_SEED + STORMS), 1):
        storm = Storm(site, seed, tmp_path / f"storm-{seed}")
        violations = storm.run()
        done += storm.done
        if number % LOG_EVERY == 0:
            violations += site.call("log")
        if violations:
            found[seed] = violations
            print(json.dumps({"seed": seed, "violations": violations}), flush=True)
        else:
            tidy(storm.folder)
    found_at_the_end = site.call("log") + site.call("stores")
    totals = site.call("totals")
    took = {"storms": STORMS, "seconds": round(time.monotonic() - began), "faults": dict(done)}
    print(json.dumps({**took, "door_peak_mib": round(site.door_peak_mib), **totals}))
    assert found == {}
    assert found_at_the_end == []
    assert 0 < site.door_peak_mib < DOOR_MOST_MIB
    assert totals["files"] > STORMS


@pytest.mark.parametrize("plant", PLANTED)
def test_a_planted_defect_is_seen(site, tmp_path, plant):
    site.replant(plant)
    for number, seed in enumerate(islice(seeds(plant), MOST_STORMS), 1):
        found = Storm(site, seed, tmp_path / f"storm-{seed}").run()
        if found:
            print(f"{plant} was seen in storm {number} (seed {seed}): {found[0]}")
            return
    raise AssertionError(f"{plant} was not seen in {MOST_STORMS} storms")


def seeds(plant: str):
    """Others for each plant: names of an earlier one's senders are taken."""
    return count(1_000_000 * (1 + PLANTS.index(plant)))
