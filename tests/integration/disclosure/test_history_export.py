"""A recording's history as a document: whole, in order, the same bytes again, and itself in the log."""

import csv
import hashlib
import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from tests.integration.web.staged import BY, FILMED_AT, events, sign_log, stage

from tabard.custody import services as custody
from tabard.custody.actors import Subject
from tabard.custody.adapters import log_signer
from tabard.custody.kinds import EventKind
from tabard.custody.verify import fingerprint
from tabard.disclosure import history
from tabard.disclosure.event_words import WORDS
from tabard.disclosure.history import HistoryForm, export_history, export_whole_history
from tabard.disclosure.history_document import in_london, in_utc
from tabard.disclosure.history_pdf import history_pdf
from tabard.disclosure.item_names import item_names
from tabard.kernel.errors import Denied
from tabard.people.access_reasons import ReasonNeeded
from tabard.people.models import Officer
from tabard.people.rules import Role
from tabard.recordings.viewing import record_view

AT = FILMED_AT + timedelta(days=3)


@pytest.fixture
def staged(db):
    return stage()


@pytest.fixture
def recording(staged):
    """A recording that was looked at, clipped, exhibited and linked."""
    made = staged.record()
    staged.exhibit(made, clip=staged.cut(made))
    record_view(recording=made, viewer=staged.viewer(Role.AUDITOR), at=FILMED_AT, reason="Training")
    record_view(recording=made, viewer=staged.viewer(Role.INVESTIGATOR), at=FILMED_AT)
    return made


