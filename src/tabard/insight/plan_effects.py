"""What would a changed wave do to targets, dates and forecasts? Reckoned before it is kept; nothing is written.

A forecast knows nothing of the plan's dates: it moves where the number of cameras does. What a new date moves is the
rate that would keep it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tabard.insight.forecast_words import moved_in_words
from tabard.insight.plan_changes import Difference, WaveName, with_wave
from tabard.insight.plan_file import Line
from tabard.insight.plans import different, lines_based_on, rows_of
from tabard.insight.rollout import Standing, as_planned
from tabard.people.authorisation import Viewer, check_can
from tabard.people.models import Unit
from tabard.people.rules import Action


@dataclass(frozen=True, slots=True)
class Effect:
    """How one unit stands by the plan that holds, and how it would by the changed one."""

    before: Standing
    after: Standing

    @property
    def unit(self) -> Unit:
        """The unit."""
        return self.after.unit

    @property
    def words(self) -> str:
        """What becomes of its forecast."""
        return moved_in_words(self.before.forecast, self.after.forecast)

    @property
    def is_any(self) -> bool:
        """Whether its plan is another."""
        old, new = self.before, self.after
        return (old.target, old.is_about, old.planned) != (new.target, new.is_about, new.planned)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Which lines would be different, and what that does; the force stands first, whether it is touched or not."""

    changed: tuple[Difference, ...]
    effects: tuple[Effect, ...]


def rehearse_wave(
    viewer: Viewer, *, name: WaveName, lines: Sequence[Line], based_on: UUID | None, at: datetime
) -> Rehearsal:
    """What `plans.change_wave` would do with the same.

    Raises:
        Denied: when the viewer may not change the plan.
        Invalid: when nothing would be different.
        PlanChanged: when another version came meanwhile.
    """
    check_can(viewer, Action.ROLLOUT_EDIT)
    before = lines_based_on(based_on)
    after = with_wave(before, name, lines)
    return Rehearsal(tuple(different(before, after)), tuple(_effects(before, after, at)))


def _effects(before: Sequence[Line], after: Sequence[Line], at: datetime) -> Iterator[Effect]:
    old, new = (as_planned(rows_of(lines), at=at) for lines in (before, after))
    for was, will_be in zip(old, new, strict=True):
        effect = Effect(was, will_be)
        if effect.is_any or not effect.after.depth:
            yield effect
