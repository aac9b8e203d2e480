"""How long, and why: decisions are pure, and every doubt keeps."""

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
    return Facts(**{"category": None, "started_at": STARTED, "received_at": RECEIVED, **changes})


def test_uncategorised_footage_is_due_31_days_after_its_start():
    decided = decide(facts(), POLICY)
    assert decided.due_at == STARTED + 31 * DAY
    assert decided.rule == "uncategorised"
    assert not decided.is_due(STARTED + 31 * DAY - timedelta(microseconds=1))
    assert decided.is_due(STARTED + 31 * DAY)


def test_whatever_holds_it_keeps_it_however_old():
    decided = decide(facts(holds=("linked to CRIS 1/26",)), POLICY)
    assert not decided.is_due(STARTED + 10_000 * DAY)
    assert "linked to CRIS 1/26" in decided.reason


def test_an_unknown_category_keeps():
    assert decide(facts(category="renamed-since"), POLICY).due_at is None


def test_a_category_without_end_keeps():
    assert decide(facts(category="death-or-serious-injury"), POLICY).due_at is None


@pytest.mark.parametrize(
    "started_at",
    [
        RECEIVED + timedelta(seconds=1),
        RECEIVED + 7000 * DAY,
        RECEIVED - 91 * DAY,
        datetime(1970, 1, 1, tzinfo=UTC),
    ],
)
def test_a_clock_that_cannot_be_right_makes_nothing_due_early(started_at):
    decided = decide(facts(started_at=started_at), POLICY)
    assert decided.due_at == RECEIVED + 31 * DAY
    assert "clock is not believed" in decided.reason


def test_a_suspect_clock_is_not_believed():
    assert counted_from(facts(clock_suspect=True), POLICY)[0] == RECEIVED


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
    st.sampled_from([None, *POLICY.by_category]),
)
def test_no_camera_clock_makes_footage_due_sooner_than_the_policy_allows(started_at, category):
    decided = decide(facts(started_at=started_at, category=category), POLICY)
    period = POLICY.by_category[category] if category else POLICY.uncategorised
    if decided.due_at is None:
        assert period.days is None
    else:
        assert decided.due_at >= RECEIVED - POLICY.believed_days * DAY + period.days * DAY
        assert decided.due_at <= RECEIVED + period.days * DAY


GOOD = """
name = "Test"
version = "1"
[clock]
believed_days = 90
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
        ("believed_days = 90", "", "believed_days"),
        ("[clock]", "[clock", "policy"),
    ],
)
def test_a_policy_with_a_fault_is_refused_whole(good, bad, field):
    with pytest.raises(PolicyUnusable) as refused:
        parse_policy(GOOD.replace(good, bad))
    assert refused.value.fields["field"] == field


def test_every_period_of_the_default_cites_its_source():
    assert all(period.source for period in (POLICY.uncategorised, *POLICY.by_category.values()))
    assert POLICY.uncategorised.days == 31
