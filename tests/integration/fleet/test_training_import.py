"""A file of trainings comes in whole, or its good rows alone where that was chosen; every row at fault is named."""

import io
from datetime import date

import pytest

from tabard.custody import services as custody
from tabard.custody.selectors import LogFilter, page
from tabard.fleet.models import Training
from tabard.fleet.training_import import import_trainings
from tabard.kernel.errors import Unavailable

HEADING = "shoulder_number,duty,trained_date,expires_date\n"


@pytest.fixture
def bring(barrow, okafor, by, day_one):
    def run(text, **more):
        return import_trainings(rows_csv=io.StringIO(HEADING + text), by=by, at=day_one, **more)

    return run


def imports():
    return [event for event in page(LogFilter()) if event.kind == "trainings.imported"]


def trainings():
    return [(each.duty, each.trained_date, each.expires_date) for each in Training.objects.order_by("duty")]


def test_trainings_are_recorded_with_one_event_that_names_the_file(bring, barrow, okafor):
    report = bring("101pl,general,2026-03-01,01/03/2029\n202PL,OVERT FIREARMS,2026-02-28,\n")
    assert (report.rows, report.imported, report.ok) == (2, 2, True)
    assert trainings() == [
        ("General", date(2026, 3, 1), date(2029, 3, 1)),
        ("Overt firearms", date(2026, 2, 28), None),
    ]
    assert barrow.camera_trainings.get().duty == "General"
    assert okafor.camera_trainings.get().duty == "Overt firearms"
    (event,) = imports()
    assert event.particulars.details == {"rows": 2, "trainings": 2, "file_sha256": report.sha256}


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ("999ZZ,General,2026-03-01,", "shoulder_number", "no officer"),
        (",General,2026-03-01,", "shoulder_number", "empty"),
        ("101PL,Diving,2026-03-01,", "duty", "Diving"),
        ("101PL,General,,", "trained_date", "empty"),
        ("101PL,General,2026-03-03,", "trained_date", "still to come"),
        ("101PL,General,03/02/26,", "trained_date", "two digits"),
        ("101PL,General,2026-03-01,2026-02-28", "expires_date", "before trained_date"),
        ("101PL,General,2026-03-01,never", "expires_date", "not"),
        ("1\x00,General,2026-03-01,", "shoulder_number", "no officer"),
    ],
)
def test_a_row_at_fault_is_named_with_its_reason_and_nothing_is_recorded(bring, row, field, words):
    report = bring(f"202PL,General,2026-03-01,\n{row}\n")
    (error,) = report.errors
    assert (error.row, error.field) == (3, field)
    assert words in error.words
    assert (report.imported, trainings(), imports()) == (0, [], [])


def test_the_good_rows_alone_come_in_where_that_was_chosen(bring):
    report = bring("202PL,General,2026-03-01,\n999ZZ,General,2026-03-01,\n", good_only=True)
    assert (report.good, report.imported, len(report.errors)) == (1, 1, 1)
    assert len(trainings()) == 1


def test_a_file_that_comes_again_adds_nothing_and_a_row_that_stands_twice_is_told(bring):
    row = "101PL,General,2026-03-01,\n"
    assert [(each.row, each.words) for each in bring(row + row).errors] == [
        (3, "The same stands on row 2. Remove one of them.")
    ]
    assert bring(row).ok
    (error,) = bring(row).errors
    assert "recorded already" in error.words
    assert len(trainings()) == 1


def test_a_dry_run_writes_nothing(bring):
    report = bring("101PL,General,2026-03-01,\n", dry_run=True)
    assert (report.ok, report.imported, trainings(), imports()) == (True, 1, [], [])


def test_without_its_event_nothing_is_recorded(bring, monkeypatch):
    def refuse(**_):
        raise Unavailable("No.")

    monkeypatch.setattr(custody, "append", refuse)
    with pytest.raises(Unavailable):
        bring("101PL,General,2026-03-01,\n")
    assert trainings() == []


def test_the_number_of_statements_does_not_grow_with_the_rows(bring, django_assert_max_num_queries):
    days = [f"2025-{month:02}-{day:02}" for month in range(1, 11) for day in range(1, 21)]
    with django_assert_max_num_queries(12):
        assert bring("".join(f"101PL,General,{day},\n" for day in days)).imported == 200
