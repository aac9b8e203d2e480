"""Cameras are received, given out and returned; a camera has one wearer at a time, whoever asks at once."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from tabard.custody.selectors import history
from tabard.fleet import services
from tabard.fleet.errors import AlreadyReceived, CameraNotWorn, CameraTaken
from tabard.fleet.models import Assignment, Camera, Dock
from tabard.fleet.selectors import camera_by_serial, wearer_at
from tabard.fleet.services import assign_camera, install_dock, return_camera
from tabard.kernel.errors import Conflict, Invalid

HOUR = timedelta(hours=1)


def kinds(subject_id):
    return [event.kind for event in history([subject_id])]


def test_a_camera_is_received_with_one_event(camera, lewisham):
    assert kinds(camera.id) == ["camera.received"]
    stored = Camera.objects.get()
    assert (stored.serial, stored.mount, stored.unit) == ("B8A44F000001", "chest", lewisham)


def test_a_serial_number_is_received_once_in_any_case(camera, receive, lewisham):
    with pytest.raises(AlreadyReceived) as refused:
        receive("b8a44f000001", lewisham)
    assert refused.value.fields["field"] == "serial"
    assert Camera.objects.count() == 1


def test_a_camera_with_a_fault_is_refused_by_its_field(receive, lewisham):
    with pytest.raises(Invalid) as refused:
        receive("A1", lewisham, mount="belt")
    assert refused.value.fields["field"] == "mount"
    assert Camera.objects.count() == 0


@pytest.mark.parametrize("serial", ["B8A44F000001", "b8a44f000001", " B8A44F000001 "])
def test_a_camera_is_found_by_its_serial_in_any_case(camera, serial):
    assert camera_by_serial(serial) == camera


@pytest.mark.parametrize("serial", ["", "B8A44F00000", "B8A\x0044F", "B8A44F00000_"])
def test_no_camera_is_found_by_another_serial(camera, serial):
    assert camera_by_serial(serial) is None


def test_a_dock_is_installed_with_one_event(lewisham, by, day_one):
    dock = install_dock(serial="D-1", site="Catford", unit=lewisham, bays=16, by=by, at=day_one)
    assert kinds(dock.id) == ["dock.installed"]
    with pytest.raises(AlreadyReceived):
        install_dock(serial="d-1", site="Deptford", unit=lewisham, bays=8, by=by, at=day_one)
    with pytest.raises(Invalid) as refused:
        install_dock(serial="D-2", site="Deptford", unit=lewisham, bays=0, by=by, at=day_one)
    assert refused.value.fields["field"] == "bays"
    assert Dock.objects.count() == 1


def test_the_wearer_is_whoever_had_it_at_the_instant(camera, barrow, okafor, by, day_one):
    assign_camera(camera=camera, officer=barrow, by=by, at=day_one)
    return_camera(camera=camera, by=by, at=day_one + HOUR)
    assign_camera(camera=camera, officer=okafor, by=by, at=day_one + HOUR)
    assert wearer_at(camera.id, day_one - HOUR) is None
    assert wearer_at(camera.id, day_one) == barrow
    assert wearer_at(camera.id, day_one + HOUR - timedelta(microseconds=1)) == barrow
    assert wearer_at(camera.id, day_one + HOUR) == okafor
    assert kinds(camera.id) == ["camera.received", "camera.assigned", "camera.returned", "camera.assigned"]
    given = history([camera.id])[1].particulars.details
    assert given["officer"] == str(barrow.id)


def test_a_taken_camera_says_who_has_it(camera, barrow, okafor, by, day_one):
    assign_camera(camera=camera, officer=barrow, by=by, at=day_one)
    with pytest.raises(CameraTaken) as refused:
        assign_camera(camera=camera, officer=okafor, by=by, at=day_one + HOUR)
    assert isinstance(refused.value, Conflict)
    assert refused.value.message == (
        "PC Lena Barrow (101PL) has camera B8A44F000001 since 2 March 2026 09:00 UTC."
    )
    assert refused.value.fields["officer"] == str(barrow.id)
    assert kinds(camera.id) == ["camera.received", "camera.assigned"]


def test_a_camera_cannot_be_given_out_in_a_past_in_which_another_had_it(camera, barrow, okafor, by, day_one):
    assign_camera(camera=camera, officer=barrow, by=by, at=day_one)
    return_camera(camera=camera, by=by, at=day_one + 2 * HOUR)
    with pytest.raises(CameraTaken, match="Barrow"):
        assign_camera(camera=camera, officer=okafor, by=by, at=day_one + HOUR)


def test_what_nobody_has_cannot_be_returned(camera, barrow, by, day_one):
    with pytest.raises(CameraNotWorn):
        return_camera(camera=camera, by=by, at=day_one)
    assign_camera(camera=camera, officer=barrow, by=by, at=day_one)
    with pytest.raises(CameraNotWorn):
        return_camera(camera=camera, by=by, at=day_one)
    assert wearer_at(camera.id, day_one) == barrow


def test_the_database_refuses_an_assignment_that_never_lasted(camera, barrow, day_one):
    with pytest.raises(IntegrityError, match="fleet_assignment_lasts"), transaction.atomic():
        Assignment.objects.create(camera=camera, officer=barrow, during=(day_one, day_one))


def test_act_and_event_are_rolled_back_together(camera, barrow, by, day_one):
    def assign_and_fail():
        with transaction.atomic():
            assign_camera(camera=camera, officer=barrow, by=by, at=day_one)
            raise KeyError

    with pytest.raises(KeyError):
        assign_and_fail()
    assert Assignment.objects.count() == 0
    assert kinds(camera.id) == ["camera.received"]


def test_without_its_event_the_act_does_not_happen(camera, barrow, by, day_one, monkeypatch):
    monkeypatch.setattr(services.custody, "append", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        assign_camera(camera=camera, officer=barrow, by=by, at=day_one)
    assert Assignment.objects.count() == 0


def someone_waits_for_a_lock():
    """Whether another transaction of this database waits for one to end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction keeps seeing its first answer
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        return cursor.fetchone()[0]


