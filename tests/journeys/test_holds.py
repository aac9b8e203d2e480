"""Professional standards hold an officer's days, look at the hold again and release it; the officer learns nothing."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.integration.web.town import record

from tabard.retention import keeping
from tabard.retention.models import Hold

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def keep_shot(page, name):
    if folder := os.environ.get("TABARD_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("width", [1280, 390])
def test_an_officers_days_are_held_looked_at_again_and_released(
    town, open_browser, sign_in, check_page, width
):
    recording = record(b"not really a video", with_track=False)
    day = recording.started_at.astimezone(UTC).date()
    page = sign_in(open_browser(width=width), "rosa")
    page.goto("/holds/")
    page.get_by_text("Nothing is held").wait_for()
    check_page(page, "empty list")
    page.get_by_role("button", name="Place a hold").click()
    check_page(page, "form")
    page.get_by_label("Whatever an officer may have filmed").check()
    page.get_by_label("Kind of hold").select_option("IOPC")
    page.get_by_label("Reason").fill("Referral 7")
    page.get_by_role("button", name="Show what would be held").click()
    page.get_by_role("link", name="No officer, or more than one").wait_for()
    page.faults.clear()  # the browser notes the refused form
    check_page(page, "refused")
    page.get_by_label("Officer's shoulder or warrant number").fill(recording.officer.shoulder_number)
    page.get_by_label("First day").fill(day.isoformat())
    page.get_by_label("Last day").fill(day.isoformat())
    page.get_by_role("button", name="Show what would be held").click()
    page.get_by_role("heading", name="What would be held").wait_for()
    check_page(page, "rehearsal")
    keep_shot(page, f"rehearsal-{width}")
    assert not Hold.objects.exists()
    page.get_by_role("button", name="Place hold").click()
    page.get_by_text("The hold is placed").wait_for()
    check_page(page, "hold")
    keep_shot(page, f"hold-{width}")
    assert keeping.held_ids() == {recording.id}

    officer = sign_in(open_browser(width=width), recording.officer.account.username)
    officer.goto(f"/recordings/{recording.id}/#retention")
    assert "on hold" not in officer.content()
    assert "IOPC" not in officer.content()

    page.get_by_role("button", name="Keep the hold on").click()
    page.get_by_text("There is a problem").wait_for()
    page.faults.clear()
    until = datetime.now(UTC).date() + timedelta(days=90)
    page.get_by_label("Look at it again on").fill(until.isoformat())
    page.get_by_label("Why it is still needed").fill("The hearing is in May")
    page.get_by_role("button", name="Keep the hold on").click()
    page.get_by_text("The hold is kept on").wait_for()
    assert Hold.objects.get().review_date == until

    Hold.objects.update(review_date=datetime.now(UTC).date())
    page.goto("/")
    page.get_by_text("Holds to look at").wait_for()
    check_page(page, "home")
    page.goto("/holds/?standing=to_review")
    check_page(page, "list")
    keep_shot(page, f"holds-{width}")
    page.get_by_role("main").get_by_role("link", name="IOPC").click()
    page.get_by_label("Why it is no longer needed").fill("No case to answer")
    page.get_by_role("button", name="Release hold").click()
    page.get_by_text("The hold is released").wait_for()
    check_page(page, "released")
    assert keeping.held_ids() == set()
