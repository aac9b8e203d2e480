"""What does a real rollout look like? The Metropolitan Police's, as far as it told the public; loaded as an example.

Nothing is more precise than what was said: a unit without a number has none, a date known to the month or the season
stays so. Loading it twice changes nothing the second time.
"""

import json
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from tabard.custody.actors import Actor
from tabard.insight.counts import state_count
from tabard.insight.models import StatedCount
from tabard.insight.plans import current_plan, import_plan
from tabard.kernel.errors import Conflict
from tabard.people.models import Unit
from tabard.people.services import create_unit

FORCE = "FORCE"  # stands in the example for the code of the force that is here


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading the example changed."""

    units: int
    lines: int
    counts: int


@cache
def facts() -> dict[str, Any]:
    """The example as it is kept."""
    return tomllib.loads(
        files("tabard.insight").joinpath("examples/metropolitan-police.toml").read_text("utf-8")
    )


def load_example(*, by: Actor, at: datetime, replace: bool = False) -> Loaded:
    """The units, the plan and the count of the example are here; what was here already is left as it is.

    Each unit, the plan and the count are acts of their own, so that what a crash leaves is completed by the next run.

    Args:
        by: Who loads it.
        at: When, aware.
        replace: Also where another plan holds, which stays as an earlier version.

    Raises:
        Conflict: when another plan holds and it is not to be replaced.
    """
    if _other_plan_holds() and not replace:
        raise Conflict("There is a rollout plan already. To load the example beside it, say --replace.")
    force, made = _force(by, at)
    codes = {FORCE: force.code}
    for said in facts()["units"]:
        unit, is_new = _unit(said, force, by, at)
        codes[said["code"]] = unit.code
        made += is_new
    lines = _plan(codes, by, at)
    return Loaded(made, lines, _counts(codes, by, at))


def _other_plan_holds() -> bool:
    plan = current_plan()
    return plan is not None and plan.note != facts()["note"]


def _force(by: Actor, at: datetime) -> tuple[Unit, int]:
    found = Unit.objects.filter(kind=Unit.Kind.FORCE).first()
    if found is not None:
        return found, 0
    said = facts()["force"]
    return create_unit(kind="force", code=said["code"], name=said["name"], parent=None, by=by, at=at), 1


def _unit(said: dict[str, str], force: Unit, by: Actor, at: datetime) -> tuple[Unit, int]:
    """The unit of that name or code; made where there is none."""
    found = (
        Unit.objects.filter(name__iexact=said["name"]).exclude(kind=Unit.Kind.TEAM).first()
        or Unit.objects.filter(code__iexact=said["code"]).first()
    )
    if found is not None:
        return found, 0
    made = create_unit(kind=said["kind"], code=said["code"], name=said["name"], parent=force, by=by, at=at)
    return made, 1


def _plan(codes: dict[str, str], by: Actor, at: datetime) -> int:
    plan = current_plan()
    if plan is not None and plan.note == facts()["note"]:
        return 0
    lines = [{**line, "unit_code": codes[line["unit_code"]]} for line in facts()["lines"]]
    raw = json.dumps({"lines": lines}).encode()
    return import_plan(raw=raw, note=facts()["note"], by=by, at=at).imported


def _counts(codes: dict[str, str], by: Actor, at: datetime) -> int:
    """The counts of the example that nobody has stated yet."""
    stated = 0
    for said in facts()["counts"]:
        unit = Unit.objects.get(code=codes[said["unit_code"]])
        day: date = said["as_of"]
        if StatedCount.objects.filter(unit=unit, as_of_date=day, count=said["count"]).exists():
            continue
        state_count(
            unit=unit,
            as_of_date=day,
            count=said["count"],
            is_about=said.get("about", False),
            source=said["source"],
            by=by,
            at=at,
        )
        stated += 1
    return stated
