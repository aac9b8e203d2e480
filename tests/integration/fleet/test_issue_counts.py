"""A camera counts as issued on the day on which somebody first wore it, and once."""

import importlib
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from tabard.fleet.importing import import_cameras
from tabard.fleet.issue_counts import first_issues
from tabard.fleet.models import Assignment, Camera
from tabard.fleet.services import assign_camera, return_camera, swap_camera
from tabard.fleet.states import Change

LATE = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)  # half past midnight in London


@pytest.fixture
def worn_unnoticed(barrow, day_one):
    """Gives a camera out as a server of an older version does, which knows nothing of first issues."""

    def given(camera):
        during = DateTimeTZRange(day_one, day_one + timedelta(days=1))
        return Assignment.objects.create(camera=camera, officer=barrow, during=during)

    return given


def test_the_first_wearing_counts_on_its_day_in_london_and_later_ones_do_not(camera, barrow, okafor, by):
    assert first_issues() == {}
    assign_camera(camera=camera, officer=barrow, by=by, at=LATE)
    return_camera(camera=camera, by=by, at=LATE + timedelta(days=1))
    assign_camera(camera=camera, officer=okafor, by=by, at=LATE + timedelta(days=2))
    assert first_issues() == {camera.unit_id: {date(2026, 6, 2): 1}}
    assert Camera.objects.get().first_issued_date == date(2026, 6, 2)


def test_a_camera_that_is_swapped_in_counts_too(camera, receive, barrow, by, day_one):
    other = receive("CAM2", camera.unit)
    assign_camera(camera=camera, officer=barrow, by=by, at=day_one)
    later = day_one + timedelta(days=3)
    swap_camera(camera=camera, other=other, change=Change.REPORT_FAULT, reason="Dark", by=by, at=later)
    assert first_issues() == {camera.unit_id: {day_one.date(): 1, later.date(): 1}}


def test_cameras_of_a_file_count_on_the_days_that_it_names(lewisham, barrow, by, day_one):
    heading = "serial,make,model,mount,unit_code,shoulder_number,issued_date\n"
    text = heading + "C1,A,B,chest,PL,101PL,2026-02-01\nC2,A,B,chest,PL,,\n"
    assert import_cameras(rows_csv=io.StringIO(text), by=by, at=day_one).ok
    assert first_issues() == {lewisham.pk: {date(2026, 2, 1): 1}}
    assert Camera.objects.get(serial="C2").first_issued_date is None


def test_what_a_server_of_an_older_version_gave_out_counts_and_keeps_its_day(
    camera, worn_unnoticed, okafor, by, day_one
):
    worn_unnoticed(camera)
    expected = {camera.unit_id: {day_one.date(): 1}}
    assert first_issues() == expected
    assign_camera(camera=camera, officer=okafor, by=by, at=day_one + timedelta(days=9))
    assert first_issues() == expected
    assert Camera.objects.get().first_issued_date == day_one.date()


def test_the_migration_finds_the_day_of_each_camera_that_was_ever_worn(
    camera, receive, worn_unnoticed, day_one
):
    worn_unnoticed(camera)
    receive("CAM2", camera.unit)
    look_up = importlib.import_module("tabard.fleet.migrations.0006_first_issues").LOOK_UP
    with connection.cursor() as cursor:
        cursor.execute(look_up)
    found = Camera.objects.order_by("serial").values_list("first_issued_date", flat=True)
    assert sorted(found, key=str) == [day_one.date(), None]
