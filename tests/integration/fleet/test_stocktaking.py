"""A stocktake says what is there, what is missing and what should not be there; closed, it stays as it was."""

import csv
import hashlib
import io
import json
from datetime import timedelta

import pytest

from tabard.custody.selectors import history
from tabard.fleet.errors import StocktakeConflict
from tabard.fleet.lives import change_state
from tabard.fleet.models import StocktakeScan
from tabard.fleet.services import assign_camera
from tabard.fleet.states import Change
from tabard.fleet.stocktaking import Verdict, begin, close, count, csv_of, scan
from tabard.kernel.errors import Invalid, NotFound
from tabard.people.rules import Role
from tabard.people.services import create_unit

HOUR = timedelta(hours=1)


@pytest.fixture
def stocktake(lewisham, by, day_one):
    return begin(unit=lewisham, by=by, at=day_one)


@pytest.fixture
def see(stocktake, by, day_one):
    return lambda serial: scan(stocktake=stocktake, serial=serial, by=by, at=day_one + HOUR)


@pytest.fixture
def shelf(receive, lewisham, hackney, barrow, by):
    """Cameras of every sort: of the unit, of a team below it, worn, retired, and another's."""
    day_one = barrow.postings.get().during.lower
    team = create_unit(kind="team", code="T", name="Team", parent=lewisham, by=by, at=day_one)
    made = {name: receive(name, lewisham) for name in ("HERE", "GONE", "WORN", "OLD")}
    made |= {"TEAM": receive("TEAM", team), "OTHER": receive("OTHER", hackney)}
    assign_camera(camera=made["WORN"], officer=barrow, by=by, at=day_one)
    change_state(camera=made["OLD"], change=Change.RETIRE, reason="Worn out", by=by, at=day_one)
    return made


def verdicts(counted):
    return {line.serial: line.verdict.value for line in counted.lines}


def test_everything_that_was_seen_or_should_be_has_its_verdict(stocktake, shelf, see, administrator):
    for serial in ("here", "team", "WORN", "OLD", "OTHER", "STRANGE"):
        see(serial)
    counted = count(administrator, stocktake.pk)
    assert verdicts(counted) == {
        "GONE": "missing",
        "STRANGE": "unknown",
        "OLD": "unexpected",
        "OTHER": "unexpected",
        "WORN": "unexpected",
        "HERE": "found",
        "TEAM": "found",
    }
    assert next(line.verdict for line in counted.lines) is Verdict.MISSING
    words = {line.serial: line.words for line in counted.lines}
    assert words["WORN"] == "It is issued to PC Lena Barrow (101PL), who should have it."
    assert words["OTHER"] == "It belongs to Hackney."
    assert counted.number(Verdict.UNEXPECTED) == 3


def test_a_camera_that_is_scanned_twice_counts_once(stocktake, shelf, see):
    assert see("HERE") == see(" here ")
    assert StocktakeScan.objects.count() == 1
    with pytest.raises(Invalid) as refused:
        see("  ")
    assert refused.value.fields["field"] == "serial"


def test_a_closed_stocktake_stays_as_it_was_and_the_log_holds_its_hash(
    stocktake, shelf, see, administrator, by
):
    see("HERE")
    at = stocktake.begun_at + 2 * HOUR
    close(stocktake=stocktake, by=by, at=at)
    before = count(administrator, stocktake.pk)
    change_state(camera=shelf["GONE"], change=Change.RETIRE, reason="Never found", by=by, at=at)
    after = count(administrator, stocktake.pk)
    assert after.lines == before.lines
    assert verdicts(after)["GONE"] == "missing"
    begun, closed = history([stocktake.pk])
    assert (begun.kind, closed.kind) == ("stocktake.begun", "stocktake.closed")
    assert json.loads(bytes(closed.leaf))["sha256"] == hashlib.sha256(csv_of(after.lines)).hexdigest()
    said = closed.particulars.details
    assert (said["found"], said["missing"], said["unexpected"]) == (1, 2, 0)
    for act in (lambda: see("GONE"), lambda: close(stocktake=stocktake, by=by, at=at)):
        with pytest.raises(StocktakeConflict):
            act()


def test_a_unit_is_counted_once_at_a_time(stocktake, lewisham, hackney, by, day_one):
    with pytest.raises(StocktakeConflict, match="A stocktake of Lewisham is open already"):
        begin(unit=lewisham, by=by, at=day_one)
    begin(unit=hackney, by=by, at=day_one)
    close(stocktake=stocktake, by=by, at=day_one)
    begin(unit=lewisham, by=by, at=day_one)


def test_the_csv_file_has_one_line_for_each_camera(stocktake, shelf, see, administrator):
    see("HERE")
    see("=1+1")
    written = csv_of(count(administrator, stocktake.pk).lines).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(written, newline="")))
    assert rows[0] == ["serial", "verdict", "words"]
    assert ["HERE", "found", "Ready."] in rows
    assert "'=1+1" in [serial for serial, *_ in rows]  # no formula in whoever's spreadsheet


def test_a_stocktake_is_seen_by_who_may_see_its_unit(stocktake, viewer, hackney, lewisham, okafor):
    assert count(viewer(Role.SUPERVISOR, officer=okafor, unit=lewisham), stocktake.pk)
    with pytest.raises(NotFound):
        count(viewer(Role.SUPERVISOR, officer=okafor, unit=hackney), stocktake.pk)
