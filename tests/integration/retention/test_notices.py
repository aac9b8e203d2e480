"""Notices before disposal: who is told of what, what answers them, and what is known of them afterwards."""

from datetime import timedelta

import pytest
from tests.disposals import list_all, put_on_the_list, stopped_run
from tests.world import BY, DAY_ONE

from tabard.custody.models import Event
from tabard.incidents import outcomes
from tabard.incidents import services as incidents
from tabard.incidents.models import Link
from tabard.kernel.errors import Conflict, Denied, Invalid
from tabard.people.rules import Role
from tabard.recordings.models import Recording
from tabard.recordings.services import categorise
from tabard.retention import holds, notice_answers, notice_views, notices, runs
from tabard.retention.holds import OfficerPeriod
from tabard.retention.models import Notice, ScheduledDisposal
from tabard.retention.policy import default_policy
from tabard.retention.services import adopt_policy

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LISTED_AT = DAY_ONE + 26 * DAY
POLICY = default_policy()


@pytest.fixture(autouse=True)
def _categories(world):
    adopt_policy()


def recorded(world, by="bailey", reference="CAD 1", start_at=None):
    """An incident that the account recorded; it begins with the world's first recording, and its end is not known."""
    return incidents.record(
        kind="call",
        reference=reference,
        title="A fight",
        start_at=start_at or DAY_ONE + timedelta(hours=1),
        end_at=None,
        place="",
        unit=world.units["LX"],
        viewer=world.viewer(by),
        at=DAY_ONE + DAY,
    )


@pytest.fixture
def told(world):
    """A recording on the list, and the incident of which its wearer was told."""
    recording, incident = world.recording(), recorded(world)
    put_on_the_list(LISTED_AT)
    return recording, incident


def waiting(world, username="bailey"):
    return [notice.recording_id for notice in notice_views.waiting(world.viewer(username))]


def test_who_recorded_what_it_overlaps_is_told_as_it_is_put_on_the_list(world):
    recording, incident = world.recording(), recorded(world)
    world.recording(started_at=DAY_ONE + timedelta(hours=30)), world.recording(officer="Walker")
    put_on_the_list(LISTED_AT - 2 * DAY)
    assert not Notice.objects.exists(), "it is not on the list yet"
    assert len(put_on_the_list(LISTED_AT)) == 3
    notice = Notice.objects.get()
    assert (notice.recording, notice.incident, notice.officer) == (
        recording,
        incident,
        world.officers["Bailey"],
    )
    assert (notice.ground, notice.is_certain, notice.given_at) == ("recorded", False, LISTED_AT)
    event = Event.objects.select_related("particulars").get(kind="disposal.noticed")
    given = [(recording.id, incident.id, notice.officer_id)]
    assert event.subject_id == notice.run_id
    assert event.particulars.details == {
        "notices": 1,
        "recordings": 1,
        "incidents": 1,
        "officers": 1,
        "list_sha256": notices.list_sha256(given),
    }
    [overlap] = notice_views.overlaps(world.viewer("bailey"), mine=True)
    assert (overlap.incident, overlap.recordings, overlap.uncategorised, overlap.certain) == (
        incident,
        1,
        1,
        0,
    )
    assert (overlap.is_open, overlap.is_mine) == (True, True)
    assert overlap.goes_at == ScheduledDisposal.objects.get(recording=recording).executes_at
    assert notice_views.noticed_at([recording.id]) == {recording.id: LISTED_AT}


def test_the_certificate_says_that_notice_was_given(world, told):
    recording, _ = told
    other = world.recording(officer="Walker")
    for night in range(1, 9):
        runs.run(as_of=LISTED_AT + night * DAY, by=BY, at=LISTED_AT + night * DAY)
    details = {
        event.subject_id: event.particulars.details
        for event in Event.objects.filter(kind="recording.disposed").select_related("particulars")
    }
    assert details[recording.id]["noticed_at"] == LISTED_AT.isoformat()
    assert "noticed_at" not in details[other.id]


