"""What cameras filmed is looked at by camera, wearer and shift: what is missing is found, flagged, and freed again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.integration.recordings.coming_in import FILMED_AT, MINUTE, RECEIVED_AT, camera, come_in, draft
from tests.world import BY

from tabard.custody.models import Event
from tabard.kernel.errors import Denied, Invalid
from tabard.people.rules import Role
from tabard.recordings.models import Recording
from tabard.recordings.services import register
from tabard.recordings.wholeness import FindingKind, WholenessFilter, review, shifts
from tabard.recordings.work_items import settle

HOUR = 60 * MINUTE
PERIOD = WholenessFilter(since=FILMED_AT - 12 * HOUR, until=FILMED_AT + 36 * HOUR)
NEXT_DAY = RECEIVED_AT + 12 * HOUR


@pytest.fixture
def clerk(world):
    return world.anyone(Role.BWV_ADMINISTRATOR)


def filmed(number: int, after: timedelta, **facts) -> Recording:
    return come_in(b"%d" % number, name=f"VID_{number:04}", began=FILMED_AT + after, **facts)


def flagged():
    return {each.source_name for each in Recording.objects.filter(flags__contains=["numbers_missing"])}


def test_gaps_and_overlaps_inside_a_recording_are_flagged_as_it_comes_in(world, clerk):
    made = draft(b"one", b"two", b"three")
    first, second, third = made.segments
    later = replace(second, started_at=second.started_at + 30 * MINUTE / 60)
    again = replace(third, started_at=third.started_at - 10 * MINUTE / 60)
    recording = register(draft=replace(made, segments=(first, later, again)), by=BY, at=RECEIVED_AT)
    assert {"gap", "overlap"} <= set(recording.flags)
    (shift,) = shifts(clerk, PERIOD).shifts
    assert [(found.kind, found.lasting_s) for found in shift.findings] == [
        (FindingKind.GAP, 30),
        (FindingKind.OVERLAP, 10),
    ]


def test_a_missing_chapter_is_flagged_as_it_comes_in(world):
    made = draft(b"one", b"two")
    names = ("GX010001.MP4", "GX030001.MP4")
    parts = [
        replace(part, file=replace(part.file, name=name))
        for part, name in zip(made.segments, names, strict=True)
    ]
    recording = register(draft=replace(made, segments=tuple(parts)), by=BY, at=RECEIVED_AT)
    assert "numbers_missing" in recording.flags
    assert list(recording.segments.values_list("sequence", flat=True)) == [1, 1]


def test_what_a_door_hands_over_counts_before_a_name(world):
    made = draft(b"one")
    (part,) = made.segments
    recording = register(draft=replace(made, segments=(replace(part, sequence=77),)), by=BY, at=RECEIVED_AT)
    assert recording.segments.get().sequence == 77


def test_shifts_are_by_camera_wearer_and_pause(world, clerk):
    camera(world, wearer="Bailey")
    filmed(1, MINUTE)
    filmed(2, 2 * HOUR)
    filmed(3, 14 * HOUR, received_at=NEXT_DAY)
    filmed(4, 15 * HOUR, received_at=NEXT_DAY, officer_reference="002WW")
    everything = shifts(clerk, replace(PERIOD, all_shifts=True)).shifts
    assert [(str(each.officer)[:8], each.recordings) for each in everything] == [
        ("PC Lee B", 2),
        ("PC Lee B", 1),
        ("PC Wyn W", 1),
    ]
    assert everything[0].footage_s == 120
    assert everything[0].ended_at == FILMED_AT + 2 * HOUR + MINUTE
    assert shifts(clerk, PERIOD).shifts == ()
    walker = world.officers["Walker"]
    (only,) = shifts(clerk, replace(PERIOD, all_shifts=True, officer_id=walker.id)).shifts
    assert only.officer == walker


def test_missing_numbers_and_recordings_that_overlap_are_found(world, clerk):
    filmed(1, MINUTE)
    filmed(4, 2 * HOUR)
    filmed(5, 2 * HOUR + MINUTE / 2)
    (shift,) = shifts(clerk, PERIOD).shifts
    assert [(found.kind, found.words) for found in shift.findings] == [
        (FindingKind.NUMBERS_MISSING, "Missing before it: 2 to 3"),
        (FindingKind.RECORDINGS_OVERLAP, "It began 30 s before VID_0004 of the same camera ended"),
    ]


def test_a_number_is_looked_for_before_the_period(world, clerk):
    filmed(1, -24 * HOUR)
    filmed(3, MINUTE)
    (shift,) = shifts(clerk, PERIOD).shifts
    assert shift.recordings == 1
    assert [found.words for found in shift.findings] == ["Missing before it: 2"]


def test_cameras_come_in_pages(world, clerk):
    for serial in ("A", "B", "C"):
        come_in(serial.encode(), name=serial, serial=serial)
    everything = replace(PERIOD, all_shifts=True)
    first = shifts(clerk, everything, limit=2)
    rest = shifts(clerk, everything, cursor=first.next_cursor, limit=2)
    assert [each.camera_serial for each in (*first.shifts, *rest.shifts)] == ["A", "B", "C"]
    assert rest.next_cursor == ""


def test_who_may_not_see_work_items_sees_no_shifts(world):
    with pytest.raises(Denied):
        shifts(world.anyone(Role.SUPERVISOR), PERIOD)


@pytest.mark.parametrize("lasting", [timedelta(), timedelta(days=93)])
def test_a_period_that_is_none_or_too_long_is_refused(world, clerk, lasting):
    with pytest.raises(Invalid) as refused:
        shifts(clerk, WholenessFilter(since=FILMED_AT, until=FILMED_AT + lasting))
    assert refused.value.fields["field"] == "until"


class TestReview:
    def look(self, at=NEXT_DAY):
        return review(since=RECEIVED_AT - HOUR, by=BY, at=at)

    def test_what_follows_a_hole_is_flagged_once(self, world):
        filmed(1, MINUTE)
        filmed(3, HOUR)
        assert self.look() == 1
        assert flagged() == {"VID_0003"}
        told = Event.objects.select_related("particulars").get(kind="recording.flagged").particulars.details
        assert (told["raised"], told["missing"]) == (["numbers_missing"], ["2"])
        assert self.look() == 0

    def test_it_is_freed_when_the_missing_file_comes(self, world):
        filmed(1, MINUTE)
        filmed(3, HOUR)
        self.look()
        filmed(2, HOUR / 2, received_at=NEXT_DAY)
        assert self.look() == 1
        assert flagged() == set()

    def test_files_that_may_still_be_followed_by_others_are_judged_later(self, world):
        filmed(1, MINUTE)
        filmed(3, HOUR)
        assert self.look(at=RECEIVED_AT + HOUR) == 0

    def test_a_flag_that_was_settled_is_not_raised_again(self, world, clerk):
        filmed(1, MINUTE)
        following = filmed(3, HOUR)
        self.look()
        settle(recording=following, flag="numbers_missing", reason="A photograph", viewer=clerk, at=NEXT_DAY)
        assert self.look() == 0
        assert flagged() == set()

    def test_a_chapter_that_is_missing_stays_flagged(self, world):
        come_in(b"one", name="GX020001")
        assert flagged() == {"GX020001"}
        assert self.look() == 0
        assert flagged() == {"GX020001"}
