"""A camera that is lost: what it may still hold is kept at that moment, and what is done about it until the end."""

from datetime import timedelta

import pytest

from tabard.custody.selectors import history
from tabard.fleet.docks import CameraSeen, Report, report
from tabard.fleet.errors import CameraStateConflict, LossConflict
from tabard.fleet.losses import STEPS, close_loss, do_step, losses, report_loss, steps_of
from tabard.fleet.models import Camera, Loss
from tabard.fleet.selectors import wearer_at
from tabard.fleet.services import assign_camera, install_dock
from tabard.fleet.states import Change, State
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.rules import Role

HOUR = timedelta(hours=1)


@pytest.fixture
def lose(camera, by, day_one):
    def lost(change=Change.LOSE, reason="In the Thames", hours=3, **told):
        told = {"change": change, "reason": reason, **told}
        return report_loss(camera=camera, **told, by=by, at=day_one + hours * HOUR)

    return lost


@pytest.fixture
def close(by, day_one):
    def closed(loss, outcome, reason="A diver"):
        return close_loss(loss=loss, outcome=outcome, reason=reason, by=by, at=day_one + 5 * HOUR)

    return closed


def test_a_report_ends_the_wear_and_keeps_what_the_last_dock_saw(lose, camera, barrow, by, day_one):
    lewisham = camera.unit
    dock = install_dock(serial="D1", site="Catford", unit=lewisham, bays=8, by=by, at=day_one)
    seen = CameraSeen(camera.serial, files=0)
    report(dock=dock, told=Report(day_one, cameras=(seen,)), by=by, at=day_one)
    assign_camera(camera=camera, officer=barrow, by=by, at=day_one)
    loss = lose(report_number="CAD 77")
    assert (loss.wearer, loss.last_docked_at, loss.files_left) == (barrow, day_one, 0)
    assert wearer_at(camera.id, day_one + 3 * HOUR) is None
    assert Camera.objects.get().kept_state == State.LOST
    event = history([camera.id]).last()
    assert event.kind == "camera.lost"
    said = event.particulars.details
    assert (said["officer_name"], said["files_left"], said["report_number"]) == (str(barrow), 0, "CAD 77")
    with pytest.raises(Conflict):
        assign_camera(camera=camera, officer=barrow, by=by, at=day_one + 4 * HOUR)


def test_a_loss_needs_to_say_how_it_went(lose):
    for told, field in (({"reason": " "}, "reason"), ({"change": Change.RETIRE}, "change")):
        with pytest.raises(Invalid) as refused:
            lose(**told)
        assert refused.value.fields["field"] == field
    assert Loss.objects.count() == 0


def test_a_lost_camera_that_turns_out_to_be_stolen_stays_on_its_checklist(lose, by, day_one):
    loss = lose()
    do_step(loss=loss, step="searched", words="The bank", by=by, at=day_one + 4 * HOUR)
    again = lose(Change.STEAL, "Seen on a market", hours=5)
    assert (again.pk, again.kind, again.reported_at) == (loss.pk, "stolen", loss.reported_at)
    assert again.steps["searched"]["words"] == "The bank"
    with pytest.raises(CameraStateConflict):
        lose(Change.STEAL, hours=6)


def test_a_found_camera_is_received_anew_and_can_be_lost_again(lose, close, camera):
    loss = close(lose(), "found")
    assert Camera.objects.get().kept_state == State.RECEIVED
    assert (loss.outcome, loss.closing_reason) == ("found", "A diver")
    assert [event.kind for event in history([camera.id])][1:] == ["camera.lost", "camera.loss_closed"]
    with pytest.raises(LossConflict):
        close(loss, "found")
    assert lose(hours=6).pk != loss.pk


def test_a_camera_is_given_up_only_once_everything_was_done(lose, close, by, day_one):
    loss = lose()
    with pytest.raises(LossConflict, match="Not everything was done yet: The places"):
        close(loss, "given_up")
    for step in STEPS:
        loss = do_step(loss=loss, step=step, words="Done: 12/26", by=by, at=day_one + 4 * HOUR)
    assert all(step.done for step in steps_of(loss))
    assert loss.report_number == "Done: 12/26"
    close(loss, "given_up")
    assert Camera.objects.get().kept_state == State.LOST
    with pytest.raises(LossConflict):
        do_step(loss=loss, step="searched", words="Again", by=by, at=day_one + 6 * HOUR)


def test_what_cannot_be_noted_names_its_field(lose, close, by, day_one):
    loss = lose()
    for told, field in (
        ({"step": "prayed", "words": "x"}, "step"),
        ({"step": "searched", "words": ""}, "words"),
    ):
        with pytest.raises(Invalid) as refused:
            do_step(loss=loss, **told, by=by, at=day_one)
        assert refused.value.fields["field"] == field
    with pytest.raises(Invalid):
        close(loss, "forgotten")
    with pytest.raises(Invalid):
        close(loss, "found", " ")


def test_losses_are_seen_by_who_may_see_the_camera(lose, viewer, administrator, hackney, enrol):
    lewisham = lose().camera.unit
    there = viewer(Role.SUPERVISOR, officer=enrol(lewisham, "7", "Cole"), unit=lewisham)
    elsewhere = viewer(Role.SUPERVISOR, officer=enrol(hackney, "8", "Ray"), unit=hackney)
    assert [len(losses(each)) for each in (administrator, there, elsewhere)] == [1, 1, 0]