def test_who_filmed_it_is_told_of_their_other_recordings_of_it(world):
    shown, other = world.recording(), world.recording(started_at=DAY_ONE + timedelta(hours=1, seconds=40))
    investigator = world.anyone(Role.INVESTIGATOR)
    incident = recorded(world, by="investigator")
    incidents.link(incident=incident, recording=shown, viewer=investigator, at=DAY_ONE + DAY)
    put_on_the_list(LISTED_AT)
    assert Notice.objects.get().recording == other
    assert Notice.objects.get().ground == "filmed"


def test_nobody_is_told_that_they_attended_what_others_of_their_unit_did(world):
    world.enrol("Ann", "Moss", "LX")
    world.recording(officer="Moss"), recorded(world)
    put_on_the_list(LISTED_AT)
    assert not Notice.objects.exists()


@pytest.mark.parametrize("category", ["crime", "stop-and-search"])
def test_nobody_is_told_of_what_has_been_categorised_as_evidence(world, category):
    Recording.objects.filter(pk=world.recording().pk).update(category=category)
    recorded(world)
    put_on_the_list(LISTED_AT + 365 * DAY)
    assert not Notice.objects.exists()


def test_who_categorised_it_as_no_evidence_is_told_and_may_say_so_again(world):
    recording, incident = world.recording(), recorded(world)
    officer = world.viewer("bailey")
    categorise(recording=recording, category="not-evidential", viewer=officer, at=DAY_ONE + DAY)
    put_on_the_list(LISTED_AT)
    [overlap] = notice_views.overlaps(officer)
    assert (overlap.recordings, overlap.uncategorised) == (1, 0)
    answer = {"incident_id": incident.id, "recording_ids": [recording.id], "viewer": officer, "at": LISTED_AT}
    notice_answers.dismiss_all(**answer)
    assert not waiting(world)


@pytest.mark.parametrize("answer", ["link", "category", "no evidence", "hold", "elsewhere", "off the list"])
def test_whatever_answers_the_question_answers_the_notice(world, told, answer):
    recording, incident = told
    officer, manager = world.viewer("bailey"), world.anyone(Role.RECORDS_MANAGER)
    assert waiting(world) == [recording.id]
    assert notice_views.unanswered([recording.id]) == {recording.id}
    match answer:
        case "link":
            incidents.link(incident=incident, recording=recording, viewer=officer, at=LISTED_AT)
        case "category":
            categorise(recording=recording, category="crime", viewer=officer, at=LISTED_AT)
        case "no evidence":
            categorise(recording=recording, category="not-evidential", viewer=officer, at=LISTED_AT)
        case "hold":
            holds.place(on=recording, kind="inquest", reason="I/1", viewer=manager, at=LISTED_AT)
        case "elsewhere":
            Recording.objects.filter(pk=recording.pk).update(officer=world.officers["Walker"])
        case "off the list":
            ScheduledDisposal.objects.all().delete()
    assert not waiting(world)
    assert not notice_views.unanswered([recording.id])


def test_a_hold_on_the_officers_days_is_not_betrayed_by_it(world, told):
    recording, _ = told
    holds.place(
        on=OfficerPeriod(world.officers["Bailey"], DAY_ONE.date(), DAY_ONE.date()),
        kind="complaint",
        reason="C/1",
        viewer=world.anyone(Role.PROFESSIONAL_STANDARDS),
        at=LISTED_AT,
    )
    assert waiting(world) == [recording.id]
    assert notice_answers.still_going([recording], LISTED_AT) == [recording]


def test_several_are_linked_in_one_go_and_come_off_the_list_when_their_turn_comes(world):
    recordings = [world.recording(started_at=DAY_ONE + number * MINUTE) for number in range(3)]
    incident, officer = recorded(world, start_at=DAY_ONE), world.viewer("bailey")
    put_on_the_list(LISTED_AT)
    [overlap] = notice_views.overlaps(officer)
    assert overlap.recordings == 3
    ids = [recording.id for recording in recordings]
    linked = notice_answers.link_all(incident_id=incident.id, recording_ids=ids, viewer=officer, at=LISTED_AT)
    assert sorted(recording.id for recording in linked) == sorted(ids)
    assert notice_answers.still_going(linked, LISTED_AT) == []
    assert Link.objects.count() == 3
    late = LISTED_AT + 10 * DAY
    for night in range(1, 11):
        done = runs.run(as_of=LISTED_AT + night * DAY, by=BY, at=LISTED_AT + night * DAY)
    assert (done.as_of, ScheduledDisposal.objects.count()) == (late, 0)
    assert not Recording.objects.filter(disposed_at__isnull=False).exists()


