"""From the reason for opening footage to a proof in court: walked through in a real browser, and checked by axe."""

import os
from pathlib import Path

import pytest
from django.urls import reverse
from tests.integration.web.serving import serving, session_cookie
from tests.integration.web.staged import FILMED_AT, events, sign_log, stage

from tabard.incidents.services import link
from tabard.people.rules import Role
from tabard.recordings.viewing import record_view

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WIDTHS = (1280, 390)


@pytest.fixture
def staged(chromium, transactional_db, settings, tmp_path):
    """The force, in a home folder of its own, with a recording that was dealt with."""
    settings.TABARD_HOME = tmp_path
    settings.TABARD_STORE_URL = ""
    return stage()


@pytest.fixture
def casework(staged):
    recording = staged.record()
    incident = staged.incident()
    link(incident=incident, recording=recording, viewer=staged.viewer(Role.INVESTIGATOR), at=FILMED_AT)
    exhibit = staged.exhibit(recording, clip=staged.cut(recording), incident=incident)
    for reason in (None, "Training"):
        record_view(recording=recording, viewer=staged.viewer(Role.INVESTIGATOR), at=FILMED_AT, reason=reason)
    sign_log()
    return {"recording": recording, "incident": incident, "exhibit": exhibit}


@pytest.fixture
def address(staged):
    """Where the pages of this force are served."""
    with serving("tabard.config.asgi:application") as address:
        yield address


@pytest.fixture
def open_as(open_browser, address, staged):
    """A page of someone who has signed in; what goes wrong in it is in `page.faults`."""

    def opened(role, officer=None, **options):
        page = open_browser(**options)
        cookies = session_cookie(staged.account(role, officer))
        page.context.add_cookies(
            [{"name": name, "value": value, "url": address} for name, value in cookies.items()]
        )
        return page

    return opened


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_from_reason_to_proof_has_a_fault_that_axe_can_find(
    casework, open_as, open_browser, look, width
):
    investigator = open_as(Role.INVESTIGATOR, width=width)
    for name in ("recording", "exhibit", "incident"):
        investigator.goto(reverse(name, args=[casework[name].id]))
        look(investigator, f"prompted-{name}")
    investigator.goto(reverse("access-reason", args=["recording", casework["recording"].id]))
    look(investigator, "reason")
    investigator.get_by_role("button", name="Continue").click()
    investigator.get_by_role("alert").wait_for()
    investigator.faults.clear()  # Chromium reports the refusal's status as a fault
    look(investigator, "reason-refused")
    auditor = open_as(Role.AUDITOR, width=width)
    (produced,) = events("exhibit.produced")
    for name, path in {
        "log": reverse("log"),
        "log-filtered": f"{reverse('log')}?section=consultation&kind=exhibit.produced&item=LB/1",
        "log-empty": f"{reverse('log')}?actor=nobody",
        "log-refused": f"{reverse('log')}?item=XX/9",
        "log-event": reverse("log-event", args=[produced.id]),
        "proof": reverse("log-prove-event", args=[produced.id]),
        "history": f"{reverse('recording', args=[casework['recording'].id])}?history=all#history",
    }.items():
        auditor.goto(path)
        look(auditor, name)
    stranger = open_browser(width)
    stranger.goto(reverse("log-prove"))
    look(stranger, "prove")


def test_an_officer_gives_a_reason_with_keys_alone_before_anything_is_shown(
    casework, staged, settings, open_as, look
):
    settings.TABARD_ACCESS_REASON = "required"
    page = open_as(Role.OFFICER, staged.barrow, java_script_enabled=False)
    page.goto(reverse("recording", args=[casework["recording"].id]))
    page.get_by_role("heading", name="Reason for access").wait_for()
    assert page.get_by_text("B8A44F01").count() == 0
    page.get_by_label("Investigation of an incident").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("CAD 4821")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="14 March 2026, 22:41").wait_for()
    assert page.get_by_text("Reason for access: Investigation of an incident: CAD 4821").is_visible()
    viewed = [event.particulars.details["reason"] for event in events("recording.viewed")]
    assert viewed[-1] == "Investigation of an incident: CAD 4821"
    assert len(viewed) == 3


