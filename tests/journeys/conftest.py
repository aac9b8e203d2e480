"""A real browser on a real server with a small force's footage, for the journeys of people."""

import os
from pathlib import Path

import pytest
from tests.integration.web import town as towns
from tests.integration.web.serving import serving

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",
]


@pytest.fixture(scope="module")
def chromium():
    """The system's Chromium; the test is skipped, saying so, where there is none."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed at /usr/bin/chromium")
    if not (AXE.exists() and (ROOT / "src/tabard/web/static/vendor/page.js").exists()):
        pytest.skip("the page module is not built: run npm ci && npm run build")
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop runs in this thread, and Django would take the test's own queries for coroutines'.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def town(chromium, transactional_db, settings, tmp_path):
    """The force, its people and a home folder of its own."""
    settings.TABARD_HOME = tmp_path
    settings.TABARD_STORE_URL = ""
    return towns.build()


@pytest.fixture
def address(town):
    """Where the pages and playback are served."""
    with serving("tabard.config.asgi:application") as address:
        yield address


@pytest.fixture
def open_browser(chromium, address):
    """A page of a browser of its own; what goes wrong in it is in `page.faults`."""
    contexts = []

    def opened(width=1280, **options):
        context = chromium.new_context(viewport={"width": width, "height": 900}, base_url=address, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def sign_in():
    """Signs someone in as a person does."""

    def signed_in(page, username):
        page.goto("/sign-in")
        page.get_by_label("User name").fill(username)
        page.get_by_label("Password").fill(towns.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Sign out").wait_for()
        return page

    return signed_in


@pytest.fixture
def check_page():
    """Axe finds nothing, nothing is wider than the window, and the browser complained of nothing."""

    def checked(page, what):
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        faults = [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found["violations"]]
        assert faults == [], what
        scroll_width, inner_width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert scroll_width <= inner_width, what
        assert page.faults == [], what

    return checked


@pytest.fixture
def look(check_page):
    """Checks the page, and keeps a picture of it where `TABARD_PICTURES` names a folder."""

    def looked(page, name):
        check_page(page, name)
        if folder := os.environ.get("TABARD_PICTURES"):
            width = page.viewport_size["width"]
            page.screenshot(path=str(Path(folder) / f"{name}-{width}.png"), full_page=True)

    return looked
