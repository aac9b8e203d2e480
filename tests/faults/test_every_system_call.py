"""Every system call of a seal, a checkpoint and a decryption fails once, or is where the process dies. Nothing is lost.

A run takes every `TABARD_FAULTS_EVERY`-th case (one in 12 unless told otherwise); `make faults` takes them all.
"""

import os
import shutil

import pytest
from tests.faults.injection.driver import Driver

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]
EVERY = int(os.environ.get("TABARD_FAULTS_EVERY", "12"))


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with Driver(tmp_path_factory.mktemp("faults")) as running:
        yield running


@pytest.mark.parametrize("act", ["seal", "checkpoint", "decrypt"])
def test_a_fault_in_any_system_call_loses_nothing(driver, act):
    cases = driver.cases(act)[::EVERY]
    assert cases, "the act made no system call"
    outcomes = [driver.run(act, fault) for fault in cases]
    print(
        f"{act}: {len(outcomes)} faults, {sum(o.acknowledged for o in outcomes)} acts acknowledged all the same"
    )
    assert {str(o.fault): o.violations for o in outcomes if o.violations} == {}
    assert any(not o.acknowledged for o in outcomes), "no fault had any effect: the tracer does not work"
