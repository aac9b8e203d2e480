"""Whatever is done to the log behind the application's back is found, and the culprit is named."""

import pytest
from tests.integration.tampering.log_cases import SEEN, TSA, Case, log_cases
from tests.integration.tampering.log_under_attack import LogUnderAttack
from tests.time_stamping import make_tsa

CASES = log_cases()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return make_tsa(tmp_path_factory.mktemp("tsa"))


def test_the_table_holds_at_least_120_cases_and_each_once() -> None:
    assert len(CASES) >= 120
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.django_db
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_found_and_named(case: Case, authority) -> None:
    log = LogUnderAttack()
    tsa = authority if case.detected_by == TSA else None
    if tsa:
        log.stamp(tsa)
    seen = log.kept if case.detected_by == SEEN else []
    before = log.verify(seen=seen, tsa=tsa)
    assert before.defects == []

    case.deed(log)
    names = {f"e{number}": str(event.id) for number, event in enumerate(log.events)}
    names |= {f"w{number}": str(event.id) for number, event in enumerate(log.waiting)}
    where = case.where.format(**names)
    if case.detected_by == SEEN:
        assert log.verify().ok, "this case should need what somebody else kept"
    found = log.verify(seen=seen, tsa=tsa).defects
    named = [defect for defect in found if (defect.code, defect.where) == (case.code, where)]
    assert named, f"{case.code} {where} not among {[(each.code, each.where) for each in found][:20]}"
    assert where.rpartition("/")[2] in named[0].words
