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

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
WIDTHS = (1280, 390)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed at /usr/bin/chromium"),
    pytest.mark.skipif(
        not (AXE.exists() and (ROOT / "src/tabard/web/static/vendor/page.js").exists()),
        reason="the page module is not built: run npm ci && npm run build",
    ),
]

GOOD_CSV = (
    "serial,make,model,mount,unit_code,shoulder_number\nN1,Axis,W120,chest,LX,\nN2,Axis,W120,head,GD,119GD\n"
)
BAD_CSV = "serial,make,model,mount,unit_code,shoulder_number\nN1,Axis,W120,knee,LX,\nN2,Axis,W120,head,ZZ,\n"


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop runs in this thread, and Django would take the test's own queries for coroutines'.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def staged(browser):
    return stage()


@pytest.fixture
def server(staged):
    with serving("tabard.config.asgi:application") as address:
        yield address


@pytest.fixture
def sign_in(browser, server, staged):
    """A page of someone who has signed in; what goes wrong in it is in `page.faults`."""
    contexts = []

    def signed_in(role, officer=None, *, width=1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, base_url=server, **options)
        contexts.append(context)
        cookie = session_cookie(staged.account(role, officer))
        context.add_cookies([{"name": name, "value": value, "url": server} for name, value in cookie.items()])
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
        return page

    yield signed_in
    for context in contexts:
        context.close()


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
    build(request(staged, exhibit))
    failed = request(staged, exhibit)
    Pack.objects.filter(id=failed.id).update(
        state=Pack.State.FAILED, reason="A file in the store is damaged."
    )
    sign_log()
    return {"recording": recording, "incident": incident, "exhibit": exhibit}


def request(staged, exhibit):
    return packs.request(exhibit=exhibit, viewer=staged.viewer(Role.DISCLOSURE_OFFICER), at=FILMED_AT)


def build(pack, content=b"a zip"):
    """The pack as the worker leaves it."""
    pack.state, pack.object, pack.built_at = Pack.State.BUILT, seal(content), FILMED_AT
    pack.save()


