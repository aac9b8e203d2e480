"""How an incident ended: stated on its page or over the API, and what becomes of its footage then."""

from datetime import timedelta

import pytest
from django.urls import reverse
from tests.integration.web.staged import events, stage, text

from tabard.incidents.models import Outcome
from tabard.incidents.services import link
from tabard.kernel.clock import now
from tabard.people.rules import Role
from tabard.retention import selectors

ACQUITTED = {"kind": "acquitted", "decided_date": "2026-03-20", "reason": "Result of the court"}


@pytest.fixture
def staged(db):
    return stage()


@pytest.fixture
def investigator(staged):
    return staged.client(Role.INVESTIGATOR)


@pytest.fixture
def recording(staged):
    return staged.record("first")


@pytest.fixture
def incident(staged, recording):
    incident = staged.incident()
    link(recording=recording, incident=incident, viewer=staged.viewer(Role.INVESTIGATOR), at=now())
    return incident


def stated(client, incident, **sent):
    return client.post(reverse("incident-outcome", args=[incident.id]), ACQUITTED | sent)


def test_an_open_incident_says_so_and_cannot_be_reopened(investigator, incident):
    page = investigator.get(reverse("incident", args=[incident.id]))
    assert "nobody has stated how it ended" in text(page)
    assert "reopened" not in dict(page.context["outcome_form"].fields["kind"].choices)


def test_once_it_has_ended_its_footage_is_kept_for_a_period_from_the_day_it_was_stated(
    staged, investigator, incident, recording
):
    manager = staged.viewer(Role.RECORDS_MANAGER)
    assert selectors.decision(manager, recording, now()).held_by == (
        f"linked to {incident.reference}, which is open",
    )
    before = now()
    assert stated(investigator, incident).status_code == 302
    decided = selectors.decision(manager, recording, now())
    assert (decided.held_by, decided.rule) == ((), "no-conviction")
    assert decided.due_at >= before + timedelta(days=31)
    page = text(investigator.get(reverse("incident", args=[incident.id])))
    assert "Acquitted or discontinued, 20 March 2026" in page
    assert [event.subject_id for event in events("incident.outcome_stated")] == [incident.id]


def test_it_is_reopened_and_both_statements_stay(investigator, incident):
    stated(investigator, incident)
    stated(investigator, incident, kind="reopened", reason="New evidence")
    page = investigator.get(reverse("incident", args=[incident.id]))
    assert "nobody has stated how it ended" in text(page)
    assert [each.kind for each in page.context["outcomes"]] == ["reopened", "acquitted"]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"decided_date": "2999-01-01"}, "in the future"),
        ({"in_custody": "on"}, "Only a conviction"),
        ({"kind": "convicted", "release_date": "2026-03-01"}, "before the conviction"),
        ({"reason": ""}, "Where that is known from"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(investigator, incident, sent, words):
    page = stated(investigator, incident, **sent)
    assert page.status_code == 400
    assert words in text(page)
    assert not Outcome.objects.exists()


def test_who_may_not_state_it_reads_it(staged, incident):
    assert stated(staged.client(Role.OFFICER), incident).status_code == 403
    reader = staged.client(Role.AUDITOR)
    assert stated(reader, incident).status_code == 403
    assert reader.get(reverse("incident", args=[incident.id])).context["outcome_form"] is None


def test_the_api_states_and_answers_it(investigator, incident):
    path = f"/api/v1/incidents/{incident.id}"
    made = investigator.post(f"{path}/outcomes", ACQUITTED, content_type="application/json")
    assert made.status_code == 201, made.content
    assert [each["kind"] for each in investigator.get(path).json()["outcomes"]] == ["acquitted"]
