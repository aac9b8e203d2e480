"""Holds: what each scope covers, who sees them, and that they never end by themselves."""

from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, connection, transaction
from tests.world import BY, DAY_ONE, World

from tabard.custody.models import Event
from tabard.fleet.services import assign_camera, receive_camera
from tabard.incidents import outcomes
from tabard.incidents import services as incidents
from tabard.kernel.errors import Conflict, Denied, Invalid, NotFound
from tabard.kernel.ids import new_id
from tabard.people.models import RoleGrant
from tabard.people.rules import Role
from tabard.recordings.keeping import dispose_some
from tabard.recordings.models import Recording, SettledFlag
from tabard.retention import hold_views, holds, keeping, selectors, standing
from tabard.retention.hold_views import HoldFilter
from tabard.retention.holds import OfficerPeriod
from tabard.retention.models import Hold
from tabard.retention.policy import default_policy
from tabard.retention.replaying import reapply
from tabard.safekeeping.restore import LaterEvent

LATER = DAY_ONE + timedelta(days=60)
DAY = DAY_ONE.date()


@pytest.fixture
def manager(world):
    return world.anyone(Role.RECORDS_MANAGER)


def held():
    """As every page, plan and run sees it: by what covers, and by the standing of every recording."""
    due = {item.recording_id for batch in standing.due(default_policy(), LATER) for item in batch}
    found = keeping.held_ids()
    assert due == set(Recording.objects.values_list("id", flat=True)) - found
    assert found == {
        recording.id for recording in Recording.objects.all() if selectors.facts_of(recording).holds
    }
    return found


def hold(manager, on, kind="complaint", at=LATER, **more):
    return holds.place(on=on, kind=kind, reason="Complaint 7", viewer=manager, at=at, **more)


def incident(manager, number=1):
    return incidents.record(
        kind="call",
        reference=f"CAD {number}",
        title="Shouting",
        start_at=DAY_ONE,
        end_at=None,
        place="",
        unit=None,
        viewer=manager,
        at=DAY_ONE,
    )


def set_aside(recording, **fields):
    Recording.objects.filter(pk=recording.pk).update(**fields)


def test_a_hold_on_one_recording_covers_only_it(world, manager):
    first, _ = world.recording(), world.recording()
    hold(manager, first)
    assert held() == {first.id}


def test_a_hold_on_an_incident_covers_what_is_linked_later_and_survives_its_end(world, manager):
    investigator = world.anyone(Role.INVESTIGATOR)
    event = incident(investigator)
    first, second, _ = world.recording(), world.recording(), world.recording()
    placed = hold(manager, event)
    assert keeping.held_ids() == set()
    for recording in (first, second):
        incidents.link(incident=event, recording=recording, viewer=investigator, at=LATER)
    assert keeping.held_ids() == {first.id, second.id}
    assert keeping.counts([placed]) == {placed.id: 2}
    assert set(keeping.covered(placed)) == {first, second}
    assert Event.objects.filter(kind="hold.placed").values_list("subject_id", flat=True).get() == event.id


@pytest.mark.parametrize(
    ("is_covered", "fields"),
    [
        (True, {}),
        (False, {"started_at": DAY_ONE - timedelta(days=9), "stopped_at": DAY_ONE - timedelta(days=9)}),
        # The camera's clock was nine days slow, and somebody measured it.
        (
            True,
            {
                "started_at": DAY_ONE - timedelta(days=9),
                "stopped_at": DAY_ONE - timedelta(days=9),
                "corrected_start_at": DAY_ONE,
                "clock_offset_ms": -9 * 86_400_000,
                "clock_uncertainty_ms": 1_000,
            },
        ),
        # Years off, and nobody knows by how much.
        (
            True,
            {
                "started_at": DAY_ONE - timedelta(days=4_000),
                "stopped_at": DAY_ONE - timedelta(days=4_000),
                "flags": ["clock_suspect"],
            },
        ),
        # The same, but it came in before the first of the days.
        (
            False,
            {
                "started_at": DAY_ONE - timedelta(days=4_000),
                "stopped_at": DAY_ONE - timedelta(days=4_000),
                "received_at": DAY_ONE - timedelta(days=30),
                "flags": ["clock_suspect"],
            },
        ),
        # Set in between, so that it is known only between which bounds.
        (
            True,
            {
                "started_at": DAY_ONE - timedelta(days=30),
                "stopped_at": DAY_ONE - timedelta(days=30),
                "clock_least_ms": -40 * 86_400_000,
                "clock_most_ms": 0,
            },
        ),
        # Who wore it is not known.
        (True, {"officer": None, "officer_reference": ""}),
    ],
)
def test_a_hold_on_an_officer_covers_what_they_may_have_filmed_then(world, manager, is_covered, fields):
    recording = world.recording(started_at=DAY_ONE)
    world.recording(officer="Walker", started_at=DAY_ONE)
    set_aside(recording, **fields)
    hold(manager, OfficerPeriod(world.officers["Bailey"], DAY, DAY))
    assert keeping.held_ids() == ({recording.id} if is_covered else set())


