"""A records manager changes a period and sees what that would do; another person reads it and approves."""

import os
from pathlib import Path

import pytest
from tests.integration.web.town import PASSWORD, record
from tests.policies import stops_kept_for
from tests.world import BY

from tabard.kernel.clock import now
from tabard.people.rules import Role
from tabard.people.services import create_account
from tabard.recordings.models import Recording
from tabard.retention import policies
from tabard.retention.models import PolicyVersion

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def shoot(page, name, width):
    if folder := os.environ.get("TABARD_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_period_is_changed_by_two_people_who_saw_what_that_does(
    town, open_browser, sign_in, check_page, width
):
    record(b"not really a video", with_track=False)
    Recording.objects.update(category="stop-and-search")
    create_account(
        username="petra",
        display_name="Petra Lund",
        password=PASSWORD,
        roles=[Role.PROFESSIONAL_STANDARDS],
        by=BY,
        at=now(),
    )
    manager = sign_in(open_browser(width=width), "rosa")
    manager.goto("/policy/")
    check_page(manager, "policy")
    shoot(manager, "policy", width)
    manager.get_by_role("button", name="Propose a change").click()
    manager.get_by_label("The policy", exact=True).fill(stops_kept_for(400).replace("notice_days", "noticed"))
    manager.get_by_role("button", name="Check").click()
    manager.get_by_text("a field that we do not know: noticed").first.wait_for()
    manager.faults.clear()  # the browser notes the refused form
    check_page(manager, "a fault")
    shoot(manager, "fault", width)
    manager.get_by_label("The policy", exact=True).fill(stops_kept_for(400))
    manager.get_by_role("button", name="What if").click()
    manager.get_by_role("heading", name="What it would change").wait_for()
    assert manager.get_by_role("cell", name="400 days").count() == 1
    check_page(manager, "what if")
    shoot(manager, "what-if", width)
    manager.get_by_label("Why it is to change").fill("A new code of practice")
    manager.get_by_role("button", name="Propose").click()
    manager.get_by_text("1 more approval needed").wait_for()
    assert manager.get_by_role("button", name="Approve").count() == 0
    assert policies.current(now()).version != "ours-1"

    other = sign_in(open_browser(width=width), "petra")
    other.goto("/policy/")
    other.get_by_role("link", name="ours-1").click()
    other.get_by_text("A new code of practice").wait_for()
    check_page(other, "the second person's view")
    shoot(other, "version", width)
    other.get_by_role("button", name="Approve").click()
    other.get_by_text("The policy is adopted").first.wait_for()
    check_page(other, "afterwards")
    assert PolicyVersion.objects.get().state == "executed"
    assert policies.current(now()).version == "ours-1"
