"""The policy on screen: what is in force, the editor with its what-if, and the second person."""

import pytest
from django.urls import reverse
from tests.integration.web.staged import events, stage, text
from tests.policies import stops_kept_for

from tabard.kernel.clock import now
from tabard.people.rules import Role
from tabard.recordings.models import Recording
from tabard.retention import policies, services
from tabard.retention.models import PolicyVersion
from tabard.retention.policy import default_text

SHORTER = stops_kept_for(100)


@pytest.fixture
def staged(db):
    staged = stage()
    services.adopt_policy()
    staged.record("stop")
    Recording.objects.update(category="stop-and-search")
    return staged


@pytest.fixture
def manager(staged):
    return staged.client(Role.RECORDS_MANAGER)


@pytest.fixture
def standards(staged):
    return staged.client(Role.PROFESSIONAL_STANDARDS)


def sent(client, act, policy=SHORTER, **more):
    return client.post(reverse("policy-change"), {"text": policy, "act": act, **more})


def test_what_ships_is_in_force_and_each_rule_says_where_it_comes_from(standards):
    seen = text(standards.get(reverse("policy")))
    assert "The force has not adopted one of its own" in seen
    assert "CPIA code of practice 5.7" in seen
    assert "Confirm the figure" in seen
    assert "Propose a change" not in seen


def test_the_editor_begins_with_the_text_in_force(manager):
    assert manager.get(reverse("policy-change")).context["form"]["text"].value() == default_text()


def test_a_fault_is_told_with_its_line_and_the_lines_around_it(manager):
    wrong = SHORTER.replace("\ndays = 100\n", "\ndays = 0\n")
    page = sent(manager, "check", wrong)
    assert page.status_code == 400
    line = wrong.splitlines().index("days = 0") + 1
    assert f"Line {line}:" in text(page)
    assert (line, "days = 0", True) in page.context["excerpt"]
    assert page.context["form"]["text"].value() == wrong


def test_what_if_shows_periods_numbers_and_items(manager):
    page = sent(manager, "compare")
    assert [change.after for change in page.context["changes"]] == ["100 days"]
    assert [item.recording for item in page.context["items"]] == list(Recording.objects.all())
    assert "Fall due sooner" in text(page)
    assert not PolicyVersion.objects.exists()


def test_every_item_comes_as_a_sheet(manager):
    lines = b"".join(sent(manager, "items").streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert str(Recording.objects.get().pk) in lines[1]


def test_one_proposes_with_a_reason_and_another_approves(manager, standards):
    assert "Say why" in text(sent(manager, "propose"))
    # A browser sends these ends of lines; the hash is still that of the file.
    made = sent(manager, "propose", SHORTER.replace("\n", "\r\n"), reason="A new code of practice")
    version = PolicyVersion.objects.get()
    assert made["Location"] == reverse("policy-version", args=[version.pk])
    assert version.text == SHORTER
    assert not manager.get(made["Location"]).context["may_approve"]

    page = standards.get(made["Location"])
    assert "A new code of practice" in text(page)
    assert [item.recording for item in page.context["items"]] == list(Recording.objects.all())
    assert standards.get(made["Location"], {"shift": "later"}).context["items"] == []
    done = standards.post(reverse("policy-approve", args=[version.pk]), follow=True)
    assert "The policy is adopted" in text(done)
    assert [event.subject_id for event in events("policy.adopted")] == [version.pk]
    assert policies.current(now()).version != "ours-1", "a shorter period waits for the days of grace"
    assert b"ours-1" in standards.get(reverse("policy")).content


def test_another_refuses_and_says_why(manager, standards):
    sent(manager, "propose", reason="A new code of practice")
    version = PolicyVersion.objects.get()
    refuse = reverse("policy-refuse", args=[version.pk])
    assert standards.post(refuse).status_code == 400
    assert "The policy is refused" in text(
        standards.post(refuse, {"refuse-reason": "Too short"}, follow=True)
    )
    again = standards.post(reverse("policy-approve", args=[version.pk]))
    assert again.status_code == 400
    assert "nobody can approve it now" in text(again)


def test_a_policy_that_cannot_be_read_is_said_and_the_page_still_opens(manager, standards):
    sent(manager, "propose", stops_kept_for(400), reason="A new code of practice")
    standards.post(reverse("policy-approve", args=[PolicyVersion.objects.get().pk]))
    PolicyVersion.objects.update(text="altered")
    assert "nothing is disposed of" in text(manager.get(reverse("policy")))


def test_programs_try_propose_read_and_approve_a_policy(staged):
    first, second = staged.client(Role.RECORDS_MANAGER), staged.client(Role.PROFESSIONAL_STANDARDS)
    url, text_ = "/api/v1/policies", stops_kept_for(400)

    def sent(client, path, **body):
        return client.post(path, body, content_type="application/json")

    shipped = first.get(f"{url}/in-force").json()
    assert (shipped["id"], shipped["text"]) == (None, default_text())
    tried = sent(first, f"{url}/what-if", text=text_).json()
    (change,) = tried["changes"]
    assert (change["shortens"], tried["before"]["due"]) == (False, tried["after"]["due"])
    fault = sent(first, f"{url}/what-if", text=text_.replace("\ndays = 400", "\ndays = 0")).json()
    assert fault["fields"]["line"] == text_.splitlines().index("days = 400") + 1
    made = sent(first, url, text=text_, reason="A new code").json()
    assert (made["state"], made["still_missing"], made["text"]) == ("requested", 1, text_)
    assert [each["id"] for each in first.get(url).json()] == [made["id"]]
    assert second.get(f"{url}/{made['id']}/what-if").json()["changes"] == tried["changes"]
    assert (
        second.get(f"{url}/{made['id']}/what-if.csv").getvalue().decode("utf-8-sig").startswith("recording,")
    )
    assert sent(first, f"{url}/{made['id']}/approve").status_code == 409
    agreed = sent(second, f"{url}/{made['id']}/approve").json()
    assert (agreed["state"], agreed["approvals"][0]["approved_by"]) == (
        "executed",
        "Professional standards Smith",
    )
    assert first.get(f"{url}/in-force").json()["id"] == made["id"]