def check(page):
    """Axe finds nothing, nothing is wider than the window, and the browser complained of nothing."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found["violations"]] == []
    scroll_width, inner_width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert scroll_width <= inner_width
    assert page.faults == []


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_of_casework_has_a_fault_that_axe_can_find(casework, sign_in, width):
    officer = sign_in(Role.DISCLOSURE_OFFICER, width=width)
    for address in (
        reverse("incidents"),
        reverse("incidents") + "?words=nothing",
        reverse("incident", args=[casework["incident"].id]),
        reverse("exhibits"),
        reverse("exhibit", args=[casework["exhibit"].id]),
    ):
        officer.goto(address)
        check(officer)
    investigator = sign_in(Role.INVESTIGATOR, width=width)
    for address in (
        reverse("incident-record"),
        f"{reverse('exhibit-produce')}?recording={casework['recording'].id}",
    ):
        investigator.goto(address)
        check(investigator)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_of_the_fleet_retention_or_log_has_a_fault_that_axe_can_find(
    staged, casework, sign_in, width
):
    administrator = sign_in(Role.BWV_ADMINISTRATOR, width=width)
    for address in (
        reverse("fleet"),
        reverse("fleet-units"),
        reverse("camera", args=[staged.camera.id]),
        reverse("fleet-import"),
    ):
        administrator.goto(address)
        check(administrator)
    auditor = sign_in(Role.AUDITOR, width=width)
    (produced,) = events("exhibit.produced")
    for address in (
        reverse("retention"),
        reverse("log"),
        reverse("log") + "?kind=exhibit.produced&actor=nobody",
        reverse("log-event", args=[produced.id]),
    ):
        auditor.goto(address)
        check(auditor)


def test_an_officer_records_an_incident_and_is_led_past_every_mistake(staged, sign_in):
    page = sign_in(Role.OFFICER, staged.barrow)
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


def test_an_officer_produces_a_clip_under_their_next_reference(staged, casework, sign_in):
    page = sign_in(Role.OFFICER, staged.barrow)
    page.goto(f"{reverse('exhibit-produce')}?recording={casework['recording'].id}")
    assert page.get_by_text("LB/2, if you are the producer").is_visible()
    page.get_by_label("Clip: The arrest").check()
    page.get_by_label("Description").fill("The arrest, as I filmed it")
    page.get_by_label("Incident").select_option(label=str(casework["incident"]))
    page.get_by_role("button", name="Produce exhibit").click()
    page.get_by_role("heading", name="LB/2").wait_for()
    assert page.get_by_text("Produced as exhibit LB/2.").is_visible()
    check(page)


def test_a_pack_is_asked_for_appears_by_itself_and_is_downloaded(staged, casework, sign_in):
    page = sign_in(Role.DISCLOSURE_OFFICER)
    page.goto(reverse("exhibit", args=[casework["exhibit"].id]))
    page.get_by_role("button", name="Request an evidence pack").click()
    page.get_by_text("A pack is being built.").wait_for()
    check(page)
    build(Pack.objects.get(state=Pack.State.REQUESTED), b"the bytes of the pack")
    page.get_by_text("A pack is being built.").wait_for(state="detached")
    newest = page.get_by_role("link", name="Download").first
    with page.expect_download() as started:
        newest.click()
    assert Path(started.value.path()).read_bytes() == b"the bytes of the pack"
    assert re.fullmatch(r"LB-1-pack-\w+\.zip", started.value.suggested_filename)
    assert len(events("pack.downloaded")) == 1
    check(page)


def test_a_file_of_cameras_is_checked_mended_and_imported_without_javascript(staged, sign_in, tmp_path):
    page = sign_in(Role.BWV_ADMINISTRATOR, java_script_enabled=False)
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text(BAD_CSV)
    good.write_text(GOOD_CSV)
    page.goto(reverse("fleet"))
    page.get_by_role("link", name="Import cameras").click()
    page.get_by_label("CSV file").set_input_files(bad)
    page.get_by_role("button", name="Check the file").click()
    assert page.get_by_text("2 faults in 2 rows.").is_visible()
    assert page.get_by_role("cell", name="There is no unit with the code ZZ.").is_visible()
    page.get_by_label("CSV file").set_input_files(good)
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("button", name="Import 2 cameras").click()
    assert page.get_by_text("2 cameras were imported.").is_visible()
    page.get_by_label("State").select_option("worn")
    page.get_by_role("button", name="Apply filters").click()
    assert page.get_by_role("link", name="N2").is_visible()
    assert not page.get_by_role("link", name="N1").is_visible()
    assert Camera.objects.count() == 3


def test_a_camera_changes_hands(staged, sign_in):
    page = sign_in(Role.BWV_ADMINISTRATOR)
    page.goto(reverse("camera", args=[staged.camera.id]))
    page.get_by_role("button", name="Take the camera back").click()
    page.get_by_label("Officer").fill("119GD")
    page.get_by_role("button", name="Give the camera").click()
    assert page.get_by_text("PC Musa Okafor (119GD) now has camera B8A44F01.").is_visible()
    check(page)


def test_an_auditor_follows_an_event_to_the_root_and_takes_its_proof_away(staged, casework, sign_in):
    page = sign_in(Role.AUDITOR)
    page.goto(reverse("log"))
    page.get_by_label("Kind").select_option("exhibit.produced")
    page.get_by_role("button", name="Apply filters").click()
    page.get_by_role("link", name="Exhibit produced").click()
    assert page.get_by_text("That is the root of the signed checkpoint").is_visible()
    taken = []
    for name in ("Download the receipt", "Download the leaf"):
        with page.expect_download() as started:
            page.get_by_role("button", name=name).click()
        taken.append(Path(started.value.path()).read_bytes())
    receipt, leaf = taken
    TlogProof.parse(receipt).verify(leaf, [VerifierKey.parse(log_signer().vkey)])


def test_lists_and_histories_are_all_there_without_javascript(staged, casework, sign_in):
    page = sign_in(Role.DISCLOSURE_OFFICER, java_script_enabled=False, width=390)
    request(staged, casework["exhibit"])
    page.goto(reverse("exhibit", args=[casework["exhibit"].id]))
    assert page.get_by_role("link", name="Check again").is_visible()
    assert page.get_by_role("heading", name="Exhibit produced").is_visible()
    assert page.get_by_role("link", name="Download").first.is_visible()
