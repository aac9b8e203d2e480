"""Why is this opened? Required, prompted or off: on every page, player and download of an item, and in the log."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.urls import reverse
from tests.integration.web.serving import serving, session_cookie
from tests.integration.web.staged import FILMED_AT, events, seal, stage, text

from tabard.disclosure import packs
from tabard.disclosure.models import Pack
from tabard.incidents.services import link
from tabard.people.access_reasons import HEADER, HOLDS_FOR, ReasonNeeded
from tabard.people.rules import Role
from tabard.recordings.viewing import record_view
from tabard.web import reasons
from tabard.web.pack_download import download
from tabard.web.playback import playback

REASON = {"access-purpose": "investigation", "access-reference": "CAD 4821"}
SAID = "Investigation of an incident: CAD 4821"


@pytest.fixture
def staged(db):
    return stage()


@pytest.fixture
def items(staged):
    """One of each kind that takes a reason, as (page, type, id, kind of the event)."""
    recording = staged.record()
    clip, incident = staged.cut(recording), staged.incident()
    exhibit = staged.exhibit(recording)
    link(incident=incident, recording=recording, viewer=staged.viewer(Role.INVESTIGATOR), at=FILMED_AT)
    return {
        "recording": (reverse("recording", args=[recording.id]), recording.id, "recording.viewed"),
        "clip": (reverse("clip", args=[clip.id]), recording.id, "recording.viewed"),
        "exhibit": (reverse("exhibit", args=[exhibit.id]), exhibit.id, "exhibit.viewed"),
        "incident": (reverse("incident", args=[incident.id]), incident.id, "incident.viewed"),
    }


KINDS = ("recording", "clip", "exhibit", "incident")


def said(kind):
    return [event.particulars.details.get("reason", "nothing") for event in events(kind)]


@pytest.mark.parametrize("kind", KINDS)
def test_required_shows_nothing_and_logs_no_look_until_a_reason_is_given(staged, items, settings, kind):
    settings.TABARD_ACCESS_REASON = "required"
    browser = staged.client(Role.INVESTIGATOR)
    address, item_id, logged = items[kind]
    asked = browser.get(address)
    assert asked.status_code == 302
    assert events(logged) == []
    form = browser.get(asked["Location"])
    words = text(form)
    assert "Reason for access" in words
    for shown in ("Barrow", "B8A44F01", "Brixton", "LB/1"):
        assert shown not in words
    back = browser.post(asked["Location"], {**REASON, "next": address})
    assert (back.status_code, back["Location"]) == (302, address)
    page = browser.get(address)
    assert page.status_code == 200
    assert said(logged) == [SAID]
    assert f"Reason for access: {SAID}" in text(page)
    assert events(logged)[0].subject_id == item_id


@pytest.mark.parametrize("kind", KINDS)
def test_prompted_shows_the_form_beside_the_page_and_logs_that_no_reason_was_given(staged, items, kind):
    browser = staged.client(Role.INVESTIGATOR)
    address, _, logged = items[kind]
    page = browser.get(address)
    assert page.context["reason_form"] is not None
    assert "Why do you need to open this?" in text(page)
    browser.post(page.context["reason_url"], REASON)
    again = browser.get(address)
    assert said(logged) == [None, SAID]
    assert "Why do you need to open this?" not in text(again)


@pytest.mark.parametrize("kind", KINDS)
def test_off_asks_nothing_and_logs_no_reason(staged, items, settings, kind):
    settings.TABARD_ACCESS_REASON = "off"
    address, _, logged = items[kind]
    page = staged.client(Role.INVESTIGATOR).get(address)
    assert "Reason for access" not in text(page)
    assert "Why do you need" not in text(page)
    assert said(logged) == ["nothing"]


def test_the_wearer_and_the_supervisor_are_asked_like_anyone_else(staged, items, settings):
    settings.TABARD_ACCESS_REASON = "required"
    address, _, logged = items["recording"]
    for client in (staged.client(Role.OFFICER, staged.barrow), staged.client(Role.AUDITOR)):
        assert client.get(address).status_code == 302
    assert events(logged) == []


def test_a_reason_is_for_one_item_one_person_and_one_session(staged, items, settings):
    settings.TABARD_ACCESS_REASON = "required"
    browser = staged.client(Role.INVESTIGATOR)
    address, _, _ = items["recording"]
    browser.post(browser.get(address)["Location"], REASON)
    assert browser.get(address).status_code == 200
    assert browser.get(items["clip"][0]).status_code == 200, "a clip belongs to its recording"
    assert browser.get(items["exhibit"][0]).status_code == 302, "an exhibit is another item"
    other = staged.record("other", started_at=FILMED_AT + timedelta(days=1))
    assert browser.get(reverse("recording", args=[other.id])).status_code == 302
    assert staged.client(Role.INVESTIGATOR).get(address).status_code == 302, "another session"


def test_a_reason_runs_out(staged, items, settings, monkeypatch):
    settings.TABARD_ACCESS_REASON = "required"
    browser = staged.client(Role.INVESTIGATOR)
    address, _, _ = items["recording"]
    browser.post(browser.get(address)["Location"], REASON)
    assert browser.get(address).status_code == 200
    later = datetime.now(UTC) + HOLDS_FOR
    monkeypatch.setattr(reasons, "now", lambda: later)
    assert browser.get(address).status_code == 302


def test_whoever_may_not_open_an_item_is_refused_and_not_asked(staged, items, settings):
    settings.TABARD_ACCESS_REASON = "required"
    stranger = staged.client(Role.OFFICER, staged.okafor)
    address, item_id, _ = items["recording"]
    assert stranger.get(address).status_code == 403
    assert stranger.get(reverse("access-reason", args=["recording", item_id])).status_code == 403
    assert len(events("access.refused")) == 2


def test_a_form_without_a_choice_is_shown_again_and_leads_only_to_addresses_of_ours(staged, items):
    browser = staged.client(Role.INVESTIGATOR)
    asking = reverse("access-reason", args=["recording", items["recording"][1]])
    refused = browser.post(asking, {"access-reference": "CAD 4821", "next": "https://elsewhere.example/"})
    assert refused.status_code == 400
    assert "Choose an answer: Why do you need to open this?" in text(refused)
    assert "elsewhere" not in refused.content.decode()
    long = browser.post(asking, {**REASON, "access-reference": "x" * 101})
    assert long.status_code == 400
    led = browser.post(asking, {**REASON, "next": "https://elsewhere.example/"})
    assert led["Location"] == items["recording"][0]
    assert browser.get(reverse("access-reason", args=["camera", staged.camera.id])).status_code == 404


def test_the_parts_of_a_page_that_are_asked_for_alone_give_nothing_either(staged, items, settings):
    settings.TABARD_ACCESS_REASON = "required"
    browser = staged.client(Role.INVESTIGATOR)
    for name, item in (
        ("recording-clips", "recording"),
        ("recording-track", "recording"),
        ("exhibit-packs", "exhibit"),
    ):
        address = reverse(name, args=[items[item][1]])
        assert browser.get(address).status_code == 302
        part = browser.get(address, headers={"HX-Request": "true"})
        assert (part.status_code, part["HX-Refresh"], part.content) == (204, "true", b"")


def test_a_service_refuses_even_where_an_edge_forgot_to_ask(staged, settings):
    settings.TABARD_ACCESS_REASON = "required"
    with pytest.raises(ReasonNeeded):
        record_view(recording=staged.record(), viewer=staged.viewer(Role.INVESTIGATOR), at=FILMED_AT)
    assert events("recording.viewed") == []


@pytest.mark.django_db(transaction=True)
class TestBytes:
    """Playback and downloads, over a real server."""

    @pytest.fixture
    def staged(self, transactional_db):
        return stage()

    @pytest.fixture
    def address(self, staged):
        with serving("tabard.config.asgi:application") as address:
            yield address
        playback.close()
        download.close()

    @pytest.fixture
    def held(self, staged):
        """The segment, the clip and the pack, each with its address and the kind of event it leaves."""
        recording = staged.record()
        exhibit = staged.exhibit(recording)
        pack = packs.request(exhibit=exhibit, viewer=staged.viewer(Role.DISCLOSURE_OFFICER), at=FILMED_AT)
        pack.state, pack.object, pack.built_at = Pack.State.BUILT, seal(b"a zip"), FILMED_AT
        pack.save()
        segment = recording.segments.first().id
        return (
            {
                f"/play/segments/{segment}": "recording.played",
                f"/play/originals/{segment}": "recording.downloaded",
                f"/play/clips/{staged.cut(recording).id}": "clip.played",
                f"/download/packs/{pack.id}": "pack.downloaded",
            },
            recording,
            exhibit,
        )

    @pytest.fixture
    def person(self, staged, address):
        cookies = session_cookie(staged.account(Role.DISCLOSURE_OFFICER))
        with httpx.Client(base_url=address, cookies=cookies) as client:
            yield client

    def test_required_gives_no_byte_without_a_reason_and_logs_the_one_given(self, person, held, settings):
        settings.TABARD_ACCESS_REASON = "required"
        for path, kind in held[0].items():
            refused = person.get(path)
            assert (refused.status_code, HEADER in refused.text) == (422, True), path
            led = person.get(path, headers={"Accept": "text/html,*/*"})
            assert led.status_code == 302
            assert led.headers["Location"].startswith("/reason/")
            assert events(kind) == []
            assert person.get(path, headers={HEADER: "Disclosure: URN 01"}).status_code == 200
            assert said(kind) == ["Disclosure: URN 01"]

    def test_a_reason_given_while_it_plays_is_logged_from_then_on(self, staged, person, held, address):
        paths, recording, exhibit = held
        for path, kind in paths.items():
            assert person.get(path).status_code == 200
            assert said(kind) == [None]
        for item in (recording, exhibit):
            asking = reverse("access-reason", args=[type(item).__name__.lower(), item.id])
            person.get(asking)
            token = person.cookies["csrftoken"]
            given = person.post(asking, data={**REASON, "csrfmiddlewaretoken": token})
            assert given.status_code == 302
        for path, kind in paths.items():
            for _ in range(2):
                assert person.get(path).status_code == 200
            assert said(kind) == [None, SAID], "the leave that was held falls when the session changes"
