"""The rollout: its plan, how each unit stands, and the public figures."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tabard.api.schemas.people import UnitName
from tabard.api.schemas.values import Reason, Sent, Words
from tabard.insight.figures import Figure
from tabard.insight.forecast import Outcome
from tabard.insight.models import PlanLine, UnitBlock
from tabard.insight.plan_file import LARGEST_TARGET
from tabard.insight.rollout import Standing
from tabard.insight.sites import NUMBERS, ShiftPattern, Shifts, parse_changes

USUAL = ShiftPattern()
Number = Field(ge=0, le=LARGEST_TARGET)


class PointOut(Schema):
    """So many cameras in all by the end of a day."""

    day: date
    count: int


class PlannedOut(Schema):
    """So many cameras planned in all; `due` is as precise as the plan is, such as `2018-summer`."""

    due: str
    count: int
    is_about: bool

    @staticmethod
    def resolve_due(planned: Any) -> str:
        """The date as the plan says it."""
        return str(planned.due.text)


class ForecastOut(Schema):
    """When the last camera will be issued: in eight cases of ten between `p10` and `p90`, if it can be said at all."""

    outcome: Outcome
    remaining: int | None
    per_week: float | None
    p10: date | None
    p50: date | None
    p90: date | None


class BlockOut(Schema):
    """What keeps a unit from its wave; `until_date` is the first day without, where anybody expects one."""

    id: UUID
    kind: UnitBlock.Kind
    since_date: date
    until_date: date | None
    words: str
    raised_at: datetime
    lifted_at: datetime | None


class StandingOut(Schema):
    """How one unit stands, the units below it among it; null where nothing is known."""

    unit: UnitName
    issued: int | None
    target: int | None
    target_is_about: bool
    percent: int | None
    blocks: list[BlockOut]

    @staticmethod
    def resolve_target_is_about(standing: Standing) -> bool:
        """Whether the target is only about right."""
        return standing.is_about


class StandingSheet(StandingOut):
    """One unit with its curve and forecast."""

    issued_by_day: list[PointOut]
    planned: list[PlannedOut]
    forecast: ForecastOut

    @staticmethod
    def resolve_issued_by_day(standing: Standing) -> Any:
        """The cumulative counts, oldest first."""
        return standing.progress.counted


class RolloutOut(Schema):
    """The whole rollout: the force, and every unit that is in the plan or has cameras."""

    force: StandingSheet | None
    units: list[StandingOut]


class LineOut(Schema):
    """One line of the plan; `begins` and `due` are as precise as the plan is."""

    phase: str
    wave: str
    unit: UnitName
    target: int | None
    is_about: bool
    counts: PlanLine.Counts
    begins: str
    due: str
    source: str


class PlanOut(Schema):
    """The plan that holds; null and empty before the first version. `id` is what a change of it is based on."""

    id: UUID | None
    imported_at: datetime | None
    note: str
    lines: list[LineOut]


class WaveLineIn(Sent):
    """One unit in a wave; null and empty are what nobody knows. Dates are as precise as they are known."""

    unit_code: Words
    target: int | None = None
    about: bool = False
    counts: PlanLine.Counts = PlanLine.Counts.ADDS
    begins: Words = ""
    due: Words = ""
    source: Words = ""

    @property
    def cells(self) -> dict[str, str]:
        """The line as a file would hold it."""
        said = {name: str("" if value is None else value) for name, value in self.dict().items()}
        return said | {"about": "yes" if self.about else "", "counts": self.counts.value}


class WaveIn(Sent):
    """All lines that a wave is to have from now on; none drops it."""

    phase: Words
    wave: Words
    lines: list[WaveLineIn]
    based_on: UUID | None = Field(
        description="The `id` of the plan that was looked at; null where there was none"
    )
    reason: Reason


class WaveLineOut(Schema):
    """One unit in a wave as the plan has it."""

    target: int | None
    is_about: bool
    counts: PlanLine.Counts
    begins: str
    due: str
    source: str

    @staticmethod
    def resolve_begins(line: Any) -> str:
        """The date as the plan says it."""
        return line.begins.text if line.begins else ""

    @staticmethod
    def resolve_due(line: Any) -> str:
        """The date as the plan says it."""
        return line.due.text if line.due else ""


class MovedOut(Schema):
    """What a plan says of a unit, and what is forecast by it."""

    unit: UnitName
    target: int | None
    planned: list[PlannedOut]
    forecast: ForecastOut
    needed_per_week: float | None


class DifferenceOut(Schema):
    """What becomes of one unit's line: `before` is null for a new one, `after` for one that is dropped."""

    unit_code: str
    before: WaveLineOut | None
    after: WaveLineOut | None


class EffectOut(Schema):
    """How a unit that the change touches stands now, and how it would; the force stands first."""

    before: MovedOut
    after: MovedOut
    words: str


class WaveOut(Schema):
    """What the change does. `plan_id` is the new version's; null after a dry run."""

    plan_id: UUID | None
    changed: list[DifferenceOut]
    effects: list[EffectOut]


class CountIn(Sent):
    """How many cameras a unit had by a day, as somebody states it."""

    as_of_date: date
    count: int = Number
    is_about: bool = False
    source: Words = Field(description="Who says so, and where")


class CountOut(Schema):
    """A count as it was noted."""

    id: UUID
    as_of_date: date
    count: int
    is_about: bool
    source: str


class ShiftsIn(Sent):
    """When how many of a unit's cameras come back, as `07:00 40, 15:00 35`, and what they film."""

    changes: Words
    docked_h: float = USUAL.docked_h
    filmed_min: float = USUAL.filmed_min
    mbit_per_s: float = USUAL.mbit_per_s
    share_percent: float = USUAL.share_percent

    @property
    def said(self) -> Shifts:
        """The same as it is reckoned with."""
        return Shifts(parse_changes(self.changes), **{name: getattr(self, name) for name in NUMBERS})


class ShiftsOut(Schema):
    """How a unit's shifts change, as it is stated."""

    changes: str
    docked_h: float
    filmed_min: float
    mbit_per_s: float
    share_percent: float


class NeedsOut(Schema):
    """What a number of cameras asks of a site."""

    on_shift: int
    bays: int
    bytes_per_shift: int
    line_mbit_per_s: float


class ChangeOut(Schema):
    """What one change of shifts asks."""

    at: str
    needs: NeedsOut
    bays_free: int


class SiteOut(Schema):
    """What a unit's sites have and need; bays count that are installed by `by_date`.

    `shifts` is null where nobody stated them: then the needs rest on assumptions about the plan's cameras.
    """

    cameras: int | None
    shifts: ShiftsOut | None
    needs: NeedsOut
    changes: list[ChangeOut]
    by_date: date
    bays_installed: int
    bays_later: int
    bays_missing: int


class BlockIn(Sent):
    """What keeps a unit from its wave."""

    kind: UnitBlock.Kind
    since_date: date
    until_date: date | None = None
    words: Words


class FigureIn(Sent):
    """Which figure to publish, as it was at the end of which day."""

    figure: Figure
    as_of_date: date


class FigureOut(Schema):
    """A figure as it is public."""

    figure: Figure
    value: str
    number: int | None
    is_about: bool
    as_of_date: date
    published_at: datetime
