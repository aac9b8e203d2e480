"""What several people must agree to: the one table of states, walked act by act."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tabard.retention.quorum import TRANSITIONS, Act, Facts, State, judge, missing

AT = datetime(2026, 3, 2, tzinfo=UTC)
ASKER, FIRST, SECOND = UUID(int=1), UUID(int=2), UUID(int=3)


def facts(state=State.REQUESTED, approved=(), quorum=2):
    return Facts(state, quorum, ASKER, frozenset(approved), AT + timedelta(days=14))


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("act", Act)
def test_only_what_the_table_allows_happens_and_final_states_stay(state, act):
    by = ASKER if act is Act.WITHDRAW else FIRST
    at = AT + timedelta(days=14) if act is Act.EXPIRE else AT
    approved = {SECOND} if state is State.APPROVED else set()
    verdict = judge(facts(state, approved), act, by, at)
    assert verdict.allowed == (act in TRANSITIONS[state])
    assert verdict.state in (TRANSITIONS[state][act] if verdict.allowed else {state})
    assert state.is_open == (state in {State.REQUESTED, State.APPROVED})


@pytest.mark.parametrize("quorum", [2, 3, 5])
def test_it_takes_the_whole_quorum_each_another_person(quorum):
    people = [UUID(int=10 + number) for number in range(quorum - 1)]
    approved = set()
    for person in people[:-1]:
        assert (
            judge(facts(approved=approved, quorum=quorum), Act.APPROVE, person, AT).state is State.REQUESTED
        )
        approved.add(person)
        assert not judge(facts(State.APPROVED, approved, quorum), Act.EXECUTE, None, AT).allowed
    assert judge(facts(approved=approved, quorum=quorum), Act.APPROVE, people[-1], AT).state is State.APPROVED
    assert missing(facts(approved=people, quorum=quorum)) == 0


def test_the_asker_never_counts_as_an_approver():
    assert not judge(facts(), Act.APPROVE, ASKER, AT).allowed
    assert missing(facts(State.APPROVED, {ASKER})) == 1
    assert not judge(facts(State.APPROVED, {ASKER}), Act.EXECUTE, None, AT).allowed


@pytest.mark.parametrize("act", [act for act in Act if act is not Act.EXPIRE])
def test_once_run_out_it_can_only_expire(act):
    late = AT + timedelta(days=14)
    state = State.APPROVED if act is Act.EXECUTE else State.REQUESTED
    assert not judge(facts(state, {SECOND}), act, ASKER if act is Act.WITHDRAW else FIRST, late).allowed
    assert not judge(facts(), Act.EXPIRE, None, AT).allowed


def test_what_is_approved_is_not_executed_before_its_day():
    day = AT + timedelta(days=7)
    waiting = replace(facts(State.APPROVED, approved={FIRST}), not_before=day)
    assert not judge(waiting, Act.EXECUTE, None, day - timedelta(seconds=1)).allowed
    assert judge(waiting, Act.EXECUTE, None, day).state is State.EXECUTED
    for act, by in ((Act.REFUSE, FIRST), (Act.WITHDRAW, ASKER)):
        assert judge(waiting, act, by, AT).allowed
