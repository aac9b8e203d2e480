"""What the pages do to a camera the commands do too: give, swap, lose, follow up, find, count."""

import json
from contextlib import contextmanager

import pytest
from django.db import connection
from typer.testing import CliRunner

from tabard.cli.commands import fleet, fleet_cameras, fleet_issue, fleet_losses, fleet_stocktakes
from tabard.cli.main import app
from tabard.custody.selectors import history
from tabard.fleet.errors import LossConflict, NotToBeIssued
from tabard.fleet.losses import STEPS
from tabard.fleet.models import Camera, Stocktake


@contextmanager
def already_up():
    """The test's database, which the command may ask nothing once it has let go of its own."""
    answer_again()
    yield
    connection.execute_wrappers.append(stopped)


def answer_again():
    connection.execute_wrappers[:] = [each for each in connection.execute_wrappers if each is not stopped]


def stopped(_execute, sql, *_more):
    raise AssertionError(f"asked after the database was stopped: {sql}")


@pytest.fixture
def tabard(db, monkeypatch):
    """Runs `tabard fleet` on the test's database; answers its exit code, what it said, and the JSON at its end."""
    for module in (fleet, fleet_cameras, fleet_issue, fleet_losses, fleet_stocktakes):
        monkeypatch.setattr(module, "database", already_up)

    def run(*arguments, typed=None):
        done = CliRunner().invoke(app, ["fleet", *arguments, "--json"], input=typed)
        answer_again()
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        last = done.stdout.splitlines()[-1] if done.stdout else "null"
        return done.exit_code, done.output, json.loads(last) if last.startswith("{") else None

    yield run
    answer_again()


def test_a_camera_is_given_swapped_for_another_and_taken_back(tabard, camera, receive, barrow):
    other = receive("CAM2", camera.unit)
    code, _, given = tabard("give", camera.serial, "101pl")
    assert (code, given["officer"], given["mount"]) == (0, "101PL", "chest")
    _, _, swapped = tabard("swap", camera.serial, "cam2", "--reason", "The lens is cracked", "--faulty")
    assert (swapped["other"], swapped["officer"]) == ("CAM2", "101PL")
    assert Camera.objects.get(pk=camera.pk).kept_state == "faulty"
    _, _, back = tabard("return", "CAM2")
    assert back["officer"] == "101PL"
    kinds = [event.kind for event in history([camera.pk, other.pk])]
    assert kinds.count("camera.swapped") == 1
    assert kinds[-1] == "camera.returned"


def test_against_the_rules_it_is_given_only_where_somebody_of_rank_allows_it(tabard, camera, barrow, okafor):
    okafor.rank = "Insp"
    okafor.save()
    asked = ("give", camera.serial, "101PL", "--mount", "chest", "--duty", "Overt firearms")
    allowed = ("--allowed-by", "202PL", "--allowed-reason", "The helmet is in repair")
    with pytest.raises(NotToBeIssued):
        tabard(*asked)
    code, _, given = tabard(*asked, *allowed)
    assert (code, given["mount"], given["duty"]) == (0, "chest", "Overt firearms")


def test_a_lost_camera_is_followed_up_and_found(tabard, camera):
    code, said, lost = tabard("lose", camera.serial, "--reason", "In the Thames", "--report-number", "CR/1")
    assert (code, lost["kind"], lost["report_number"]) == (0, "lost", "CR/1")
    assert set(lost["steps"]) == set(STEPS)
    assert "to do: searched" in said
    tabard("follow", camera.serial, "searched", "The bank at Deptford")
    _, _, listed = tabard("losses")
    (standing,) = listed["losses"]
    assert standing["steps"]["searched"] == "The bank at Deptford"
    _, _, closed = tabard("found", camera.serial, "--reason", "A diver")
    assert closed["outcome"] == "found"
    assert tabard("losses")[2] == {"losses": []}
    assert len(tabard("losses", "--all")[2]["losses"]) == 1
    assert Camera.objects.get(pk=camera.pk).kept_state == "received"


def test_a_stolen_camera_is_given_up_only_once_every_step_was_done(tabard, camera):
    tabard("steal", camera.serial, "--reason", "From the van")
    with pytest.raises(LossConflict, match="Not everything was done"):
        tabard("give-up", camera.serial, "--reason", "Nothing came of it")
    for step in STEPS:
        tabard("follow", camera.serial, step, "Done")
    assert tabard("give-up", camera.serial, "--reason", "Nothing came of it")[2]["outcome"] == "given_up"
    assert Camera.objects.get(pk=camera.pk).kept_state == "stolen"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("found", "B8A44F000001", "--reason", "Here"), "no open checklist"),
        (("follow", "B8A44F000001", "prayed", "Twice"), "no step prayed"),
        (("lose", "NOBODYS", "--reason", "x"), "no camera with the serial number"),
        (("give", "B8A44F000001", "999ZZ"), "no officer with the number"),
        (("stocktake", "scan", "PL", "X"), "No stocktake of PL is open"),
        (("stocktake", "show", "PL"), "no stocktake of PL"),
        (("stocktake", "begin", "ZZ"), "no unit with the code ZZ"),
    ],
)
def test_what_there_is_not_is_said_in_words_with_exit_code_2(tabard, camera, arguments, words):
    code, said, _ = tabard(*arguments)
    assert code == 2
    assert words in said


def test_a_unit_is_counted_by_scans_typed_or_named_and_closed(tabard, camera, receive, barrow):
    receive("CAM2", camera.unit)
    receive("CAM3", camera.unit)
    tabard("stocktake", "begin", "pl")
    _, _, named = tabard("stocktake", "scan", "PL", camera.serial)
    _, _, typed = tabard("stocktake", "scan", "PL", typed="cam2\n\nNOBODYS\n")
    verdicts = [each["verdict"] for each in named["scanned"] + typed["scanned"]]
    assert verdicts == ["found", "found", "unknown"]
    code, said, shown = tabard("stocktake", "show", "PL")
    assert (code, shown["found"], shown["missing"], shown["unknown"], shown["wrong"]) == (1, 2, 1, 1, 2)
    assert "CAM3: missing" in said
    code, _, closed = tabard("stocktake", "close", "PL")
    assert (code, closed["wrong"]) == (1, 2)
    assert closed["closed_at"]
    assert Stocktake.objects.get().closed_by == "Tabard command line"
    assert "CAM3,missing" in CliRunner().invoke(app, ["fleet", "stocktake", "show", "PL", "--csv"]).stdout


def test_a_count_that_finds_everything_is_good(tabard, camera):
    tabard("stocktake", "begin", "PL")
    tabard("stocktake", "scan", "PL", camera.serial)
    assert tabard("stocktake", "close", "PL")[0] == 0
