"""People find what they may see, newest first, page by page, and nothing else."""

from datetime import timedelta

import pytest
from tests.world import DAY_ONE

from tabard.kernel.errors import Denied, Invalid, NotFound
from tabard.kernel.ids import new_id
from tabard.people.rules import Action, Role
from tabard.recordings import selectors, viewing
from tabard.recordings.selectors import RecordingFilter

ALL = RecordingFilter()


def names(page) -> list[str]:
    return [recording.source_name for recording in page.recordings]


def test_an_officer_finds_their_own_and_nobody_elses(world):
    world.recording()
    world.recording(officer="Walker")
    assert names(selectors.page(world.viewer("bailey"), ALL)) == ["recording-1"]
    assert names(selectors.page(world.viewer("walker"), ALL)) == ["recording-2"]


def test_a_supervisor_finds_their_units(world):
    world.recording()
    world.recording(officer="Walker")
    world.enrol("Sue", "Pervisor", "WW", Role.SUPERVISOR)
    assert names(selectors.page(world.viewer("pervisor"), ALL)) == ["recording-2"]


def test_prosecution_and_defence_find_nothing_that_was_not_disclosed(world):
    world.recording()
    for role in (Role.PROSECUTOR, Role.DEFENCE):
        assert names(selectors.page(world.anyone(role), ALL)) == []


def test_pages_lead_forth_and_back_without_gap_or_repeat(world):
    same_start = DAY_ONE + timedelta(hours=1)
    for number in range(7):
        world.recording(started_at=same_start if number < 3 else None)
    viewer = world.anyone(Role.INVESTIGATOR)
    first = selectors.page(viewer, ALL, limit=3)
    second = selectors.page(viewer, ALL, cursor=first.older, limit=3)
    third = selectors.page(viewer, ALL, cursor=second.older, limit=3)
    everything = names(first) + names(second) + names(third)
    assert sorted(everything) == sorted(f"recording-{n}" for n in range(1, 8))
    assert (first.newer, third.older) == (None, None)
    back = selectors.page(viewer, ALL, cursor=third.newer, limit=3)
    assert names(back) == names(second)
    assert names(selectors.page(viewer, ALL, cursor=back.newer, limit=3)) == names(first)


@pytest.mark.parametrize("cursor", ["x", "older~then~me", "newer~2026-03-02~not-an-id"])
def test_a_cursor_of_somebody_elses_making_is_refused(world, cursor):
    with pytest.raises(Invalid):
        selectors.page(world.anyone(Role.AUDITOR), ALL, cursor=cursor)


def test_words_find_officer_camera_and_name(world):
    world.recording()
    world.recording(officer="Walker")
    viewer = world.anyone(Role.INVESTIGATOR)
    assert names(selectors.page(viewer, RecordingFilter(words="walker"))) == ["recording-2"]
    assert names(selectors.page(viewer, RecordingFilter(words="sim-0001"))) == ["recording-1"]
    assert names(selectors.page(viewer, RecordingFilter(words="recording-2 WALKER"))) == ["recording-2"]
    assert names(selectors.page(viewer, RecordingFilter(words="nobody"))) == []


def test_what_is_not_yours_is_denied_and_what_is_not_there_is_not_found(world):
    recording = world.recording()
    with pytest.raises(Denied):
        selectors.get(world.viewer("walker"), recording.id)
    with pytest.raises(NotFound):
        selectors.get(world.viewer("bailey"), new_id())
    with pytest.raises(Denied):
        selectors.get(world.anyone(Role.AUDITOR), recording.id, Action.RECORDING_PLAY)


def test_looking_is_logged_before_it_is_shown(world):
    from tabard.custody.models import Event

    recording = world.recording()
    viewing.record_view(recording=recording, viewer=world.viewer("bailey"), at=DAY_ONE)
    with pytest.raises(Denied):
        viewing.record_view(recording=recording, viewer=world.viewer("walker"), at=DAY_ONE)
    event = Event.objects.select_related("particulars").get(kind="recording.viewed")
    assert (event.subject_id, event.particulars.actor_name) == (recording.id, "Bailey")
