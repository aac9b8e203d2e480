"""What a dock says of itself and its cameras is what screens show; a docking reads a camera's clock once."""

from datetime import datetime, timedelta

import pytest
from tests.integration.docks.conftest import BY, DAY_ONE

from tabard.fleet import dock_selectors
from tabard.fleet.models import ClockReading, Dock, DockedCamera
from tabard.fleet.services import assign_camera, receive_camera
from tabard.kernel import clock
from tabard.people.models import Account
from tabard.people.rules import Role
from tabard.people.selectors import viewer_of
from tabard.people.services import create_account, enrol_officer


@pytest.fixture(scope="module")
def viewer(db):
    account = create_account(
        username="bwv",
        display_name="B",
        password="seven kingfishers",
        roles=[Role.BWV_ADMINISTRATOR],
        by=BY,
        at=DAY_ONE,
    )
    return viewer_of(Account.objects.get(pk=account.pk), clock.now())


@pytest.fixture
def camera(unit, dock):
    serial = f"B8A{dock.row.serial[2:]}"
    return receive_camera(
        serial=serial, make="Axis", model="W110", mount="chest", unit=unit, by=BY, at=DAY_ONE
    )


def seen(serial, **more):
    said = {"serial": serial, "bay": 3, "files": 4, "bytes": 4096, "battery_percent": 80, **more}
    return {"dock_time": clock.now().isoformat(), "cameras": [said]}


def test_a_report_is_what_is_shown(dock, camera, viewer):
    said = seen(camera.serial.lower(), faults=["does not charge"]) | {
        "agent": "1.0.0",
        "free_bytes": 10**12,
        "spool_files": 2,
        "spool_bytes": 100,
        "faults": ["fan"],
    }
    answer = dock.post("report", said)
    assert (answer.status, answer.said["quiet_until"]) == (200, None)
    now = dock_selectors.dock_now(viewer, dock.row.pk, at=clock.now())
    assert now.is_live
    assert (now.outstanding_files, now.outstanding_bytes) == (6, 4196)
    assert now.faults == ("fan", f"{camera.serial.lower()}: does not charge")
    assert now.cameras[0].camera == camera
    assert Dock.objects.get(pk=dock.row.pk).last_seen_at is not None
    assert not dock_selectors.dock_now(viewer, dock.row.pk, at=clock.now() + timedelta(minutes=20)).is_live


def test_a_report_takes_the_place_of_the_one_before(dock, camera):
    dock.post("report", seen(camera.serial))
    dock.post("report", seen(camera.serial, files=1))
    docked = DockedCamera.objects.get(dock=dock.row)
    assert (docked.files, docked.gone_at) == (1, None)
    dock.post("report", {"dock_time": clock.now().isoformat()})
    docked.refresh_from_db()
    assert docked.gone_at is not None


def clock_shown(camera_at, dock_at, uncertainty_s=1.0):
    return {
        "camera_at": camera_at.isoformat(),
        "dock_at": dock_at.isoformat(),
        "uncertainty_s": uncertainty_s,
    }


def test_a_docking_reads_the_cameras_clock_once_by_our_time(dock, camera):
    ahead = timedelta(hours=3)  # the station PC's clock
    dock_now = clock.now() + ahead
    shown = clock_shown(clock.now() - timedelta(minutes=10), dock_now)
    said = {**seen(camera.serial, clock=shown), "dock_time": dock_now.isoformat(), "round_trip_s": 0.5}
    dock.post("report", said)
    dock.post("report", said)
    reading = ClockReading.objects.get(camera=camera)
    assert abs(reading.our_at - (dock_now - ahead)) < timedelta(seconds=5)
    assert (reading.uncertainty_ms, reading.source) == (1250, "dock")
    dock.post("report", {"dock_time": clock.now().isoformat()})
    again = clock.now()
    dock.post("report", seen(camera.serial, clock=clock_shown(again, again)))
    assert ClockReading.objects.filter(camera=camera).count() == 2


def test_a_clock_that_cannot_be_keeps_no_report_out(dock, camera):
    shown = clock_shown(clock.now(), clock.now() + timedelta(days=3))
    assert dock.post("report", seen(camera.serial, clock=shown)).status == 200
    assert not ClockReading.objects.filter(camera=camera).exists()
    assert not DockedCamera.objects.get(dock=dock.row).clock_read


def test_a_camera_that_the_force_does_not_know_is_shown_all_the_same(dock):
    dock.post("report", seen("UNKNOWN-1", clock=clock_shown(clock.now(), clock.now())))
    docked = DockedCamera.objects.get(dock=dock.row)
    assert (docked.serial, docked.camera) == ("UNKNOWN-1", None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dock_time", "2026-03-02T09:00:00"),
        ("dock_time", None),
        ("free_bytes", -1),
        ("free_bytes", True),
        ("faults", "fan"),
        ("faults", [1]),
        ("round_trip_s", "x"),
        ("cameras", [{"bay": 1}]),
        ("cameras", [{"serial": "x", "battery_percent": 101}]),
        ("cameras", [{"serial": "x", "clock": {"camera_at": "x"}}]),
        ("cameras", ["x"]),
    ],
)
def test_a_report_that_is_wrong_names_the_field(dock, field, value):
    answer = dock.post("report", {"dock_time": clock.now().isoformat(), field: value})
    assert (answer.status, answer.code) == (400, "invalid")
    assert answer.said["field"].startswith(field)


def test_cameras_that_were_not_docked_for_days_and_those_that_never_were(dock, unit, viewer):
    docked, never, spare = (
        receive_camera(
            serial=f"{dock.row.serial}-{n}", make="A", model="B", mount="chest", unit=unit, by=BY, at=DAY_ONE
        )
        for n in range(3)
    )
    number = dock.row.serial[2:8]
    officer = enrol_officer(
        given_name="J",
        family_name="D",
        rank="PC",
        warrant_number=f"W{number}",
        shoulder_number=f"{number}PL",
        unit=unit,
        by=BY,
        at=DAY_ONE,
    )
    for each in (docked, never):
        assign_camera(camera=each, officer=officer, by=BY, at=DAY_ONE)
    dock.post("report", seen(docked.serial))
    at = clock.now() + timedelta(days=8)
    found = dock_selectors.overdue_cameras(viewer, days=7, at=at)
    mine = [(each.camera, each.seen_at is None) for each in found if each.camera in {docked, never, spare}]
    assert mine == [(docked, False), (never, True)]
    assert found[0].assignment.officer == officer
    assert isinstance(found[0].seen_at, datetime)
    assert docked not in [each.camera for each in dock_selectors.overdue_cameras(viewer, days=9, at=at)]
