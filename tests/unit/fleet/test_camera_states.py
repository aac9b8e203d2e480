"""The table of a camera's states: every change says from where to where, and the documentation shows the same table."""

from collections import deque

import pytest
from tests.conftest import REPOSITORY

from tabard.fleet.states import (
    KEPT_STATES,
    TRANSITIONS,
    Change,
    State,
    diagram,
    open_changes,
    refusal,
    state_of,
    table,
)

PAGE = REPOSITORY / "docs/reference/camera-states.md"


def test_every_change_stands_in_the_table_once():
    assert list(TRANSITIONS) == list(Change)
    assert all(each.sources and each.targets for each in TRANSITIONS.values())


def test_every_state_can_be_reached_from_an_order_and_left_but_for_the_last():
    reached, waiting = {State.ORDERED}, deque([State.ORDERED])
    while waiting:
        for each in open_changes(waiting.popleft()):
            new = set(each.targets) - reached
            reached |= new
            waiting.extend(new)
    assert reached == set(State)
    assert [state for state in State if not open_changes(state)] == [State.RETIRED]


def test_only_an_issue_leads_to_an_issued_camera_and_it_comes_back_to_where_it_was_taken_from():
    assert [each.change for each in TRANSITIONS.values() if State.ISSUED in each.targets] == [Change.ISSUE]
    assert set(TRANSITIONS[Change.RETURN].targets) == TRANSITIONS[Change.ISSUE].sources
    several = [each.change for each in TRANSITIONS.values() if len(each.targets) > 1]
    assert several == [Change.RETURN]


@pytest.mark.parametrize("kept", KEPT_STATES)
def test_a_camera_that_is_worn_is_issued_whatever_it_was_before(kept):
    assert state_of(kept, is_worn=True) is State.ISSUED
    assert state_of(kept, is_worn=False) is kept


def test_a_refusal_says_what_the_camera_is_and_what_can_be_done():
    words = refusal(TRANSITIONS[Change.ISSUE], State.FAULTY, "A1")
    assert words == (
        "Camera A1 is faulty. 'Give it to an officer' needs one that is pooled or ready. What can be done with it: "
        "Send it for repair; It is mended and tried; It is lost; It was stolen; Retire it."
    )
    assert refusal(TRANSITIONS[Change.ISSUE], State.POOLED, "A1") == ""
    assert "nothing: it is retired for good" in refusal(TRANSITIONS[Change.ISSUE], State.RETIRED, "A1")


def test_the_documentation_shows_this_table_and_its_diagram():
    said = PAGE.read_text()
    cure = "docs/reference/camera-states.md differs: put in what `tabard fleet states` prints"
    assert f"```mermaid\n{diagram()}\n```" in said, cure
    assert table() in said, cure
