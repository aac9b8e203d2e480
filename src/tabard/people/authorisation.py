"""The one place that decides who may do what to which item. Default is no.

Functions come in pairs: `check_can` raises, `can` answers; screen and enforcement ask the same rule, so they
cannot drift apart. `scope` is the same rule as a database filter.
"""

from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from django.db.models import Q

from tabard.custody.actors import Actor, ActorKind
from tabard.kernel.errors import Denied
from tabard.people.rules import Action, Relation, Role, Verdict, judge, reach


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking: the account, its officer, its roles, and the units that its posting reaches down to."""

    account_id: UUID
    name: str
    roles: frozenset[Role]
    officer_id: UUID | None = None
    unit_id: UUID | None = None
    unit_ids: frozenset[UUID] = field(default_factory=frozenset)

    @property
    def actor(self) -> Actor:
        """The viewer as the custody log names them."""
        return Actor(ActorKind.ACCOUNT, str(self.account_id), self.name)


class Owned(Protocol):
    """An item that belongs to an officer and a unit; either may be unknown."""

    @property
    def officer_id(self) -> UUID | None:
        """The officer whose item it is."""

    @property
    def unit_id(self) -> UUID | None:
        """The unit that the item belongs to."""


def relations(viewer: Viewer, item: Owned | None) -> frozenset[Relation]:
    """How the viewer stands to the item; None is the force itself (a list, a setting, a report)."""
    found = {Relation.FORCE}
    if item is None:
        return frozenset(found | {Relation.UNIT, Relation.OWN})
    if item.officer_id is not None and item.officer_id == viewer.officer_id:
        found.add(Relation.OWN)
    if item.unit_id is not None and item.unit_id in viewer.unit_ids:
        found.add(Relation.UNIT)
    return frozenset(found)


def verdict(viewer: Viewer, action: Action, item: Owned | None = None) -> Verdict:
    """The verdict with its reason."""
    return judge(viewer.roles, action, relations(viewer, item))


def can(viewer: Viewer, action: Action, item: Owned | None = None) -> bool:
    """Whether the viewer may do the action to the item."""
    return verdict(viewer, action, item).allowed


def check_can(viewer: Viewer, action: Action, item: Owned | None = None) -> None:
    """Return only if the viewer may do the action to the item.

    Raises:
        Denied: with the reason, the action and the item's id; the edge records it as `access.refused`.
    """
    decided = verdict(viewer, action, item)
    if not decided.allowed:
        raise Denied(decided.reason, action=action.value, item=item)


def scope(viewer: Viewer, action: Action, *, officer: str | None = "officer_id", unit: str = "unit_id") -> Q:
    """The rows that the viewer may do the action to, as a filter over the named columns.

    Args:
        viewer: Who is asking.
        action: What they want to do.
        officer: The column of the officer whose item it is; None where rows are nobody's own.
        unit: The column of the unit that the item belongs to.
    """
    allowing = reach(viewer.roles, action)
    if Relation.FORCE in allowing:
        return Q()
    rows = Q(pk__in=[])
    if Relation.UNIT in allowing:
        rows |= Q(**{f"{unit}__in": viewer.unit_ids})
    if Relation.OWN in allowing and officer is not None and viewer.officer_id is not None:
        rows |= Q(**{officer: viewer.officer_id})
    return rows
