"""The components in a real browser, under the policy they will be served with."""

import threading
from pathlib import Path

import pytest
from tests.unit.web import gallery

ROOT = Path(__file__).resolve().parents[3]
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

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed at /usr/bin/chromium"),
    pytest.mark.skipif(
        not (AXE.exists() and (gallery.WEB / "static/vendor/page.js").exists()),
        reason="the page module is not built: run npm ci && npm run build",
    ),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    gallery.write_site(folder)
    server = gallery.serve(folder)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, address):
    contexts = []

    def opened(width=1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()


def widths(page):
    return page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_the_page_never_scrolls_sideways(open_page, width):
    page = open_page(width)
    page.locator("[data-player-bar]").wait_for()
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found["violations"]] == []
    scroll_width, inner_width = widths(page)
    assert scroll_width <= inner_width
    assert page.faults == []


def test_everything_but_the_player_tools_is_there_without_javascript(open_page):
    page = open_page(390, java_script_enabled=False)
    assert page.get_by_role("heading", name="Custody history").is_visible()
    assert page.get_by_role("heading", name="Cut a clip").is_visible()
    assert page.get_by_role("button", name="Apply filters").is_visible()
    assert page.get_by_role("link", name="Fleet").first.is_visible()
    assert page.get_by_role("cell", name="51.46130").is_visible()
    assert page.locator("[data-player-bar]").is_hidden()


def test_keys_step_and_marks_fill_the_clip_form(open_page):
    page = open_page()
    page.wait_for_function("document.querySelector('video').readyState >= 2")
    video = page.locator("video")
    video.focus()
    page.keyboard.press("l")
    page.wait_for_function("document.querySelector('video').currentTime === 10")
    page.keyboard.press("i")
    page.keyboard.press(".")
    page.wait_for_function("document.querySelector('video').currentTime > 10.03")
    page.get_by_role("button", name="Mark out").click()
    assert page.locator("#id_start_s").input_value() == "10.00"
    assert page.locator("#id_end_s").input_value() == "10.04"
    assert page.locator("[data-player-time]").inner_text() == "29 Mar 2026, 00:59:50 GMT"


def test_the_clock_follows_the_change_to_summer_time(open_page):
    page = open_page()
    page.wait_for_function("document.querySelector('video').readyState >= 2")
    page.get_by_role("button", name="Go to 00:20").click()
    page.wait_for_function("document.querySelector('video').currentTime === 20")
    page.get_by_text("29 Mar 2026, 02:00:00 BST").wait_for()


def test_keys_do_nothing_while_someone_types_elsewhere(open_page):
    page = open_page()
    page.wait_for_function("document.querySelector('video').readyState >= 2")
    page.get_by_role("textbox", name="Search").fill("")
    page.get_by_role("textbox", name="Search").press_sequentially("kill j l")
    assert page.evaluate(
        "[document.querySelector('video').currentTime, document.querySelector('video').paused]"
    ) == [
        0,
        True,
    ]
    assert page.get_by_role("textbox", name="Search").input_value() == "kill j l"


def test_the_strip_is_one_stop_of_the_tab_key_and_arrows_move_inside(open_page):
    page = open_page()
    strip = page.locator("[data-player-strip]")
    assert strip.locator("button[tabindex='0']").count() == 1
    strip.locator("button").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('video').currentTime === 4")


def test_the_map_is_drawn_when_its_tab_opens_and_the_table_folds_away(open_page):
    page = open_page()
    page.get_by_role("tab", name="Track").click()
    page.locator("[data-map-canvas] canvas").wait_for()
    page.wait_for_function("!document.querySelector('[data-map-table]').open")
    assert page.faults == []


def test_without_webgl_the_table_stays_open(browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(address)
    page.get_by_role("tab", name="Track").click()
    assert page.get_by_role("cell", name="51.46130").is_visible()
    assert page.locator("[data-map-canvas]").is_hidden()
    context.close()
