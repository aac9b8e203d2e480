"""How does the rollout stand, in the force and in each unit? The plan beside what was issued, and what blocks whom.

The pages, the API and the command line read this. Numbers of cameras only: nobody's name stands in any of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tabard.fleet.issue_counts import first_issues
from tabard.insight.curve import Curve
from tabard.insight.errors import NoSuchUnit
from tabard.insight.forecast import Forecast, forecast, needed_per_week
from tabard.insight.models import PlanLine, PlanVersion, StatedCount, UnitBlock
from tabard.insight.plans import current_plan
from tabard.insight.progress import Intended, Planned, Progress, Stated, issued, planned, progress, target
from tabard.people.authorisation import Viewer, check_can
from tabard.people.models import Unit
from tabard.people.rules import Action
from tabard.people.selectors import UnitNode, unit_tree

LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True)
class Standing:
    """How one unit stands, the units below it among it. What takes reckoning is reckoned when it is asked for.

    Attributes:
        unit: The unit.
        depth: How deep in the tree it stands; the force is at 0.
        lines: The plan's lines for it, and for those below it.
        target: Cameras in all; None where the plan does not say.
        is_about: The target is only about right.
        stated: What somebody stated of it.
        issues: Cameras issued, by day, of each unit that it is made of.
        today: The day on which it stands so.
        blocks: What blocks it itself.
    """

    unit: Unit
    depth: int
    lines: tuple[PlanLine, ...]
    target: int | None
    is_about: bool
    stated: Sequence[Stated]
    issues: Sequence[Mapping[date, int]]
    today: date
    blocks: tuple[UnitBlock, ...]

    @cached_property
    def issued(self) -> int | None:
        """The newest count; None where nothing is known."""
        return issued(stated=self.stated, issues=self.issues, today=self.today)

    @cached_property
    def progress(self) -> Progress:
        """What was issued by when."""
        return progress(stated=self.stated, issues=_summed(self.issues), today=self.today)

    @property
    def percent(self) -> int | None:
        """The part of the target that was issued, whole per cent, rounded down; None where either is not known."""
        if self.target is None or self.issued is None:
            return None
        return 100 if not self.target else min(100 * self.issued // self.target, 100)

    @property
    def is_in_plan(self) -> bool:
        """Whether there is anything to show of it."""
        return bool(self.lines or self.blocks) or self.issued is not None

    @property
    def is_listed(self) -> bool:
        """Whether it stands in the list of units: every command with anything to show, and teams that are planned."""
        is_team = self.unit.kind == Unit.Kind.TEAM
        return bool(self.lines or self.blocks) if is_team else self.is_in_plan

    @cached_property
    def planned(self) -> tuple[Planned, ...]:
        """The plan as a curve."""
        return planned(_intended(self.unit.id, self.lines))

    @cached_property
    def forecast(self) -> Forecast:
        """When the last camera will be issued."""
        rated = self.progress.rated
        return forecast(counted=rated, is_daily=self.progress.is_daily, target=self.target)

    @property
    def curve(self) -> Curve:
        """What was issued, planned and is forecast, over time."""
        return Curve(self.progress.counted, self.planned, self.forecast, self.target)

    @property
    def needed_per_week(self) -> float | None:
        """What would keep the plan's last date; None where nothing can be said."""
        latest, points = self.progress.latest, self.planned
        if latest is None or not points or self.target is None:
            return None
        return needed_per_week(counted=latest, target=self.target, by=points[-1].due.last)


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole rollout: the plan that holds, and how each unit stands, parents before their children."""

    plan: PlanVersion | None
    versions: int
    units: tuple[Standing, ...]

    @property
    def force(self) -> Standing | None:
        """The force itself; None before there is one."""
        return self.units[0] if self.units else None


@dataclass(slots=True)
class _Known:
    """Everything that is known, by the unit it names."""

    lines: dict[UUID, list[PlanLine]] = field(default_factory=lambda: defaultdict(list))
    stated: dict[UUID, list[Stated]] = field(default_factory=lambda: defaultdict(list))
    blocks: dict[UUID, list[UnitBlock]] = field(default_factory=lambda: defaultdict(list))
    issues: dict[UUID | None, dict[date, int]] = field(default_factory=first_issues)


def overview(viewer: Viewer, *, at: datetime) -> Overview:
    """The rollout as it stands at `at`, in a handful of queries however many units there are.

    Raises:
        Denied: when the viewer may not see the rollout.
    """
    check_can(viewer, Action.ROLLOUT_VIEW)
    return as_it_stands(at=at)


def as_it_stands(*, at: datetime) -> Overview:
    """The same for the command line and for what is published, where nobody's leave is asked."""
    plan = current_plan()
    return Overview(plan, PlanVersion.objects.count(), as_planned(_lines(plan), at=at))


