"""`tabard recordings history`: both documents in one go, a reason where one is required, and nothing half-written."""

import json
from contextlib import contextmanager

import pytest
from tests.integration.web.staged import events, sign_log, stage
from typer.testing import CliRunner

from tabard.cli.commands import recordings
from tabard.cli.main import app
from tabard.people.access_reasons import ReasonNeeded


@pytest.fixture
def recording(db, monkeypatch):
    """A recording in the test's own database, which the command then uses."""

    @contextmanager
    def already_up():
        yield

    monkeypatch.setattr(recordings, "database", already_up)
    made = stage().record()
    sign_log()
    return made


def test_both_documents_are_written_and_each_is_in_the_log(recording, tmp_path):
    pdf, csv = tmp_path / "history.pdf", tmp_path / "history.csv"
    arguments = ["recordings", "history", str(recording.id), "--pdf", str(pdf), "--csv", str(csv), "--json"]
    done = CliRunner().invoke(app, [*arguments, "--reason", "URN 01"])
    assert done.exit_code == 0
    answer = json.loads(done.stdout.splitlines()[-1])
    assert (answer["pdf"], answer["csv"]) == (str(pdf), str(csv))
    assert pdf.read_bytes().startswith(b"%PDF-1.7")
    assert csv.read_text("utf-8-sig").startswith("position,event_id")
    assert pdf.stat().st_mode & 0o077 == 0
    taken = events("recording.history_exported", recording.id)
    assert [event.particulars.details["reason"] for event in taken] == ["URN 01", "URN 01"]
    assert CliRunner().invoke(app, arguments).exit_code == 2, "a file that is there is not written over"


def test_a_required_reason_that_is_missing_leaves_no_file_and_no_event(recording, tmp_path, settings):
    settings.TABARD_ACCESS_REASON = "required"
    out = tmp_path / "history.pdf"
    done = CliRunner().invoke(app, ["recordings", "history", str(recording.id), "--pdf", str(out)])
    assert isinstance(done.exception, ReasonNeeded)
    assert not out.exists()
    assert events("recording.history_exported") == []
