"""How long, and why: decisions are pure, and every doubt keeps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.retention.policy import PolicyUnusable, default_policy, parse_policy
from tabard.retention.rules import Facts, counted_from, decide

RECEIVED = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
STARTED = RECEIVED - timedelta(hours=9)
POLICY = default_policy()
DAY = timedelta(days=1)


def facts(**changes) -> Facts:
    return Facts(**{"category": None, "received_at": RECEIVED, **changes})


@pytest.mark.parametrize(
    ("begun_by_at", "counted"), [(None, RECEIVED), (STARTED, STARTED), (RECEIVED, RECEIVED)]
)
def test_uncategorised_footage_is_due_31_days_after_it_had_certainly_begun(begun_by_at, counted):
    decided = decide(facts(begun_by_at=begun_by_at), POLICY)
    assert decided.due_at == counted + 31 * DAY
    assert decided.rule == "uncategorised"
    assert not decided.is_due(counted + 31 * DAY - timedelta(microseconds=1))
    assert decided.is_due(counted + 31 * DAY)


@pytest.mark.parametrize("late", [17 * DAY + timedelta(seconds=1), 40 * DAY, 89 * DAY, 3000 * DAY])
def test_footage_docked_late_is_not_due_the_next_night(late):
    decided = decide(facts(begun_by_at=RECEIVED - late), POLICY)
    assert decided.due_at == RECEIVED + POLICY.notice_days * DAY
    assert "came late" in decided.reason


def test_notice_does_not_lengthen_a_shorter_period():
    week = replace(POLICY, uncategorised=replace(POLICY.uncategorised, days=7))
    assert decide(facts(begun_by_at=STARTED - 40 * DAY), week).due_at == RECEIVED + 7 * DAY


def test_whatever_holds_it_keeps_it_however_old():
    decided = decide(facts(holds=("linked to CRIS 1/26",)), POLICY)
    assert not decided.is_due(STARTED + 10_000 * DAY)
    assert "linked to CRIS 1/26" in decided.reason


def test_an_unknown_category_keeps():
    assert decide(facts(category="renamed-since"), POLICY).due_at is None


def test_a_category_without_end_keeps():
    assert decide(facts(category="death-or-serious-injury"), POLICY).due_at is None


def test_a_start_after_receipt_is_receipt():
    assert counted_from(facts(begun_by_at=RECEIVED + 7000 * DAY))[0] == RECEIVED


@given(
    st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
    st.sampled_from([None, *POLICY.by_category]),
)
def test_whatever_a_clock_says_footage_stays_for_its_notice_and_no_longer_than_its_period(
    begun_by_at, category
):
    decided = decide(facts(begun_by_at=begun_by_at, category=category), POLICY)
    period = POLICY.by_category[category] if category else POLICY.uncategorised
    if decided.due_at is None:
        assert period.days is None
    else:
        assert decided.due_at >= RECEIVED + min(POLICY.notice_days, period.days) * DAY
        assert decided.due_at <= RECEIVED + period.days * DAY


GOOD = """
name = "Test"
version = "1"
[receipt]
notice_days = 14
[uncategorised]
rule = "uncategorised"
days = 31
source = "somewhere"
"""


def test_a_good_policy_is_read():
    assert parse_policy(GOOD).uncategorised.days == 31


@pytest.mark.parametrize(
    ("good", "bad", "field"),
    [
        ("days = 31", "days = 0", "days"),
        ("days = 31", "days = -1", "days"),
        ("days = 31", 'days = "31"', "days"),
        ("days = 31", "days = true", "days"),
        ("days = 31", "dayz = 31", "dayz"),
        ("days = 31", "days = 31\nkeep = true", "days"),
        ("days = 31", "", "days"),
        ('source = "somewhere"', "", "source"),
        ('version = "1"', "", "version"),
        ("notice_days = 14", "", "notice_days"),
        ("[receipt]", "[receipt", "policy"),
    ],
)
def test_a_policy_with_a_fault_is_refused_whole(good, bad, field):
    with pytest.raises(PolicyUnusable) as refused:
        parse_policy(GOOD.replace(good, bad))
    assert refused.value.fields["field"] == field


def test_every_period_of_the_default_cites_its_source():
    assert all(period.source for period in (POLICY.uncategorised, *POLICY.by_category.values()))
    assert POLICY.uncategorised.days == 31
