"""The rollout: its plan, how each unit stands, what blocks it, and which figures are public."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import File, Query, UploadedFile

from tabard.api.errors import problem
from tabard.api.operations import Operations
from tabard.api.routes.imports import answer_to
from tabard.api.schemas.imports import ImportOut
from tabard.api.schemas.problems import FieldFault
from tabard.api.schemas.rollout import (
    BlockIn,
    BlockOut,
    CountIn,
    CountOut,
    FigureIn,
    FigureOut,
    PlanOut,
    RolloutOut,
    ShiftsIn,
    SiteOut,
    StandingSheet,
    WaveIn,
    WaveOut,
)
from tabard.api.viewers import Asked
from tabard.insight import blocks, counts, figures, plans, shifts
from tabard.insight import rollout as standings
from tabard.insight.errors import NoSuchBlock
from tabard.insight.figures import Figure
from tabard.insight.models import PublishedFigure, StatedCount, UnitBlock
from tabard.insight.plan_changes import WaveName
from tabard.insight.plan_effects import rehearse_wave
from tabard.insight.plans import current_plan, import_plan
from tabard.insight.rollout import Standing
from tabard.insight.site_needs import facts_of, site_of
from tabard.insight.sites import ShiftPattern
from tabard.kernel.clock import now
from tabard.kernel.errors import NotFound
from tabard.people.authorisation import check_can
from tabard.people.rules import Action

rollout = Operations("rollout")


@rollout.get("/rollout", access=Action.ROLLOUT_VIEW, answers=RolloutOut)
def overview(request: Asked) -> dict[str, Any]:
    """How the force and each unit of the plan stand, with the force's curve and forecast."""
    found = standings.overview(request.auth, at=now())
    return {"force": found.force, "units": [each for each in found.units[1:] if each.is_listed]}


@rollout.get("/rollout/units/{uuid:unit_id}", access=Action.ROLLOUT_VIEW, answers=StandingSheet)
def unit(request: Asked, unit_id: UUID) -> Standing:
    """How one unit stands, with its curve, its forecast and what blocks it."""
    return standings.unit_standing(request.auth, unit_id, at=now())


@rollout.get("/rollout/plan", access=Action.ROLLOUT_VIEW, answers=PlanOut)
def plan(request: Asked) -> dict[str, Any]:
    """The plan that holds, line by line."""
    check_can(request.auth, Action.ROLLOUT_VIEW)
    found = current_plan()
    return {
        "id": found.id if found else None,
        "imported_at": found.imported_at if found else None,
        "note": found.note if found else "",
        "lines": list(found.lines.select_related("unit")) if found else [],
    }


@rollout.post("/rollout/plan", access=Action.ROLLOUT_EDIT, answers=ImportOut)
def import_file(
    request: Asked,
    file: File[UploadedFile],
    note: Query[str] = "",
    good_only: Query[bool] = False,  # noqa: FBT002 - a parameter of the address
    dry_run: Query[bool] = False,  # noqa: FBT002 - a parameter of the address
) -> ImportOut | HttpResponse:
    """Makes a CSV or JSON file the plan; a dry run only reports, and a file that brought nothing in is a 422."""
    check_can(request.auth, Action.ROLLOUT_EDIT)
    report = import_plan(
        raw=file.read(),
        note=note,
        by=request.auth.actor,
        at=now(),
        good_only=good_only,
        dry_run=dry_run,
    )
    return answer_to(report)


@rollout.post("/rollout/plan/waves", access=Action.ROLLOUT_EDIT, answers=WaveOut)
def change_wave(
    request: Asked,
    sent: WaveIn,
    dry_run: Query[bool] = False,  # noqa: FBT002 - a parameter of the address
) -> dict[str, Any] | HttpResponse:
    """Gives a wave these lines in a new version of the plan, or adds it, or drops it where there are none.

    The answer says what that does to targets, dates and forecasts; a dry run only says it. Lines at fault are a 422,
    and so is a change of nothing; where another version came since `based_on`, it is a 409.
    """
    check_can(request.auth, Action.ROLLOUT_EDIT)
    name = WaveName(sent.phase, sent.wave)
    read = plans.read_wave(name, [line.cells for line in sent.lines])
    if read.faults:
        faults = [
            FieldFault(field=f"lines.{each.row - 1}.{each.field}", detail=each.words) for each in read.faults
        ]
        return problem(422, "wave_faulty", f"Nothing was changed: {len(faults)} faults.", errors=faults)
    lines, based_on, at = read.lines, sent.based_on, now()
    found = rehearse_wave(request.auth, name=name, lines=lines, based_on=based_on, at=at)
    said = {"plan_id": None, "changed": found.changed, "effects": found.effects}
    if dry_run:
        return said
    plan = plans.change_wave(
        name=name, lines=lines, based_on=based_on, reason=sent.reason, by=request.auth.actor, at=at
    )
    return said | {"plan_id": plan.id}


