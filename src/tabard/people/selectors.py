"""Who is who, who belongs where, and who is asking?

These reads serve the machinery (authorisation, intake, services) and name no footage; what a person may see of them
is decided where they are shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery, When

from tabard.people.authorisation import Viewer
from tabard.people.models import Account, Officer, Posting, Unit
from tabard.people.rules import Role

_SUBTREE = """
    WITH RECURSIVE below AS (
        SELECT id FROM people_unit WHERE id = %s
        UNION
        SELECT people_unit.id FROM people_unit JOIN below ON people_unit.parent_id = below.id
    )
    SELECT id FROM below
"""


@dataclass(frozen=True, slots=True)
class UnitNode:
    """A unit and how deep in the tree it stands; the force is at depth 0."""

    unit: Unit
    depth: int


def viewer_of(account: Account, at: datetime) -> Viewer:
    """The account as authorisation sees it: its roles now, and the units its officer's posting at `at` reaches.

    An account that is no officer's reaches the unit that it acts for, if there is one.

    An account that may not sign in has no roles, whatever it was granted.
    """
    roles = account.grants.values_list("role", flat=True) if account.is_active else []
    unit_id = account.unit_id if account.officer_id is None else unit_at(account.officer_id, at)
    return Viewer(
        account_id=account.id,
        name=account.display_name,
        roles=frozenset(Role(role) for role in roles),
        officer_id=account.officer_id,
        unit_id=unit_id,
        unit_ids=frozenset() if unit_id is None else subtree_ids(unit_id),
    )


def subtree_ids(unit_id: UUID) -> frozenset[UUID]:
    """The unit and every unit below it; empty where there is no such unit."""
    with connection.cursor() as cursor:
        cursor.execute(_SUBTREE, [unit_id])
        return frozenset(row[0] for row in cursor.fetchall())


def unit_at(officer_id: UUID, at: datetime) -> UUID | None:
    """The unit that the officer belonged to at the instant, or None."""
    postings = Posting.objects.filter(officer_id=officer_id, during__contains=at)
    return postings.values_list("unit_id", flat=True).first()


def officer_by_reference(text: str) -> Officer | None:
    """The one officer with this shoulder or warrant number, in any case.

    None where nobody has it, and where it is one officer's shoulder number and another's warrant number: footage
    under the wrong name is worse than footage under none.
    """
    wanted = text.strip()
    if not wanted or "\x00" in wanted:  # PostgreSQL has no NUL in text, and outside systems send anything
        return None
    either = Q(shoulder_number__iexact=wanted) | Q(warrant_number__iexact=wanted)
    found = list(Officer.objects.filter(either)[:2])
    return found[0] if len(found) == 1 else None


def with_leaving(at: datetime) -> QuerySet[Any]:
    """Officers with `left_at`: when their last posting ended, if it did by `at`; None for who is here or to come."""
    last = Posting.objects.filter(officer=OuterRef("pk")).order_by(
        F("during__endswith").desc(nulls_first=True)
    )
    ended = last.filter(during__upper_inf=False, during__endswith__lte=at)
    still = last.filter(Q(during__upper_inf=True) | Q(during__endswith__gt=at))
    return Officer.objects.annotate(
        left_at=Case(
            When(Exists(still), then=None),
            default=Subquery(ended.values("during__endswith")[:1], output_field=DateTimeField()),
        )
    )


def unit_tree() -> list[UnitNode]:
    """Every unit, each parent before its children, siblings by name."""
    children: dict[UUID | None, list[Unit]] = {}
    for unit in Unit.objects.order_by("name", "id"):
        children.setdefault(unit.parent_id, []).append(unit)
    return list(_walk(children, None, 0))


def _walk(children: dict[UUID | None, list[Unit]], parent_id: UUID | None, depth: int) -> Iterator[UnitNode]:
    """The nodes below a unit, depth first."""
    for unit in children.get(parent_id, []):
        yield UnitNode(unit, depth)
        yield from _walk(children, unit.id, depth + 1)
