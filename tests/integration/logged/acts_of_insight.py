"""What is done to the rollout plan and its figures."""

from datetime import date

from tests.integration.logged.registry import AT, BY, Call, Stage, act

from tabard.custody.kinds import EventKind as E
from tabard.insight import blocks, counts, figures, plans, shifts
from tabard.insight.figures import Figure
from tabard.insight.models import UnitBlock
from tabard.insight.plan_changes import WaveName
from tabard.insight.sites import Shifts, parse_changes

DAY = date(2026, 3, 1)
PLAN = b"phase,wave,unit_code,target,due\nOne,Boroughs,LX,480,2026-summer\n"


def block(stage: Stage) -> UnitBlock:
    return blocks.raise_block(
        unit=stage.world.lambeth,
        kind="docks",
        since_date=DAY,
        until_date=None,
        words="No docks",
        by=BY,
        at=AT,
    )


@act("insight.plans.import_plan", E.ROLLOUT_PLAN_IMPORTED)
def import_plan(stage: Stage) -> Call:
    def call():
        plans.import_plan(raw=PLAN, note="First", by=BY, at=AT)
        plan = plans.current_plan()
        assert plan is not None
        return plan.pk

    return call


@act("insight.plans.change_wave", E.ROLLOUT_PLAN_CHANGED)
def change_wave(stage: Stage) -> Call:
    plan = plans.current_plan()
    assert plan is not None
    facts = {"name": WaveName("One", "Boroughs"), "based_on": plan.id, "reason": "The board"}
    return lambda: plans.change_wave(**facts, lines=[], by=BY, at=AT).pk


@act("insight.shifts.state_shifts", E.ROLLOUT_SHIFTS_STATED)
def state_shifts(stage: Stage) -> Call:
    said = Shifts(parse_changes("07:00 40, 15:00 35"))
    return lambda: shifts.state_shifts(unit=stage.world.lambeth, shifts=said, by=BY, at=AT).unit_id


@act("insight.blocks.raise_block", E.ROLLOUT_UNIT_BLOCKED)
def raise_block(stage: Stage) -> Call:
    return lambda: block(stage).unit_id


@act("insight.blocks.lift_block", E.ROLLOUT_UNIT_UNBLOCKED)
def lift_block(stage: Stage) -> Call:
    raised = block(stage)
    return lambda: blocks.lift_block(block=raised, by=BY, at=AT).unit_id


@act("insight.counts.state_count", E.ROLLOUT_COUNT_STATED)
def state_count(stage: Stage) -> Call:
    unit = stage.world.lambeth
    return lambda: (
        counts.state_count(
            unit=unit, as_of_date=DAY, count=17, is_about=True, source="The notice", by=BY, at=AT
        ).unit_id
    )


@act("insight.figures.publish", E.FIGURE_PUBLISHED)
def publish(stage: Stage) -> Call:
    return lambda: figures.publish(figure=Figure.CAMERAS_REGISTERED, as_of_date=DAY, by=BY, at=AT).pk


@act("insight.figures.withdraw", E.FIGURE_WITHDRAWN)
def withdraw(stage: Stage) -> Call:
    published = figures.publish(figure=Figure.CAMERAS_REGISTERED, as_of_date=DAY, by=BY, at=AT)
    return lambda: figures.withdraw(figure=Figure.CAMERAS_REGISTERED, by=BY, at=AT).pk or published.pk