def wait_until_blocked(other):
    """Return once the other transaction has run into ours; fail where it never does."""
    for _ in range(1000):
        if someone_waits_for_a_lock():
            return
        assert not other.done(), "the second transaction did not wait for the first"
        time.sleep(0.01)
    raise AssertionError("the second transaction never met the first")


@pytest.fixture
def okafor_takes(camera, okafor, by, day_one):
    """Takes the camera in another transaction; returns what came of it."""

    def take():
        try:
            return assign_camera(camera=camera, officer=okafor, by=by, at=day_one)
        except CameraTaken as error:
            return error
        finally:
            connection.close()

    return take


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_a_camera_at_once_one_gets_it_and_the_other_is_told(
    camera, barrow, okafor_takes, by, day_one
):
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assign_camera(camera=camera, officer=barrow, by=by, at=day_one)
            second = pool.submit(okafor_takes)
            wait_until_blocked(second)
        refused = second.result()
    assert str(refused) == "PC Lena Barrow (101PL) has camera B8A44F000001 since 2 March 2026 09:00 UTC."
    assert [given.officer for given in Assignment.objects.all()] == [barrow]
    assert kinds(camera.id) == ["camera.received", "camera.assigned"]


@pytest.mark.django_db(transaction=True)
def test_when_the_first_to_take_a_camera_fails_the_second_gets_it(camera, barrow, okafor_takes, by, day_one):
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assign_camera(camera=camera, officer=barrow, by=by, at=day_one)
            second = pool.submit(okafor_takes)
            wait_until_blocked(second)
            transaction.set_rollback(True)
        given = second.result()
    assert [assignment.id for assignment in Assignment.objects.all()] == [given.id]
    assert kinds(camera.id) == ["camera.received", "camera.assigned"]
