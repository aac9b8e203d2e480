"""Cameras are given out by the rules of issue, swapped in one step, and nobody gets one against them unseen."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from tabard.custody.selectors import history
from tabard.fleet.docks import CameraSeen, Report, report
from tabard.fleet.errors import CameraNotWorn, CameraStateConflict, CameraTaken, NotToBeIssued
from tabard.fleet.issue_rules import Rules
from tabard.fleet.issuing import Allowance, Terms, change_rules, record_training, rules_in_force
from tabard.fleet.lives import change_state
from tabard.fleet.models import Assignment, Camera, IssueRules
from tabard.fleet.selectors import wearer_at
from tabard.fleet.services import assign_camera, install_dock, return_camera, swap_camera
from tabard.fleet.states import Change, State
from tabard.kernel.errors import Invalid

HOUR = timedelta(hours=1)


@pytest.fixture
def give(camera, barrow, by, day_one):
    """Gives the camera to Barrow, hours after the first day's beginning."""

    def given(hours=0, officer=barrow, **terms):
        terms = Terms(**terms)
        return assign_camera(camera=camera, officer=officer, terms=terms, by=by, at=day_one + hours * HOUR)

    return given


@pytest.fixture
def inspector(okafor):
    okafor.rank = "Insp"
    okafor.save()
    return okafor


@pytest.fixture
def strict(db, by, day_one):
    return change_rules(rules=replace(Rules(), must_be_trained=True), by=by, at=day_one)


def test_a_camera_is_worn_as_usual_on_the_ordinary_duty_and_the_event_says_so(give, camera):
    assignment = give()
    assert (assignment.mount, assignment.duty, assignment.is_shift) == ("chest", "General", False)
    said = history([camera.id]).last().particulars.details
    assert (said["mount"], said["duty"]) == ("chest", "General")


def test_on_overt_firearms_it_is_worn_on_the_head(give):
    with pytest.raises(NotToBeIssued, match="worn on the head, not on the chest"):
        give(mount="chest", duty="Overt firearms")
    assert give(duty="overt firearms").mount == "head"


def test_a_force_changes_its_rules_and_the_old_ones_stay_on_record(give, by, day_one):
    with pytest.raises(Invalid):
        give(duty="Dogs")
    rules = from_lines(("Dogs", ("shoulder",)))
    change_rules(rules=rules, by=by, at=day_one)
    assert rules_in_force() == rules
    change_rules(rules=Rules(), by=by, at=day_one + HOUR)
    assert IssueRules.objects.count() == 2
    assert rules_in_force() == Rules()


def from_lines(*duties):
    from tabard.fleet.issue_rules import Duty

    return replace(Rules(), duties=tuple(Duty(*each) for each in duties))


def test_only_who_is_trained_gets_a_camera_and_is_on_the_duty_of_the_training(
    strict, give, barrow, by, day_one
):
    with pytest.raises(NotToBeIssued) as refused:
        give()
    assert "is not trained for General: no training is recorded" in refused.value.message
    assert "An officer of the rank Insp or Ch Insp or Supt or Ch Supt may allow it" in refused.value.message
    record_training(officer=barrow, duty="overt firearms", trained_date=date(2026, 3, 1), by=by, at=day_one)
    assert give().duty == "Overt firearms"
    assert [event.kind for event in history([barrow.id])] == ["officer.enrolled", "officer.trained"]


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"duty": "Falconry", "trained_date": date(2026, 3, 1)}, "duty"),
        ({"duty": "General", "trained_date": date(2026, 3, 3)}, "trained_date"),
        (
            {"duty": "General", "trained_date": date(2026, 3, 1), "expires_date": date(2026, 2, 1)},
            "expires_date",
        ),
    ],
)
def test_a_training_that_cannot_be_names_its_field(barrow, by, day_one, told, field):
    with pytest.raises(Invalid) as refused:
        record_training(officer=barrow, **told, by=by, at=day_one)
    assert refused.value.fields["field"] == field


def test_a_rank_may_allow_it_and_that_is_kept_and_logged(strict, give, camera, barrow, inspector):
    assignment = give(allowance=Allowance(inspector, "Carnival: every camera is needed"))
    stored = Assignment.objects.get(pk=assignment.pk)
    assert (stored.excepted_by, stored.exception_reason) == (inspector, "Carnival: every camera is needed")
    said = history([camera.id]).last().particulars.details
    assert said["allowed_by"] == "Insp Lena Okafor (202PL)"