def as_planned(lines: Iterable[PlanLine], *, at: datetime) -> tuple[Standing, ...]:
    """How each unit stands if these lines, kept or not, are the plan; parents before their children."""
    return tuple(_standings(lines, unit_tree(), at))


def unit_standing(viewer: Viewer, unit_id: UUID, *, at: datetime) -> Standing:
    """One unit.

    Raises:
        Denied: when the viewer may not see the rollout.
        NoSuchUnit: when there is none.
    """
    check_can(viewer, Action.ROLLOUT_VIEW)
    for standing in _standings(_lines(current_plan()), unit_tree(), at, only=unit_id):
        return standing
    raise NoSuchUnit("There is no such unit.", unit=str(unit_id))


def _lines(plan: PlanVersion | None) -> Iterable[PlanLine]:
    return plan.lines.select_related("unit") if plan else ()


def _standings(
    lines: Iterable[PlanLine], nodes: Sequence[UnitNode], at: datetime, only: UUID | None = None
) -> Iterator[Standing]:
    """How each of the units stands, or only one of them."""
    known, today = _known(lines), at.astimezone(LONDON).date()
    below = _below([node.unit for node in nodes])
    for node in nodes:
        if only in (None, node.unit.id):
            yield _standing(node.unit, node.depth, below[node.unit.id], known, today)


def _known(lines: Iterable[PlanLine]) -> _Known:
    known = _Known()
    for line in lines:
        known.lines[line.unit_id].append(line)
    for each in StatedCount.objects.all():
        said = Stated(each.as_of_date, each.count, each.is_about, each.source)
        known.stated[each.unit_id].append(said)
    for block in UnitBlock.objects.filter(lifted_at=None):
        known.blocks[block.unit_id].append(block)
    return known


def _below(units: Sequence[Unit]) -> dict[UUID, list[UUID | None]]:
    """Each unit with itself and those below it; cameras of the central store are the force's."""
    found: dict[UUID, list[UUID | None]] = {}
    for unit in reversed(units):  # children come before their parents
        mine: list[UUID | None] = found.setdefault(unit.id, [])
        mine.insert(0, unit.id)
        if unit.parent_id is None:
            mine.append(None)
        else:
            found.setdefault(unit.parent_id, []).extend(mine)
    return found


def _standing(unit: Unit, depth: int, below: Sequence[UUID | None], known: _Known, today: date) -> Standing:
    lines = [line for unit_id in below if unit_id for line in known.lines.get(unit_id, ())]
    lines.sort(key=lambda line: line.ordinal)
    wanted, is_about = target(_intended(unit.id, lines))
    return Standing(
        unit=unit,
        depth=depth,
        lines=tuple(lines),
        target=wanted,
        is_about=is_about,
        stated=known.stated.get(unit.id, ()),
        issues=[known.issues[unit_id] for unit_id in below if unit_id in known.issues],
        today=today,
        blocks=tuple(known.blocks.get(unit.id, ())),
    )


def _summed(issues: Iterable[Mapping[date, int]]) -> dict[date, int]:
    total: dict[date, int] = defaultdict(int)
    for by_day in issues:
        for day, count in by_day.items():
            total[day] += count
    return total


def _intended(unit_id: UUID, lines: Iterable[PlanLine]) -> list[Intended]:
    """The lines as they bear on the unit."""
    return [
        Intended(
            target=line.target,
            due=line.due_when,
            is_about=line.is_about,
            is_in_all=line.counts == PlanLine.Counts.IN_ALL,
            is_own=line.unit_id == unit_id,
        )
        for line in lines
    ]


def summary(standing: Standing) -> dict[str, Any]:
    """One unit as a program reads it; dates as the plan says them, null where nothing is known."""
    latest, said, points = standing.progress.latest, standing.forecast, standing.planned
    return {
        "code": standing.unit.code,
        "name": standing.unit.name,
        "issued": standing.issued,
        "as_of": latest.day.isoformat() if latest else None,
        "target": standing.target,
        "target_is_about": standing.is_about,
        "percent": standing.percent,
        "due": points[-1].due.text if points else None,
        "forecast": said.outcome.value,
        "p10": said.p10.isoformat() if said.p10 else None,
        "p50": said.p50.isoformat() if said.p50 else None,
        "p90": said.p90.isoformat() if said.p90 else None,
        "blocks": [block.kind for block in standing.blocks],
    }