def test_what_comes_in_later_or_is_said_to_be_anothers_later_stays_covered(world, manager):
    bailey, walker = world.officers["Bailey"], world.officers["Walker"]
    camera = receive_camera(
        serial="CAM-1", make="Axis", model="W120", mount="chest", unit=world.units["LX"], by=BY, at=DAY_ONE
    )
    assign_camera(camera=camera, officer=bailey, by=BY, at=DAY_ONE)
    hold(manager, OfficerPeriod(bailey, DAY, DAY + timedelta(days=2)), at=DAY_ONE + timedelta(hours=1))
    theirs = world.recording(started_at=DAY_ONE + timedelta(hours=2))
    renamed = world.recording(started_at=DAY_ONE + timedelta(hours=3))
    set_aside(renamed, officer=walker)
    by_camera = world.recording(officer="Walker", started_at=DAY_ONE + timedelta(hours=4))
    set_aside(by_camera, camera=camera)
    world.recording(officer="Walker", started_at=DAY_ONE + timedelta(hours=5))
    assert keeping.held_ids() == {theirs.id, by_camera.id}
    SettledFlag.objects.create(
        recording=renamed, flag="unknown_officer", how="attributed", reason="x", settled_at=LATER
    )
    assert held() == {theirs.id, renamed.id, by_camera.id}


def test_settling_a_doubt_about_the_clock_takes_nothing_out(world, manager):
    recording = world.recording(started_at=DAY_ONE - timedelta(days=4_000), received_at=DAY_ONE)
    set_aside(recording, flags=[])
    hold(manager, OfficerPeriod(world.officers["Bailey"], DAY, DAY))
    assert keeping.held_ids() == set()
    SettledFlag.objects.create(
        recording=recording, flag="clock_suspect", how="accepted", reason="x", settled_at=LATER
    )
    assert keeping.held_ids() == {recording.id}


def test_an_officer_learns_nothing_of_a_hold_on_their_footage(world, manager):
    recording = world.recording()
    placed = hold(manager, OfficerPeriod(world.officers["Bailey"], DAY, DAY), kind="iopc")
    wearer = world.viewer("bailey")
    assert not selectors.decision(wearer, recording, LATER).held_by
    assert "IOPC hold" in selectors.decision(manager, recording, LATER).reason
    RoleGrant.objects.create(account_id=wearer.account_id, role=Role.RECORDS_MANAGER, granted_at=DAY_ONE)
    wearer = world.viewer("bailey")
    assert not hold_views.holds(wearer, LATER).exists()
    assert not hold_views.of_recording(wearer, recording).exists()
    assert not hold_views.to_review(wearer, LATER + timedelta(days=400)).exists()
    with pytest.raises(NotFound):
        hold_views.get(wearer, placed.id)
    for act in (
        lambda: holds.release(hold=placed, reason="x", viewer=wearer, at=LATER),
        lambda: hold(wearer, OfficerPeriod(world.officers["Bailey"], DAY, DAY)),
    ):
        with pytest.raises(Denied):
            act()
    event = Event.objects.get(kind="hold.placed")
    assert (event.subject_type, event.subject_id) == ("hold", placed.id), "leaves are public"


