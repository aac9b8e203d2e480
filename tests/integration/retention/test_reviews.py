"""What a person has to decide at the end of a period: to keep it for longer, or, two people together, to let it go."""

from datetime import timedelta

import pytest
from tests.world import DAY_ONE

from tabard.custody.models import Event
from tabard.incidents import services as incidents
from tabard.kernel.errors import Conflict, Denied, Invalid, NotFound
from tabard.people.authorisation import Viewer
from tabard.people.rules import Role
from tabard.recordings.models import Recording
from tabard.retention import review_queue, reviews
from tabard.retention.agreeing import Kept, NotAllowedNow
from tabard.retention.models import Review
from tabard.retention.policy import default_policy
from tabard.retention.review_queue import QueueFilter
from tabard.retention.rules import decide
from tabard.retention.selectors import facts_of
from tabard.retention.services import adopt_policy

SIX_YEARS = timedelta(days=2_192)
WHY = "No further need: the appeal is over"


@pytest.fixture
def old(world):
    return of_category(world, "crime")


@pytest.fixture
def at(old):
    return old.received_at + SIX_YEARS + timedelta(hours=1)


def of_category(world, category, **options):
    adopt_policy()
    recording = world.recording(**options)
    Recording.objects.filter(pk=recording.pk).update(category=category)
    recording.refresh_from_db()
    return recording


def manager(world):
    return world.anyone(Role.RECORDS_MANAGER)


def standards(world):
    return world.anyone(Role.PROFESSIONAL_STANDARDS)


def standing(recording):
    return decide(facts_of(Recording.objects.get(pk=recording.pk)), default_policy())


def queued(world, at, **wanted):
    return [item.recording.pk for item in review_queue.page(manager(world), at, QueueFilter(**wanted))]


def test_two_people_let_it_go_and_only_then_is_it_due(world, old, at):
    proposed = reviews.let_go(recording=old, reason=WHY, viewer=manager(world), at=at)
    assert standing(old).due_at is None
    assert queued(world, at) == [old.pk]
    reviews.agree(review_id=proposed.id, viewer=standards(world), at=at)
    assert standing(old).is_due(at)
    assert queued(world, at) == []
    kinds = Event.objects.filter(subject_id=old.pk, kind__startswith="recording.review").order_by("id")
    assert [event.kind for event in kinds] == ["recording.reviewed", "recording.review_agreed"]


def test_who_proposed_it_cannot_agree_and_one_proposal_is_enough(world, old, at):
    proposed = reviews.let_go(recording=old, reason=WHY, viewer=manager(world), at=at)
    with pytest.raises(NotAllowedNow, match="another person"):
        reviews.agree(review_id=proposed.id, viewer=manager(world), at=at)
    for decide_again in (
        reviews.let_go,
        lambda **given: reviews.keep(until_date=at.date() + SIX_YEARS, **given),
    ):
        with pytest.raises(NotAllowedNow, match="proposed already"):
            decide_again(recording=old, reason=WHY, viewer=standards(world), at=at)


def test_what_is_kept_for_longer_is_asked_about_again_after_its_day(world, old, at):
    day = at.date() + timedelta(days=400)
    reviews.keep(
        recording=old, until_date=day, reason="Cold case", viewer=manager(world), at=at, yes=["serious_harm"]
    )
    assert Review.objects.get().reason == "Cold case (Yes to: capacity for serious harm.)"
    assert queued(world, at) == []
    assert standing(old).review_at.date() == day + timedelta(days=1)
    assert queued(world, at + timedelta(days=402)) == [old.pk]
    details = Event.objects.select_related("particulars").get(kind="recording.reviewed").particulars.details
    assert (details["choice"], details["rule"], details["yes"]) == ("keep", "crime", ["serious_harm"])


def test_what_was_refused_stays_and_can_be_proposed_anew(world, old, at):
    proposed = reviews.let_go(recording=old, reason=WHY, viewer=manager(world), at=at)
    with pytest.raises(Invalid):
        reviews.refuse(review_id=proposed.id, reason=" ", viewer=standards(world), at=at)
    reviews.refuse(review_id=proposed.id, reason="A retrial is likely", viewer=standards(world), at=at)
    with pytest.raises(NotAllowedNow, match="decided"):
        reviews.agree(review_id=proposed.id, viewer=standards(world), at=at)
    assert standing(old).due_at is None
    reviews.let_go(recording=old, reason=WHY, viewer=standards(world), at=at)


