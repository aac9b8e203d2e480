"""What do a unit's sites lack before its wave: bays by the day on which its cameras are due, and a line?

Docks count that are installed by then; those whose installation date nobody said are taken to be there.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from tabard.fleet import selectors as fleet
from tabard.insight.rollout import Standing
from tabard.insight.shifts import shifts_of
from tabard.insight.sites import (
    Change,
    Needs,
    ShiftPattern,
    Shifts,
    as_said,
    missing_bays,
    most,
    needs,
    needs_at_each,
)
from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action
from tabard.people.selectors import subtree_ids


@dataclass(frozen=True, slots=True)
class Site:
    """What a unit's sites have, what they need, and what is missing.

    Attributes:
        cameras: How many of them the plan has; None where it does not say.
        shifts: How they come back, as somebody stated it; None where the needs rest on assumptions alone.
        changes: What each change of shifts asks, and how many bays are free then; empty without `shifts`.
        needs: The most of it.
        by_date: The day on which the docks are counted: when the cameras are due, or today if that is later.
        bays: Bays that are installed by then.
        later: Bays whose docks are to be installed after it.
        later_date: The first day on which one of them is.
        missing: Bays that lack on that day.
    """

    cameras: int | None
    shifts: Shifts | None
    changes: tuple[tuple[Change, Needs, int], ...]
    needs: Needs
    by_date: date
    bays: int
    later: int
    later_date: date | None
    missing: int

    @property
    def coming_back(self) -> int:
        """How many cameras come back in a day, as far as it is stated."""
        return sum(change.cameras for change, _, _ in self.changes)


def site_of(viewer: Viewer, standing: Standing, assumed: ShiftPattern) -> Site | None:
    """The unit's sites; None where neither plan nor shifts give a number, or the viewer may not see docks.

    Args:
        viewer: Who is asking.
        standing: The unit.
        assumed: What is reckoned with where nobody stated its shifts.
    """
    shifts = shifts_of(standing.unit.id)
    if not can(viewer, Action.FLEET_VIEW) or (standing.target is None and shifts is None):
        return None
    changes = needs_at_each(shifts) if shifts else []
    asked = most(each for _, each in changes) if changes else needs(standing.target or 0, assumed)
    by_date = max(_due(standing), standing.today)
    bays, later, later_date = _bays(viewer, standing, by_date)
    return Site(
        cameras=standing.target,
        shifts=shifts,
        changes=tuple((change, each, max(bays - each.bays, 0)) for change, each in changes),
        needs=asked,
        by_date=by_date,
        bays=bays,
        later=later,
        later_date=later_date,
        missing=missing_bays(asked, bays),
    )


def facts_of(site: Site) -> dict[str, Any]:
    """The same as a program reads it."""
    return {
        "cameras": site.cameras,
        "shifts": as_said(site.shifts) if site.shifts else None,
        "needs": site.needs,
        "changes": [
            {"at": f"{change.at:%H:%M}", "needs": asked, "bays_free": free}
            for change, asked, free in site.changes
        ],
        "by_date": site.by_date,
        "bays_installed": site.bays,
        "bays_later": site.later,
        "bays_missing": site.missing,
    }


def _due(standing: Standing) -> date:
    """The first day that the date of its wave may mean; the cameras may come as early as that."""
    return standing.planned[-1].due.first if standing.planned else standing.today


def _bays(viewer: Viewer, standing: Standing, by_date: date) -> tuple[int, int, date | None]:
    below = subtree_ids(standing.unit.id)
    docks = [(dock.bays, dock.installed_date) for dock in fleet.docks(viewer) if dock.unit_id in below]
    later = [(bays, day) for bays, day in docks if day is not None and day > by_date]
    coming = sum(bays for bays, _ in later)
    return sum(bays for bays, _ in docks) - coming, coming, min((day for _, day in later), default=None)
