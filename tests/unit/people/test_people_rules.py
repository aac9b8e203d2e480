"""The whole of who may do what, walked cell by cell against a table written from the roles' duties."""

import pytest

from tabard.people.rules import Action, Relation, Role, judge, reach

ROLES = (
    Role.OFFICER,
    Role.SUPERVISOR,
    Role.INVESTIGATOR,
    Role.DISCLOSURE_OFFICER,
    Role.BWV_ADMINISTRATOR,
    Role.RECORDS_MANAGER,
    Role.PROFESSIONAL_STANDARDS,
    Role.AUDITOR,
    Role.PROSECUTOR,
    Role.DEFENCE,
    Role.KIOSK,
)

# One letter a role, in the order above. o: one's own; u: also one's unit's; f: the whole force's; s: what was
# disclosed; a dot: never.
DUTIES = """
recording.view        o u f f f f f f . . .
recording.play        o u f f . . f . . . .
recording.download    . . . f . . . . . . .
recording.categorise  o u u . . f . . . . .
clip.cut              o . f f . . . . . . .
incident.view         u u f f . f f f . . .
incident.record       u u f . . . . . . . .
outcome.state         . u f f . f . . . . .
incident.link         o u f . . . . . . . .
exhibit.view          o u f f . f f f s s .
exhibit.produce       o . f . . . . . . . .
pack.build            . . u f . . . . . . .
pack.download         . . u f . . . . s s .
hold.view             . . f f . f f f . . .
hold.place            . . f f . f f . . . .
retention.view        . . . . . f . f . . .
review.view           . . . . . f f f . . .
review.decide         . . . . . f f . . . .
policy.view           . . . . . f f f . . .
policy.propose        . . . . . f . . . . .
policy.approve        . . . . . f f . . . .
early_disposal.view     . . . f . f f f . . .
early_disposal.request  . . . f . f f . . . .
early_disposal.approve  . . . . . f f . . . .
key_destruction.request . . . . f . . . . . .
work_item.view        . . . . f . f f . . .
work_item.settle      . . . . f . . . . . .
key_destruction.approve . . . . . f f . . . .
fleet.view            . u . . f . . f . . .
fleet.manage          . . . . f . . . . . .
kiosk.use             . u . . f . . . . . u
rollout.view          . f . . f . . f . . .
rollout.edit          . . . . f . . . . . .
figures.publish       . . . . f . . . . . .
people.manage         . . . . f . . . . . .
log.view              . . . . . . f f . . .
history.export        . . u f . . f f . . .
"""

LETTERS = {
    ".": set(),
    "o": {Relation.OWN},
    "u": {Relation.OWN, Relation.UNIT},
    "f": {Relation.OWN, Relation.UNIT, Relation.FORCE},
    "s": {Relation.SHARED},
}

EXPECTED = {
    (role, Action(line.split()[0])): LETTERS[letter]
    for line in DUTIES.strip().splitlines()
    for role, letter in zip(ROLES, line.split()[1:], strict=True)
}


def test_the_table_speaks_of_every_role_and_every_action():
    assert set(EXPECTED) == {(role, action) for role in Role for action in Action}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_each_role_may_do_each_action_only_in_its_relations(role, action):
    allowed = {relation for relation in Relation if judge([role], action, frozenset({relation})).allowed}
    assert allowed == EXPECTED[role, action]


@pytest.mark.parametrize("action", Action)
def test_nobody_in_no_role_and_nobody_in_no_relation_may_do_anything(action):
    assert not judge([], action, frozenset(Relation)).allowed
    assert not judge(list(Role), action, frozenset()).allowed


def test_two_roles_reach_as_far_as_both():
    both = reach([Role.OFFICER, Role.AUDITOR], Action.EXHIBIT_VIEW)
    assert both == {Relation.OWN, Relation.UNIT, Relation.FORCE}
    assert judge([Role.OFFICER, Role.AUDITOR], Action.EXHIBIT_PRODUCE, frozenset({Relation.OWN})).allowed
    assert not judge(
        [Role.OFFICER, Role.AUDITOR], Action.EXHIBIT_PRODUCE, frozenset({Relation.FORCE})
    ).allowed


def test_a_refusal_says_why():
    not_theirs = judge([Role.OFFICER], Action.RECORDING_VIEW, frozenset({Relation.FORCE}))
    assert not_theirs.reason == "recording.view is allowed only where the item is your own"
    never = judge([Role.OFFICER], Action.LOG_VIEW, frozenset(Relation))
    assert never.reason == "None of your roles allows log.view"


def test_roles_are_shown_in_words():
    assert Role.BWV_ADMINISTRATOR.label == "BWV administrator"
    assert Role.DISCLOSURE_OFFICER.label == "Disclosure officer"