def test_several_are_categorised_in_one_go(world, told):
    recording, incident = told
    officer = world.viewer("bailey")
    answer = {"incident_id": incident.id, "viewer": officer, "at": LISTED_AT}
    with pytest.raises(Invalid):
        notice_answers.categorise_all(recording_ids=[], category="crime", **answer)
    notice_answers.categorise_all(recording_ids=[recording.id], category="crime", **answer)
    recording.refresh_from_db()
    assert recording.category_id == "crime"
    assert not waiting(world)
    with pytest.raises(Conflict, match="in the meantime"):
        notice_answers.link_all(recording_ids=[recording.id], **answer)


def test_what_was_said_to_be_of_something_else_is_not_asked_again_and_goes(world, told):
    recording, incident = told
    officer = world.viewer("bailey")
    notice_answers.dismiss_all(
        incident_id=incident.id, recording_ids=[recording.id], viewer=officer, at=LISTED_AT
    )
    event = Event.objects.select_related("particulars").get(kind="disposal.notice_dismissed")
    assert event.subject_id == recording.id
    assert event.particulars.details == {"incident": str(incident.id), "reference": "CAD 1"}
    assert Notice.objects.get().dismissed_by == world.accounts["bailey"]
    ScheduledDisposal.objects.all().delete()
    put_on_the_list(LISTED_AT + DAY)
    assert Notice.objects.count() == 1
    assert not waiting(world)
    at = LISTED_AT + 10 * DAY
    for night in range(2, 11):
        done = runs.run(as_of=LISTED_AT + night * DAY, by=BY, at=LISTED_AT + night * DAY)
    assert Recording.objects.get().disposed_at is not None, (done.as_of, at)
    assert notice_views.noticed_at([recording.id]) == {recording.id: LISTED_AT}


def test_a_notice_that_was_not_answered_waits_again_when_its_recording_is_listed_again(world, told):
    recording, _ = told
    ScheduledDisposal.objects.all().delete()
    put_on_the_list(LISTED_AT + DAY)
    assert waiting(world) == [recording.id]
    assert Notice.objects.get().given_at == LISTED_AT
    assert Event.objects.filter(kind="disposal.noticed").count() == 1


def test_what_is_recorded_while_it_stands_on_the_list_counts_at_the_next_run(world):
    recording = world.recording()
    put_on_the_list(LISTED_AT)
    assert not Notice.objects.exists()
    recorded(world)
    put_on_the_list(LISTED_AT + DAY)
    assert Notice.objects.get().recording == recording


def test_of_what_goes_in_the_same_run_no_notice_is_given(world):
    recording, run = world.recording(), stopped_run(LISTED_AT)
    recorded(world)
    list_all([recording], run, LISTED_AT)
    assert notices.give(run=run, policy=POLICY, by=BY, at=LISTED_AT) == 0


def test_a_run_that_is_killed_gives_the_rest_the_next_time(world, monkeypatch):
    for number in range(3):
        world.recording(started_at=DAY_ONE + number * MINUTE)
    recorded(world, start_at=DAY_ONE)
    monkeypatch.setattr(notices, "AT_ONCE", 1)
    with monkeypatch.context() as patch:
        patch.setattr(notices, "_give", killed_after(notices._give, 2))
        with pytest.raises(KeyboardInterrupt):
            put_on_the_list(LISTED_AT)
    assert Notice.objects.count() == 2
    put_on_the_list(LISTED_AT)
    assert Notice.objects.count() == 3
    events = Event.objects.filter(kind="disposal.noticed").select_related("particulars")
    assert [event.particulars.details["notices"] for event in events] == [1, 1, 1]