def rows(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def whole(recording, form=HistoryForm.CSV, **options):
    return export_whole_history(recording=recording, form=form, by=BY, at=AT, **options)


def test_every_event_stands_in_order_with_its_checkpoint_and_hash(staged, recording):
    sign_log()
    made = whole(recording)
    found = rows(made.content)
    kinds = [row["kind"] for row in found]
    assert kinds == ["recording.sealed", "exhibit.produced", "recording.viewed", "recording.viewed"]
    assert [int(row["position"]) for row in found] == sorted(int(row["position"]) for row in found)
    sealed = events("recording.sealed")[0]
    assert found[0]["leaf_sha256"] == hashlib.sha256(b"\0" + bytes(sealed.leaf)).hexdigest()
    assert found[0]["time_london"] == in_london(sealed.at)
    assert found[0]["time_utc"] == in_utc(sealed.at)
    assert found[0]["s62_class"] == "collection"
    assert found[1]["item"] == "Exhibit LB/1"
    assert found[0]["item"] == "Recording of 14 March 2026, 22:41:07 GMT, camera B8A44F01"
    assert found[2]["details"] == "reason: Training"
    assert found[3]["details"] == "no reason given"
    assert {row["covered_by_checkpoint_of"] for row in found} != {"not yet covered"}


def test_the_covering_checkpoint_is_the_earliest_one(staged, recording):
    sign_log()
    first = rows(whole(recording).content)
    sign_log()
    again = rows(whole(recording).content)
    assert [row["covered_by_checkpoint_of"] for row in again[: len(first)]] == [
        row["covered_by_checkpoint_of"] for row in first
    ]
    assert again[-1]["kind"] == "recording.history_exported"
    assert int(again[-1]["covered_by_checkpoint_of"]) > int(first[0]["covered_by_checkpoint_of"])


def test_an_event_that_no_checkpoint_covers_says_so(recording):
    found = rows(whole(recording).content)
    assert {row["covered_by_checkpoint_of"] for row in found} == {"not yet covered"}
    assert {row["position"] for row in found} == {""}


def test_the_export_is_in_the_log_with_its_hash_its_form_and_its_reason(staged, recording):
    for form in HistoryForm:
        made = whole(recording, form, reason="Disclosure: URN 01")
        event = events("recording.history_exported", recording.id)[-1]
        assert event.particulars.details == {
            "form": form.value,
            "events": made.events,
            "reason": "Disclosure: URN 01",
        }
        assert f'"sha256":"{hashlib.sha256(made.content).hexdigest()}"'.encode() in bytes(event.leaf)


def test_a_pdf_is_the_same_bytes_for_the_same_input_and_others_for_other(recording, monkeypatch):
    sign_log()
    kept = []
    monkeypatch.setattr(
        history, "history_pdf", lambda document, at: kept.append(document) or history_pdf(document, at=at)
    )
    made = whole(recording, HistoryForm.PDF)
    (document,) = kept
    assert history_pdf(document, at=AT) == made.content
    assert history_pdf(replace(document, made_by="Someone else"), at=AT) != made.content
    assert made.content.startswith(b"%PDF-1.7")
    assert b"pdfaid:part" in made.content, "it says that it is PDF/A"


def test_a_long_history_fills_many_pages(staged, recording, monkeypatch):
    with transaction.atomic():
        for _ in range(400):
            custody.append(
                kind=EventKind.RECORDING_VIEWED, subject=Subject("recording", recording.id), at=AT, by=BY
            )
    sign_log()
    made = whole(recording, HistoryForm.PDF)
    assert made.events == 404
    assert page_count(made.content) > 20
    assert page_count(whole(staged.record("short"), HistoryForm.PDF).content) < 5


def page_count(pdf):
    return int(re.search(rb"/Type/Pages/Count (\d+)", pdf)[1])


def test_the_document_names_the_key_and_its_fingerprint(recording, monkeypatch):
    kept = []
    monkeypatch.setattr(history, "history_csv", lambda document: kept.append(document) or b"")
    whole(recording)
    vkey = log_signer().vkey
    assert (kept[0].vkey, kept[0].fingerprint) == (vkey, fingerprint(vkey))
    assert kept[0].files[0].sha256 == hashlib.sha256(b"first-1.mp4").hexdigest()


def test_who_may_not_read_the_log_gets_no_looks_of_others_and_the_document_says_so(staged, recording):
    asked = {"recording": recording, "form": HistoryForm.CSV, "at": AT, "reason": "Disclosure"}
    part = export_history(viewer=staged.viewer(Role.DISCLOSURE_OFFICER), **asked)
    assert "recording.viewed" not in {row["kind"] for row in rows(part.content)}
    assert history._left_out(staged.viewer(Role.DISCLOSURE_OFFICER)) != ""
    full = export_history(viewer=staged.viewer(Role.AUDITOR), **asked)
    assert [row["who"] for row in rows(full.content) if row["kind"] == "recording.viewed"] == [
        "Auditor Smith",
        "Investigator Smith",
    ]
    assert history._left_out(staged.viewer(Role.AUDITOR)) == ""


@pytest.mark.parametrize("role", [Role.OFFICER, Role.SUPERVISOR, Role.BWV_ADMINISTRATOR, Role.DEFENCE])
def test_who_may_not_take_it_out_is_refused_and_nothing_is_logged(staged, recording, role):
    with pytest.raises(Denied):
        export_history(recording=recording, form=HistoryForm.PDF, viewer=staged.viewer(role), at=AT)
    assert events("recording.history_exported") == []


def test_without_a_required_reason_nothing_is_made_or_logged(staged, recording, settings):
    settings.TABARD_ACCESS_REASON = "required"
    with pytest.raises(ReasonNeeded):
        whole(recording)
    assert events("recording.history_exported") == []


def test_a_document_that_cannot_be_logged_is_not_handed_out(recording, monkeypatch):
    def broken(**said):
        raise RuntimeError("the log does not take it")

    monkeypatch.setattr(history.services, "append", broken)
    with pytest.raises(RuntimeError):
        whole(recording)
    assert events("recording.history_exported") == []


def test_a_rename_changes_no_past(staged, recording):
    Officer.objects.filter(id=staged.barrow.id).update(family_name="Married")
    enrolled = custody_line("officer.enrolled", staged.barrow.id)
    assert item_names([enrolled])[enrolled.id].words == "PC Lena Barrow (482LX)"


def custody_line(kind, subject_id):
    from tabard.custody.selectors import lines

    return lines(events(kind, subject_id))[0]


def test_a_name_that_would_run_as_a_formula_is_made_inert(staged, recording):
    recording.officer, recording.officer_reference = None, "=HYPERLINK(1)"
    with transaction.atomic():
        custody.append(
            kind=EventKind.RECORDING_VIEWED,
            subject=Subject("recording", recording.id),
            at=datetime.now(UTC),
            by=replace(BY, name="=cmd|' /C calc'!A0"),
        )
    assert rows(whole(recording).content)[-1]["who"].startswith("'=")


def test_every_kind_of_event_has_words():
    assert set(WORDS) == set(EventKind)
    assert all(words == words.strip() and not words.endswith(".") for words in WORDS.values())
