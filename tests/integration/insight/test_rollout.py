"""The plan beside what was issued: versions, units below units, stated and single issues, blocks."""

import json
from datetime import date, timedelta

import pytest
from tests.world import BY, DAY_ONE

from tabard.custody.models import Event
from tabard.fleet.services import assign_camera, receive_camera, return_camera
from tabard.insight import blocks, counts, plans
from tabard.insight.errors import BlockedAlready, NotBlocked, PlanChanged
from tabard.insight.example import load_example
from tabard.insight.forecast import Counted, Outcome
from tabard.insight.forecast_words import in_words
from tabard.insight.models import PlanVersion, StatedCount, UnitBlock
from tabard.insight.plan_changes import WaveName
from tabard.insight.plan_effects import rehearse_wave
from tabard.insight.plan_file import cells_of, plan_csv
from tabard.insight.rollout import as_it_stands, overview, summary, unit_standing
from tabard.kernel.errors import Conflict, Denied, Invalid
from tabard.people.models import Unit
from tabard.people.rules import Role
from tabard.people.services import create_unit

PLAN = b"phase,wave,unit_code,target,due\nOne,Boroughs,LX,3,2026-05\nOne,Boroughs,WW,4,2026-06\n"
AT = DAY_ONE + timedelta(days=10)
TODAY = AT.date()


def imported(raw=PLAN, **options):
    return plans.import_plan(raw=raw, note="", by=BY, at=AT, **options)


def issue(world, serial, unit, officer, day):
    at = DAY_ONE + timedelta(days=day)
    camera = receive_camera(
        serial=serial, make="Axis", model="W120", mount="chest", unit=world.units[unit], by=BY, at=DAY_ONE
    )
    assign_camera(camera=camera, officer=world.officers[officer], by=BY, at=at)
    return camera


def standing(code, at=AT):
    return next(each for each in as_it_stands(at=at).units if each.unit.code == code)


def kinds():
    return list(Event.objects.filter(kind__contains="rollout").order_by("id").values_list("kind", flat=True))


def test_a_camera_counts_once_for_its_unit_and_those_above(world):
    imported()
    camera = issue(world, "A", "LX", "Bailey", 1)
    return_camera(camera=camera, by=BY, at=DAY_ONE + timedelta(days=2))
    assign_camera(camera=camera, officer=world.officers["Walker"], by=BY, at=DAY_ONE + timedelta(days=3))
    issue(world, "B", "WW", "Walker", 2)
    assert standing("LX").progress.counted == (Counted(DAY_ONE.date() + timedelta(days=1), 1),)
    force = standing("MPS")
    assert (force.issued, force.target, force.percent) == (2, 7, 28)
    assert [(point.due.text, point.count) for point in force.planned] == [("2026-05", 3), ("2026-06", 7)]
    assert force.forecast.outcome is Outcome.TOO_LITTLE


def test_teams_are_listed_only_where_they_are_planned(world):
    team = create_unit(kind="team", code="T1", name="Team", parent=world.units["LX"], by=BY, at=DAY_ONE)
    world.units["T1"] = team
    issue(world, "A", "T1", "Bailey", 1)
    assert (standing("T1").issued, standing("T1").is_listed, standing("LX").is_listed) == (1, False, True)
    imported(b"phase,wave,unit_code\nOne,W,T1\n")
    assert standing("T1").is_listed


def test_an_issue_near_midnight_belongs_to_the_london_day(world):
    summer = DAY_ONE.replace(month=7, day=1, hour=23, minute=30)
    camera = receive_camera(serial="A", make="A", model="W", mount="chest", unit=None, by=BY, at=DAY_ONE)
    assign_camera(camera=camera, officer=world.officers["Bailey"], by=BY, at=summer)
    force = standing("MPS", at=summer + timedelta(days=2))
    assert force.progress.latest == Counted(date(2026, 7, 2), 1), (
        "a camera of the central store is the force's"
    )


def test_a_stated_count_is_built_upon(world):
    imported()
    issue(world, "A", "LX", "Bailey", 1)
    counts.state_count(
        unit=world.units["LX"],
        as_of_date=DAY_ONE.date() + timedelta(days=2),
        count=2,
        is_about=False,
        source="The borough",
        by=BY,
        at=AT,
    )
    issue(world, "B", "LX", "Bailey", 4)
    assert [each.count for each in standing("LX").progress.counted] == [2, 3]
    assert standing("LX").forecast.outcome is Outcome.FINISHED
    assert kinds() == ["rollout_plan.imported", "rollout.count_stated"]


def test_a_new_plan_takes_the_place_of_the_old_which_stays(world):
    imported()
    imported(b"phase,wave,unit_code,target\nTwo,All,MPS,9\n")
    found = as_it_stands(at=AT)
    assert (found.versions, found.force.target) == (2, 9)
    assert [plan.lines.count() for plan in PlanVersion.objects.order_by("id")] == [2, 1]


