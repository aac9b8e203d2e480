"""An officer's footage from the sign-in to the exhibit, and another borough's officer who may not see it."""

import time
from datetime import UTC, datetime

import pytest
from tests.integration.web import town as towns

from tabard.custody import sequencer
from tabard.custody.adapters import log_signer
from tabard.custody.models import Event
from tabard.incidents.models import Exhibit
from tabard.media import services as media
from tabard.recordings.models import Clip

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def recording(town):
    made = towns.record(towns.footage())
    towns.look_into(made)
    return made


def test_an_officer_finds_plays_cuts_and_produces_and_a_stranger_is_refused(recording, open_browser, sign_in):
    officer = sign_in(open_browser(), "lena")
    find(officer, recording)
    play(officer)
    clip = cut(officer)
    exhibit = produce(officer)
    assert (exhibit.reference, exhibit.clip_id, exhibit.recording_id) == ("LB/1", clip.id, recording.id)
    assert officer.faults == []

    stranger = sign_in(open_browser(), "tom")
    refused = stranger.goto(f"/recordings/{recording.id}/")
    assert refused.status == 403
    assert stranger.get_by_role("heading", name="You may not see this").is_visible()
    played = stranger.request.get(f"/play/segments/{recording.segments.get().id}")
    assert played.status == 403

    read_the_log(sign_in(open_browser(), "olga"))
    happened = Event.objects.values_list("kind", flat=True)
    assert {"recording.viewed", "recording.played", "clip.requested", "clip.cut", "exhibit.produced"} <= set(
        happened
    )
    assert list(happened).count("access.refused") == 2


def find(page, recording):
    """From home by way of the list to the page."""
    page.get_by_role("link", name="Recordings", exact=True).click()
    page.get_by_label("Search").fill("482LX")
    page.get_by_role("button", name="Apply filters").click()
    page.locator("table").get_by_role("link").first.click()
    page.wait_for_url(f"**/recordings/{recording.id}/")


def until(page, expression):
    """Returns once the expression is true. Playwright's own waiting evaluates strings in the page, which it forbids."""
    deadline = time.monotonic() + 20
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(50)


def play(page):
    """The video runs, and a key of the player pauses it."""
    until(page, "document.querySelector('video').readyState >= 3")
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, "document.querySelector('video').currentTime > 1")
    page.locator("video").focus()
    page.keyboard.press("k")
    assert page.evaluate("document.querySelector('video').paused")


def cut(page):
    """Marks in the player fill the form; the list shows the clip as soon as the worker has cut it."""
    page.evaluate("document.querySelector('video').currentTime = 3")
    page.get_by_role("button", name="Mark in").click()
    page.evaluate("document.querySelector('video').currentTime = 8")
    until(page, "!document.querySelector('video').seeking")
    page.get_by_role("button", name="Mark out").click()
    page.get_by_role("tab", name="Clips").click()
    assert page.get_by_label("Start", exact=True).input_value() == "3.00"
    page.get_by_label("What it shows", exact=True).fill("The arrest")
    page.get_by_role("button", name="Cut clip").click()
    page.get_by_text("The clip is being cut.").wait_for()
    clip = Clip.objects.select_related("segment__recording", "segment__object").get()
    assert (clip.start_s, clip.end_s, clip.title) == (3.0, 8.0, "The arrest")
    media.cut_clip(clip=clip, by=towns.BY, at=datetime.now(UTC))
    page.get_by_role("link", name="Produce The arrest as an exhibit").wait_for()
    return clip


def produce(page):
    """The clip becomes an exhibit under the officer's initials."""
    page.get_by_role("link", name="Produce The arrest as an exhibit").click()
    page.get_by_label("Description").fill("Body-worn video of the arrest in Brixton Road")
    page.get_by_role("button", name="Produce").click()
    page.get_by_role("heading", name="LB/1").wait_for()
    return Exhibit.objects.get()


def read_the_log(page):
    """The refusal is in the log for who may read it."""
    while sequencer.sequence():
        pass
    sequencer.sign_checkpoint(at=datetime.now(UTC), signer=log_signer())
    page.get_by_role("link", name="Custody log").first.click()
    page.get_by_text("PC 119GD Okafor").first.wait_for()
    assert page.get_by_role("link", name="Access refused").first.is_visible()


def test_a_bookmark_moves_the_player_without_leaving_the_page(recording, open_browser, sign_in):
    page = sign_in(open_browser(), "lena")
    page.goto(f"/recordings/{recording.id}/#bookmarks")
    until(page, "document.querySelector('video').readyState >= 1")
    page.get_by_role("link", name="Play from 00:07").click()
    until(page, "document.querySelector('video').currentTime === 7")
    assert page.url.endswith("#bookmarks")


def test_without_scripts_a_bookmark_and_a_clip_still_work(recording, open_browser, sign_in):
    page = sign_in(open_browser(java_script_enabled=False), "lena")
    page.goto(f"/recordings/{recording.id}/")
    page.get_by_role("link", name="Play from 00:07").click()
    assert page.locator("video source").get_attribute("src").endswith("#t=7.00")
    page.get_by_label("Start", exact=True).fill("0:02")
    page.get_by_label("End", exact=True).fill("0:05")
    page.get_by_role("button", name="Cut clip").click()
    page.get_by_text("The clip is being cut.").wait_for()
    assert Clip.objects.get().end_s == 5.0


def test_footage_no_browser_plays_is_watched_as_a_copy(town, open_browser, sign_in):
    hevc = towns.record(towns.footage("hevc-mp4"))
    towns.look_into(hevc)
    page = sign_in(open_browser(), "lena")
    page.goto(f"/recordings/{hevc.id}/")
    page.get_by_text("You are watching a copy made for viewing").wait_for()
    play(page)
