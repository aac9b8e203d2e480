"""Nothing that a person can edit moves the day on which footage falls due.

Which fields of a recording retention reads is found by handing it one that notes what is asked of it. That no service
changes these is held for every service there is, in `tests/integration/logged`; what people do to the time and the
owner of a recording is tried here.
"""

from datetime import timedelta

import pytest
from django.db.models import Field
from tests.disposals import dispose
from tests.integration.logged.judging import RETENTION_READS
from tests.world import BY, DAY_ONE

from tabard.fleet.clocks import record_reading
from tabard.fleet.services import receive_camera
from tabard.people.rules import Role
from tabard.recordings import times, work_items
from tabard.recordings.models import Recording
from tabard.retention import selectors
from tabard.retention.policy import default_policy
from tabard.retention.rules import decide

POLICY = default_policy()
MONTH = timedelta(days=31)


class Noting:
    """A recording that notes which of its columns are read."""

    def __init__(self, recording: Recording) -> None:
        self._recording, self.read = recording, set()

    def __getattr__(self, name: str):
        columns = {field.attname for field in Recording._meta.concrete_fields if isinstance(field, Field)}
        if name in columns and name != "id":
            self.read.add(name)
        return getattr(self._recording, name)


def test_these_are_all_the_fields_that_retention_reads(world):
    noting = Noting(world.recording())
    decide(selectors.facts_of(noting), POLICY)
    assert noting.read == set(RETENTION_READS)


def test_the_plan_reads_the_same(world):
    recording = world.recording()
    planned = dict(selectors.due(POLICY, recording.received_at + MONTH))
    assert planned == {recording: decide(selectors.facts_of(recording), POLICY)}


def due(recording):
    return decide(selectors.facts_of(Recording.objects.get(pk=recording.pk)), POLICY).due_at


@pytest.fixture
def clerk(world):
    return world.anyone(Role.BWV_ADMINISTRATOR)


def test_settling_a_suspect_clock_does_not_make_retention_believe_it(world, clerk):
    recording = world.recording(started_at=DAY_ONE - timedelta(days=4000), received_at=DAY_ONE)
    assert "clock_suspect" in recording.flags
    work_items.settle(
        recording=recording,
        flag="clock_suspect",
        reason="Seen",
        viewer=clerk,
        at=DAY_ONE + timedelta(hours=1),
    )
    assert due(recording) == DAY_ONE + MONTH


def test_an_attribution_and_a_later_correction_do_not_shorten_it(world, clerk):
    received = DAY_ONE + timedelta(days=20)
    recording = world.recording(started_at=DAY_ONE + timedelta(hours=9), received_at=received)
    camera = receive_camera(
        serial="NEW-1", make="Axis", model="W120", mount="chest", unit=None, by=BY, at=DAY_ONE
    )
    officer = world.officers["Walker"]
    work_items.attribute(
        recording=recording, officer=officer, camera=camera, reason="Told", viewer=clerk, at=received
    )
    for day in (0, 19):
        at = DAY_ONE + timedelta(days=day)
        record_reading(
            camera=camera, camera_at=at, our_at=at, uncertainty_s=1, source="dock", by=BY, at=received
        )
    times.apply_readings(camera_id=camera.pk, by=BY, at=received)
    recording.refresh_from_db()
    assert (recording.clock_basis, recording.officer) == ("between", officer)
    assert due(recording) == received + MONTH


def test_a_start_that_was_certain_when_it_came_counts(world):
    camera = receive_camera(
        serial="SIM-0001", make="Axis", model="W120", mount="chest", unit=None, by=BY, at=DAY_ONE
    )
    began = DAY_ONE + timedelta(hours=4)
    received = DAY_ONE + timedelta(hours=12)
    for at in (DAY_ONE, received - timedelta(minutes=1)):
        record_reading(
            camera=camera, camera_at=at, our_at=at, uncertainty_s=1, source="dock", by=BY, at=received
        )
    recording = world.recording(started_at=began, received_at=received)
    assert began < recording.begun_by_at < began + timedelta(seconds=5)
    assert due(recording) == recording.begun_by_at + MONTH


def test_footage_docked_late_is_not_disposed_of_the_next_night(world):
    recording = world.recording(started_at=DAY_ONE, received_at=DAY_ONE + timedelta(days=40))
    tonight = recording.received_at + timedelta(hours=12)
    assert dispose(tonight) == []
