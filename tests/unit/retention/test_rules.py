"""How long, and why: decisions are pure, and every doubt keeps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.retention.periods import days_of_months
from tabard.retention.policy import PolicyUnusable, default_policy, default_text, parse_policy
from tabard.retention.rules import Case, Facts, counted_from, decide

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
    week = replace(POLICY, rules=tuple(replace(rule, days=7) for rule in POLICY.rules))
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
    st.sampled_from([None, *POLICY.categories]),
)
def test_whatever_a_clock_says_footage_stays_for_its_notice_and_no_longer_than_its_period(
    begun_by_at, category
):
    decided = decide(facts(begun_by_at=begun_by_at, category=category), POLICY)
    days = POLICY.for_recording(category, "").days
    at = decided.due_at or decided.review_at
    if at is None:
        assert days is None
    else:
        assert RECEIVED + min(POLICY.notice_days, days) * DAY <= at <= RECEIVED + days * DAY


def case(**changes) -> Case:
    return Case(**{"reference": "CRIS 1/26", "kind": "crime_report", **changes})


def test_an_open_incident_holds_and_one_that_ended_gives_a_period():
    held = decide(facts(cases=(case(),)), POLICY)
    assert held.held_by == ("linked to CRIS 1/26, which is open",)
    ended = case(outcome="acquitted", closed_at=RECEIVED + 200 * DAY)
    decided = decide(facts(cases=(ended,)), POLICY)
    assert (decided.rule, decided.due_at) == ("no-conviction", RECEIVED + 231 * DAY)
    assert not decide(facts(cases=(ended, case(reference="CRIS 2/26"))), POLICY).is_due(RECEIVED + 9000 * DAY)


def test_a_review_that_came_too_soon_gives_nothing_up():
    soon = decide(facts(category="crime", given_up_at=RECEIVED + 100 * DAY), POLICY)
    assert (soon.due_at, soon.needs_review(RECEIVED + 2192 * DAY)) == (None, True)
    assert not soon.needs_review(RECEIVED + 2191 * DAY)


def test_what_is_held_is_not_asked_about():
    held = decide(facts(category="crime", holds=("a hold",)), POLICY)
    assert not held.needs_review(RECEIVED + 9000 * DAY)


@given(st.permutations(POLICY.rules))
def test_the_order_of_the_rules_decides_nothing(rules):
    ended = case(outcome="convicted", closed_at=RECEIVED, released_at=RECEIVED + 400 * DAY, in_custody=True)
    both = facts(category="use-of-force", cases=(ended,))
    assert decide(both, replace(POLICY, rules=tuple(rules))) == decide(both, POLICY)


def test_months_and_years_count_as_the_longest_that_they_can_be():
    assert [days_of_months(months) for months in (1, 6, 12, 72)] == [31, 184, 366, 2192]


GOOD = default_text()


def test_every_rule_of_the_default_cites_its_source():
    assert all(rule.cites for rule in POLICY.rules)
    assert POLICY.for_recording(None, "axis").days == 31


@pytest.mark.parametrize(
    ("good", "bad", "field", "says"),
    [
        ("days = 365", "days = 0", "days", "whole number"),
        ("days = 365", "days = -1", "days", "whole number"),
        ("days = 365", 'days = "31"', "days", "whole number"),
        ("days = 365", "days = true", "days", "whole number"),
        ("days = 365", "dayz = 31", "dayz", "do not know"),
        ("days = 365", "days = 31\nkeep = true", "days", "one of days"),
        ("days = 365", "days = 31\nyears = 1", "days", "one of days"),
        ("days = 365", "", "days", "one of days"),
        ('cites = "Force policy"', "", "cites", "must say something"),
        ('version = "2026', 'version = ""  # "2026', "version", "must say something"),
        ("notice_days = 14", "", "notice_days", "whole number"),
        ("grace_days = 7", "grace_days = 7.5", "grace_days", "whole number"),
        ("brake = 2", "brake = 0.5", "brake", "1 to 10"),
        ("[receipt]", "[receipt", "policy", "not TOML"),
        ('category = ["crime"]', 'category = ["crimes"]', "category", "there are"),
        ('category = ["crime"]', 'category = ["complaint"]', "category", "the category crime is kept"),
        ('outcome = ["convicted"]', 'outcome = ["acquitted"]', "outcome", "convicted"),
        ('code = "crime"', 'code = "complaint"', "code", "Two rules"),
        ('then = "dispose"', 'then = "delete"', "then", "is one of"),
        ('from = "case_closed"', 'from = "recorded"', "from", "names incidents"),
        ("days = 31\nthen", "days = 30\nthen", "test", "Its own test fails"),
    ],
)
def test_a_policy_with_a_fault_is_refused_whole_with_its_line(good, bad, field, says):
    assert good in GOOD
    text = GOOD.replace(good, bad, 1)
    with pytest.raises(PolicyUnusable, match=says) as refused:
        parse_policy(text)
    assert refused.value.fields["field"] == field
    assert f"line {refused.value.fields['line']}" in str(refused.value).lower() or field == "policy"


def test_the_line_is_the_one_at_fault():
    lines = GOOD.splitlines()
    number = lines.index("years = 6") + 1
    with pytest.raises(PolicyUnusable) as refused:
        parse_policy(GOOD.replace("years = 6", "years = 0", 1))
    assert refused.value.fields["line"] == number


def test_a_policy_without_tests_is_refused():
    with pytest.raises(PolicyUnusable, match="no \\[\\[test\\]\\]"):
        parse_policy(GOOD[: GOOD.index("[[test]]")])
