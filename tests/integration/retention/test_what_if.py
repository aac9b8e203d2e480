"""Two policies over the same footage, before one of them is adopted: how much, under which rule, and which items."""

import csv
from datetime import timedelta

import pytest
from tests.policies import policy_text, stops_kept_for
from tests.world import DAY_ONE, World

from tabard.people.rules import Role
from tabard.recordings.models import Recording
from tabard.retention import holds, selectors, services, what_if
from tabard.retention.policy import default_policy, parse_policy
from tabard.retention.rules import decide
from tabard.retention.what_if import Shift

OLD = default_policy()
AT = DAY_ONE + timedelta(days=200)
CATEGORIES = [
    *(None, "stop-and-search", "stop-and-search"),
    *("crime", "death-or-serious-injury", "domestic-abuse"),
]


@pytest.fixture
def footage(world: World) -> list[Recording]:
    services.adopt_policy()
    made = [world.recording() for _ in CATEGORIES]
    for recording, category in zip(made, CATEGORIES, strict=True):
        recording.category_id = category
        recording.save()
    manager = world.anyone(Role.RECORDS_MANAGER)
    holds.place(on=made[2], kind="complaint", reason="Complaint 12", viewer=manager, at=AT)
    return made


def judged_one_by_one(new, recordings):
    """What `decide` says of each, as the definition of what the one statement must answer."""
    found = {}
    for recording in recordings:
        facts = selectors.facts_of(recording)
        old_due, new_due = decide(facts, OLD).due_at, decide(facts, new).due_at
        if old_due != new_due:
            found[recording.pk] = (old_due, new_due)
    return found


def test_a_shorter_period_is_counted_by_rule_and_down_to_the_items(footage):
    new = parse_policy(stops_kept_for(100))
    found = what_if.compare(OLD, new, AT)
    assert (found.before.due, found.after.due) == (1, 2)
    assert (found.before.held, found.after.held) == (0, 1)
    assert found.rules == [("stop-and-search", 0, 1), ("uncategorised", 1, 1)]
    assert (found.at_once, found.saved) == (1, 0)
    assert found.shifts == {**dict.fromkeys(Shift, 0), Shift.SOONER: 2}
    items = list(what_if.items(OLD, new, AT))
    assert {item.recording.pk: (item.due_before, item.due_after) for item in items} == judged_one_by_one(
        new, footage
    )
    assert [item.is_held for item in sorted(items, key=lambda item: item.recording.pk)] == [False, True]


def test_the_other_way_round_it_is_later(footage):
    new = parse_policy(stops_kept_for(100))
    found = what_if.compare(new, OLD, AT)
    assert found.shifts[Shift.LATER] == 2
    assert (found.at_once, found.saved) == (0, 1)


def test_what_is_reviewed_no_longer_and_what_was_kept_without_end_fall_due_newly(footage):
    head, *tests = policy_text().split("[[test]]")
    kept = [test for test in tests if "crime" not in test and "death" not in test]
    text = "[[test]]".join([head, *kept])
    for old, new in (
        ('["crime"]\nyears = 6\nthen = "review"', '["crime"]\nyears = 6\nthen = "dispose"'),
        (
            '["death-or-serious-injury"]\nkeep = true\nthen = "review"',
            '["death-or-serious-injury"]\nyears = 9\nthen = "dispose"',
        ),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    policy = parse_policy(text)
    assert what_if.compare(OLD, policy, AT).shifts[Shift.NEWLY] == 2
    assert what_if.compare(policy, OLD, AT).shifts[Shift.NO_LONGER] == 2


def test_another_time_of_review_is_said(footage):
    abuse = '["domestic-abuse"]\nyears = '
    new = parse_policy(policy_text("ours-1", (abuse + "10", abuse + "11")))
    assert what_if.compare(OLD, new, AT).shifts == {**dict.fromkeys(Shift, 0), Shift.REVIEW: 1}


def test_items_come_by_pages_of_one_kind_of_change(footage):
    new = parse_policy(stops_kept_for(100))
    pages = [list(what_if.items(OLD, new, AT, Shift.SOONER, first=first, limit=1)) for first in range(3)]
    assert [len(page) for page in pages] == [1, 1, 0]
    assert list(what_if.items(OLD, new, AT, Shift.LATER)) == []


def test_the_sheet_names_every_item_and_runs_nothing(footage):
    Recording.objects.filter(pk=footage[1].pk).update(source_name="=1+1")
    lines = list(what_if.sheet(OLD, parse_policy(stops_kept_for(100)), AT))
    assert lines[0].startswith("\ufeff")
    rows = list(csv.DictReader([lines[0].removeprefix("\ufeff"), *lines[1:]]))
    assert {row["recording"] for row in rows} == {str(each.pk) for each in footage[1:3]}
    assert "'=1+1" in {row["name"] for row in rows}
    assert {row["change"] for row in rows} == {"sooner"}


def test_the_same_policy_moves_nothing(footage):
    assert not any(what_if.compare(OLD, OLD, AT).shifts.values())
    assert list(what_if.sheet(OLD, OLD, AT))[1:] == []