def test_an_officer_who_is_prompted_goes_on_and_answers_when_they_like(casework, staged, open_as):
    page = open_as(Role.OFFICER, staged.barrow)
    page.goto(reverse("recording", args=[casework["recording"].id]))
    assert page.get_by_role("heading", name="14 March 2026, 22:41").is_visible()
    page.get_by_label("Training").check()
    page.get_by_role("button", name="Save reason").click()
    page.get_by_text("Reason for access: Training").wait_for()
    reasons = [event.particulars.details["reason"] for event in events("recording.viewed")]
    assert reasons[-2:] == [None, "Training"]


def test_a_disclosure_officer_takes_the_history_away_for_court(casework, open_as):
    page = open_as(Role.DISCLOSURE_OFFICER)
    page.goto(reverse("recording", args=[casework["recording"].id]))
    page.get_by_role("tab", name="Custody history").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="PDF for a court").click()
    content = Path(started.value.path()).read_bytes()
    assert content.startswith(b"%PDF-1.7")
    assert started.value.suggested_filename.startswith("history-20260314T224107Z-")
    if folder := os.environ.get("TABARD_PICTURES"):
        (Path(folder) / "history.pdf").write_bytes(content)
    (taken,) = events("recording.history_exported")
    assert taken.particulars.actor_name == "Disclosure officer Smith"


def test_a_defence_expert_checks_a_receipt_and_sees_where_a_forged_one_fails(
    casework, open_as, open_browser, look, tmp_path
):
    auditor = open_as(Role.AUDITOR)
    (produced,) = events("exhibit.produced")
    auditor.goto(reverse("log-event", args=[produced.id]))
    taken = {}
    for name in ("receipt", "leaf"):
        with auditor.expect_download() as started:
            auditor.get_by_role("button", name=f"Download the {name}").click()
        taken[name] = tmp_path / started.value.suggested_filename
        started.value.save_as(taken[name])
    for width in WIDTHS:
        expert = open_browser(width, java_script_enabled=width == 1280)
        expert.goto(reverse("log-prove"))
        expert.get_by_label("Receipt", exact=True).set_input_files(taken["receipt"])
        expert.get_by_label("Entry", exact=True).set_input_files(taken["leaf"])
        expert.get_by_role("button", name="Check the receipt").click()
        expert.get_by_text("The receipt holds").wait_for()
        assert expert.get_by_text("An exhibit was produced (exhibit.produced)").is_visible()
        forged = tmp_path / f"forged-{width}.leaf.json"
        forged.write_bytes(taken["leaf"].read_bytes().replace(b"2026-03-14", b"2026-03-13"))
        if width == 1280:
            look(expert, "proof-uploaded")
        expert.get_by_role("link", name="Check another receipt").click()
        expert.get_by_label("Receipt", exact=True).set_input_files(taken["receipt"])
        expert.get_by_label("Entry", exact=True).set_input_files(forged)
        expert.get_by_role("button", name="Check the receipt").click()
        expert.get_by_text("The receipt does not hold").wait_for()
        assert expert.get_by_text("It fails at the step “Each pairing on the way to the total”").is_visible()
        if width == 1280:
            look(expert, "proof-forged")


def test_an_auditor_finds_an_item_by_its_reference_and_takes_the_page_away(casework, open_as):
    page = open_as(Role.AUDITOR)
    page.goto(reverse("log"))
    page.get_by_label("Item").fill("LB/1")
    page.get_by_role("button", name="Apply filters").click()
    page.wait_for_url("**item=LB%2F1**")
    assert page.get_by_role("link", name="Exhibit produced").is_visible()
    assert page.get_by_role("link", name="Exhibit LB/1", exact=True).is_visible()
    with page.expect_download() as started:
        page.get_by_role("link", name="Download this page as CSV").click()
    assert "Exhibit LB/1" in Path(started.value.path()).read_text("utf-8-sig")
    page.get_by_label("Item").fill("")
    page.locator("summary", has_text="Alteration").click()
    page.get_by_label("Exhibit produced").check()
    page.get_by_role("button", name="Apply filters").click()
    page.get_by_role("link", name="Remove filter Kind: Exhibit produced").wait_for()
    assert page.get_by_label("Exhibit produced").is_checked()
