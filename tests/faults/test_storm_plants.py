"""Are storms worth anything? Defects are put into the doors on purpose, one at a time, and each must be seen.

A run tries two; `make storms` tries all. Without a defect, `test_intake_storms.py` sees nothing in the same storms.
"""

import os
from itertools import count, islice

import pytest
from tests.faults.storms.site import Site
from tests.faults.storms.storm import Storm

pytestmark = pytest.mark.slow
IN_EVERY_RUN = ("answered_before_commit", "permit_without_reading_back")
PLANTED = IN_EVERY_RUN + (
    (
        "same_by_name",
        "never_the_same",
        "checksum_not_compared",
        "half_a_body_is_a_body",
        "full_disk_ignored",
        "event_apart",
        "offset_ahead",
        "permit_before_checkpoint",
        "upload_ends_before_it_is_kept",
    )
    if os.environ.get("TABARD_STORM_PLANTS") == "all"
    else ()
)
MOST_STORMS = 40


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Site(tmp_path_factory.mktemp("storms")) as site:
        yield site


@pytest.mark.parametrize("plant", PLANTED)
def test_a_planted_defect_is_seen(site, tmp_path, plant):
    site.replant(plant)
    storms = ((seed, Storm(site, seed, tmp_path / f"storm-{seed}")) for seed in seeds(plant))
    for number, (seed, storm) in enumerate(islice(storms, MOST_STORMS), 1):
        found = storm.run()
        if found:
            print(f"{plant} was seen in storm {number} (seed {seed}): {found[0]}")
            return
    raise AssertionError(f"{plant} was not seen in {MOST_STORMS} storms")


def seeds(plant: str):
    """Others for each plant: names of an earlier one's senders are taken."""
    return count(100_000 * (1 + sorted(PLANTED).index(plant)))
