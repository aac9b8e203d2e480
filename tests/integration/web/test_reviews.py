"""Reviews on screen, over the API and at the command line's own functions: the queue, the facts, two people's words."""

from datetime import timedelta

import pytest
from django.urls import reverse
from tests.integration.web.staged import FILMED_AT, stage, text

from tabard.kernel.clock import now
from tabard.people.rules import Role
from tabard.recordings.models import Recording
from tabard.retention.models import Review
from tabard.retention.services import adopt_policy

OVER = timedelta(days=2_300)


@pytest.fixture
def staged(db):
    return stage()


@pytest.fixture
def old(staged):
    adopt_policy()
    recording = staged.record("old", started_at=FILMED_AT, received_at=FILMED_AT)
    Recording.objects.filter(pk=recording.pk).update(category="crime", received_at=now() - OVER, officer=None)
    return recording


@pytest.fixture
def manager(staged):
    return staged.client(Role.RECORDS_MANAGER)


def typed(**more):
    return {"choice": "let_go", "reason": "The appeal is over", **more}


def test_the_queue_says_what_waits_since_when_and_by_which_rule(manager, old):
    seen = text(manager.get(reverse("review-list")))
    assert "Crime, MoPI group 3" in seen
    assert reverse("recording-review", args=[old.pk]) in manager.get(reverse("review-list")).content.decode()
    assert "Nothing to review matches" in text(manager.get(reverse("review-list"), {"rule": "complaint"}))


def test_an_empty_queue_says_so(manager):
    assert "Nothing waits for a review" in text(manager.get(reverse("review-list")))


def test_one_proposes_another_agrees(manager, staged, old):
    page = reverse("recording-review", args=[old.pk])
    seen = text(manager.get(page))
    assert "APP information management" in seen
    assert "Is there evidence of a capacity to inflict serious harm?" in seen
    assert manager.post(page, typed()).status_code == 302
    review = Review.objects.get()
    assert "Waits for a second person" in text(manager.get(reverse("review-list")))
    assert "You proposed it" in text(manager.get(page))
    assert "another person" in text(manager.post(reverse("review-agree", args=[review.pk])))
    other = staged.client(Role.PROFESSIONAL_STANDARDS)
    assert "Agree to let it go" in text(other.get(page))
    assert other.post(reverse("review-agree", args=[review.pk])).status_code == 302
    assert "agreed by" in text(other.get(page))
    assert "Nothing waits for a review" in text(manager.get(reverse("review-list")))


def test_what_was_typed_comes_back_with_what_is_wrong(manager, old):
    page = reverse("recording-review", args=[old.pk])
    assert "Enter the day until which it is kept" in text(manager.post(page, typed(choice="keep")))
    refused = manager.post(page, typed(yes=["vulnerable"]))
    assert refused.status_code == 400
    assert "Keep it: the answer is yes to children or vulnerable adults" in text(refused)
    assert "The appeal is over" in text(refused)
    day = (now() + timedelta(days=400)).date().isoformat()
    kept = typed(choice="keep", yes=["vulnerable"], until_date=day)
    assert manager.post(page, kept).status_code == 302
    assert "Kept until" in text(manager.get(page))


def test_a_refusal_needs_a_reason_and_ends_it(manager, staged, old):
    manager.post(reverse("recording-review", args=[old.pk]), typed())
    review = Review.objects.get()
    other = staged.client(Role.PROFESSIONAL_STANDARDS)
    assert other.post(reverse("review-refuse", args=[review.pk]), {"reason": ""}).status_code == 400
    other.post(reverse("review-refuse", args=[review.pk]), {"reason": "A retrial is likely"})
    assert "A retrial is likely" in text(manager.get(reverse("recording-review", args=[old.pk])))


def test_an_auditor_reads_and_does_not_decide(staged, old):
    auditor = staged.client(Role.AUDITOR)
    page = reverse("recording-review", args=[old.pk])
    assert "Decide" not in text(auditor.get(page)).split("Why it is kept")[1]
    assert auditor.post(page, typed()).status_code == 403


def test_the_api_answers_the_queue_and_takes_the_decisions(manager, old):
    queue = manager.get("/api/v1/reviews").json()
    assert queue["by_rule"] == {"crime": 1}
    assert queue["items"][0]["recording_id"] == str(old.pk)
    assert manager.get("/api/v1/reviews", {"rule": "complaint"}).json()["items"] == []
    sent = {"reason": "The appeal is over", "all_answered_no": True}
    made = manager.post(f"/api/v1/recordings/{old.pk}/reviews/let-go", sent, content_type="application/json")
    assert made.status_code == 201, made.content
    assert manager.get("/api/v1/reviews").json()["items"][0]["proposal"]["id"] == made.json()["id"]
    assert manager.get(f"/api/v1/recordings/{old.pk}/reviews").json()[0]["choice"] == "let_go"
