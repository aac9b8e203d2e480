"""The list of what was disposed of, and the certificate of each: found by day, rule and run, and proving by itself."""

import csv
import json
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.urls import reverse
from tests.disposals import dispose
from tests.integration.web.staged import events, sign_log, stage, text

from tabard.custody.adapters import log_signer
from tabard.disclosure.certificate_checks import check
from tabard.people.rules import Role
from tabard.retention.figures import figures
from tabard.retention.models import Disposal, DisposalRun

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def staged(db):
    return stage()


@pytest.fixture
def gone(staged):
    """Two recordings that went on two days, the first of them first."""
    first = staged.record("first", started_at=NOW - timedelta(days=40))
    dispose(NOW)
    second = staged.record("second", started_at=LATER - timedelta(days=40))
    dispose(LATER)
    sign_log()
    return first, second


@pytest.fixture
def manager(staged):
    return staged.client(Role.RECORDS_MANAGER)


def listed(client, **asked):
    page = client.get(reverse("disposal-list"), asked)
    assert page.status_code == 200
    return [disposal.recording for disposal, _ in page.context["disposals"]]


def test_nothing_disposed_of_is_said_in_words(manager):
    assert "Nothing has been disposed of yet" in text(manager.get(reverse("disposal-list")))


def test_they_are_found_by_day_rule_and_run(gone, manager):
    first, second = gone
    assert listed(manager) == [second, first]
    assert listed(manager, until="2026-05-01") == [first]
    assert listed(manager, since="2026-05-02") == [second]
    assert listed(manager, rule="uncategorised") == [second, first]
    assert listed(manager, rule="early-disposal") == []
    assert listed(manager, run=Disposal.objects.get(pk=second.pk).run_id) == [second]
    assert "No disposal matches" in text(manager.get(reverse("disposal-list"), {"rule": "early-disposal"}))


def test_a_day_is_the_forces_own(staged, manager):
    recording = staged.record(started_at=NOW - timedelta(days=40))
    at = datetime(2026, 5, 3, 23, 30, tzinfo=UTC)  # half past midnight on Monday, in London
    dispose(at)
    assert listed(manager, until="2026-05-03") == []
    assert listed(manager, since="2026-05-04", until="2026-05-04") == [recording]
    (week,) = figures(staged.viewer(Role.AUDITOR), at).gone
    assert (week.week_date, week.last_date) == (date(2026, 5, 4), date(2026, 5, 10))


def test_what_cannot_be_understood_is_said_and_narrows_nothing(gone, manager):
    page = manager.get(reverse("disposal-list"), {"run": "the last", "since": "soon"})
    assert len(page.context["disposals"]) == 2
    assert "Enter a valid" in text(page)


def test_the_sheet_holds_what_the_list_does(gone, manager):
    response = manager.get(reverse("disposal-list-csv"), {"until": "2026-05-01"})
    (row,) = csv.DictReader(StringIO(b"".join(response.streaming_content).decode("utf-8-sig")))
    run = DisposalRun.objects.get(disposals=gone[0].pk)
    assert (row["recording"], row["run"], row["rule"]) == (str(gone[0].pk), str(run.pk), "uncategorised")
    assert row["disposed_of_at"] == NOW.isoformat()
    assert (row["removed_at"], row["policy_version"]) == ("", run.policy_version)


def test_the_page_says_what_the_certificate_proves_and_the_file_proves_it(gone, manager):
    url = reverse("recording-certificate", args=[gone[0].pk])
    assert url in manager.get(reverse("recording", args=[gone[0].pk])).content.decode()
    seen = text(manager.get(url))
    assert "the keys of this recording were destroyed" in seen
    assert str(Disposal.objects.get(pk=gone[0].pk).run_id) in seen
    taken = manager.get(reverse("recording-certificate-file", args=[gone[0].pk]))
    assert taken["Content-Disposition"] == f'attachment; filename="{gone[0].pk}.disposal.json"'
    checked = check(taken.content, [log_signer().vkey])
    assert checked.proven.leaf.subject_id == str(gone[0].pk)
    assert len(events("log.receipt_taken")) == 1


def test_before_a_checkpoint_covers_it_the_page_says_so_and_gives_nothing(staged, manager):
    recording = staged.record(started_at=NOW - timedelta(days=40))
    dispose(NOW)
    assert "no signed checkpoint" in text(manager.get(reverse("recording-certificate", args=[recording.pk])))
    assert manager.get(reverse("recording-certificate-file", args=[recording.pk])).status_code == 409


def test_what_only_a_simulation_says_was_disposed_of_has_none(staged, manager):
    recording = staged.record(started_at=NOW - timedelta(days=40))
    Disposal.objects.create(
        recording=recording, rule="uncategorised", reason="", due_at=NOW, executed_at=NOW, removed_at=NOW
    )
    assert "There is no certificate" in text(
        manager.get(reverse("recording-certificate", args=[recording.pk]))
    )
    assert manager.get(reverse("recording-certificate-file", args=[recording.pk])).status_code == 404


def test_what_is_kept_has_no_certificate(staged, manager):
    recording = staged.record()
    assert manager.get(reverse("recording-certificate", args=[recording.pk])).status_code == 404


def test_a_wearer_is_led_to_no_certificate(staged, gone):
    client = staged.client(Role.OFFICER, staged.barrow)
    url = reverse("recording-certificate", args=[gone[0].pk])
    assert url not in client.get(reverse("recording", args=[gone[0].pk])).content.decode()
    assert client.get(url).status_code == 403


def test_programs_page_through_the_list_and_take_the_same_file(gone, manager):
    first, second = gone
    url = "/api/v1/disposals"
    assert [row["recording_id"] for row in manager.get(url).json()["disposals"]] == [
        str(second.pk),
        str(first.pk),
    ]
    found = manager.get(url, {"since": "2026-05-02", "rule": "uncategorised"}).json()
    assert [row["recording_id"] for row in found["disposals"]] == [str(second.pk)]
    assert found["disposals"][0]["run_id"] == str(Disposal.objects.get(pk=second.pk).run_id)
    assert found["next_cursor"] is None
    taken = manager.get(f"/api/v1/recordings/{first.pk}/certificate")
    page = manager.get(reverse("recording-certificate-file", args=[first.pk]))
    assert json.loads(taken.content) == json.loads(page.content)
    assert taken.content == page.content
