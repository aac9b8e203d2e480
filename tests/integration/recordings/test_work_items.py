"""What came in with questions is found and settled by who may, keeps its trace, and answers itself where it can."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.disposals import dispose
from tests.integration.recordings.coming_in import FILMED_AT, MINUTE, RECEIVED_AT, camera, come_in
from tests.world import BY

from tabard.custody.models import Event
from tabard.kernel.errors import Conflict, Denied, Invalid
from tabard.people.rules import Role
from tabard.people.services import enrol_officer
from tabard.recordings.drafts import BookmarkDraft
from tabard.recordings.late_facts import resolve_again
from tabard.recordings.models import Category, Recording
from tabard.recordings.work_items import (
    CannotAttributeToOneself,
    WorkItemFilter,
    attribute,
    counts,
    get,
    page,
    settle,
)

AT = RECEIVED_AT + 60 * MINUTE


@pytest.fixture
def clerk(world):
    return world.anyone(Role.BWV_ADMINISTRATOR)


def flags(recording):
    return set(Recording.objects.get(pk=recording.pk).flags)


def details_of(kind):
    return Event.objects.select_related("particulars").filter(kind=kind).latest("id").particulars.details


class TestFinding:
    def test_work_items_are_pages_of_flagged_recordings_with_counts(self, world, clerk):
        camera(world, wearer="Bailey")
        come_in(b"fine", name="fine")
        odd = [
            come_in(
                b"%d" % number, name=f"odd-{number}", serial="NOBODYS", began=FILMED_AT + number * 60 * MINUTE
            )
            for number in range(3)
        ]
        first = page(clerk, WorkItemFilter(), limit=2)
        second = page(clerk, WorkItemFilter(), cursor=first.older, limit=2)
        assert [item.recording for item in (*first.items, *second.items)] == odd[::-1]
        assert (
            second.older,
            page(clerk, WorkItemFilter(), cursor=second.newer, limit=2).items[0].recording,
        ) == (
            None,
            odd[2],
        )
        assert counts(clerk) == {"unknown_camera": 3, "unknown_officer": 3}

    def test_filters_narrow(self, world, clerk):
        known = camera(world)
        mine = come_in(b"1", name="1")
        strange = come_in(b"2", name="2", serial="NOBODYS", began=FILMED_AT + 60 * MINUTE)
        shown = lambda **wanted: [each.recording for each in page(clerk, WorkItemFilter(**wanted)).items]  # noqa: E731
        assert shown(flag="unknown_camera") == [strange]
        assert shown(camera_id=known.id) == [mine]
        assert shown(unit_id=world.units["LX"].id) == [mine]
        assert shown(since=FILMED_AT + MINUTE) == [strange]
        assert shown(until=FILMED_AT + MINUTE) == [mine]
        assert shown(settled=True) == []

    def test_a_page_costs_the_same_however_many_items(self, world, clerk):
        asked = []
        for number in range(4):
            come_in(b"as filmed %d" % number, name=f"{number}", began=FILMED_AT + number * 60 * MINUTE)
            come_in(b"as edited %d" % number, name=f"{number}", began=FILMED_AT + number * 60 * MINUTE)
            with CaptureQueriesContext(connection) as statements:
                page(clerk, WorkItemFilter())
            asked.append(len(statements))
        assert len(set(asked)) == 1

    def test_a_conflict_shows_both_to_each(self, world, clerk):
        first, edited = come_in(b"as filmed"), come_in(b"as edited")
        assert get(clerk, first).conflicts == (edited,)
        assert get(clerk, edited).conflicts == (first,)

    @pytest.mark.parametrize("role", Role)
    def test_who_may_see_and_who_may_settle(self, world, role):
        recording = come_in(b"one")
        viewer = world.anyone(role)
        sees = role in {Role.BWV_ADMINISTRATOR, Role.PROFESSIONAL_STANDARDS, Role.AUDITOR}
        for ask in (page, lambda *_: counts(viewer), lambda *_: get(viewer, recording)):
            if sees:
                assert ask(viewer, WorkItemFilter()) is not None
            else:
                with pytest.raises(Denied):
                    ask(viewer, WorkItemFilter())
        if role is not Role.BWV_ADMINISTRATOR:
            told = {"recording": recording, "reason": "x", "viewer": viewer, "at": AT}
            with pytest.raises(Denied):
                settle(flag="unknown_camera", **told)
            with pytest.raises(Denied):
                attribute(officer=world.officers["Bailey"], **told)


class TestAttributing:
    def test_whose_it_was_and_is_now_is_in_the_log_and_what_the_camera_said_stays(self, world, clerk):
        known = camera(world, "CAM-2")
        recording = come_in(b"one", serial="C4M-2", officer_reference="0l1LX")
        bailey = world.officers["Bailey"]
        attribute(
            recording=recording, officer=bailey, camera=known, reason="Misread label", viewer=clerk, at=AT
        )
        assert (recording.officer, recording.camera, recording.unit) == (bailey, known, world.units["LX"])
        assert (recording.officer_reference, recording.camera_serial) == ("0l1LX", "C4M-2")
        assert recording.flags == []
        told = details_of("recording.attributed")
        assert told["officer"] == {"from": None, "to": str(bailey.id)}
        assert told["reason"] == "Misread label"
        assert set(told["settled"]) == {"unknown_officer", "unknown_camera"}

    def test_settled_items_keep_their_trace(self, world, clerk):
        recording = come_in(b"one")
        attribute(recording=recording, officer=world.officers["Bailey"], reason="Told", viewer=clerk, at=AT)
        settle(recording=recording, flag="unknown_camera", reason="On loan", viewer=clerk, at=AT)
        item = get(clerk, recording)
        assert item.flags == ()
        assert [(each.flag, each.how, each.reason) for each in item.settled] == [
            ("unknown_officer", "attributed", "Told"),
            ("unknown_camera", "accepted", "On loan"),
        ]
        assert page(clerk, WorkItemFilter()).items == []
        assert page(clerk, WorkItemFilter(settled=True)).items[0].recording == recording
        assert details_of("recording.flag_settled") == {"flag": "unknown_camera", "reason": "On loan"}

    def test_it_can_be_put_right_again(self, world, clerk):
        recording = come_in(b"one")
        for name in ("Bailey", "Walker"):
            attribute(recording=recording, officer=world.officers[name], reason="Told", viewer=clerk, at=AT)
        assert recording.officer == world.officers["Walker"]
        assert recording.unit == world.units["WW"]
        assert details_of("recording.attributed")["officer"]["from"] == str(world.officers["Bailey"].id)

    def test_nobody_attributes_to_themselves(self, world):
        officer = world.enrol("Ada", "Admin", "LX", Role.BWV_ADMINISTRATOR)
        with pytest.raises(CannotAttributeToOneself):
            attribute(
                recording=come_in(b"one"), officer=officer, reason="Mine", viewer=world.viewer("admin"), at=AT
            )

    def test_what_cannot_be_attributed_is_refused(self, world, clerk):
        recording, bailey = come_in(b"one"), world.officers["Bailey"]
        told = {"recording": recording, "viewer": clerk, "at": AT}
        with pytest.raises(Invalid) as nobody:
            attribute(reason="x", **told)
        assert nobody.value.fields["field"] == "officer"
        with pytest.raises(Invalid) as why:
            attribute(officer=bailey, reason=" ", **told)
        assert why.value.fields["field"] == "reason"
        attribute(officer=bailey, reason="Told", **told)
        with pytest.raises(Conflict):
            attribute(officer=bailey, reason="Told", **told)
        with pytest.raises(Conflict):
            settle(flag="unknown_officer", reason="Told", **told)
        later = RECEIVED_AT + timedelta(days=60)
        dispose(later)
        with pytest.raises(Conflict):
            settle(flag="unknown_camera", reason="Told", **told)


class TestLateFacts:
    def test_a_camera_received_later_is_found_with_its_unit(self, world):
        recording = come_in(b"one", serial="cam-9")
        known = camera(world, "CAM-9")
        assert resolve_again(by=BY, at=AT) == 1
        recording.refresh_from_db()
        assert (recording.camera, recording.unit) == (known, world.units["LX"])
        assert recording.flags == ["unknown_officer"]
        assert details_of("recording.attributed")["camera"] == {"from": None, "to": str(known.id)}
        assert resolve_again(by=BY, at=AT) == 0

    def test_with_the_camera_its_wearer_is_known_where_nobody_was_named(self, world):
        recording = come_in(b"one", serial="CAM-9")
        camera(world, "CAM-9", wearer="Bailey")
        assert resolve_again(by=BY, at=AT) == 1
        recording.refresh_from_db()
        assert (recording.officer, recording.flags) == (world.officers["Bailey"], [])

    def test_but_not_by_a_clock_that_nobody_believes(self, world):
        come_in(b"one", serial="CAM-9", began=FILMED_AT - timedelta(days=4000))
        camera(world, "CAM-9", wearer="Bailey")
        assert resolve_again(by=BY, at=AT) == 1
        recording = Recording.objects.get()
        assert recording.officer is None
        assert set(recording.flags) == {"unknown_officer", "clock_suspect"}

    def test_an_officer_enrolled_later_is_found_and_another_wearer_is_flagged(self, world):
        camera(world, wearer="Bailey")
        recording = come_in(b"one", officer_reference=" 900ww ")
        assert flags(recording) == {"unknown_officer"}
        late = enrol_officer(
            given_name="Late",
            family_name="Lane",
            rank="PC",
            warrant_number="W900",
            shoulder_number="900WW",
            unit=world.units["WW"],
            by=BY,
            at=FILMED_AT - MINUTE,
        )
        assert resolve_again(by=BY, at=AT) == 1
        recording.refresh_from_db()
        assert (recording.officer, recording.unit) == (late, world.units["WW"])
        assert recording.flags == ["wearer_differs"]

    def test_a_number_that_two_officers_share_stays_nobodys(self, world):
        recording = come_in(b"one", officer_reference="X77")
        for number, numbers in enumerate((("X77", "900WW"), ("W901", "X77"))):
            enrol_officer(
                given_name="Ann",
                family_name=f"Other{number}",
                rank="PC",
                warrant_number=numbers[0],
                shoulder_number=numbers[1],
                unit=world.units["WW"],
                by=BY,
                at=FILMED_AT,
            )
        assert resolve_again(by=BY, at=AT) == 0
        assert "unknown_officer" in flags(recording)

    def test_a_category_adopted_later_is_given(self, world):
        mark = BookmarkDraft(start_at=FILMED_AT, category_name="Football")
        recording = come_in(b"one", bookmarks=(mark,))
        assert "unknown_category" in flags(recording)
        Category.objects.create(code="football", name="Football")
        assert resolve_again(by=BY, at=AT) == 1
        recording.refresh_from_db()
        assert recording.category_id == "football"
        assert "unknown_category" not in recording.flags

    def test_what_a_person_settled_is_left_alone(self, world, clerk):
        recording = come_in(b"one", serial="CAM-9")
        for flag in ("unknown_camera", "unknown_officer"):
            settle(recording=recording, flag=flag, reason="On loan", viewer=clerk, at=AT)
        camera(world, "CAM-9", wearer="Bailey")
        assert resolve_again(by=BY, at=AT) == 0

    def test_a_thousand_cost_few_statements(self, world):
        for number in range(12):
            come_in(b"%d" % number, name=f"{number}", serial="CAM-9", began=FILMED_AT + number * MINUTE)
        camera(world, "CAM-9", wearer="Bailey")
        with CaptureQueriesContext(connection) as statements:
            assert resolve_again(by=BY, at=AT) == 12
        queued = [each for each in statements if "procrastinate_defer" in each["sql"]]
        assert len(statements) - len(queued) <= 12