@rollout.post(
    "/rollout/units/{uuid:unit_id}/counts", access=Action.ROLLOUT_EDIT, answers=CountOut, status=201
)
def state_count(request: Asked, unit_id: UUID, sent: CountIn) -> StatedCount:
    """Notes how many cameras the unit had by a day, where they are not in this installation one by one."""
    check_can(request.auth, Action.ROLLOUT_EDIT)
    found = standings.unit_standing(request.auth, unit_id, at=now()).unit
    return counts.state_count(unit=found, **sent.dict(), by=request.auth.actor, at=now())


@rollout.get("/rollout/units/{uuid:unit_id}/site", access=Action.ROLLOUT_VIEW, answers=SiteOut)
def site(request: Asked, unit_id: UUID) -> dict[str, Any]:
    """What the unit's sites have, need and lack, by its stated shifts, or else by the usual assumptions."""
    return _site(request, unit_id)


@rollout.put("/rollout/units/{uuid:unit_id}/shifts", access=Action.ROLLOUT_EDIT, answers=SiteOut)
def state_shifts(request: Asked, unit_id: UUID, sent: ShiftsIn) -> dict[str, Any]:
    """Notes how many of the unit's cameras come back at which change of shifts."""
    check_can(request.auth, Action.ROLLOUT_EDIT)
    found = standings.unit_standing(request.auth, unit_id, at=now()).unit
    shifts.state_shifts(unit=found, shifts=sent.said, by=request.auth.actor, at=now())
    return _site(request, unit_id)


def _site(request: Asked, unit_id: UUID) -> dict[str, Any]:
    found = site_of(request.auth, standings.unit_standing(request.auth, unit_id, at=now()), ShiftPattern())
    if found is None:
        raise NotFound("Neither plan nor shifts give a number of cameras.", unit=str(unit_id))
    return facts_of(found)


@rollout.post(
    "/rollout/units/{uuid:unit_id}/blocks", access=Action.ROLLOUT_EDIT, answers=BlockOut, status=201
)
def raise_block(request: Asked, unit_id: UUID, sent: BlockIn) -> UnitBlock:
    """Notes what keeps the unit from its wave."""
    check_can(request.auth, Action.ROLLOUT_EDIT)
    found = standings.unit_standing(request.auth, unit_id, at=now()).unit
    return blocks.raise_block(unit=found, **sent.dict(), by=request.auth.actor, at=now())


@rollout.post("/rollout/blocks/{uuid:block_id}/lift", access=Action.ROLLOUT_EDIT, answers=BlockOut)
def lift_block(request: Asked, block_id: UUID) -> UnitBlock:
    """Notes that what blocked a unit is over."""
    check_can(request.auth, Action.ROLLOUT_EDIT)
    found = UnitBlock.objects.filter(id=block_id).first()
    if found is None:
        raise NoSuchBlock("There is no such block.", block=str(block_id))
    return blocks.lift_block(block=found, by=request.auth.actor, at=now())


@rollout.get("/rollout/figures", access=Action.ROLLOUT_VIEW, answers=list[FigureOut])
def public_figures(request: Asked) -> list[PublishedFigure]:
    """The figures that are public; anyone reads them at `/figures.json`."""
    check_can(request.auth, Action.ROLLOUT_VIEW)
    return figures.public_figures()


@rollout.post("/rollout/figures", access=Action.FIGURES_PUBLISH, answers=FigureOut, status=201)
def publish(request: Asked, sent: FigureIn) -> PublishedFigure:
    """Makes a figure public as it was at the end of a day; it keeps that value until it is published anew."""
    check_can(request.auth, Action.FIGURES_PUBLISH)
    return figures.publish(figure=sent.figure, as_of_date=sent.as_of_date, by=request.auth.actor, at=now())


@rollout.delete("/rollout/figures/{figure}", access=Action.FIGURES_PUBLISH)
def withdraw(request: Asked, figure: Figure) -> None:
    """Makes a figure public no more."""
    check_can(request.auth, Action.FIGURES_PUBLISH)
    figures.withdraw(figure=figure, by=request.auth.actor, at=now())