def test_a_hold_is_asked_about_kept_on_handed_over_and_released(world, manager):
    recording = world.recording()
    placed = hold(manager, recording)
    asked_at = LATER + timedelta(days=184)
    assert placed.review_date == asked_at.date()
    assert holds.note_reviews(by=BY, at=asked_at - timedelta(days=1)) == 0
    assert holds.note_reviews(by=BY, at=asked_at) == 1
    assert holds.note_reviews(by=BY, at=asked_at) == 0
    assert hold_views.to_review(manager, asked_at).get() == placed
    assert keeping.held_ids() == {recording.id}, "nothing is released by itself"

    day = asked_at.date() + timedelta(days=90)
    holds.review(hold=placed, review_date=day, reason="The trial is in May", viewer=manager, at=asked_at)
    assert not hold_views.to_review(manager, asked_at).exists()
    standards = world.anyone(Role.PROFESSIONAL_STANDARDS)
    owner = world.accounts[Role.PROFESSIONAL_STANDARDS.value]
    assert owner in hold_views.possible_owners(placed)
    holds.hand_over(hold=placed, owner=owner, reason="Theirs", viewer=manager, at=asked_at)
    later = asked_at + timedelta(days=90)
    assert hold_views.to_review(standards, later).get() == placed
    assert hold_views.get(manager, placed.id).has_owner
    RoleGrant.objects.filter(account=owner).delete()
    assert not hold_views.get(manager, placed.id).has_owner

    released = holds.release(hold=placed, reason="Acquitted", viewer=manager, at=later)
    assert (released.released_reason, keeping.held_ids()) == ("Acquitted", set())
    assert not hold_views.to_review(manager, later).exists()
    kinds = list(Event.objects.filter(kind__startswith="hold.").order_by("id").values_list("kind", flat=True))
    assert kinds == [
        *("hold.placed", "hold.review_came_due", "hold.reviewed", "hold.handed_over", "hold.released")
    ]


def test_what_cannot_be_is_refused_with_the_field(world, manager):
    recording, bailey = world.recording(), world.officers["Bailey"]
    placed = hold(manager, recording)
    today = LATER.date()
    for field, act in {
        "to_date": lambda: hold(manager, OfficerPeriod(bailey, DAY, DAY - timedelta(days=1))),
        "from_date": lambda: hold(manager, OfficerPeriod(bailey, date(1970, 1, 1), DAY)),
        "kind": lambda: hold(manager, recording, kind="restored"),
        "review_date": lambda: hold(manager, recording, review_date=today),
        "reason": lambda: holds.release(hold=placed, reason=" ", viewer=manager, at=LATER),
        "owner": lambda: holds.hand_over(
            hold=placed, owner=world.accounts["walker"], reason="x", viewer=manager, at=LATER
        ),
    }.items():
        with pytest.raises(Invalid) as refused:
            act()
        assert refused.value.fields["field"] == field
    with pytest.raises(Invalid):
        holds.review(
            hold=placed, review_date=today + timedelta(days=367), reason="x", viewer=manager, at=LATER
        )
    holds.release(hold=placed, reason="Over", viewer=manager, at=LATER)
    for act in (
        lambda: holds.release(hold=placed, reason="x", viewer=manager, at=LATER),
        lambda: holds.review(
            hold=placed, review_date=today + timedelta(days=9), reason="x", viewer=manager, at=LATER
        ),
    ):
        with pytest.raises(Conflict):
            act()


