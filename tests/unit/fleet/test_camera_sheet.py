"""What is read out of a CSV file of cameras, and what is said about one that cannot be read."""

import pytest

from tabard.fleet.sheet import CAMERAS
from tabard.kernel import sheet as sheets
from tabard.kernel.sheet import RowError


def read_sheet(raw):
    return sheets.read_sheet(raw, CAMERAS)


HEADING = "serial,make,model,mount,unit_code,shoulder_number\r\n"


def only_error(raw):
    (error,) = read_sheet(raw).errors
    return error


def test_a_file_as_a_spreadsheet_saves_it_is_read():
    raw = ("\ufeff" + HEADING + 'A1,Axis,"W120, black",chest,BS,123BS\r\n').encode()
    (row,) = read_sheet(raw).rows
    assert row.number == 2
    assert row.cells["serial"] == "A1"
    assert row.cells["model"] == "W120, black"
    assert row.cells["shoulder_number"] == "123BS"


def test_headings_may_stand_in_any_order_case_and_spacing():
    raw = b"Unit Code,MOUNT,Model,Make,Serial,,\nBS,chest,W120,Axis,A1,,\n"
    sheet = read_sheet(raw)
    assert sheet.errors == []
    assert sheet.rows[0].cells == {
        "unit_code": "BS",
        "mount": "chest",
        "model": "W120",
        "make": "Axis",
        "serial": "A1",
    }


def test_rows_are_counted_as_a_spreadsheet_counts_them():
    raw = (HEADING + "A1,Axis,W120,chest,BS,\n\n,,,,,\n" + 'A2,"Ax\nis",W120,chest,BS,\nA3,Axis\n').encode()
    sheet = read_sheet(raw)
    assert [(row.number, row.cells["serial"]) for row in sheet.rows] == [(2, "A1"), (5, "A2"), (6, "A3")]
    assert sheet.rows[2].cells["unit_code"] == ""
    assert sheet.count == 3


@pytest.mark.parametrize(
    ("mark", "name"),
    [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")],
    ids=["semicolon", "tab", "bar"],
)
def test_another_separator_is_named(mark, name):
    error = only_error((HEADING + "A1,Axis,W120,chest,BS,\n").replace(",", mark).encode())
    assert (error.row, error.field) == (1, "heading")
    assert f"separated by {name}" in error.words


def test_missing_unknown_and_repeated_columns_are_each_named():
    errors = read_sheet(b"serial,serial,make,modle,mount\nA1,A1,Axis,W120,chest\n").errors
    assert {(error.row, error.field) for error in errors} == {
        (1, "model"),
        (1, "unit_code"),
        (1, "modle"),
        (1, "serial"),
    }


def test_text_that_is_not_utf8_is_refused_with_its_row():
    raw = (HEADING + "A1,Axis,W120,chest,BS,\nA2,Sécurité,W120,chest,BS,\n").encode("cp1252")
    assert only_error(raw) == RowError(3, "file", "The byte E9 is not UTF-8. Save the file as CSV UTF-8.")


def test_utf16_is_named():
    assert "UTF-16" in only_error(HEADING.encode("utf-16")).words


def test_a_file_without_a_camera_is_refused():
    assert only_error(HEADING.encode()).words == "There is no camera in the file."
    assert {error.field for error in read_sheet(b"").errors} == set(CAMERAS.required)


def test_a_row_with_too_many_cells_asks_about_the_comma():
    sheet = read_sheet((HEADING + "A1,Axis,W120, black,chest,BS,123BS\nA2,Axis,W120,chest,BS,\n").encode())
    assert [(error.row, error.field) for error in sheet.errors] == [(2, "row")]
    assert "7 cells" in sheet.errors[0].words
    assert [row.number for row in sheet.rows] == [3]


def test_a_quote_that_never_closes_is_named_by_its_row():
    sheet = read_sheet((HEADING + 'A1,Axis,W120,chest,BS,\nA2,"Axis,W120,chest,BS,\n').encode())
    assert [(error.row, error.field) for error in sheet.errors] == [(3, "file")]


def test_a_file_beyond_all_measure_is_not_read(monkeypatch):
    monkeypatch.setattr(sheets, "LARGEST_BYTES", 1024 * 1024)
    assert only_error(b"x" * (1024 * 1024 + 1)).words == "The file is larger than 1 MiB."