def test_a_yes_keeps_it_and_an_unknown_question_is_refused(world, old, at):
    with pytest.raises(Invalid, match="children"):
        reviews.let_go(recording=old, reason=WHY, viewer=manager(world), at=at, yes=["vulnerable"])
    with pytest.raises(Invalid, match="none of"):
        reviews.let_go(recording=old, reason=WHY, viewer=manager(world), at=at, yes=["weather"])
    assert not Review.objects.exists()


def test_nothing_is_let_go_before_its_review_is_due(world, old, at):
    early = old.received_at + SIX_YEARS - timedelta(minutes=1)
    with pytest.raises(NotAllowedNow, match="yet"):
        reviews.let_go(recording=old, reason=WHY, viewer=manager(world), at=early)
    uncategorised = world.recording()
    with pytest.raises(NotAllowedNow):
        reviews.keep(
            recording=uncategorised,
            until_date=at.date() + SIX_YEARS,
            reason=WHY,
            viewer=manager(world),
            at=at,
        )


def test_what_came_to_keep_it_between_the_two_stops_the_second(world, old, at):
    proposed = reviews.let_go(recording=old, reason=WHY, viewer=manager(world), at=at)
    detective = world.anyone(Role.INVESTIGATOR)
    what = {"kind": "crime_report", "reference": "4829137/26", "title": "Robbery", "place": "", "unit": None}
    found = incidents.record(**what, start_at=at, end_at=None, viewer=detective, at=at)
    incidents.link(incident=found, recording=old, viewer=detective, at=at)
    with pytest.raises(Kept, match="is open"):
        reviews.agree(review_id=proposed.id, viewer=standards(world), at=at)
    assert queued(world, at) == []
    assert Review.objects.get().agreed_at is None


def test_nobody_decides_about_what_they_filmed(world, old, at):
    viewer = manager(world)
    wearer = Viewer(viewer.account_id, viewer.name, viewer.roles, officer_id=old.officer_id)
    with pytest.raises(NotAllowedNow, match="filmed"):
        reviews.let_go(recording=old, reason=WHY, viewer=wearer, at=at)


def test_who_may_not_decide_is_refused_and_what_is_gone_is_not_reviewed(world, old, at):
    with pytest.raises(Denied):
        reviews.let_go(recording=old, reason=WHY, viewer=world.anyone(Role.AUDITOR), at=at)
    with pytest.raises(Denied):
        review_queue.counts(world.anyone(Role.INVESTIGATOR), at)
    with pytest.raises(NotFound):
        reviews.agree(review_id=old.pk, viewer=manager(world), at=at)
    Recording.objects.filter(pk=old.pk).update(disposed_at=at)
    with pytest.raises(Conflict, match="disposed of"):
        reviews.let_go(recording=old, reason=WHY, viewer=manager(world), at=at)


@pytest.mark.parametrize("days", [0, 36_526])
def test_a_day_that_is_past_or_too_far_is_refused(world, old, at, days):
    with pytest.raises(Invalid) as refused:
        reviews.keep(
            recording=old,
            until_date=at.date() + timedelta(days=days),
            reason=WHY,
            viewer=manager(world),
            at=at,
        )
    assert refused.value.fields["field"] == "until_date"


def test_the_queue_is_longest_over_first_and_narrowed_by_rule_and_unit(world, old, at):
    harm = of_category(world, "domestic-abuse")
    older = of_category(world, "crime", officer="Walker", started_at=DAY_ONE + timedelta(minutes=5))
    much_later = at + timedelta(days=3_000)
    assert queued(world, much_later) == [older.pk, old.pk, harm.pk]
    assert queued(world, much_later, rule="domestic-abuse") == [harm.pk]
    assert queued(world, much_later, unit_ids=[older.unit_id]) == [older.pk]
    assert review_queue.counts(manager(world), much_later) == {"crime": 2, "domestic-abuse": 1}


def test_the_sheet_has_the_facts_and_names_lookers_only_to_readers_of_the_log(world, old, at):
    found = review_queue.sheet(manager(world), old, at)
    assert (found.rule.code, found.is_due, found.sees_who_looked) == ("crime", True, False)
    assert found.suggested_date == at.date() + SIX_YEARS
    assert review_queue.sheet(standards(world), old, at).sees_who_looked