def change(name, rows, **options):
    wave = WaveName(*name)
    read = plans.read_wave(wave, rows)
    assert read.faults == []
    facts = {"based_on": plans.current_plan().id, "reason": "The board", "by": BY, "at": AT} | options
    return plans.change_wave(name=wave, lines=read.lines, **facts)


def test_a_wave_changes_in_a_new_version_that_says_why_and_keeps_the_rest(world):
    imported(PLAN + b"Two,The whole,MPS,,2026-09\n")
    change(("one", "Boroughs"), [{"unit_code": "LX", "target": "5", "due": "2026-07"}])
    now, before = PlanVersion.objects.all()
    assert (now.note, now.imported_by) == ("The board", BY.name)
    assert [(line.unit.code, line.target, line.due) for line in now.lines.all()] == [
        ("LX", 5, "2026-07"),
        ("MPS", None, "2026-09"),
    ]
    assert before.lines.count() == 3, "what was planned when stays a fact"
    change(("Three", "Late"), [{"unit_code": "WW", "target": "9"}])
    change(("Two", "The whole"), [])
    assert [line.wave for line in plans.lines_of(plans.current_plan())] == ["Boroughs", "Late"]
    assert kinds() == ["rollout_plan.imported"] + ["rollout_plan.changed"] * 3
    details = Event.objects.filter(kind="rollout_plan.changed").order_by("id").first().particulars.details
    assert details["reason"] == "The board"
    assert [(each["unit"], each["after"] and each["after"]["target"]) for each in details["changed"]] == [
        ("LX", 5),
        ("WW", None),
    ]


def test_a_change_never_undoes_a_version_that_it_did_not_see(world):
    imported()
    seen = plans.current_plan().id
    change(("One", "Boroughs"), [{"unit_code": "LX", "target": "5"}])
    rows = [{"unit_code": "LX", "target": "6"}]
    with pytest.raises(PlanChanged, match="test made another version of the plan meanwhile"):
        change(("One", "Boroughs"), rows, based_on=seen)
    with pytest.raises(PlanChanged):
        change(("One", "Boroughs"), rows, based_on=None)
    with pytest.raises(Invalid, match="Nothing would be different"):
        change(("One", " Boroughs "), [{"unit_code": "LX", "target": "5"}])
    with pytest.raises(Invalid, match="Reason is missing"):
        change(("One", "Boroughs"), rows, reason=" ")
    assert PlanVersion.objects.count() == 2


def test_a_first_wave_makes_the_first_plan(world):
    read = plans.read_wave(WaveName("One", "Boroughs"), [{"unit_code": "lx"}, {"unit_code": "ZZ"}])
    assert [(fault.row, fault.words) for fault in read.faults] == [(2, "There is no unit with the code ZZ.")]
    facts = {"based_on": None, "reason": "At last", "by": BY, "at": AT}
    plans.change_wave(name=WaveName("One", "Boroughs"), lines=read.lines[:1], **facts)
    assert [line.unit_code for line in plans.lines_of(plans.current_plan())] == ["LX"]


def test_what_a_change_does_is_reckoned_before_it_is_kept(world):
    imported()
    for day in range(8):
        counts.state_count(
            unit=Unit.objects.get(code="MPS"),
            as_of_date=TODAY - timedelta(days=70 - 10 * day),
            count=day,
            is_about=False,
            source="x",
            by=BY,
            at=AT,
        )
    wave = WaveName("One", "Boroughs")
    rows = [
        {"unit_code": "LX", "target": "3", "due": "2026-05"},
        {"unit_code": "WW", "target": "8", "due": "2026-05"},
    ]
    lines, plan = plans.read_wave(wave, rows).lines, plans.current_plan()
    viewer = world.anyone(Role.BWV_ADMINISTRATOR)
    found = rehearse_wave(viewer, name=wave, lines=lines, based_on=plan.id, at=AT)
    assert [each.unit_code for each in found.changed] == ["WW"]
    force, wandsworth = found.effects
    assert (force.unit.code, force.before.target, force.after.target) == ("MPS", 7, 11)
    assert wandsworth.after.planned[-1].due.text == "2026-05"
    assert force.words == "Now: Every camera of the plan has been issued. Then: " + in_words(
        force.after.forecast
    )
    assert plans.current_plan() == plan
    with pytest.raises(Denied):
        rehearse_wave(world.anyone(Role.AUDITOR), name=wave, lines=lines, based_on=plan.id, at=AT)


def test_bad_rows_are_named_and_nothing_comes_in_unless_the_good_are_wanted(world):
    raw = PLAN + b"One,Boroughs,ZZ,5,\nOne,Boroughs,MPS,lots,\n"
    report = imported(raw)
    assert [(fault.row, fault.field) for fault in report.errors] == [(4, "unit_code"), (5, "target")]
    assert (report.rows, report.imported, PlanVersion.objects.count(), kinds()) == (4, 0, 0, [])
    tried = imported(raw, good_only=True, dry_run=True)
    assert (tried.imported, PlanVersion.objects.count()) == (2, 0)
    assert imported(raw, good_only=True).imported == 2
    assert standing("MPS").target == 7
    assert imported(b"phase,wave,unit_code\nA,B,ZZ\n", good_only=True).imported == 0
    assert PlanVersion.objects.count() == 1


