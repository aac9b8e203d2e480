"""The rules of issue: what speaks against giving a camera to an officer, with the cure."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tabard.fleet.issue_rules import (
    CameraFitness,
    Duty,
    OfficerFitness,
    Rules,
    Trained,
    as_json,
    camera_objections,
    checked,
    from_json,
    mount_objections,
    officer_objections,
)
from tabard.kernel.errors import Invalid

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
STRICT = Rules(must_be_trained=True)
FIREARMS = STRICT.duty("overt FIREARMS")


def said(objections):
    return [each.words for each in objections]


@pytest.mark.parametrize(
    ("fitness", "words"),
    [
        (CameraFitness(), ""),
        (CameraFitness(files_left=0, seen_at=NOW, battery_percent=20, clock_off_s=3600), ""),
        (CameraFitness(files_left=3, seen_at=NOW), "still holds 3 files. Leave it in a dock"),
        (CameraFitness(files_left=0, seen_at=NOW, back_at=NOW + timedelta(seconds=1)), "Dock it first."),
        (CameraFitness(files_left=0, seen_at=NOW, back_at=NOW), ""),
        (CameraFitness(back_at=NOW), ""),
        (CameraFitness(battery_percent=19), "had 19 % when it was docked; 20 % is the least."),
        (CameraFitness(faults=("The lens is dirty",)), "says of camera A1: The lens is dirty."),
        (CameraFitness(clock_off_s=-3601), "The clock of camera A1 is 1:00:01 off."),
    ],
)
def test_a_camera_that_is_not_fit_says_why_and_what_to_do(fitness, words):
    found = said(camera_objections(fitness, "A1", Rules()))
    assert len(found) == bool(words)
    assert words in "".join(found)


def test_everything_that_speaks_against_a_camera_is_said_at_once():
    fitness = CameraFitness(files_left=3, battery_percent=1, faults=("a", "b"), clock_off_s=9e9)
    assert len(said(camera_objections(fitness, "A1", Rules()))) == 5


@pytest.mark.parametrize(
    ("trainings", "words"),
    [
        ((), "no training is recorded"),
        ((Trained("General", TODAY),), "no training is recorded"),
        ((Trained("Overt firearms", TODAY, TODAY),), ""),
        ((Trained("overt firearms", date(2020, 1, 1)),), ""),
        ((Trained("Overt firearms", date(2020, 1, 1), date(2026, 3, 1)),), "ended on 1 March 2026"),
        ((Trained("Overt firearms", date(2026, 3, 3)),), "no training is recorded"),
    ],
)
def test_an_officer_must_be_trained_for_the_duty_on_the_day(trainings, words):
    officer = OfficerFitness("PC Barrow", is_posted=True, trainings=trainings)
    found = said(officer_objections(officer, FIREARMS, TODAY, STRICT))
    assert len(found) == bool(words)
    assert words in "".join(found)
    assert said(officer_objections(officer, FIREARMS, TODAY, Rules())) == []


def test_nobody_may_allow_a_camera_to_go_to_an_officer_who_left():
    left = OfficerFitness("PC Barrow", is_posted=False)
    (objection,) = officer_objections(left, FIREARMS, TODAY, Rules())
    assert not objection.may_be_excepted


def test_an_overt_firearms_officer_wears_it_on_the_head():
    assert said(mount_objections("head", FIREARMS)) == []
    (words,) = said(mount_objections("weapon_light", FIREARMS))
    assert words == "On Overt firearms a camera is worn on the head, not on the weapon light."


def test_the_usual_duty_is_what_the_officer_was_last_trained_for_and_counts():
    trainings = (Trained("Dogs", date(2026, 1, 1), date(2026, 2, 1)), Trained("General", date(2025, 1, 1)))
    assert OfficerFitness("PC", is_posted=True, trainings=trainings).usual_duty(TODAY) == "General"
    assert OfficerFitness("PC", is_posted=True).usual_duty(TODAY) == ""
    assert Rules().duty("").name == "General"


def test_ranks_are_compared_in_any_case():
    assert Rules().may_except(" INSP ")
    assert not Rules().may_except("PC")


def test_rules_are_kept_and_read_back_the_same():
    rules = replace(STRICT, exception_ranks=("Insp",), duties=(Duty("Dogs", ("chest", "head")),))
    assert from_json(as_json(checked(rules))) == rules


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"least_battery_percent": 101}, "least_battery_percent"),
        ({"most_clock_off_s": 0}, "most_clock_off_s"),
        ({"duties": ()}, "duties"),
        ({"duties": (Duty("", ("head",)),)}, "duties"),
        ({"duties": (Duty("Dogs", ()),)}, "duties"),
        ({"duties": (Duty("Dogs", ("tail",)),)}, "duties"),
        ({"duties": (Duty("Dogs", ("head",)), Duty("DOGS", ("head",)))}, "duties"),
        ({"exception_ranks": (" ",)}, "exception_ranks"),
    ],
)
def test_rules_that_cannot_be_name_their_field(changed, field):
    with pytest.raises(Invalid) as refused:
        checked(replace(Rules(), **changed))
    assert refused.value.fields["field"] == field
