"""How a viewer stands to an item, and that screen, enforcement and database filter give one answer."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from django.db.models import Q

from tabard.custody.actors import Actor, ActorKind
from tabard.kernel.errors import Denied
from tabard.kernel.ids import new_id
from tabard.people.authorisation import Viewer, can, check_can, relations, scope
from tabard.people.rules import Action, Relation, Role

ME, MY_UNIT, MY_TEAM, ELSEWHERE = new_id(), new_id(), new_id(), new_id()


@dataclass(frozen=True)
class Item:
    officer_id: UUID | None
    unit_id: UUID | None


def viewer(*roles):
    return Viewer(
        account_id=new_id(),
        name="Asha Rao",
        roles=frozenset(roles),
        officer_id=ME,
        unit_id=MY_UNIT,
        unit_ids=frozenset({MY_UNIT, MY_TEAM}),
    )


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (Item(ME, ELSEWHERE), {Relation.FORCE, Relation.OWN}),
        (Item(new_id(), MY_TEAM), {Relation.FORCE, Relation.UNIT}),
        (Item(ME, MY_UNIT), {Relation.FORCE, Relation.OWN, Relation.UNIT}),
        (Item(new_id(), ELSEWHERE), {Relation.FORCE}),
        (Item(None, None), {Relation.FORCE}),
    ],
)
def test_an_item_is_ones_own_or_ones_units_or_neither(item, expected):
    assert relations(viewer(Role.OFFICER), item) == expected


def test_someone_without_an_officer_or_unit_owns_nothing_that_nobody_owns():
    stranger = Viewer(account_id=new_id(), name="Civilian", roles=frozenset({Role.OFFICER, Role.SUPERVISOR}))
    assert relations(stranger, Item(None, None)) == {Relation.FORCE}
    assert not can(stranger, Action.RECORDING_VIEW, Item(None, None))


def test_a_refusal_is_raised_with_its_reason_action_and_item():
    item = Item(new_id(), ELSEWHERE)
    with pytest.raises(Denied) as refused:
        check_can(viewer(Role.OFFICER), Action.RECORDING_PLAY, item)
    assert refused.value.fields == {"action": "recording.play", "item": item}
    assert "your own" in refused.value.message


def test_the_filter_reaches_as_far_as_the_rule():
    assert scope(viewer(Role.AUDITOR), Action.RECORDING_VIEW) == Q()
    own_only = scope(viewer(Role.OFFICER), Action.RECORDING_VIEW)
    assert own_only == Q(pk__in=[]) | Q(officer_id=ME)
    theirs = scope(viewer(Role.SUPERVISOR), Action.FLEET_VIEW, officer=None, unit="held_by")
    assert theirs == Q(pk__in=[]) | Q(held_by__in=frozenset({MY_UNIT, MY_TEAM}))
    assert scope(viewer(Role.OFFICER), Action.LOG_VIEW) == Q(pk__in=[])


def test_the_log_names_the_account():
    asked = viewer(Role.OFFICER)
    assert asked.actor == Actor(ActorKind.ACCOUNT, str(asked.account_id), "Asha Rao")
