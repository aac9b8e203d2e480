"""When must a person say why they open footage, how long does that hold, and what does the log say of it?"""

from datetime import UTC, datetime, timedelta

import pytest

from tabard.kernel.errors import Invalid
from tabard.people.access_reasons import (
    HOLDS_FOR,
    Asking,
    Given,
    Purpose,
    ReasonNeeded,
    asking,
    check,
    details,
    prompts,
    standing,
    stated,
    worded,
)

AT = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)


def test_the_setting_is_one_of_three_words_and_nothing_else():
    assert [asking(word) for word in ("required", "prompted", "off")] == list(Asking)
    for wrong in ("", "Required", "yes", "none"):
        with pytest.raises(Invalid, match="required, prompted, off") as refused:
            asking(wrong)
        assert refused.value.fields["field"] == "TABARD_ACCESS_REASON"


def test_only_a_required_reason_keeps_anyone_out():
    with pytest.raises(ReasonNeeded, match="X-Access-Reason"):
        check(Asking.REQUIRED, None)
    check(Asking.REQUIRED, "Training")
    check(Asking.PROMPTED, None)
    check(Asking.OFF, None)


def test_the_log_says_that_no_reason_was_given_only_where_one_was_asked_for():
    assert details(Asking.PROMPTED, None) == {"reason": None}
    assert details(Asking.OFF, None) == {}
    assert [details(rule, "Training") for rule in Asking] == [{"reason": "Training"}] * 3
    with pytest.raises(ReasonNeeded):
        details(Asking.REQUIRED, None)


def test_a_page_asks_only_while_no_reason_holds():
    assert prompts(Asking.PROMPTED, None)
    assert not prompts(Asking.PROMPTED, "Training")
    assert not prompts(Asking.OFF, None)


def test_a_reason_holds_from_when_it_was_given_and_for_eight_hours():
    given = Given("Training", AT)
    assert standing(given, AT) == "Training"
    assert standing(given, AT + HOLDS_FOR - timedelta(microseconds=1)) == "Training"
    assert standing(given, AT + HOLDS_FOR) is None
    assert standing(given, AT - timedelta(seconds=1)) is None, (
        "a clock set back makes no reason out of nothing"
    )
    assert standing(None, AT) is None
    assert timedelta(hours=8) == HOLDS_FOR


@pytest.mark.parametrize("purpose", Purpose)
def test_every_common_reason_reads_as_words_with_or_without_a_reference(purpose):
    assert worded(purpose, " ") == purpose.label
    assert worded(purpose, "CAD  4821 ") == f"{purpose.label}: CAD 4821"


def test_a_reason_that_says_nothing_or_cannot_be_kept_is_none():
    assert stated("  CAD\t4821 ") == "CAD 4821"
    for wrong in ("", " \n", "x" * 201, "CAD\x07"):
        with pytest.raises(Invalid):
            stated(wrong)
