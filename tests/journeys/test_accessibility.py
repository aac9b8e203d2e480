"""Every page of recordings for everyone: axe finds nothing, keys are enough, and nothing scrolls sideways."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.disposals import dispose
from tests.integration.web import town as towns

from tabard.media import services as media
from tabard.people.selectors import viewer_of
from tabard.recordings import clips
from tabard.retention import holds

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WIDTHS = (1280, 390)
LONG_AGO = timedelta(days=60)


@pytest.fixture
def footage(town):
    """A recording in every state that a page can show."""
    made = {
        "playable": towns.record(towns.footage(), towns.footage(seed=2), name="playable"),
        "copy": towns.record(towns.footage("mjpeg-avi"), name="copy"),
        "broken": towns.record(b"not a video", name="broken", officer="unknown", camera="unknown"),
        "disposed": towns.record(b"gone", name="disposed", started_at=datetime.now(UTC) - LONG_AGO),
    }
    for recording in made.values():
        towns.look_into(recording)
    made["waiting"] = towns.record(b"later", name="waiting")
    made["empty"] = towns.record(name="empty", with_track=False)
    now = datetime.now(UTC)
    dispose(now)
    viewer = viewer_of(town.accounts["ines"], now)
    holds.place(on=made["copy"], kind="complaint", reason="Complaint 17/26", viewer=viewer, at=now)
    return made


@pytest.fixture
def cut_clip(town, footage):
    now = datetime.now(UTC)
    clip = clips.request(
        segment=footage["playable"].segments.first(),
        start_s=2,
        end_s=5,
        title="The arrest",
        viewer=viewer_of(town.accounts["lena"], now),
        at=now,
    )
    return media.cut_clip(clip=clip, by=towns.BY, at=now)


@pytest.fixture(params=WIDTHS)
def open_at_width(open_browser, request):
    return lambda: open_browser(request.param)


def test_no_page_has_a_fault_that_axe_can_find(footage, cut_clip, open_at_width, sign_in, check_page):
    for username, paths in {
        "lena": ["/", "/recordings/", f"/recordings/{footage['playable'].id}/", f"/clips/{cut_clip.id}/"],
        "ines": [
            "/",
            "/recordings/?words=barrow&category=none&since=2026-01-01",
            "/recordings/?words=zebra",
            *(f"/recordings/{recording.id}/" for recording in footage.values()),
            f"/recordings/{footage['playable'].id}/?segment=2&history=all#history",
        ],
        "ruth": ["/"],
        "amir": ["/", f"/recordings/{footage['playable'].id}/"],
        "rosa": ["/"],
        "olga": ["/"],
    }.items():
        page = sign_in(open_at_width(), username)
        for path in paths:
            page.goto(path)
            check_page(page, f"{username} {path}")


def test_a_refused_form_is_as_clean_as_a_fresh_one(footage, open_at_width, sign_in, check_page):
    page = open_at_width()
    page.goto("/sign-in")
    check_page(page, "sign in")
    page.get_by_label("User name").fill("lena")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("User name").input_value() == "lena"
    page.faults.clear()  # Chromium reports the refusal's status as a fault
    check_page(page, "sign in, refused")
    sign_in(page, "ines")
    page.goto(f"/recordings/{footage['playable'].id}/#clips")
    page.get_by_label("Start", exact=True).fill("soon")
    page.get_by_role("button", name="Cut clip").click()
    page.get_by_role("alert").wait_for()
    page.faults.clear()
    assert page.get_by_label("Start", exact=True).input_value() == "soon"
    check_page(page, "clip, refused")
    page.goto("/recordings/?since=2026-02-02&until=2026-01-01")
    check_page(page, "filter, refused")


def test_signing_in_and_opening_a_recording_takes_only_keys(footage, open_browser):
    page = open_browser()
    page.goto("/sign-in")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to main content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("lena")
    page.keyboard.press("Tab")
    page.keyboard.type(towns.PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="PC 482LX Barrow").wait_for()
    walk_to(page, "Recordings")
    page.keyboard.press("Enter")
    page.wait_for_url("**/recordings/")
    walk_to(page, page.locator("tbody a").first.inner_text())


def focused(page):
    return page.evaluate("document.activeElement.innerText")


def walk_to(page, name):
    """Press Tab until what is called so has focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page) == name:
            return
    pytest.fail(f"the Tab key does not reach {name}")
