"""The one statement over all recordings says what the pure decision says of each."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.world import DAY_ONE

from tabard.incidents.models import Exhibit, Incident, Link, Outcome
from tabard.incidents.rules import OutcomeKind
from tabard.people.rules import Role
from tabard.recordings.models import Recording
from tabard.retention import selectors, standing
from tabard.retention.models import Hold, Review
from tabard.retention.policy import default_policy, default_text, parse_policy
from tabard.retention.rules import decide

DAY = timedelta(days=1)
EVER = DAY * 60_000
MORE_RULES = (
    default_text()
    + """
[[rule]]
code = "crime-by-folder"
name = "Crime, by folder"
category = ["crime"]
source = ["folder"]
years = 8
then = "review"
cites = "Force policy"

[[rule]]
code = "convicted-violence"
name = "Violence, convicted"
category = ["violent-or-sexual-crime"]
incident = ["crime_report"]
outcome = ["convicted"]
from = "conviction_or_release"
years = 20
then = "dispose"
cites = "Force policy"

[[rule]]
code = "undetected-call"
name = "Undetected, call"
incident = ["call"]
outcome = ["undetected"]
from = "case_closed"
keep = true
then = "review"
cites = "Force policy"
"""
)
POLICIES = [default_policy(), parse_policy(MORE_RULES)]
DAYS = st.integers(0, 9000).map(lambda days: DAY * days) | st.integers(0, 500).map(lambda days: DAY * days)
OUTCOMES = st.tuples(st.sampled_from(OutcomeKind), DAYS, DAYS, st.booleans(), st.none() | DAYS)
LIVES = st.fixed_dictionaries(
    {
        "category": st.sampled_from([None, *default_policy().categories, "renamed-since"]),
        "source": st.sampled_from(["axis", "dock", "folder"]),
        "late": st.none() | DAYS,
        "cases": st.lists(
            st.tuples(st.sampled_from(Incident.Kind.values), st.lists(OUTCOMES, max_size=2)), max_size=2
        ),
        "exhibit": st.sampled_from(["none", "none", "none", "of a case", "of none"]),
        "held": st.sampled_from([False, False, False, True]),
        "reviews": st.lists(st.tuples(st.booleans(), DAYS, DAYS), max_size=2),
    }
)


@pytest.mark.parametrize("policy", POLICIES, ids=["default", "more rules"])
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives=st.lists(LIVES, min_size=8, max_size=12), as_of=DAYS)
def test_both_forms_of_the_decision_agree(world, policy, lives, as_of):
    clear()
    recordings = [live(world, life, number) for number, life in enumerate(lives)]
    decided = {
        recording.id: decide(facts, policy)
        for recording, facts in zip(recordings, selectors.facts_of_many(recordings).values(), strict=True)
    }
    for at in (DAY_ONE + as_of, DAY_ONE + EVER):
        agree(policy, at, decided)


def agree(policy, at, decided):
    due = {
        item.recording_id: (item.rule, item.due_at) for batch in standing.due(policy, at) for item in batch
    }
    assert due == {key: (each.rule, each.due_at) for key, each in decided.items() if each.is_due(at)}
    asked = {item.recording_id: item.due_at for batch in standing.to_review(policy, at) for item in batch}
    assert asked == {key: each.review_at for key, each in decided.items() if each.needs_review(at)}
    totals = standing.totals(policy, at)
    assert totals.due == len(due)
    assert totals.held == sum(
        bool(each.held_by) and each.due_at is not None and each.due_at <= at for each in decided.values()
    )


def clear():
    for model in (Review, Hold, Exhibit, Link, Outcome):
        model.objects.all().delete()
    Recording.objects.filter(disposed_at__isnull=True).update(disposed_at=DAY_ONE)


def live(world, life, number):
    """A recording of such a life; written row by row, as some of it no service would let happen."""
    recording = world.recording()
    Recording.objects.filter(pk=recording.pk).update(
        category=category(life["category"]),
        source=life["source"],
        source_name=f"{recording.id}-{number}",
        received_at=DAY_ONE,
        begun_by_at=None if life["late"] is None else DAY_ONE - life["late"],
    )
    someone, other = world.anyone(Role.RECORDS_MANAGER), world.anyone(Role.PROFESSIONAL_STANDARDS)
    for kind, outcomes in life["cases"]:
        case(recording, kind, outcomes, someone, link=life["exhibit"] != "of a case")
        if life["exhibit"] == "of a case":
            exhibit(world, recording, Incident.objects.latest("recorded_at", "id"), someone)
    if life["exhibit"] == "of none":
        exhibit(world, recording, None, someone)
    if life["held"]:
        Hold.objects.create(recording=recording, kind="cpia", reason="x", placed_at=DAY_ONE)
    for keeps, decided, more in life["reviews"]:
        at = DAY_ONE + decided
        Review.objects.create(
            recording=recording,
            reason="x",
            decided_at=at,
            decided_by_id=someone.account_id,
            **(
                {"choice": "keep", "keep_until": at + more}
                if keeps
                else {"choice": "let_go", "agreed_at": at + more, "agreed_by_id": other.account_id}
            ),
        )
    return Recording.objects.get(pk=recording.pk)


def category(code):
    from tabard.recordings.models import Category

    return None if code is None else Category.objects.get_or_create(code=code, defaults={"name": code})[0]


def case(recording, kind, outcomes, someone, *, link):
    count = Incident.objects.count()
    incident = Incident.objects.create(
        kind=kind, reference=f"R {count}", start_at=DAY_ONE, recorded_at=DAY_ONE + timedelta(seconds=count)
    )
    if link:
        Link.objects.create(
            incident=incident, recording=recording, linked_at=DAY_ONE, linked_by_id=someone.account_id
        )
    for outcome, stated, decided, custody, release in outcomes:
        in_custody = custody and outcome is OutcomeKind.CONVICTED
        Outcome.objects.create(
            incident=incident,
            kind=outcome,
            stated_at=DAY_ONE + stated,
            decided_date=(DAY_ONE + decided).date(),
            in_custody=in_custody,
            release_date=date(2026, 1, 1) + release if in_custody and release is not None else None,
            reason="x",
            stated_by_id=someone.account_id,
        )


def exhibit(world, recording, incident, someone):
    Exhibit.objects.create(
        producer=world.officers["Walker"],
        initials="W",
        number=Exhibit.objects.count() + 1,
        recording=recording,
        incident=incident,
        description="x",
        produced_at=DAY_ONE,
        produced_by_id=someone.account_id,
    )