def test_what_is_exported_comes_in_again_as_it_was(world):
    imported(
        b"phase,wave,unit_code,target,about,counts,begins,due,source\nOne,W,LX,3,yes,in_all,2026,2026-summer,=x\n"
    )
    lines = plans.lines_of(plans.current_plan())
    for raw in (plan_csv(lines).encode(), json.dumps({"lines": [cells_of(line) for line in lines]}).encode()):
        assert imported(raw).errors == []
        again = plans.lines_of(plans.current_plan())
        assert [cells_of(line) for line in again] == [cells_of(line) for line in lines]


def test_a_block_is_raised_once_a_kind_and_lifted_once(world):
    facts = {"unit": world.units["LX"], "since_date": TODAY, "words": "No docks", "by": BY, "at": AT}
    block = blocks.raise_block(kind="docks", until_date=TODAY + timedelta(days=9), **facts)
    with pytest.raises(BlockedAlready, match="Docks blocks Lambeth already"):
        blocks.raise_block(kind="docks", until_date=None, **facts)
    blocks.raise_block(kind="network", until_date=None, **facts)
    assert {each.kind for each in standing("LX").blocks} == {"docks", "network"}
    blocks.lift_block(block=block, by=BY, at=AT)
    with pytest.raises(NotBlocked, match="test lifted this block already"):
        blocks.lift_block(block=block, by=BY, at=AT)
    assert [each.kind for each in standing("LX").blocks] == ["network"]
    assert UnitBlock.objects.count() == 2, "the lifted one stays"
    assert kinds() == ["rollout.unit_blocked"] * 2 + ["rollout.unit_unblocked"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": "weather"}, "kind"),
        ({"until_date": TODAY - timedelta(days=1)}, "until_date"),
        ({"words": " "}, "words"),
    ],
)
def test_a_block_that_cannot_be_names_its_field(world, changed, field):
    facts = {
        "unit": world.units["LX"],
        "kind": "docks",
        "since_date": TODAY,
        "until_date": None,
        "words": "x",
    }
    with pytest.raises(Invalid) as refused:
        blocks.raise_block(**facts | changed, by=BY, at=AT)
    assert refused.value.fields["field"] == field
    assert kinds() == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"count": -1}, "count"),
        ({"as_of_date": TODAY + timedelta(days=1)}, "as_of_date"),
        ({"source": ""}, "source"),
    ],
)
def test_a_stated_count_that_cannot_be_names_its_field(world, changed, field):
    facts = {"unit": world.units["LX"], "as_of_date": TODAY, "count": 1, "is_about": False, "source": "x"}
    with pytest.raises(Invalid) as refused:
        counts.state_count(**facts | changed, by=BY, at=AT)
    assert refused.value.fields["field"] == field


def test_the_example_says_no_more_than_its_sources_and_comes_in_once(world):
    loaded = load_example(by=BY, at=AT)
    assert (loaded.lines, loaded.counts) == (12, 1)
    assert load_example(by=BY, at=AT) == type(loaded)(0, 0, 0)
    force = standing("MPS")
    assert (force.issued, force.target) == (17_500, 22_000)
    assert [point.due.words for point in force.planned] == ["summer 2018"]
    assert force.forecast.outcome is Outcome.TOO_LITTLE
    assert force.needed_per_week == pytest.approx(82.5, abs=0.1)
    assert {code: standing(code).target for code in ("JC", "YR", "KF", "EAC", "DOG", "FRM", "MAR", "MTD", "ANPR")} == {
        "JC": 480, "YR": 500, "KF": 598, "EAC": 1_300, "DOG": 200, "FRM": 1_000, "MAR": None, "MTD": None, "ANPR": None,
    }  # fmt: skip
    assert standing("WW").target == 490, "the Wandsworth that was here already"
    assert standing("DOG").is_about
    assert standing("FRM").is_about
    assert summary(force)["due"] == "2018-summer"


def test_the_example_goes_on_where_a_crash_left_it_and_spares_another_plan(world):
    load_example(by=BY, at=AT)
    StatedCount.objects.all().delete()
    assert load_example(by=BY, at=AT).counts == 1
    imported()
    with pytest.raises(Conflict, match="--replace"):
        load_example(by=BY, at=AT)
    assert load_example(by=BY, at=AT, replace=True).lines == 12
    assert PlanVersion.objects.count() == 3


def test_only_who_may_see_the_rollout_sees_it(world):
    imported()
    for role in (Role.BWV_ADMINISTRATOR, Role.AUDITOR, Role.SUPERVISOR):
        assert overview(world.anyone(role), at=AT).force.target == 7
    for role in (Role.OFFICER, Role.PROSECUTOR):
        with pytest.raises(Denied):
            unit_standing(world.anyone(role), Unit.objects.get(code="LX").id, at=AT)
