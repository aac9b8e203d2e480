"""A disclosure officer asks, a records manager confirms twice: the recording is gone; wide and narrow screens alike."""

import os
from pathlib import Path

import pytest
from tests.integration.web.town import record

from tabard.recordings.models import Recording
from tabard.vault.models import SealedObject

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("width", [1280, 390])
def test_one_asks_another_confirms_twice_and_nobody_can_read_it_again(
    town, open_browser, sign_in, check_page, width
):
    recording = record(b"not really a video", with_track=False)
    clerk = sign_in(open_browser(width=width), "dana")
    clerk.goto(f"/recordings/{recording.id}/early-disposal")
    check_page(clerk, "request")
    clerk.get_by_label("Order of a court").check()
    clerk.get_by_label("What was ordered or found").fill("Crown Court at Southwark, T20260001")
    clerk.get_by_role("button", name="Ask for early disposal").click()
    clerk.get_by_text("1 more approval needed").wait_for()
    check_page(clerk, "the asker's view")
    assert clerk.get_by_role("button", name="Approve").count() == 0

    manager = sign_in(open_browser(width=width), "rosa")
    manager.goto("/early-disposals/")
    check_page(manager, "list")
    manager.get_by_role("main").get_by_role("link").first.click()
    manager.get_by_text("What will be gone for good").wait_for()
    manager.get_by_role("button", name="Approve").click()
    manager.get_by_text("This cannot be undone").first.wait_for()
    check_page(manager, "confirmation")
    if folder := os.environ.get("TABARD_SHOTS"):
        manager.screenshot(path=Path(folder) / f"approve-{width}.png", full_page=True)
    manager.get_by_role("button", name="Approve").click()
    manager.get_by_role("link", name="Tick the box").wait_for()
    manager.faults.clear()  # the browser notes the refused form
    manager.get_by_label("I have checked the basis in law").check()
    manager.get_by_role("button", name="Approve").click()
    manager.get_by_text("its keys are destroyed").first.wait_for()
    check_page(manager, "afterwards")
    assert Recording.objects.get().disposed_at is not None
    assert not SealedObject.objects.get().is_readable
