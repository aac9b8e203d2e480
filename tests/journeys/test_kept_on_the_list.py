"""A recording is held while on the list of what will be disposed of: the run passes, and it stays and can be played."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.disposals import dispose, put_on_the_list
from tests.integration.web import town as towns
from tests.integration.web.staged import sign_log

from tabard.recordings.models import Recording

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLAYED = """new Promise(done => {
    const video = document.querySelector("video");
    video.ontimeupdate = () => { if (video.currentTime > 1) done(); };
    video.play();
})"""
NARROW = {"width": 390, "height": 900}


def look_at_both(page, look, name):
    """As it is seen on a desk, and on a telephone."""
    wide = page.viewport_size
    look(page, name)
    page.set_viewport_size(NARROW)
    look(page, name)
    page.set_viewport_size(wide)


def test_what_is_held_while_on_the_list_stays(town, open_browser, sign_in, look):
    now = datetime.now(UTC)
    held = towns.record(towns.footage(), name="held", started_at=now - timedelta(days=40))
    towns.look_into(held)
    other = towns.record(
        b"nobody holds it", name="other", started_at=now - timedelta(days=41), with_track=False
    )
    assert set(put_on_the_list(now)) == {held.pk, other.pk}

    manager = sign_in(open_browser(), "rosa")
    manager.goto("/disposal-runs/")
    look_at_both(manager, look, "list")
    manager.get_by_role("link", name=f"Keep this recording {held.source_name}").click()
    manager.get_by_label("Kind").select_option("Complaint")
    manager.locator("#id_hold-reason").fill("Complaint 12/26")
    manager.get_by_role("button", name="Place hold").click()
    manager.get_by_text("The recording is held: Complaint").wait_for()
    manager.goto("/disposal-runs/")
    manager.get_by_text("Comes off the list when its turn comes: Complaint hold").wait_for()
    look_at_both(manager, look, "held")

    assert dispose(datetime.now(UTC)) == [other.pk]
    manager.reload()
    manager.get_by_text("Nothing is on the list").wait_for()
    manager.get_by_text("Held: Complaint hold. Without that:").wait_for()
    look_at_both(manager, look, "spared")
    manager.get_by_role("table", name="Came off the list").get_by_role("link").nth(1).click()
    manager.get_by_text("no end while it is held").wait_for()
    assert Recording.objects.get(pk=held.pk).disposed_at is None

    detective = sign_in(open_browser(), "ines")
    detective.goto(f"/recordings/{held.pk}/")
    detective.evaluate(PLAYED)

    manager.goto(f"/recordings/{other.pk}/#retention")
    manager.get_by_role("link", name="Certificate of disposal").click()
    manager.get_by_role("heading", name="Certificate of disposal").wait_for()
    manager.get_by_text("no signed checkpoint").wait_for()
    sign_log()
    manager.get_by_role("link", name="Look again").click()
    with manager.expect_download() as taken:
        manager.get_by_role("button", name="Download the certificate").click()
    assert taken.value.suggested_filename == f"{other.pk}.disposal.json"
    look_at_both(manager, look, "certificate")
    manager.goto("/disposals/")
    manager.get_by_role("table").get_by_role("link", name="Certificate of recording").wait_for()
    look_at_both(manager, look, "certificates")