def test_nobody_allows_it_to_themselves_or_without_the_rank_or_a_reason(strict, give, okafor, inspector):
    for allowance, officer in (
        (Allowance(inspector, "I need one"), inspector),
        (Allowance(inspector, " "), None),
    ):
        with pytest.raises(Invalid):
            give(allowance=allowance, **({"officer": officer} if officer else {}))
    inspector.rank = "PC"
    with pytest.raises(Invalid, match="Only another officer may allow it"):
        give(allowance=Allowance(inspector, "Carnival"))
    assert Assignment.objects.count() == 0


def test_an_allowance_that_nothing_speaks_against_is_not_kept(give, inspector):
    assert give(allowance=Allowance(inspector, "In case")).excepted_by is None


def test_an_officer_who_left_is_given_no_camera_whoever_allows_it(give, barrow, inspector, day_one):
    posting = barrow.postings.get()
    posting.during = DateTimeTZRange(posting.during.lower, day_one + HOUR)
    posting.save()
    with pytest.raises(NotToBeIssued, match="belongs to no unit"):
        give(hours=1, allowance=Allowance(inspector, "Carnival"))


def test_a_camera_is_not_given_out_before_its_dock_has_emptied_it(give, camera, lewisham, by, day_one):
    dock = install_dock(serial="D1", site="Catford", unit=lewisham, bays=8, by=by, at=day_one)

    def docked(hours, **facts):
        seen = CameraSeen(camera.serial, **facts)
        at = day_one + hours * HOUR
        report(dock=dock, told=Report(at, cameras=(seen,)), by=by, at=at)

    docked(1, files=2, battery_percent=90)
    with pytest.raises(NotToBeIssued, match="still holds 2 files"):
        give(hours=1)
    docked(2, files=0, battery_percent=90)
    give(hours=2)
    return_camera(camera=camera, by=by, at=day_one + 3 * HOUR)
    with pytest.raises(NotToBeIssued, match="was not docked since it came back"):
        give(hours=4)
    docked(5, files=0, battery_percent=4)
    with pytest.raises(NotToBeIssued, match="had 4 %"):
        give(hours=5)


@pytest.fixture
def worn(give, camera):
    give()
    return camera


@pytest.fixture
def swap(worn, by, day_one):
    def swapped(other, change=Change.REPORT_FAULT, reason="The lens is cracked", camera=worn):
        told = {"change": change, "reason": reason, "by": by, "at": day_one + HOUR}
        return swap_camera(camera=camera, other=other, **told)

    return swapped


def test_a_swap_is_one_instant_one_event_and_the_same_wearer(worn, swap, receive, barrow, day_one):
    other = receive("B2", None, mount="head")
    swap(other)
    assert wearer_at(worn.id, day_one + HOUR) is None
    assert wearer_at(worn.id, day_one + HOUR - timedelta(microseconds=1)) == barrow
    assert wearer_at(other.id, day_one + HOUR) == barrow
    assert Camera.objects.get(pk=worn.pk).kept_state == State.FAULTY
    assert Assignment.objects.get(camera=other).mount == "chest"
    events = history([worn.id, other.id])
    assert [event.kind for event in events] == [
        "camera.received",
        "camera.assigned",
        "camera.received",
        "camera.swapped",
    ]
    assert events.last().particulars.details["other"] == "B2"


def test_a_camera_in_order_is_swapped_back_to_where_it_came_from(worn, swap, receive):
    swap(receive("B2", None), change=Change.RETURN)
    assert Camera.objects.get(pk=worn.pk).kept_state == State.READY


def test_a_swap_that_cannot_be_leaves_both_as_they_were(worn, swap, receive, okafor, by):
    day_one = worn.received_at
    taken, faulty, spare = receive("B2", None), receive("B3", None), receive("B4", None)
    assign_camera(camera=taken, officer=okafor, by=by, at=day_one)
    change_state(camera=faulty, change=Change.REPORT_FAULT, reason="Cracked", by=by, at=day_one)
    for other, told, error in (
        (taken, {}, CameraTaken),
        (faulty, {}, CameraStateConflict),
        (worn, {}, Invalid),
        (spare, {"reason": ""}, Invalid),
        (spare, {"change": Change.RETIRE}, Invalid),
        (taken, {"camera": spare}, CameraNotWorn),
    ):
        with pytest.raises(error):
            swap(other, **told)
    assert Camera.objects.get(pk=worn.pk).kept_state == State.READY
    assert Assignment.objects.filter(during__upper_inf=True).count() == 2