def killed_after(real, count):
    """The function, so many times; then the process dies."""
    left = iter(range(count))

    def killed(*args):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return real(*args)

    return killed


def test_that_it_was_seen_is_noted_once(world, told):
    recording, incident = told
    seen_at = LISTED_AT + timedelta(hours=5)
    supervisor, officer = world.anyone(Role.SUPERVISOR), world.viewer("bailey")
    shown = {"incident_ids": [incident.pk], "at": seen_at}
    assert notices.note_seen(**shown, viewer=supervisor) == 0, "they are not to them"
    assert notices.note_seen(incident_ids=[], viewer=officer, at=seen_at) == 0
    assert notices.note_seen(**shown, viewer=officer) == 1
    assert notices.note_seen(**shown | {"at": seen_at + DAY}, viewer=officer) == 0
    assert Notice.objects.get().seen_at == seen_at
    event = Event.objects.select_related("particulars").get(kind="disposal.notice_seen")
    assert event.subject_id == world.accounts["bailey"].pk
    assert event.particulars.details == {"notices": 1, "recordings": [str(recording.id)]}


def test_a_supervisor_sees_their_units_and_may_answer_and_nobody_elses(world, told):
    recording, incident = told
    chief = world.enrol("Ruth", "Adeyemi", "LX", role=Role.SUPERVISOR)
    world.enrol("Tom", "Okafor", "WW", role=Role.SUPERVISOR)
    world.enrol("Ann", "Moss", "LX")
    assert chief.pk
    ruth, tom = world.viewer("adeyemi"), world.viewer("okafor")
    [unit] = notice_views.by_unit(ruth, LISTED_AT, timedelta(days=3))
    assert (unit.unit, unit.recordings, unit.officers, unit.unseen, unit.soon) == ("Lambeth", 1, 1, 1, 0)
    [later] = notice_views.by_unit(ruth, unit.first_goes_at - DAY, timedelta(days=3))
    assert later.soon == 1
    assert notice_views.by_unit(tom, LISTED_AT, timedelta(days=3)) == []
    answer = {"incident_id": incident.id, "recording_ids": [recording.id], "at": LISTED_AT}
    for other in ("okafor", "moss"):
        with pytest.raises(Denied):
            notice_answers.dismiss_all(**answer, viewer=world.viewer(other))
        with pytest.raises(Denied):
            notice_views.of_incident(world.viewer(other), incident.id)
    assert notice_views.overlaps(tom) == []
    notice_answers.link_all(**answer, viewer=ruth)
    assert notice_views.of_incident(world.viewer("bailey"), incident.id) == (incident, [])


def test_open_incidents_come_first_and_one_that_ended_long_ago_keeps_nothing(world):
    recording = world.recording()
    ended, reopened = recorded(world, reference="CAD 2"), recorded(world, reference="CAD 3")
    opened = recorded(world, reference="CAD 4")
    manager, officer = world.anyone(Role.RECORDS_MANAGER), world.viewer("bailey")
    for incident, kinds in ((ended, ["no_crime"]), (reopened, ["no_crime", "reopened"])):
        for number, kind in enumerate(kinds):
            outcomes.state(
                incident=incident,
                kind=kind,
                decided_date=(DAY_ONE + DAY).date(),
                reason="Told",
                viewer=manager,
                at=DAY_ONE + DAY + number * MINUTE,
            )
    put_on_the_list(LISTED_AT)
    found = notice_views.overlaps(officer)
    assert {each.incident for each in found[:2]} == {reopened, opened}
    assert [each.is_open for each in found] == [True, True, False]
    assert [each.incident for each in notice_views.of_recording(officer, recording)][-1] == ended
    late = LISTED_AT + 60 * DAY
    ScheduledDisposal.objects.update(executes_at=late)
    answer = {"recording_ids": [recording.id], "viewer": officer, "at": LISTED_AT}
    linked = notice_answers.link_all(incident_id=ended.id, **answer)
    assert notice_answers.still_going(linked, LISTED_AT) == [recording]
