"""What a policy says otherwise than another, in classes of footage and not in lines of text."""

import pytest
from tests.policies import STOPS, policy_text, stops_kept_for

from tabard.retention.policy import default_policy, parse_policy
from tabard.retention.policy_changes import Change, changes, shortens

OLD = default_policy()
CONVICTED = 'from = "conviction_or_release"\nmonths = 6'
ENDED = (
    'code = "no-conviction"\nname = "No conviction"\noutcome = ["not_prosecuted", "acquitted", "no_crime"]'
)


def found(*texts: tuple[str, str]) -> list[Change]:
    return changes(OLD, parse_policy(policy_text("ours-1", *texts)))


def test_another_version_of_the_same_rules_changes_nothing():
    assert found() == []


def test_a_rule_said_in_other_words_changes_nothing():
    assert found((CONVICTED, CONVICTED.replace("months = 6", "days = 184"))) == []


@pytest.mark.parametrize(("days", "is_sooner"), [(364, True), (366, False)])
def test_a_period_that_changes_is_one_line_and_only_a_shorter_one_shortens(days, is_sooner):
    new = parse_policy(stops_kept_for(days))
    assert changes(OLD, new) == [Change("Stop and search", "365 days", f"{days} days", is_sooner)]
    assert shortens(OLD, new) is is_sooner


def test_what_ends_in_disposal_and_no_longer_in_a_review_is_sooner():
    crime = 'category = ["crime"]\nyears = 6\nthen = '
    (change,) = [
        each
        for each in changes(
            parse_policy(policy_text()),
            _without_tests_of_crime(policy_text("ours-2", (f'{crime}"review"', f'{crime}"dispose"'))),
        )
        if each.shortens
    ]
    assert (change.before, change.after) == ("2,192 days, then a person decides", "2,192 days")


def _without_tests_of_crime(text):
    head, *tests = text.split("[[test]]")
    kept = [test for test in tests if 'category = "crime"' not in test]
    return parse_policy("[[test]]".join([head, *kept]))


def test_how_an_incident_ended_is_compared_kind_by_kind():
    rule, longer = (f'{ENDED}\nfrom = "case_closed"\ndays = {days}' for days in (31, 62))
    lines = found((rule, longer), ("due_after_days = 331", "due_after_days = 362"))
    assert {line.after for line in lines} == {"62 days from its end"}
    assert "Crime report Acquitted or discontinued" in {line.what for line in lines}
    assert not any(line.shortens for line in lines)


@pytest.mark.parametrize(
    ("old", "new", "is_sooner"),
    [
        ("notice_days = 14", "notice_days = 13", True),
        ("grace_days = 7", "grace_days = 6", True),
        ("always_allowed = 100", "always_allowed = 101", True),
        ("brake = 2", "brake = 1.5", False),
    ],
)
def test_settings_of_disposal_are_compared(old, new, is_sooner):
    late = ("due_after_days = 14", "due_after_days = 13")
    (line,) = found((old, new), *([late] if "notice" in old else []))
    assert line.shortens is is_sooner


def test_a_source_with_a_rule_of_its_own_is_a_class_of_its_own():
    extra = STOPS.replace("365", "30") + '\nsource = ["axis"]'
    rule = f'[[rule]]\ncode = "axis-stops"\nname = "Stops"\n{extra}\nthen = "dispose"\ncites = "Ours"\n\n'
    assert (
        found(("# From the end of an incident", rule + "# From the end of an incident")) == []
    )  # the longest wins
