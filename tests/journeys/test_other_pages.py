"""Incidents, exhibits, the fleet, retention and the log in a real browser: walked through, and checked by axe."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from tests.integration.web.serving import serving, session_cookie
from tests.integration.web.staged import FILMED_AT, events, seal, sign_log, stage

from tabard.custody.adapters import log_signer
from tabard.disclosure import packs
from tabard.disclosure.models import Pack
from tabard.fleet.models import Camera
from tabard.incidents.models import Incident
from tabard.incidents.services import link
from tabard.kernel.clock import now
from tabard.merkle.note import VerifierKey
from tabard.merkle.tlog_proof import TlogProof
from tabard.people.rules import Role
from tabard.recordings.models import Recording
from tabard.retention.services import adopt_policy

WIDTHS = (1280, 390)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GOOD_CSV = (
    "serial,make,model,mount,unit_code,shoulder_number\nN1,Axis,W120,chest,LX,\nN2,Axis,W120,head,GD,119GD\n"
)
BAD_CSV = "serial,make,model,mount,unit_code,shoulder_number\nN1,Axis,W120,knee,LX,\nN2,Axis,W120,head,ZZ,\n"


@pytest.fixture
def staged(chromium, transactional_db, settings, tmp_path):
    """The force, in a home folder of its own."""
    settings.TABARD_HOME = tmp_path
    settings.TABARD_STORE_URL = ""
    return stage()


@pytest.fixture
def address(staged):
    """Where the pages and packs of this force are served."""
    with serving("tabard.config.asgi:application") as address:
        yield address


@pytest.fixture
def open_as(open_browser, address, staged):
    """A page of someone who has signed in; what goes wrong in it is in `page.faults`."""

    def opened(role, officer=None, **options):
        page = open_browser(**options)
        cookie = session_cookie(staged.account(role, officer))
        page.context.add_cookies(
            [{"name": name, "value": value, "url": address} for name, value in cookie.items()]
        )
        return page

    return opened


@pytest.fixture
def casework(staged):
    """An incident, a recording that shows it, a clip, an exhibit with its packs, and a log with a checkpoint."""
    recording, incident = staged.record(), staged.incident()
    link(
        incident=incident,
        recording=recording,
        viewer=staged.viewer(Role.INVESTIGATOR),
        at=FILMED_AT,
        reason="Shows the arrest",
    )
    staged.record("due soon", started_at=now() - timedelta(days=28))
    exhibit = staged.exhibit(recording, clip=staged.cut(recording), incident=incident)
    build(ask_for_pack(staged, exhibit))
    failed = ask_for_pack(staged, exhibit)
    Pack.objects.filter(id=failed.id).update(
        state=Pack.State.FAILED, reason="A file in the store is damaged."
    )
    sign_log()
    return {"recording": recording, "incident": incident, "exhibit": exhibit}


def ask_for_pack(staged, exhibit):
    return packs.request(exhibit=exhibit, viewer=staged.viewer(Role.DISCLOSURE_OFFICER), at=FILMED_AT)


def build(pack, content=b"a zip"):
    """The pack as the worker leaves it."""
    pack.state, pack.object, pack.built_at = Pack.State.BUILT, seal(content), FILMED_AT
    pack.save()


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_of_casework_has_a_fault_that_axe_can_find(casework, open_as, check_page, width):
    officer = open_as(Role.DISCLOSURE_OFFICER, width=width)
    for address in (
        reverse("incidents"),
        reverse("incidents") + "?words=nothing",
        reverse("incident", args=[casework["incident"].id]),
        reverse("exhibits"),
        reverse("exhibit", args=[casework["exhibit"].id]),
    ):
        officer.goto(address)
        check_page(officer, officer.url)
    investigator = open_as(Role.INVESTIGATOR, width=width)
    for address in (
        reverse("incident-record"),
        f"{reverse('exhibit-produce')}?recording={casework['recording'].id}",
    ):
        investigator.goto(address)
        check_page(investigator, investigator.url)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_of_the_fleet_retention_or_log_has_a_fault_that_axe_can_find(
    staged, casework, open_as, check_page, width
):
    administrator = open_as(Role.BWV_ADMINISTRATOR, width=width)
    for address in (
        reverse("fleet"),
        reverse("fleet-units"),
        reverse("camera", args=[staged.camera.id]),
        reverse("fleet-import"),
        reverse("officers-import"),
        reverse("training-import"),
    ):
        administrator.goto(address)
        check_page(administrator, administrator.url)
    auditor = open_as(Role.AUDITOR, width=width)
    (produced,) = events("exhibit.produced")
    for address in (
        reverse("retention"),
        reverse("log"),
        reverse("log") + "?kind=exhibit.produced&actor=nobody",
        reverse("log-event", args=[produced.id]),
    ):
        auditor.goto(address)
        check_page(auditor, auditor.url)


@pytest.mark.parametrize("width", WIDTHS)
def test_one_proposes_at_a_review_to_let_go_and_another_agrees(staged, open_as, look, width):
    adopt_policy()
    old = staged.record("old")
    over = {"category": "crime", "received_at": now() - timedelta(days=2_300), "officer": None}
    Recording.objects.filter(pk=old.pk).update(**over)
    manager = open_as(Role.RECORDS_MANAGER, width=width)
    manager.goto(reverse("retention"))
    look(manager, "retention-dashboard")
    manager.get_by_role("link", name="Go to the reviews").click()
    look(manager, "review-list")
    manager.get_by_role("table", name="To be reviewed").get_by_role("link").first.click()
    look(manager, "review-facts")
    manager.get_by_label("Let go").check()
    manager.get_by_role("button", name="Decide").click()
    manager.get_by_text("There is a problem").wait_for()
    manager.faults.clear()  # the browser notes that what was sent is refused
    look(manager, "review-refused")
    manager.get_by_label("Reason", exact=True).fill("The appeal is over")
    manager.get_by_role("button", name="Decide").click()
    second = open_as(Role.PROFESSIONAL_STANDARDS, width=width)
    second.goto(reverse("recording-review", args=[old.pk]))
    look(second, "review-second")
    second.get_by_role("button", name="Agree to let it go").click()
    second.get_by_text("Agreed. The recording goes with the next disposal run.").wait_for()
    look(second, "review-agreed")


def test_an_officer_records_an_incident_and_is_led_past_every_mistake(staged, open_as):
    page = open_as(Role.OFFICER, staged.barrow)
    page.goto(reverse("incidents"))
    page.get_by_role("button", name="Record an incident").click()
    page.get_by_label("Crime report").check()
    page.get_by_label("Reference").fill("4829137/26")
    page.get_by_role("button", name="Record incident").click()
    page.get_by_role("link", name="Enter what happened").click()
    page.keyboard.type("Robbery, Brixton Road")
    assert page.get_by_label("Crime report").is_checked()
    page.get_by_label("Start").fill("2026-07-14T22:41:00")
    page.get_by_role("button", name="Record incident").click()
    page.get_by_role("heading", name="Robbery, Brixton Road").wait_for()
    assert page.get_by_text("14 July 2026, 22:41").is_visible()
    assert Incident.objects.get().reference == "4829137/26"


def test_an_officer_produces_a_clip_under_their_next_reference(staged, casework, open_as, check_page):
    page = open_as(Role.OFFICER, staged.barrow)
    page.goto(f"{reverse('exhibit-produce')}?recording={casework['recording'].id}")
    assert page.get_by_text("LB/2, if you are the producer").is_visible()
    page.get_by_label("Clip: The arrest").check()
    page.get_by_label("Description").fill("The arrest, as I filmed it")
    page.get_by_label("Incident").select_option(label=str(casework["incident"]))
    page.get_by_role("button", name="Produce exhibit").click()
    page.get_by_role("heading", name="LB/2").wait_for()
    assert page.get_by_text("Produced as exhibit LB/2.").is_visible()
    check_page(page, page.url)


def test_a_pack_is_asked_for_appears_by_itself_and_is_downloaded(staged, casework, open_as, check_page):
    page = open_as(Role.DISCLOSURE_OFFICER)
    page.goto(reverse("exhibit", args=[casework["exhibit"].id]))
    page.get_by_role("button", name="Request an evidence pack").click()
    page.get_by_text("A pack is being built.").wait_for()
    check_page(page, page.url)
    build(Pack.objects.get(state=Pack.State.REQUESTED), b"the bytes of the pack")
    page.get_by_text("A pack is being built.").wait_for(state="detached")
    newest = page.get_by_role("link", name="Download").first
    with page.expect_download() as started:
        newest.click()
    assert Path(started.value.path()).read_bytes() == b"the bytes of the pack"
    assert re.fullmatch(r"LB-1-pack-\w+\.zip", started.value.suggested_filename)
    assert len(events("pack.downloaded")) == 1
    check_page(page, page.url)


def test_a_file_of_cameras_is_checked_mended_and_imported_without_javascript(staged, open_as, tmp_path):
    page = open_as(Role.BWV_ADMINISTRATOR, java_script_enabled=False)
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text(BAD_CSV)
    good.write_text(GOOD_CSV)
    page.goto(reverse("fleet"))
    page.get_by_role("link", name="Import cameras").click()
    page.get_by_label("CSV file").set_input_files(bad)
    page.get_by_role("button", name="Check the file").click()
    page.get_by_text("2 faults in 2 rows.").wait_for()
    assert page.get_by_role("cell", name="There is no unit with the code ZZ.").is_visible()
    page.get_by_label("CSV file").set_input_files(good)
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("button", name="Import 2 cameras").click()
    page.get_by_text("2 cameras were imported.").wait_for()
    page.get_by_label("State").select_option("issued")
    page.get_by_role("button", name="Apply filters").click()
    page.get_by_role("link", name="N2").wait_for()
    assert not page.get_by_role("link", name="N1").is_visible()
    assert Camera.objects.count() == 3


def test_a_camera_changes_hands(staged, open_as, check_page):
    page = open_as(Role.BWV_ADMINISTRATOR)
    page.goto(reverse("camera", args=[staged.camera.id]))
    page.get_by_role("button", name="Take the camera back").click()
    page.get_by_label("Officer").fill("119GD")
    page.get_by_role("button", name="Give the camera").click()
    page.get_by_text("PC Musa Okafor (119GD) now has camera B8A44F01.").wait_for()
    check_page(page, page.url)


def test_an_auditor_follows_an_event_to_the_root_and_takes_its_proof_away(staged, casework, open_as):
    page = open_as(Role.AUDITOR)
    page.goto(reverse("log"))
    page.locator("summary", has_text="Alteration").click()
    page.get_by_label("Exhibit produced").check()
    page.get_by_role("button", name="Apply filters").click()
    page.get_by_role("link", name="Exhibit produced", exact=True).click()
    page.get_by_text("That is the root of the signed checkpoint").wait_for()
    taken = []
    for name in ("Download the receipt", "Download the leaf"):
        with page.expect_download() as started:
            page.get_by_role("button", name=name).click()
        taken.append(Path(started.value.path()).read_bytes())
    receipt, leaf = taken
    TlogProof.parse(receipt).verify(leaf, [VerifierKey.parse(log_signer().vkey)])


def test_lists_and_histories_are_all_there_without_javascript(staged, casework, open_as):
    page = open_as(Role.DISCLOSURE_OFFICER, java_script_enabled=False, width=390)
    ask_for_pack(staged, casework["exhibit"])
    page.goto(reverse("exhibit", args=[casework["exhibit"].id]))
    assert page.get_by_role("link", name="Check again").is_visible()
    assert page.get_by_role("heading", name="Exhibit produced").is_visible()
    assert page.get_by_role("link", name="Download").first.is_visible()
