"""Units stand in a tree, officers move between them, and each act leaves exactly one event."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from tabard.custody.selectors import LogFilter, history, page
from tabard.kernel.errors import Invalid
from tabard.people import services
from tabard.people.errors import AlreadyKnown, PostingConflict
from tabard.people.models import Officer, Posting, Unit
from tabard.people.selectors import officer_by_reference, subtree_ids, unit_at, unit_tree

HOUR = timedelta(hours=1)


def kinds(subject_id):
    return [event.kind for event in history([subject_id])]


def test_the_tree_lists_parents_before_children_and_siblings_by_name(lewisham, hackney, team, force):
    assert [(node.unit, node.depth) for node in unit_tree()] == [
        (force, 0),
        (hackney, 1),
        (lewisham, 1),
        (team, 2),
    ]


def test_a_unit_reaches_everything_below_it_and_nothing_beside_it(force, lewisham, hackney, team):
    assert subtree_ids(lewisham.id) == {lewisham.id, team.id}
    assert subtree_ids(force.id) == {force.id, lewisham.id, hackney.id, team.id}
    assert subtree_ids(team.id) == {team.id}


def test_a_unit_leaves_one_event(lewisham):
    (event,) = history([lewisham.id])
    assert event.kind == "unit.created"
    assert event.particulars.details["code"] == "PL"


@pytest.mark.parametrize(
    ("changed", "error", "field"),
    [
        ({"code": "pl"}, AlreadyKnown, "code"),
        ({"kind": "force", "parent": None}, AlreadyKnown, "kind"),
        ({"parent": None}, Invalid, "parent"),
        ({"kind": "force"}, Invalid, "parent"),
        ({"kind": "division"}, Invalid, "kind"),
        ({"name": " "}, Invalid, "name"),
    ],
)
def test_a_unit_that_cannot_be_is_refused_by_its_field(
    *, lewisham, force, by, day_one, changed, error, field
):
    before = len(page(LogFilter()))
    given = {"kind": "team", "code": "X1", "name": "Extra", "parent": force, **changed}
    with pytest.raises(error) as refused:
        services.create_unit(**given, by=by, at=day_one)
    assert refused.value.fields["field"] == field
    assert Unit.objects.count() == 2
    assert len(page(LogFilter())) == before


def test_an_officer_is_enrolled_and_posted_in_one_act(team, enrol, day_one):
    officer = enrol(team, "101")
    assert unit_at(officer.id, day_one) == team.id
    assert unit_at(officer.id, day_one - HOUR) is None
    assert kinds(officer.id) == ["officer.enrolled"]


@pytest.mark.parametrize("field", ["warrant_number", "shoulder_number"])
def test_a_number_belongs_to_one_officer_in_any_case(team, enrol, field):
    taken = enrol(team, "101")
    with pytest.raises(AlreadyKnown) as refused:
        enrol(team, "202", **{field: getattr(taken, field).lower()})
    assert refused.value.fields["field"] == field
    assert Officer.objects.count() == 1


def test_a_missing_name_is_named(team, enrol):
    with pytest.raises(Invalid, match="Family name is missing") as refused:
        enrol(team, "101", family_name="  ")
    assert refused.value.fields["field"] == "family_name"


def test_a_move_closes_the_old_posting_and_opens_the_new(team, hackney, enrol, by, day_one):
    officer = enrol(team, "101")
    moved_at = day_one + 30 * HOUR
    services.post_officer(officer=officer, unit=hackney, by=by, at=moved_at)
    assert unit_at(officer.id, moved_at - timedelta(microseconds=1)) == team.id
    assert unit_at(officer.id, moved_at) == hackney.id
    assert Posting.objects.filter(officer=officer).count() == 2
    assert kinds(officer.id) == ["officer.enrolled", "officer.posted"]
    details = history([officer.id])[1].particulars.details
    assert (details["from"], details["to"]) == (str(team.id), str(hackney.id))
    assert details["name"] == "Lena Barrow", "the log must tell whom it was about without looking elsewhere"


def test_a_move_back_into_the_past_or_to_the_same_place_is_refused(team, hackney, enrol, by, day_one):
    officer = enrol(team, "101")
    for unit, at in [(team, day_one + HOUR), (hackney, day_one), (hackney, day_one - HOUR)]:
        with pytest.raises(PostingConflict):
            services.post_officer(officer=officer, unit=unit, by=by, at=at)
    assert unit_at(officer.id, day_one + HOUR) == team.id
    assert kinds(officer.id) == ["officer.enrolled"]


def test_an_officer_of_no_unit_is_posted_anew(team, hackney, enrol, by, day_one):
    officer = enrol(team, "101")
    Posting.objects.update(during=(day_one, day_one + HOUR))
    services.post_officer(officer=officer, unit=hackney, by=by, at=day_one + 2 * HOUR)
    assert unit_at(officer.id, day_one + HOUR) is None
    with pytest.raises(PostingConflict):
        services.post_officer(officer=officer, unit=team, by=by, at=day_one + HOUR)


@pytest.mark.django_db(transaction=True)
def test_two_moves_at_once_leave_one_posting_at_a_time(*, team, hackney, force, enrol, by, day_one):
    officer = enrol(team, "101")

    def move(unit):
        try:
            services.post_officer(officer=officer, unit=unit, by=by, at=day_one + HOUR)
        except PostingConflict:
            return "refused"
        finally:
            connection.close()
        return "moved"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(move, [hackney, force]))
    assert outcomes == ["moved", "refused"]
    assert Posting.objects.filter(officer=officer, during__contains=day_one + HOUR).count() == 1
    assert kinds(officer.id) == ["officer.enrolled", "officer.posted"]


@pytest.mark.django_db(transaction=True)
def test_a_later_move_waits_for_one_that_is_under_way_and_follows_it(
    *, team, hackney, force, enrol, by, day_one, wait_until_blocked
):
    officer = enrol(team, "101")

    def move_on():
        try:
            return services.post_officer(officer=officer, unit=force, by=by, at=day_one + 2 * HOUR)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            services.post_officer(officer=officer, unit=hackney, by=by, at=day_one + HOUR)
            second = pool.submit(move_on)
            wait_until_blocked(second)
        second.result()
    stays = [unit_at(officer.id, day_one + hours * HOUR) for hours in range(3)]
    assert stays == [team.id, hackney.id, force.id]
    assert history([officer.id])[2].particulars.details["from"] == str(hackney.id)


@pytest.mark.parametrize("reference", ["101PL", "101pl", " 101PL ", "W101", "w101"])
def test_an_officer_is_found_by_either_number_in_any_case(team, enrol, reference):
    officer = enrol(team, "101")
    enrol(team, "202")
    assert officer_by_reference(reference) == officer


@pytest.mark.parametrize("reference", ["", "  ", "101", "101P%", "10\x001PL"])
def test_no_officer_is_found_by_less_than_a_number(team, enrol, reference):
    enrol(team, "101")
    assert officer_by_reference(reference) is None


def test_a_number_that_means_two_officers_means_neither(team, enrol):
    enrol(team, "101", warrant_number="555")
    enrol(team, "202", shoulder_number="555")
    assert officer_by_reference("555") is None


def test_act_and_event_are_rolled_back_together(team, enrol):
    def enrol_and_fail():
        with transaction.atomic():
            enrol(team, "101")
            raise KeyError

    before = len(page(LogFilter()))
    with pytest.raises(KeyError):
        enrol_and_fail()
    assert Officer.objects.count() == 0
    assert len(page(LogFilter())) == before


def test_without_its_event_the_act_does_not_happen(team, enrol, monkeypatch):
    monkeypatch.setattr(services.custody, "append", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        enrol(team, "101")
    assert Officer.objects.count() == 0
    assert Posting.objects.count() == 0