def test_the_database_refuses_a_hold_that_covers_nothing_or_two_things(world):
    recording, period = world.recording(), {"period_from_at": DAY_ONE, "period_to_at": LATER}
    bailey = world.officers["Bailey"]
    for fields in (
        {"scope": "item"},
        {"scope": "item", "recording": recording, "officer": bailey, **period},
        {"scope": "officer", "officer": bailey},
        {"scope": "officer", "officer": bailey, "period_from_at": LATER, "period_to_at": DAY_ONE},
        {"scope": "everything", "recording": recording},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Hold.objects.create(kind="iopc", reason="x", placed_at=LATER, **fields)


def test_a_rehearsal_says_what_a_hold_would_cover_and_leaves_nothing(world, manager):
    due, soon, gone = world.recording(), world.recording(), world.recording()
    set_aside(soon, received_at=LATER - timedelta(days=10), begun_by_at=None)
    set_aside(gone, disposed_at=LATER)
    hold(manager, due)
    found = hold_views.rehearse(
        on=OfficerPeriod(world.officers["Bailey"], DAY, DAY), kind="iopc", viewer=manager, at=LATER
    )
    assert (found.held, found.kept_already, found.gone, found.gone_count) == (2, 1, [gone], 1)
    assert dict(found.lines) == {
        "now": 1,
        "within 7 days": 0,
        "within 31 days": 1,
        "later": 0,
        "never": 0,
    }
    assert Hold.objects.count() == 1
    assert not Event.objects.filter(subject_type="hold").exists()


def test_holds_are_listed_by_what_was_asked(world, manager):
    recording = world.recording()
    first = hold(manager, recording, kind="iopc")
    wide = hold(manager, OfficerPeriod(world.officers["Bailey"], DAY, DAY))
    holds.release(hold=first, reason="Over", viewer=manager, at=LATER)

    def listed(**wanted):
        return set(hold_views.holds(manager, LATER, HoldFilter(**wanted)))

    assert listed() == {first, wide}
    assert listed(standing="in_force") == listed(scope="officer") == listed(kind="complaint") == {wide}
    assert listed(standing="released") == {first}
    assert listed(owner="records_manager") == {first, wide}
    assert listed(owner="nobody") == set()
    with pytest.raises(Denied):
        hold_views.holds(world.viewer("bailey"), LATER)


@pytest.mark.django_db(transaction=True)
def test_a_hold_that_covers_much_waits_for_the_batch_of_a_run_and_the_next_batch_sees_it():
    world = World()
    recording = world.recording()
    manager = world.anyone(Role.RECORDS_MANAGER)
    begun, placed = Barrier(2), []

    def place() -> None:
        try:
            begun.wait(10)
            placed.append(hold(manager, OfficerPeriod(world.officers["Bailey"], DAY, DAY)))
        finally:
            connection.close()

    holder = Thread(target=place)
    holder.start()
    with transaction.atomic():
        dispose_some()
        begun.wait(10)
        holder.join(0.5)
        assert holder.is_alive(), "it waits until the batch is over"
        assert keeping.held_ids() == set()
    holder.join(10)
    with transaction.atomic():
        dispose_some()
        assert keeping.holds_on([recording.id]) == {recording.id: [placed[0].id]}


def later_event(kind, subject_type, subject_id):
    return LaterEvent(kind, LATER, subject_type, subject_id)


def lose(*placed):
    """What a restore knows of holds that came after the backup, whose rows it does not bring back."""
    events = [
        later_event(event.kind, event.subject_type, event.subject_id)
        for event in Event.objects.filter(kind__startswith="hold.").order_by("id")
    ]
    Hold.objects.filter(pk__in=[each.pk for each in placed]).delete()
    return events


def test_after_a_restore_each_hold_still_covers_what_it_did(world, manager):
    item, linked, free = world.recording(), world.recording(), world.recording(officer="Walker")
    investigator = world.anyone(Role.INVESTIGATOR)
    event = incident(investigator)
    reapply(lose(hold(manager, item), hold(manager, event)))
    incidents.link(incident=event, recording=linked, viewer=investigator, at=LATER)
    assert keeping.held_ids() == {item.id, linked.id}
    assert free.id not in keeping.held_ids()
    assert set(Hold.objects.values_list("kind", flat=True)) == {"restored"}


def test_after_a_restore_an_unknown_officers_hold_keeps_everything_until_a_person_knows_better(
    world, manager
):
    theirs, others = world.recording(), world.recording(officer="Walker")
    reapply(lose(hold(manager, OfficerPeriod(world.officers["Bailey"], DAY, DAY))))
    assert held() == {theirs.id, others.id}
    everything = hold_views.to_review(manager, LATER).get()
    assert (everything.scope, everything.has_owner) == ("everything", False)
    hold(manager, OfficerPeriod(world.officers["Bailey"], DAY, DAY))
    holds.release(hold=everything, reason="Placed again", viewer=manager, at=LATER)
    assert held() == {theirs.id}


def test_after_a_restore_an_officers_hold_that_was_over_keeps_nothing(world, manager):
    world.recording()
    placed = hold(manager, OfficerPeriod(world.officers["Bailey"], DAY, DAY))
    holds.release(hold=placed, reason="Over", viewer=manager, at=LATER)
    reapply(lose(placed))
    assert not Hold.objects.exists()


@pytest.mark.parametrize("kind", ["recording.categorised", "recording.reviewed", "incident.linked"])
def test_after_a_restore_what_somebody_said_of_a_recording_keeps_it(world, kind):
    said, free = world.recording(), world.recording(officer="Walker")
    reapply([later_event(kind, "recording", said.id)])
    assert held() == {said.id}
    assert free.id not in keeping.held_ids()


def test_after_a_restore_an_incident_may_have_been_reopened(world):
    investigator = world.anyone(Role.INVESTIGATOR)
    recording, event = world.recording(), incident(investigator)
    incidents.link(incident=event, recording=recording, viewer=investigator, at=LATER)
    outcomes.state(
        incident=event,
        kind="no_crime",
        decided_date=DAY,
        reason="Told",
        viewer=investigator,
        at=LATER,
    )
    assert keeping.held_ids() == set()
    reapply([later_event("incident.outcome_stated", "incident", event.id)])
    assert keeping.held_ids() == {recording.id}


@pytest.mark.parametrize(("kind", "subject"), [("exhibit.produced", "exhibit"), ("policy.adopted", "policy")])
def test_after_a_restore_what_the_log_does_not_say_keeps_everything(world, kind, subject):
    recordings = {world.recording().id, world.recording(officer="Walker").id}
    reapply([later_event(kind, subject, new_id())])
    assert held() == recordings
