"""Recordings on the pages: finding them, what each page shows to whom, and what may be done there."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.disposals import dispose
from tests.integration.web import town as towns

from tabard.custody.models import Event
from tabard.incidents import exhibits
from tabard.incidents import services as incidents
from tabard.incidents.models import Link
from tabard.media import services as media
from tabard.people.selectors import viewer_of
from tabard.recordings import clips
from tabard.recordings.models import Clip, Recording
from tabard.retention.models import Hold

DAY = timedelta(days=1)
FILMED_AT = towns.FILMED_AT


@pytest.fixture
def town(db):
    return towns.build()


@pytest.fixture
def recording(town):
    return towns.record(b"footage nobody opens", b"and its second part")


@pytest.fixture
def browser(client, town):
    """The test client, signed in as the wearer; `browser("tom")` signs someone else in."""

    def signed_in(username="lena"):
        client.force_login(town.accounts[username])
        return client

    return signed_in


def viewer(town, username):
    return viewer_of(town.accounts[username], datetime.now(UTC))


def events(kind):
    return list(Event.objects.filter(kind=kind).select_related("particulars").order_by("id"))


def page(answer, status=200):
    assert answer.status_code == status
    return answer.content.decode()


def listed(client, query=""):
    answer = client.get(f"/recordings/{query}")
    assert answer.status_code == 200
    return [card.recording.source_name.rsplit("-", 1)[0] for card in answer.context["cards"]]


class TestFinding:
    @pytest.fixture
    def footage(self, town):
        """Recordings of two boroughs; a day apart, newest first: third, second, first."""
        made = [
            towns.record(b"1", name="first", started_at=FILMED_AT - 2 * DAY),
            towns.record(b"2", name="second", started_at=FILMED_AT - DAY, officer="119GD"),
            towns.record(b"3", name="third", camera="NOBODYS"),
        ]
        return {recording.source_name.rsplit("-", 1)[0]: recording for recording in made}

    def test_everyone_is_shown_what_their_role_lets_them_see(self, footage, browser):
        assert listed(browser("lena")) == ["third", "first"]
        assert listed(browser("tom")) == ["second"]
        assert listed(browser("ruth")) == ["third", "first"]
        assert listed(browser("ines")) == ["third", "second", "first"]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("?words=okafor", ["second"]),
            ("?words=482lx", ["third", "first"]),
            ("?words=NOBODYS", ["third"]),
            ("?flag=unknown_camera", ["third"]),
            ("?flag=any", ["third", "second"]),
            ("?category=none", ["third", "second", "first"]),
            ("?category=crime", []),
            (f"?since={(FILMED_AT - DAY).date()}&until={(FILMED_AT - DAY).date()}", ["second"]),
            ("?reference=4829137/26", ["first"]),
            ("?reference=0000000/00", []),
        ],
    )
    def test_filters_narrow_the_list(self, town, footage, browser, query, found):
        linker = viewer(town, "ines")
        incident = incidents.record(
            kind="crime_report",
            reference="4829137/26",
            title="Robbery",
            start_at=FILMED_AT,
            end_at=None,
            place="",
            unit=town.lambeth,
            viewer=linker,
            at=datetime.now(UTC),
        )
        incidents.link(incident=incident, recording=footage["first"], viewer=linker, at=datetime.now(UTC))
        assert listed(browser("ines"), query) == found

    def test_a_borough_is_found_with_its_teams(self, town, footage, browser):
        assert listed(browser("ines"), f"?unit={town.lambeth.id}") == ["third", "first"]

    def test_an_officer_is_not_offered_filters_that_change_nothing(self, town, footage, browser):
        own = browser("lena").get("/recordings/").context["filter_form"].fields
        assert {"unit", "mine"}.isdisjoint(own)
        assert {"unit", "mine"} <= set(browser("ruth").get("/recordings/").context["filter_form"].fields)

    def test_a_search_is_in_the_log_and_a_plain_list_is_not(self, footage, browser):
        listed(browser("ines"))
        assert events("recordings.searched") == []
        listed(browser("ines"), "?words=okafor&flag=&mine=")
        (searched,) = events("recordings.searched")
        assert searched.particulars.details == {"words": "okafor"}
        assert searched.particulars.actor_name == "DC 71PX Marlow"

    def test_a_wrong_date_is_named_kept_and_narrows_nothing(self, footage, browser):
        answer = browser("ines").get("/recordings/?since=yesterday&words=okafor")
        assert "From: Enter a valid date." in page(answer)
        assert 'value="yesterday"' in page(answer)
        assert len(answer.context["cards"]) == 1

    def test_pages_lead_on_and_back_and_keep_the_filter(self, town, browser):
        for number in range(30):
            towns.record(b"%d" % number, name=f"n{number:02}", started_at=FILMED_AT - timedelta(hours=number))
        client = browser()
        first = client.get("/recordings/?words=barrow")
        older = client.get(f"/recordings/{first.context['older_url']}")
        assert (len(first.context["cards"]), len(older.context["cards"])) == (25, 5)
        assert "words=barrow" in first.context["older_url"]
        assert (first.context["newer_url"], older.context["older_url"]) == ("", "")
        again = client.get(f"/recordings/{older.context['newer_url']}")
        assert [card.recording for card in again.context["cards"]] == [
            card.recording for card in first.context["cards"]
        ]

    def test_an_address_that_is_not_ours_is_a_plain_error(self, town, browser):
        assert browser().get("/recordings/?before=nonsense").status_code == 400

    def test_where_nothing_is_the_page_says_so(self, town, browser):
        assert "No recordings yet" in page(browser().get("/recordings/"))
        assert "No recordings match" in page(browser().get("/recordings/?words=zebra"))


class TestThePage:
    def test_a_look_is_logged(self, browser, recording):
        browser().get(f"/recordings/{recording.id}/")
        (viewed,) = events("recording.viewed")
        assert (viewed.subject_id, viewed.particulars.actor_name) == (recording.id, "PC 482LX Barrow")

    def test_a_stranger_is_refused_and_that_is_logged(self, browser, recording):
        answer = browser("tom").get(f"/recordings/{recording.id}/")
        assert "You may not see this" in page(answer, 403)
        (refused,) = events("access.refused")
        assert (refused.subject_type, refused.subject_id) == ("recording", recording.id)
        assert events("recording.viewed") == []

    @pytest.mark.parametrize("path", ["track.geojson", "clips"])
    def test_its_parts_are_refused_too(self, browser, recording, path):
        assert browser("tom").get(f"/recordings/{recording.id}/{path}").status_code == 403

    def test_what_is_not_there_is_not_found(self, browser, town):
        assert browser().get(f"/recordings/{town.camera.id}/").status_code == 404

    def test_footage_that_is_not_looked_into_yet_says_so(self, browser, recording):
        assert "is being looked into" in page(browser().get(f"/recordings/{recording.id}/"))

    def test_playable_footage_has_its_player_poster_and_thumbnails(self, browser, town):
        recording = towns.record(towns.footage())
        towns.look_into(recording)
        segment = recording.segments.get()
        shown = page(browser().get(f"/recordings/{recording.id}/"))
        assert f'<source src="/play/segments/{segment.id}" type="video/mp4">' in shown
        assert f'poster="/play/posters/{segment.id}"' in shown
        assert f'data-sprite="/play/strips/{segment.id}"' in shown
        assert 'data-frame-rate="10.0"' in shown
        assert "copy made for viewing" not in shown

    def test_footage_no_browser_plays_is_shown_as_a_copy_and_says_so(self, browser, town):
        recording = towns.record(towns.footage("hevc-mp4"))
        towns.look_into(recording)
        shown = page(browser().get(f"/recordings/{recording.id}/"))
        assert f'<source src="/play/renditions/{recording.segments.get().id}" type="video/mp4">' in shown
        assert "You are watching a copy made for viewing" in shown

    def test_what_cannot_be_decoded_is_shown_with_its_reason(self, browser, town):
        recording = towns.record(b"certainly not a video")
        towns.look_into(recording)
        own = page(browser().get(f"/recordings/{recording.id}/"))
        assert "This segment cannot be decoded" in own
        assert "/play/originals/" not in own
        assert "<video" not in own
        assert "/play/originals/" in page(browser("dana").get(f"/recordings/{recording.id}/"))

    def test_a_recording_without_footage_has_a_page(self, browser, town):
        recording = towns.record(name="silent")
        assert "The camera sent no footage" in page(browser().get(f"/recordings/{recording.id}/"))

    def test_a_bookmark_leads_to_its_segment_and_moment(self, browser, town):
        recording = towns.record(b"one", b"two", with_track=False)
        mark = recording.bookmarks.get()
        mark.start_at = FILMED_AT + timedelta(seconds=towns.SECONDS + 3.5)
        mark.save()
        shown = page(browser().get(f"/recordings/{recording.id}/"))
        assert f'href="/recordings/{recording.id}/?segment=2&amp;t=3.50#player"' in shown
        assert "data-seek" not in shown
        assert 'data-seek="3.50"' in page(browser().get(f"/recordings/{recording.id}/?segment=2"))

    @pytest.mark.parametrize("moment", ["1e9", "-1", "<b>", "٣", "1.2.3", "9" * 40])
    def test_only_a_plain_moment_reaches_the_players_address(self, browser, town, moment):
        recording = towns.record(towns.footage())
        towns.look_into(recording)
        shown = page(browser().get(f"/recordings/{recording.id}/", {"t": moment}))
        assert "#t=" not in shown
        assert "#t=2.50" in page(browser().get(f"/recordings/{recording.id}/?t=2.5"))

    def test_the_track_counts_from_the_chosen_segment(self, browser, recording):
        client = browser()
        first = client.get(f"/recordings/{recording.id}/track.geojson")
        assert first.headers["Content-Type"] == "application/geo+json"
        feature = first.json()
        assert feature["geometry"]["type"] == "LineString"
        assert feature["geometry"]["coordinates"][0] == pytest.approx([-0.1156, 51.4613])
        second = client.get(f"/recordings/{recording.id}/track.geojson?segment=2").json()
        assert second["properties"]["offsets_s"][0] == feature["properties"]["offsets_s"][0] - towns.SECONDS

    def test_the_history_covers_what_was_made_of_it_and_counts_looks(self, browser, town):
        recording = towns.record(towns.footage())
        towns.look_into(recording)
        client = browser()
        client.get(f"/recordings/{recording.id}/")
        history = client.get(f"/recordings/{recording.id}/").context["history"]
        kinds = [each.line.kind.value for each in history.shown]
        assert kinds == ["derivative.made", "derivative.made", "recording.probed", "recording.sealed"]
        assert history.looks == 2
        full = client.get(f"/recordings/{recording.id}/?history=all").context["history"]
        assert [each.line.kind.value for each in full.shown].count("recording.viewed") == 3

    def test_nobody_learns_who_else_looked_but_readers_of_the_log(self, browser, recording):
        path = f"/recordings/{recording.id}/?history=all"
        browser("ines").get(path)
        browser("tom").get(path)
        own = page(browser("lena").get(path))
        assert "DC 71PX Marlow" not in own
        assert "PC 119GD Okafor" not in own
        assert "PC 482LX Barrow" in own
        assert "DC 71PX Marlow" in page(browser("olga").get(path))
        assert "last by Olga Penrose" in page(browser("olga").get(f"/recordings/{recording.id}/"))

    def test_a_disposed_recording_keeps_its_page_and_proof_without_a_player(self, browser, town):
        recording = towns.record(towns.footage(), started_at=datetime.now(UTC) - 60 * DAY)
        towns.look_into(recording)
        dispose(datetime.now(UTC))
        shown = page(browser("ines").get(f"/recordings/{recording.id}/"))
        assert "its keys were destroyed" in shown
        assert "<video" not in shown
        assert recording.segments.get().object.sha256.hex() in shown
        assert "kept for 31 days" in shown
        assert "Save category" not in shown
        assert "Place hold" not in shown


class TestActs:
    def test_buttons_are_there_only_for_those_who_may(self, browser, recording):
        buttons = ("Save category", "Cut clip", "Place hold", "Produce as exhibit", ">Link<")
        allowed = {
            "lena": {"Save category", "Cut clip", "Produce as exhibit"},
            "ruth": {"Save category"},
            "rosa": {"Save category", "Place hold"},
            "amir": set(),
        }
        for username, expected in allowed.items():
            shown = page(browser(username).get(f"/recordings/{recording.id}/"))
            assert {button for button in buttons[:4] if button in shown} == expected

    def test_a_category_is_chosen_and_logged(self, browser, recording):
        answer = browser().post(f"/recordings/{recording.id}/category", {"category-category": "crime"})
        assert answer.headers["Location"] == f"/recordings/{recording.id}/#about"
        recording.refresh_from_db()
        assert recording.category_id == "crime"
        assert len(events("recording.categorised")) == 1

    def test_who_may_not_categorise_is_refused_by_more_than_a_missing_button(self, browser, recording):
        data = {"category-category": "crime"}
        assert browser("tom").post(f"/recordings/{recording.id}/category", data).status_code == 403
        assert browser("amir").post(f"/recordings/{recording.id}/category", data).status_code == 403
        assert Recording.objects.get(id=recording.id).category_id is None
        assert len(events("access.refused")) == 2

    def test_an_unknown_category_is_refused_beside_its_field(self, browser, recording):
        answer = browser().post(
            f"/recordings/{recording.id}/category",
            {"category-category": "invented", "category-reason": "<Why>"},
        )
        shown = page(answer, 400)
        assert 'href="#id_category-category"' in shown
        assert "&lt;Why&gt;" in shown
        assert "<title>Error: Recording" in shown

    def test_a_clip_is_asked_for_in_seconds_or_minutes(self, browser, recording):
        form = {"clip-start_s": "2.5", "clip-end_s": "0:07", "clip-title": "The arrest"}
        answer = browser().post(f"/recordings/{recording.id}/clip?segment=2", form)
        assert answer.headers["Location"] == f"/recordings/{recording.id}/?segment=2#clips"
        made = Clip.objects.get()
        assert (made.start_s, made.end_s, made.title, made.segment.ordinal) == (2.5, 7.0, "The arrest", 1)
        assert "Being cut" in page(browser().get(f"/recordings/{recording.id}/clips"))
        assert 'hx-trigger="every 2s"' in page(browser().get(f"/recordings/{recording.id}/clips"))

    @pytest.mark.parametrize(
        ("start", "end", "words"),
        [
            ("5", "5", "End must be after the start."),
            ("x", "5", "Start must be seconds"),
            ("", "5", "Enter start"),
            ("-1", "5", "Start must be seconds"),
        ],
    )
    def test_a_wrong_stretch_is_named_and_kept(self, browser, recording, start, end, words):
        form = {"clip-start_s": start, "clip-end_s": end, "clip-title": "Kept"}
        shown = page(browser().post(f"/recordings/{recording.id}/clip", form), 400)
        assert words in shown
        assert 'value="Kept"' in shown
        assert not Clip.objects.exists()

    def test_a_clip_cannot_begin_after_the_footage_ends(self, browser, town):
        recording = towns.record(towns.footage())
        towns.look_into(recording)
        form = {"clip-start_s": "90", "clip-end_s": "95"}
        shown = page(browser().post(f"/recordings/{recording.id}/clip", form), 400)
        assert "Start must be before the footage ends, at 00:12." in shown

    def test_a_clips_page_plays_it_or_its_stretch_of_the_viewing_copy(self, browser, town):
        for form, source in (
            ("h264-mp4", "/play/clips/{clip}"),
            ("hevc-mp4", "/play/renditions/{segment}#t="),
        ):
            recording = towns.record(towns.footage(form), name=form)
            towns.look_into(recording)
            segment = recording.segments.get()
            at = datetime.now(UTC)
            made = clips.request(
                segment=segment, start_s=2, end_s=6, title="", viewer=viewer(town, "lena"), at=at
            )
            assert "is being cut" in page(browser().get(f"/clips/{made.id}/"))
            media.cut_clip(clip=made, by=towns.BY, at=at)
            assert source.format(clip=made.id, segment=segment.id) in page(
                browser().get(f"/clips/{made.id}/")
            )
        assert browser("tom").get(f"/clips/{made.id}/").status_code == 403

    def test_an_incident_is_linked_by_reference_and_a_wrong_link_removed_with_a_reason(
        self, browser, town, recording
    ):
        client = browser("ines")
        path = f"/recordings/{recording.id}"
        unknown = page(client.post(f"{path}/link", {"link-reference": "999/26"}), 400)
        assert "No incident that you may see has this reference." in unknown
        assert 'value="999/26"' in unknown
        incident = incidents.record(
            kind="call",
            reference="CAD 17",
            title="Fight",
            start_at=FILMED_AT,
            end_at=None,
            place="",
            unit=town.lambeth,
            viewer=viewer(town, "ines"),
            at=datetime.now(UTC),
        )
        assert client.post(f"{path}/link", {"link-reference": " cad  17 "}).status_code == 302
        assert "linked to this incident already" in page(
            client.post(f"{path}/link", {"link-reference": "CAD 17"}), 400
        )
        assert "linked to CAD 17" in page(client.get(f"{path}/"))
        wrong = {"unlink-incident": str(incident.id)}
        assert "Enter why the link is wrong" in page(client.post(f"{path}/unlink", wrong), 400)
        assert client.post(f"{path}/unlink", wrong | {"unlink-reason": "Another street"}).status_code == 302
        assert not Link.objects.exists()

    def test_a_hold_is_placed_and_released(self, browser, recording):
        client, path = browser("rosa"), f"/recordings/{recording.id}"
        assert "Enter reason" in page(client.post(f"{path}/hold", {"hold-kind": "complaint"}), 400)
        client.post(f"{path}/hold", {"hold-kind": "complaint", "hold-reason": "Complaint 17/26"})
        assert "Held: Complaint hold" in page(client.get(f"{path}/"))
        held = Hold.objects.get()
        client.post(f"{path}/release", {"release-hold": str(held.id), "release-reason": "Withdrawn"})
        held.refresh_from_db()
        assert held.released_at is not None
        assert "Held:" not in page(client.get(f"{path}/"))

    def test_acts_are_posts(self, browser, recording):
        client = browser("ines")
        for act in ("category", "link", "unlink", "hold", "release", "clip"):
            assert client.get(f"/recordings/{recording.id}/{act}").status_code == 405

    def test_nothing_can_be_cut_where_there_is_no_footage(self, browser, town):
        recording = towns.record(name="silent")
        form = {"clip-start_s": "1", "clip-end_s": "2"}
        assert browser().post(f"/recordings/{recording.id}/clip", form).status_code == 409


class TestHome:
    def test_an_officer_sees_what_to_categorise_and_their_exhibits(self, browser, town, recording):
        exhibits.produce(
            recording=recording,
            producer=town.wearer,
            description="The arrest",
            viewer=viewer(town, "lena"),
            at=datetime.now(UTC),
        )
        officer = browser().get("/").context["officer"]
        assert [card.recording for card in officer.to_categorise] == [recording]
        assert [exhibit.reference for exhibit in officer.exhibits] == ["LB/1"]

    def test_a_supervisor_sees_only_the_units_recordings(self, browser, recording):
        towns.record(b"x", name="elsewhere", officer="119GD", camera="")
        answer = browser("ruth").get("/")
        assert [card.recording for card in answer.context["unit"].uncategorised] == [recording]
        assert answer.context["officer"] is None

    def test_an_administrator_sees_flags_and_the_fleet(self, browser, recording):
        flagged = towns.record(b"x", name="odd", officer="nobody", camera="none")
        answer = browser("amir").get("/")
        assert [card.recording for card in answer.context["flagged"]] == [flagged]
        fleet = answer.context["fleet"]
        assert (fleet.cameras, fleet.worn, fleet.spare, fleet.docks) == (1, 1, 0, 0)
