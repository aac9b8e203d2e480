"""Every system call of an act fails once, or is where the process dies: nothing is lost, or disposed of by half.

A run takes every `TABARD_FAULTS_EVERY`-th case (one in 12 unless told otherwise, of a disposal run one in 60, as it
makes a thousand calls); `make faults` takes them all.
"""

import os
import shutil

import pytest
from tests.faults.injection.driver import Driver

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]
EVERY = os.environ.get("TABARD_FAULTS_EVERY")


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with Driver(tmp_path_factory.mktemp("faults")) as running:
        yield running


@pytest.mark.parametrize(
    ("act", "every"), [("seal", 12), ("checkpoint", 12), ("decrypt", 12), ("dispose", 60)]
)
def test_a_fault_in_any_system_call_loses_nothing(driver, act, every):
    cases = driver.cases(act)[:: int(EVERY or every)]
    assert cases, "the act made no system call"
    outcomes = [driver.run(act, fault) for fault in cases]
    print(
        f"{act}: {len(outcomes)} faults, {sum(o.acknowledged for o in outcomes)} acts acknowledged all the same"
    )
    assert {str(o.fault): o.violations for o in outcomes if o.violations} == {}
    assert any(not o.acknowledged for o in outcomes), "no fault had any effect: the tracer does not work"
