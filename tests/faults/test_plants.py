"""Is the harness worth anything? Twelve defects are put in on purpose, one at a time, and each must be caught.

A run tries three, one for each way of seeing; `make faults` tries all.
"""

import os
import shutil
from itertools import islice

import pytest
from tests.faults.injection.driver import Driver
from tests.faults.injection.order import not_durable

# One of each way of seeing in every run; `make faults` sees all twelve.
ALL = os.environ.get("TABARD_FAULTS_EVERY") == "1"
IN_EVERY_RUN = {"answer_before_commit", "no_fsync", "unchecked_tag"}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]
# Of each act only the cases in calls that write, commit or name something: enough, and quick.
TELLING = ("write", "fsync", "link", "rename", "sendto", "recvfrom")
SEEN_BY_FAULTS = {
    "answer_before_commit": "seal",
    "event_after_commit": "seal",
    "visible_while_written": "seal",
    "full_disk_ignored": "seal",
    "row_before_object": "seal",
    "nodes_after_positions": "checkpoint",
    "signature_not_remembered": "checkpoint",
}
SEEN_BY_ORDER = {"no_fsync": "seal", "no_folder_sync": "seal"}
SEEN_BY_ATTACK = {
    "unchecked_tag": "flip_a_bit",
    "chunks_not_bound": "swap_chunks",
    "any_history_is_signed": "rewind",
}


def chosen(seen: dict[str, str]) -> list[tuple[str, str]]:
    return [(plant, by) for plant, by in seen.items() if ALL or plant in IN_EVERY_RUN]


def violations(driver: Driver, act: str):
    for fault in driver.cases(act):
        if fault.call in TELLING:
            yield from driver.run(act, fault).violations


@pytest.mark.parametrize(("plant", "act"), chosen(SEEN_BY_FAULTS))
def test_a_planted_defect_is_seen_when_system_calls_fail(tmp_path, plant, act):
    with Driver(tmp_path, plant) as driver:
        assert list(islice(violations(driver, act), 1))


@pytest.mark.parametrize(("plant", "act"), chosen(SEEN_BY_ORDER))
def test_a_planted_defect_is_seen_in_the_order_of_writes(tmp_path, plant, act):
    with Driver(tmp_path, plant) as driver:
        assert not_durable(driver.trace(act), str(tmp_path))


@pytest.mark.parametrize(("plant", "attack"), chosen(SEEN_BY_ATTACK))
def test_a_planted_defect_is_seen_when_somebody_tampers(tmp_path, plant, attack):
    with Driver(tmp_path, plant) as driver:
        assert driver.attack(attack)


def test_without_a_defect_nothing_is_seen(tmp_path):
    with Driver(tmp_path) as driver:
        for act in ("seal", "checkpoint"):
            assert not_durable(driver.trace(act), str(tmp_path)) == []
        assert [driver.attack(attack) for attack in SEEN_BY_ATTACK.values()] == [[], [], []]
