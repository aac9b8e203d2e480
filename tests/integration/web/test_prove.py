"""The prove-it page: open to anyone, on any receipt; and of an event, for who may take its receipt."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.integration.web.staged import events, sign_log, stage, text

from tabard.custody import selectors
from tabard.custody.adapters import log_signer
from tabard.custody.models import Event
from tabard.people.rules import Role
from tabard.web.forms.prove import MOST_REQUEST_BYTES


@pytest.fixture
def staged(db):
    return stage()


@pytest.fixture
def event(staged):
    staged.record()
    sign_log()
    return events("recording.sealed")[0]


@pytest.fixture
def files(event):
    return {"proof": selectors.receipt(event.id).encode(), "leaf": bytes(event.leaf)}


def hand_in(files, **typed):
    sent = {name: SimpleUploadedFile(name, content) for name, content in files.items()}
    return Client(enforce_csrf_checks=True).post(reverse("log-prove"), {**sent, **typed})


def test_a_stranger_has_a_receipt_checked_without_an_account_and_nothing_is_kept(files):
    before = Event.objects.count()
    assert Client().get(reverse("log-prove")).status_code == 200
    page = hand_in(files)
    words = text(page)
    assert page.status_code == 200
    assert "The receipt holds" in words
    assert "The recording was complete and sealed (recording.sealed)" in words
    assert words.count("Agrees") == 2
    assert "What it does not prove" in words
    assert Event.objects.count() == before


def test_a_failing_receipt_says_where_and_why_and_proves_nothing(files):
    words = text(hand_in({**files, "leaf": files["leaf"].replace(b"sealed", b"viewed")}))
    assert "The receipt does not hold" in words
    assert "It fails at the step “Each pairing on the way to the total”" in words
    assert "Not looked at" in words
    assert "Nothing. A receipt that fails at any step proves nothing at all" in words


@pytest.mark.parametrize("name", ["proof", "leaf"])
@pytest.mark.parametrize("content", [b"", b"\x00" * 50, b"\xff\xfe", b"{}", b"c2sp.org/tlog-proof@v1\n"])
def test_whatever_is_handed_in_is_answered_in_words(files, name, content):
    page = hand_in({**files, name: content})
    assert page.status_code == 200
    assert "The receipt does not hold" in text(page)


def test_a_receipt_is_checked_with_the_keys_that_are_given(files):
    own = log_signer().vkey
    assert "The keys that you gave." in text(hand_in(files, keys=own))
    other = "example.org/log+c5b7e1e5+ARpFdRyJRmDWlRf07tVJZGs1kaZtNbfDMFp8ntqcoNhS"
    refused = hand_in(files, keys=other)
    assert refused.status_code in (200, 400)
    assert "The receipt holds" not in text(refused)
    assert "That is not a verifier key. (nonsense)" in text(hand_in(files, keys="nonsense"))


def test_files_left_out_are_asked_for(files):
    page = hand_in({"proof": files["proof"]})
    assert page.status_code == 400
    assert "Choose a file: entry" in text(page)


def test_a_timestamp_needs_its_certificates_and_what_is_none_fails_in_words(files):
    page = hand_in({**files, "token": b"not a token"})
    assert page.status_code == 400
    assert "add them" in text(page)
    assert "No certificate" in text(hand_in({**files, "token": b"x", "chain": b"-----BEGIN"})) or (
        "not a file of certificates" in text(hand_in({**files, "token": b"x", "chain": b"-----BEGIN"}))
    )


def test_what_is_too_large_is_refused_before_it_is_read(files):
    page = hand_in({**files, "leaf": b"x" * (MOST_REQUEST_BYTES + 1)})
    assert page.status_code == 413
    assert "Together the files may have at most" in text(page)
    large = hand_in({**files, "leaf": b"x" * 70_000})
    assert large.status_code == 400
    assert "larger than 64 KiB" in text(large)


def test_an_event_is_proven_to_who_may_take_its_receipt_and_that_is_logged(staged, event):
    address = reverse("log-prove-event", args=[event.id])
    page = staged.client(Role.OFFICER, staged.barrow).get(address)
    assert "The receipt holds" in text(page)
    assert "Recording sealed: the proof" in text(page)
    assert len(events("log.receipt_taken")) == 1
    assert staged.client(Role.OFFICER, staged.okafor).get(address).status_code == 403
    assert Client().get(address).status_code == 302
    assert len(events("log.receipt_taken")) == 1


def test_an_event_that_waits_says_so(staged):
    staged.record()
    event = events("recording.sealed")[0]
    page = staged.client(Role.AUDITOR).get(reverse("log-prove-event", args=[event.id]))
    assert (page.status_code, "It cannot be proven yet" in text(page)) == (200, True)
