"""The same file twice is one recording; an edited file, or one that two lay claim to, is kept beside the other."""

from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.disposals import dispose
from tests.integration.recordings.coming_in import FILMED_AT, MINUTE, RECEIVED_AT, camera, come_in, draft
from tests.world import BY, World

from tabard.custody.models import Event
from tabard.recordings.models import Recording, Segment
from tabard.recordings.repeats import standing_by_footage
from tabard.recordings.services import register

LATER = RECEIVED_AT + 60 * MINUTE


def test_the_same_bytes_by_another_door_and_name_are_one_recording(world):
    first = come_in(b"one", b"two")
    again = come_in(b"one", b"two", source="dock", source_name="dock-7/other", received_at=LATER)
    assert again == first
    assert again.received_at == RECEIVED_AT
    assert (Recording.objects.count(), Segment.objects.count()) == (1, 2)
    event = Event.objects.select_related("particulars").get(kind="recording.came_again")
    assert event.subject_id == first.id
    assert event.particulars.details["source_name"] == "dock-7/other"


def test_a_part_of_what_stands_comes_again_too(world):
    first = come_in(b"one", b"two")
    assert come_in(b"two", name="part") == first


def test_more_than_what_stands_is_another_recording_in_conflict(world):
    first = come_in(b"one")
    whole = come_in(b"one", b"two", name="whole", source="dock")
    assert whole.conflicts_with == first


def test_what_comes_beside_it_the_second_time_is_kept_as_late(world):
    first = come_in(b"one", beside=(("track.json", b"{}"),))
    come_in(b"one", beside=(("track.json", b"{}"), ("notes.txt", b"seen again")))
    first.refresh_from_db()
    assert {(part.name, part.kind) for part in first.attachments.all()} == {
        ("track.json", "other"),
        ("notes.txt", "late"),
    }
    assert "late_file" in first.flags


def test_an_edited_file_docked_again_is_a_conflict_and_both_are_kept(world):
    first = come_in(b"as filmed")
    edited = come_in(b"as edited")
    first.refresh_from_db()
    assert edited != first
    assert edited.conflicts_with == first
    assert list(first.conflicts.all()) == [edited]
    assert all("conflict" in recording.flags for recording in (first, edited))
    assert edited.source_name.startswith("GOPR0001 (")
    sealed = Event.objects.select_related("particulars").get(kind="recording.sealed", subject_id=edited.id)
    assert sealed.particulars.details["conflicts_with"] == str(first.id)


@pytest.mark.parametrize(
    ("name", "contradicts"), [("GOPR0001", True), ("GOPR0002", False), ("without a number", True)]
)
def test_the_same_camera_start_and_number_with_other_bytes_contradict(world, name, contradicts):
    first = come_in(b"as filmed")
    other = come_in(b"as edited", name=name, source="dock")
    assert other.conflicts_with == (first if contradicts else None)


def test_bytes_that_two_cameras_lay_claim_to_are_kept_twice(world):
    first = come_in(b"one")
    other = come_in(b"one", serial="CAM-2", source="dock")
    assert other != first
    assert other.conflicts_with == first


def test_bytes_that_two_officers_lay_claim_to_are_kept_twice(world):
    bailey, walker = (world.officers[name].shoulder_number for name in ("Bailey", "Walker"))
    first = come_in(b"one", officer_reference=bailey)
    assert come_in(b"one", source="dock", officer_reference=bailey) == first
    assert come_in(b"one", source="dock", officer_reference="nobody we know") == first
    assert come_in(b"one", source="dock", officer_reference=walker).conflicts_with == first


def test_empty_files_are_not_the_same_footage(world):
    first = come_in(b"", name="VID_0001")
    other = come_in(b"", name="VID_0002", began=FILMED_AT + MINUTE)
    assert other != first
    assert (first.conflicts_with, other.conflicts_with) == (None, None)
    assert standing_by_footage([bytes(first.segments.get().object.sha256)]) is None


def test_what_was_disposed_of_does_not_stand(world):
    first = come_in(b"one")
    dispose(RECEIVED_AT + MINUTE * 60 * 24 * 60)
    again = come_in(b"one", received_at=RECEIVED_AT + MINUTE * 60 * 24 * 61)
    assert again != first
    assert again.conflicts_with is None
    assert again.source_name != first.source_name


@pytest.mark.django_db(transaction=True)
def test_of_two_that_dock_at_once_one_recording_is_made():
    World()
    drafts, ready, made = [draft(b"one"), draft(b"one", source="dock", name="other")], Barrier(2), []

    def dock(each):
        ready.wait()
        made.append(register(draft=each, by=BY, at=RECEIVED_AT).pk)
        connection.close()

    threads = [Thread(target=dock, args=(each,)) for each in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1
    assert Recording.objects.count() == 1
    assert Event.objects.filter(kind="recording.came_again").count() == 1


def test_registering_costs_few_statements_however_many_segments(world):
    camera(world, wearer="Bailey")
    costs = []
    for number, segments in ((1, 2), (2, 40)):
        files = [b"%d-%d" % (number, each) for each in range(segments)]
        ready = draft(
            *files, name=f"VID_000{number}", began=FILMED_AT + number * 60 * MINUTE, officer_reference="001LX"
        )
        with CaptureQueriesContext(
            connection,
        ) as asked:
            register(draft=ready, by=BY, at=RECEIVED_AT)
        costs.append([each["sql"] for each in asked if "SAVEPOINT" not in each["sql"]])
    assert len(costs[0]) == len(costs[1])
    # lock, footage, akin; camera, readings, wearer, officer, unit; recording, segments; the jobs that follow. The event
    # itself goes past Django's cursor.
    assert len(costs[0]) <= 14, "\n".join(costs[0])
