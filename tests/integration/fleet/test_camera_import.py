"""A file of cameras comes in whole or not at all, and every row at fault is named."""

import hashlib
import io
from datetime import UTC, date, datetime, timedelta

import pytest

from tabard.custody.selectors import LogFilter, page
from tabard.fleet import importing
from tabard.fleet.importing import import_cameras
from tabard.fleet.models import Assignment, Camera
from tabard.fleet.selectors import wearer_at
from tabard.kernel.sheet import RowError
from tabard.people.errors import ImportOvertaken
from tabard.people.leaving import officer_left

HEADING = "serial,make,model,mount,unit_code,shoulder_number\n"


@pytest.fixture
def bring(by, day_one):
    def run(text, **more):
        rows_csv = text if hasattr(text, "read") else io.StringIO(text)
        return import_cameras(rows_csv=rows_csv, by=by, at=day_one, **more)

    return run


def row(number, *, mount="chest", unit="PL", officer=""):
    return f"CAM{number:05},Axis,W120,{mount},{unit},{officer}\n"


def imports():
    return [event for event in page(LogFilter()) if event.kind == "fleet.imported"]


def test_a_file_without_a_fault_is_received_and_given_out(bring, lewisham, hackney, barrow, day_one):
    text = HEADING + row(1, officer="101pl") + row(2, mount="HEAD", unit="gd")
    report = bring(text)
    assert (report.rows, report.imported, report.errors, report.ok) == (2, 2, [], True)
    first, second = Camera.objects.order_by("serial")
    assert (first.unit, first.received_at) == (lewisham, day_one)
    assert wearer_at(first.id, day_one) == barrow
    assert first.assignments.get().mount == "chest"
    assert (second.unit, second.mount) == (hackney, "head")
    assert wearer_at(second.id, day_one) is None


def test_the_whole_file_is_one_event_that_names_it_by_its_hash(bring, lewisham, barrow, tmp_path):
    path = tmp_path / "cameras.csv"
    path.write_bytes(("\ufeff" + HEADING + row(1, officer="101PL") + row(2)).replace("\n", "\r\n").encode())
    with path.open(encoding="utf-8") as rows_csv:
        report = bring(rows_csv)
    (event,) = imports()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert report.sha256 == digest
    assert event.particulars.details == {"rows": 2, "cameras": 2, "assigned": 1, "file_sha256": digest}
    assert event.subject_type == "fleet"


def test_500_bad_rows_among_2000_are_each_named_and_nothing_comes_in(bring, lewisham, receive):
    receive("CAM00004", lewisham)
    bad = {
        0: ("mount", lambda n: row(n, mount="belt")),
        4: ("serial", row),
        8: ("unit_code", lambda n: row(n, unit="ZZ")),
        12: ("shoulder_number", lambda n: row(n, officer="999ZZ")),
    }
    lines, expected = [], []
    for number in range(2000):
        field, make = bad.get(number % 16, ("", row)) if number % 4 == 0 else ("", row)
        lines.append(make(4 if field == "serial" else number))
        if field:
            expected.append((number + 2, field))
    report = bring(HEADING + "".join(lines))
    assert len(expected) == 500
    assert [(error.row, error.field) for error in report.errors] == expected
    assert (report.rows, report.imported, report.ok) == (2000, 0, False)
    assert Camera.objects.count() == 1
    assert imports() == []


def test_a_camera_twice_in_the_file_is_at_fault_on_both_rows(bring, lewisham):
    report = bring(HEADING + row(1) + row(2) + row(1).lower(), good_only=True)
    assert report.errors == [
        RowError(2, "serial", "CAM00001 is on row 4 too. Keep the row that is right."),
        RowError(4, "serial", "cam00001 is on row 2 too. Keep the row that is right."),
    ]
    assert [camera.serial for camera in Camera.objects.all()] == ["CAM00002"]


def test_the_good_rows_alone_come_in_where_that_was_chosen(bring, lewisham, barrow):
    text = HEADING + row(1, mount="belt") + row(2, officer="101PL") + row(3, unit="ZZ")
    tried = bring(text, good_only=True, dry_run=True)
    assert (tried.good, tried.imported, Camera.objects.count()) == (1, 1, 0)
    report = bring(text, good_only=True)
    assert (report.rows, report.good, report.imported, report.ok) == (3, 1, 1, False)
    assert [camera.serial for camera in Camera.objects.all()] == ["CAM00002"]
    (event,) = imports()
    assert event.particulars.details == {
        "rows": 3,
        "cameras": 1,
        "assigned": 1,
        "file_sha256": report.sha256,
    }


def test_a_camera_is_here_and_worn_since_the_days_that_the_file_names(bring, lewisham, barrow):
    heading = HEADING.replace("\n", ",received_date,issued_date\n")
    line = row(1, officer="101PL").replace("\n", ",05/01/2026,2026-02-01\n")
    assert bring(heading + line).ok
    camera = Camera.objects.get()
    assert camera.received_at == datetime(2026, 1, 5, tzinfo=UTC)
    assert wearer_at(camera.id, datetime(2026, 2, 1, tzinfo=UTC)) == barrow
    assert wearer_at(camera.id, datetime(2026, 1, 31, tzinfo=UTC)) is None


