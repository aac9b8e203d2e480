"""A disclosure officer asks, a records manager confirms twice: the recording goes; wide and narrow screens alike."""

import os
from pathlib import Path

import pytest
from tests.integration.web.town import record

from tabard.recordings.models import Recording
from tabard.vault.models import SealedObject

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def asked_and_approved(town, open_browser, sign_in, check_page):
    """Asks in one browser and approves in another, which it returns."""

    def both(width, *, at_once):
        recording = record(b"not really a video", with_track=False)
        ask(sign_in(open_browser(width=width), "dana"), recording, check_page, at_once=at_once)
        manager = sign_in(open_browser(width=width), "rosa")
        approve(manager, check_page, f"{width}-{at_once}")
        return manager

    return both


def ask(clerk, recording, check_page, *, at_once):
    clerk.goto(f"/recordings/{recording.id}/early-disposal")
    check_page(clerk, "request")
    clerk.get_by_label("Order of a court").check()
    clerk.get_by_label("What was ordered or found").fill("Crown Court at Southwark, T20260001")
    if at_once:
        clerk.get_by_label("The law allows no delay").check()
    clerk.get_by_role("button", name="Ask for early disposal").click()
    clerk.get_by_text("1 more approval needed").wait_for()
    check_page(clerk, "the asker's view")
    assert clerk.get_by_role("button", name="Approve").count() == 0


def approve(manager, check_page, name):
    manager.goto("/early-disposals/")
    check_page(manager, "list")
    manager.get_by_role("main").get_by_role("link").first.click()
    manager.get_by_text("What will be gone for good").wait_for()
    manager.get_by_role("button", name="Approve").click()
    manager.get_by_text("this cannot be undone").first.wait_for()
    check_page(manager, "confirmation")
    if folder := os.environ.get("TABARD_SHOTS"):
        manager.screenshot(path=Path(folder) / f"approve-{name}.png", full_page=True)
    manager.get_by_role("button", name="Approve").click()
    manager.get_by_role("link", name="Tick the box").wait_for()
    manager.faults.clear()  # the browser notes the refused form
    manager.get_by_label("I have checked the basis in law").check()
    manager.get_by_role("button", name="Approve").click()


@pytest.mark.parametrize("width", [1280, 390])
def test_where_the_law_allows_no_delay_nobody_can_read_it_again(asked_and_approved, check_page, width):
    manager = asked_and_approved(width, at_once=True)
    manager.get_by_text("its keys are destroyed").first.wait_for()
    check_page(manager, "afterwards")
    assert Recording.objects.get().disposed_at is not None
    assert not SealedObject.objects.get().is_readable


def test_in_the_days_of_grace_a_mistake_is_put_right(asked_and_approved, check_page):
    manager = asked_and_approved(390, at_once=False)
    manager.get_by_text("goes when the days of grace are over").first.wait_for()
    check_page(manager, "in the days of grace")
    manager.get_by_label("Why", exact=True).fill("The wrong recording")
    manager.get_by_role("button", name="Refuse").click()
    manager.get_by_text("The early disposal is refused").first.wait_for()
    assert manager.get_by_text("after the days of grace").count() == 0
    assert SealedObject.objects.get().is_readable
