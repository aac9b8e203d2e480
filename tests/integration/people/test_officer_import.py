"""A file of officers comes in whole, or its good rows alone where that was chosen; every row at fault is named."""

import io
from datetime import UTC, datetime

import pytest

from tabard.custody.selectors import LogFilter, page
from tabard.people import importing
from tabard.people.errors import ImportOvertaken, PostingConflict
from tabard.people.importing import import_officers
from tabard.people.leaving import officer_left
from tabard.people.models import Officer, Posting
from tabard.people.selectors import unit_at, with_leaving
from tabard.people.services import post_officer

HEADING = "given_name,family_name,rank,warrant_number,shoulder_number,unit_code,joined_date,left_date\n"


@pytest.fixture
def bring(by, day_one):
    def run(text, **more):
        return import_officers(rows_csv=io.StringIO(text), by=by, at=day_one, **more)

    return run


def row(number, *, warrant="", shoulder="", unit="PL", joined="", left="", name="Lena"):
    numbers = f"{warrant or f'W{number}'},{shoulder or f'{number}PL'}"
    return f"{name},Barrow,PC,{numbers},{unit},{joined},{left}\n"


def imports():
    return [event for event in page(LogFilter()) if event.kind == "officers.imported"]


def test_officers_are_enrolled_and_posted_with_one_event(bring, lewisham, hackney, day_one):
    report = bring(HEADING + row(1) + row(2, unit="gd", joined="01/02/2024"))
    assert (report.rows, report.good, report.imported, report.ok) == (2, 2, 2, True)
    first, second = Officer.objects.order_by("warrant_number")
    assert unit_at(first.id, day_one) == lewisham.id
    assert unit_at(second.id, datetime(2024, 2, 1, tzinfo=UTC)) == hackney.id
    (event,) = imports()
    assert event.particulars.details == {"rows": 2, "officers": 2, "file_sha256": report.sha256}


def test_500_bad_rows_of_5000_are_each_named_and_the_good_ones_come_in_where_that_was_chosen(
    bring, lewisham, enrol
):
    enrol(lewisham, "7000")
    bad = {
        0: ("shoulder_number", {"shoulder": "7000pl"}),
        1: ("unit_code", {"unit": "ZZ"}),
        2: ("given_name", {"name": ""}),
        3: ("joined_date", {"joined": "05/06/26"}),
    }
    lines, expected = [], []
    for number in range(5000):
        field, changed = bad[number // 10 % 4] if number % 10 == 0 else ("", {})
        if field == "shoulder_number" and number >= 40:
            changed = {"warrant": "W7000"}
            field = "warrant_number"
        lines.append(row(number, **changed))
        if field:
            expected.append((number + 2, field))
    report = bring(HEADING + "".join(lines))
    found = [(error.row, error.field) for error in report.errors]
    assert len(expected) == 500
    assert found == expected
    assert (report.good, report.imported, Officer.objects.count()) == (4500, 0, 1)
    assert imports() == []
    report = bring(HEADING + "".join(lines), good_only=True)
    assert (report.imported, report.ok, Officer.objects.count()) == (4500, False, 4501)
    assert Posting.objects.count() == 4501
    (event,) = imports()
    assert (event.particulars.details["rows"], event.particulars.details["officers"]) == (5000, 4500)


def test_two_officers_with_one_collar_number_are_both_named(bring, lewisham):
    report = bring(HEADING + row(1) + row(2, shoulder="1pl") + row(3), good_only=True)
    assert [(error.row, error.field) for error in report.errors] == [
        (2, "shoulder_number"),
        (3, "shoulder_number"),
    ]
    assert "1PL is on row 3 too" in report.errors[0].words
    assert Officer.objects.get().warrant_number == "W3"


def test_a_number_of_an_officer_who_is_here_says_whose_it_is(bring, lewisham, enrol):
    enrol(lewisham, "1")
    (error,) = bring(HEADING + row(9, shoulder="1PL")).errors
    assert error.words == "Shoulder number 1PL is that of PC Lena Barrow (1PL), who is here already."


@pytest.mark.parametrize(
    ("days", "field", "words"),
    [
        ({"left": "2026-01-01"}, "joined_date", "Say since when"),
        ({"joined": "2026-01-01", "left": "2026-01-01"}, "left_date", "not after joined_date"),
        ({"joined": "2027-01-01"}, "joined_date", "still to come"),
        ({"joined": "46352"}, "joined_date", "spreadsheet's count"),
        ({"joined": "11/28/2025"}, "joined_date", "month first"),
    ],
)
def test_days_that_cannot_be_are_named_with_the_cure(bring, lewisham, days, field, words):
    (error,) = bring(HEADING + row(1, **days)).errors
    assert (error.row, error.field) == (2, field)
    assert words in error.words


def test_who_left_is_enrolled_for_the_days_that_they_were_here(bring, lewisham, day_one):
    bring(HEADING + row(1, joined="2024-01-01", left="2025-01-01"))
    officer = with_leaving(day_one).get()
    assert officer.left_at == datetime(2025, 1, 1, tzinfo=UTC)
    assert unit_at(officer.id, day_one) is None
    assert unit_at(officer.id, datetime(2024, 6, 1, tzinfo=UTC)) == lewisham.id


def test_a_dry_run_writes_nothing(bring, lewisham):
    report = bring(HEADING + row(1), dry_run=True)
    assert (report.imported, Officer.objects.count(), imports()) == (1, 0, [])


def test_a_file_that_cannot_be_read_to_its_end_has_no_good_rows(bring, lewisham):
    report = bring(HEADING + row(1) + '"open,Barrow\n', good_only=True)
    assert (report.good, report.imported, Officer.objects.count()) == (0, 0, 0)


def test_an_import_that_was_overtaken_writes_nothing(bring, lewisham, enrol, monkeypatch):
    read = importing._known

    def read_then_someone_enrols(rows, at):
        known = read(rows, at)
        enrol(lewisham, "1")
        return known

    monkeypatch.setattr(importing, "_known", read_then_someone_enrols)
    with pytest.raises(ImportOvertaken):
        bring(HEADING + row(1) + row(2))
    assert (Officer.objects.count(), imports()) == (1, [])


def test_an_officer_leaves_once_and_may_come_back(lewisham, hackney, enrol, by, day_one):
    officer = enrol(lewisham, "1")
    assert with_leaving(day_one).get().left_at is None
    with pytest.raises(PostingConflict, match="since 2 March 2026"):
        officer_left(officer=officer, by=by, at=day_one)
    left_at = day_one.replace(hour=17)
    officer_left(officer=officer, by=by, at=left_at)
    assert with_leaving(left_at).get().left_at == left_at
    with pytest.raises(PostingConflict, match="left already"):
        officer_left(officer=officer, by=by, at=left_at.replace(hour=18))
    back_at = left_at.replace(day=9)
    post_officer(officer=officer, unit=hackney, by=by, at=back_at)
    assert with_leaving(back_at).get().left_at is None