def test_a_camera_brings_its_warranty_firmware_and_profile_where_the_file_has_them(bring, lewisham):
    heading = HEADING.replace("\n", ",warranty_end_date,firmware,profile\n")
    told, silent = (
        row(number).replace("\n", cells)
        for number, cells in ((1, ",01/12/2028,12.3, Night \n"), (2, ",,,\n"))
    )
    assert bring(heading + told + silent).ok
    first, second = Camera.objects.order_by("serial")
    assert (first.warranty_end_date, first.firmware, first.profile) == (date(2028, 12, 1), "12.3", "Night")
    assert (second.warranty_end_date, second.firmware, second.profile) == (None, "", "")


def test_firmware_that_cannot_be_kept_and_a_warranty_that_is_no_day_are_named(bring, lewisham):
    heading = HEADING.replace("\n", ",warranty_end_date,firmware\n")
    report = bring(heading + row(1).replace("\n", f",soon,{'1' * 65}\n"))
    assert {error.field for error in report.errors} == {"warranty_end_date", "firmware"}


@pytest.mark.parametrize(
    ("cells", "field", "words"),
    [
        (",,2026-01-01", "issued_date", "names no officer"),
        ("101PL,2026-02-01,2026-01-01", "issued_date", "before received_date"),
        (",01/13/2026,", "received_date", "month first"),
        (",2026-12-01,", "received_date", "still to come"),
    ],
)
@pytest.mark.usefixtures("lewisham", "barrow")
def test_days_that_cannot_be_are_named(bring, cells, field, words):
    heading = HEADING.replace("\n", ",received_date,issued_date\n")
    (error,) = bring(heading + row(1, officer=cells)).errors
    assert (error.row, error.field) == (2, field)
    assert words in error.words


def test_an_officer_who_left_is_given_no_camera(bring, lewisham, barrow, by, day_one):
    officer_left(officer=barrow, by=by, at=day_one + timedelta(minutes=1))
    text = HEADING + row(1, officer="101PL")
    (error,) = import_cameras(rows_csv=io.StringIO(text), by=by, at=day_one + timedelta(days=1)).errors
    assert (error.row, error.field) == (2, "shoulder_number")
    assert "101PL left on 2 March 2026" in error.words


def test_a_camera_that_is_here_already_is_named(bring, receive, lewisham):
    receive("cam00002", lewisham)
    (error,) = bring(HEADING + row(1) + row(2)).errors
    assert error == RowError(3, "serial", "A camera with the serial number CAM00002 is here already.")


def test_every_fault_of_a_row_is_told_at_once(bring, lewisham):
    report = bring(HEADING + ",,W120,belt,,101\x00PL\n")
    assert {(error.row, error.field) for error in report.errors} == {
        (2, "serial"),
        (2, "make"),
        (2, "mount"),
        (2, "unit_code"),
        (2, "shoulder_number"),
    }


def test_faults_of_the_file_and_of_its_rows_come_in_the_order_of_rows(bring, lewisham):
    report = bring(HEADING + row(1, mount="belt") + "CAM2,Axis,W120,chest,PL,,,x\n" + row(3, unit="ZZ"))
    assert [(error.row, error.field) for error in report.errors] == [
        (2, "mount"),
        (3, "row"),
        (4, "unit_code"),
    ]
    assert report.rows == 3


def test_a_dry_run_checks_everything_and_writes_nothing(bring, lewisham):
    report = bring(HEADING + row(1), dry_run=True)
    assert (report.ok, report.rows, report.imported, report.dry_run) == (True, 1, 1, True)
    assert Camera.objects.count() == 0
    assert imports() == []
    faulty = bring(HEADING + row(1, mount="belt"), dry_run=True)
    assert (faulty.ok, faulty.rows, faulty.imported) == (False, 1, 0)


def test_a_semicolon_file_is_told_so(bring, lewisham):
    (error,) = bring((HEADING + row(1)).replace(",", ";")).errors
    assert "separated by semicolons" in error.words


def test_the_number_of_statements_does_not_grow_with_the_rows(
    bring, lewisham, barrow, django_assert_num_queries
):
    # Units, officers, cameras; the block and its savepoint; both inserts in their own block; the job that asks again
    # whose footage is whose. The event is one statement more, past Django's cursor, which counts.
    small = HEADING + row(1, officer="101PL")
    large = HEADING + "".join(row(number, officer="101PL") for number in range(2, 1500))
    with django_assert_num_queries(10):
        assert bring(small).imported == 1
    with django_assert_num_queries(10):
        assert bring(large).imported == 1498


def test_an_import_that_was_overtaken_writes_nothing(bring, receive, lewisham, monkeypatch):
    read = importing._known

    def read_then_someone_receives(rows, at):
        known = read(rows, at)
        receive("CAM00002", lewisham)
        return known

    monkeypatch.setattr(importing, "_known", read_then_someone_receives)
    with pytest.raises(ImportOvertaken):
        bring(HEADING + row(1) + row(2))
    assert [camera.serial for camera in Camera.objects.all()] == ["CAM00002"]
    assert imports() == []


def test_without_its_event_nothing_is_imported(bring, lewisham, barrow, monkeypatch):
    monkeypatch.setattr(importing.custody, "append", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bring(HEADING + row(1, officer="101PL"))
    assert Camera.objects.count() == 0
    assert Assignment.objects.count() == 0
