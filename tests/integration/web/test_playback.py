"""Footage over a real server: byte-exact ranges, who gets them, and what the log says of it."""

import os
import socket
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from django.contrib.sessions.models import Session
from tests.disposals import dispose
from tests.integration.web import town as towns
from tests.integration.web.serving import serving, session_cookie

from tabard.custody.models import Event
from tabard.kernel.errors import Denied
from tabard.media import services as media
from tabard.people.models import Account
from tabard.people.selectors import viewer_of
from tabard.recordings import clips
from tabard.recordings.models import Segment
from tabard.web import playback, playback_events
from tabard.web.playback_access import leave_for
from tabard.web.playback_leaves import Leaves

pytestmark = pytest.mark.django_db(transaction=True)

CHUNK = 256 * 1024
PLAIN = os.urandom(5 * CHUNK + 12345)


@pytest.fixture
def town():
    return towns.build()


@pytest.fixture
def segment(town):
    """A segment of arbitrary bytes: playback does not care what they are."""
    return towns.record(PLAIN).segments.get()


@pytest.fixture
def server():
    with serving("tabard.config.asgi:application") as address:
        yield address


@pytest.fixture
def browser(server, town):
    """A client signed in as the wearer; `browser("tom")` gives someone else's."""
    opened = []

    def signed_in(username="lena"):
        client = httpx.Client(base_url=server, cookies=session_cookie(town.accounts[username]))
        opened.append(client)
        return client

    yield signed_in
    for client in opened:
        client.close()


def events(*kinds):
    return list(Event.objects.filter(kind__in=kinds).select_related("particulars").order_by("id"))


def ranged(client, path, asked, **headers):
    return client.get(path, headers={"Range": f"bytes={asked}", **headers})


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("0-0", slice(0, 1)),
        ("0-", slice(0, None)),
        ("-1", slice(-1, None)),
        ("-300000", slice(-300000, None)),
        (f"{CHUNK - 1}-{CHUNK}", slice(CHUNK - 1, CHUNK + 1)),
        (f"1000-{3 * CHUNK + 7}", slice(1000, 3 * CHUNK + 8)),
        (f"{len(PLAIN) - 1}-", slice(len(PLAIN) - 1, None)),
        (f"{5 * CHUNK}-99999999999", slice(5 * CHUNK, None)),
    ],
)
def test_a_range_is_exactly_those_bytes_of_the_original(browser, segment, asked, part):
    answer = ranged(browser(), f"/play/segments/{segment.id}", asked)
    assert answer.status_code == 206
    assert answer.content == PLAIN[part]
    start, stop, _ = part.indices(len(PLAIN))
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(PLAIN)}"
    assert answer.headers["content-length"] == str(stop - start)


def test_the_whole_is_served_where_no_range_is_asked_for(browser, segment):
    answer = browser().get(f"/play/segments/{segment.id}")
    assert (answer.status_code, answer.content == PLAIN) == (200, True)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["etag"] == f'"{segment.object_id}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "no-store" in answer.headers["cache-control"]


def test_a_head_says_the_same_and_gives_and_logs_nothing(browser, segment):
    answer = browser().head(f"/play/segments/{segment.id}", headers={"Range": "bytes=5-14"})
    assert (answer.status_code, answer.content) == (206, b"")
    assert answer.headers["content-length"] == "10"
    assert events("recording.played") == []


def test_a_range_beyond_the_end_is_416_with_the_size(browser, segment):
    answer = ranged(browser(), f"/play/segments/{segment.id}", f"{len(PLAIN)}-")
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(PLAIN)}"


def test_a_range_under_a_condition_on_other_bytes_gets_the_whole(browser, segment):
    path, client = f"/play/segments/{segment.id}", browser()
    other = ranged(client, path, "0-0", **{"If-Range": '"something else"'})
    assert (other.status_code, len(other.content)) == (200, len(PLAIN))
    same = ranged(client, path, "0-0", **{"If-Range": f'"{segment.object_id}"'})
    assert (same.status_code, same.content) == (206, PLAIN[:1])


def test_an_empty_file_is_served_as_nothing(browser, town):
    empty = towns.record(b"", name="empty").segments.get()
    answer = browser().get(f"/play/segments/{empty.id}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert ranged(browser(), f"/play/segments/{empty.id}", "0-").status_code == 416


def test_only_reading_is_allowed_and_only_what_is_there(browser, segment):
    client = browser()
    assert client.post(f"/play/segments/{segment.id}").status_code == 405
    assert client.get(f"/play/segments/{segment.recording_id}").status_code == 404
    assert client.get("/play/segments/not-an-id").status_code == 404
    assert client.get(f"/play/secrets/{segment.id}").status_code == 404
    assert client.get(f"/play/renditions/{segment.id}").status_code == 404


def test_without_a_session_there_is_nothing_and_a_signed_out_one_is_none(server, browser, segment):
    path = f"/play/segments/{segment.id}"
    assert httpx.get(f"{server}{path}").status_code == 401
    assert httpx.get(f"{server}{path}", cookies={"sessionid": "x" * 32}).status_code == 401
    client = browser()
    assert client.get(path).status_code == 200
    Session.objects.all().delete()
    assert client.get(path).status_code == 401


def test_another_boroughs_officer_is_refused_and_the_refusal_is_in_the_log(browser, segment):
    answer = browser("tom").get(f"/play/segments/{segment.id}")
    assert answer.status_code == 403
    assert PLAIN[:16] not in answer.content
    (refused,) = events("access.refused")
    assert (refused.subject_type, refused.subject_id) == ("recording", segment.recording_id)
    assert refused.particulars.actor_name == "PC 119GD Okafor"
    assert events("recording.played") == []


def test_a_role_that_may_see_but_not_play_gets_pictures_only(browser, town):
    recording = towns.record(towns.footage())
    towns.look_into(recording)
    shown = recording.segments.get()
    client = browser("rosa")
    assert client.get(f"/play/posters/{shown.id}").headers["content-type"] == "image/jpeg"
    assert client.get(f"/play/strips/{shown.id}").status_code == 200
    assert client.get(f"/play/segments/{shown.id}").status_code == 403
    assert browser().get(f"/play/segments/{shown.id}").headers["content-type"] == "video/mp4"


def test_many_ranges_of_one_viewing_are_one_event_and_each_viewer_has_their_own(browser, segment):
    path = f"/play/segments/{segment.id}"
    for username in ("lena", "ruth", "lena"):
        client = browser(username)
        for asked in ("0-", "100-200", "0-0"):
            ranged(client, path, asked)
    played = events("recording.played")
    assert [event.particulars.actor_name for event in played] == ["PC 482LX Barrow", "PS 11LX Adeyemi"]
    assert played[0].particulars.details == {"segment": str(segment.id), "ordinal": 0, "reason": None}


def test_a_quarter_of_an_hour_later_it_is_another_viewing(town, segment):
    at = datetime.now(UTC)
    viewer = viewer_of(town.accounts["lena"], at)
    for minutes in (0, 14, 16, 17):
        playback_events.log_play(segment, viewer, at + timedelta(minutes=minutes))
    assert [event.at for event in events("recording.played")] == [at, at + timedelta(minutes=16)]


def test_an_original_leaves_only_with_the_right_to_download_and_is_logged(browser, segment):
    path = f"/play/originals/{segment.id}"
    assert browser().get(path).status_code == 403
    answer = browser("dana").get(path)
    assert answer.content == PLAIN
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == f'attachment; filename="{segment.name}"'
    (left,) = events("recording.downloaded")
    assert left.particulars.actor_name == "Dana Whitlock"


def test_a_file_name_from_a_hostile_camera_cannot_reach_the_headers(browser, segment):
    Segment.objects.filter(id=segment.id).update(name='a\r\nSet-Cookie: x=y"/../é.mp4')
    answer = browser("dana").get(f"/play/originals/{segment.id}")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-disposition"].startswith("attachment; filename*=utf-8''a__Set-Cookie")


def test_disposed_footage_is_gone_for_everyone(browser, town):
    recording = towns.record(PLAIN, name="old", started_at=datetime.now(UTC) - timedelta(days=60))
    shown = recording.segments.get()
    client = browser()
    assert client.get(f"/play/segments/{shown.id}").status_code == 200
    dispose(datetime.now(UTC))
    for kind in ("segments", "posters", "renditions"):
        assert client.get(f"/play/{kind}/{shown.id}").status_code == 410


def test_a_clip_is_played_once_it_is_cut(browser, town):
    recording = towns.record(towns.footage())
    viewer = viewer_of(town.accounts["lena"], datetime.now(UTC))
    asked = clips.request(
        segment=recording.segments.get(), start_s=2, end_s=5, title="", viewer=viewer, at=datetime.now(UTC)
    )
    client = browser()
    assert client.get(f"/play/clips/{asked.id}").status_code == 409
    media.cut_clip(clip=asked, by=towns.BY, at=datetime.now(UTC))
    answer = ranged(client, f"/play/clips/{asked.id}", "4-7")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (206, b"ftyp", "video/mp4")
    assert len(events("clip.played")) == 1


def test_damage_at_the_start_is_an_error_and_later_an_answer_cut_short(browser, segment, home):
    path = home / "vault" / segment.object.store_key
    sealed = bytearray(path.read_bytes())
    sealed[-200_000] ^= 1
    path.chmod(0o600)
    path.write_bytes(sealed)
    client = browser()
    assert ranged(client, f"/play/segments/{segment.id}", f"{5 * CHUNK - 1}-").status_code == 500
    received = bytearray()
    with pytest.raises(httpx.RemoteProtocolError):
        read_into(received, client, f"/play/segments/{segment.id}")
    assert PLAIN.startswith(bytes(received))
    assert len(received) <= 4 * CHUNK


def read_into(received, client, path):
    with client.stream("GET", path) as answer:
        assert answer.status_code == 200
        for piece in answer.iter_raw():
            received += piece


def test_a_browser_that_hangs_up_stops_the_reading(server, town, monkeypatch):
    pieces = 64
    big = towns.record(bytes(pieces * 4 * CHUNK), name="big").segments.get()
    taken = []
    take = playback._take
    monkeypatch.setattr(playback, "_take", lambda reading: taken.append(1) or take(reading))
    cookie = session_cookie(town.accounts["lena"])["sessionid"]
    parts = urlsplit(server)
    with socket.create_connection((parts.hostname, parts.port)) as plug:
        request = f"GET /play/segments/{big.id} HTTP/1.1\r\nHost: x\r\nCookie: sessionid={cookie}\r\n\r\n"
        plug.sendall(request.encode())
        assert plug.recv(64).startswith(b"HTTP/1.1 200")
        before = settled(taken)
        assert 0 < before < pieces, "a reader that does not read must hold the reading back"
    assert settled(taken) <= before + 1


def settled(counted):
    """How many there are once no more come."""
    while True:
        count = len(counted)
        time.sleep(0.5)
        if len(counted) == count:
            return count


def test_the_origin_answers_for_its_health_and_serves_pages_beside_footage(server, browser, segment):
    assert httpx.get(f"{server}/healthz").text == "ok\n"
    assert httpx.get(f"{server}/").headers["location"] == "/sign-in?next=/"
    assert browser().get("/recordings/").status_code == 200


def test_a_door_gives_out_the_same_bytes(town, segment):
    with serving("tabard.config.asgi:door") as address:
        cookies = session_cookie(town.accounts["lena"])
        answer = httpx.get(
            f"{address}/play/segments/{segment.id}", cookies=cookies, headers={"Range": "bytes=-9"}
        )
        assert (answer.status_code, answer.content) == (206, PLAIN[-9:])
        assert httpx.get(f"{address}/healthz").status_code == 200


def test_seeking_rides_on_a_leave_that_ends_with_the_account(browser, town, segment):
    path, client = f"/play/segments/{segment.id}", browser()
    assert ranged(client, path, "0-0").status_code == 206
    Account.objects.filter(username="lena").update(is_active=False)
    assert ranged(client, path, "0-0").status_code == 401


def test_a_leave_is_judged_anew_after_half_a_minute(town, segment):
    leaves, at = Leaves(leave_for), datetime.now(UTC)
    cookies, path = (
        f"sessionid={session_cookie(town.accounts['lena'])['sessionid']}",
        f"/play/segments/{segment.id}",
    )
    first = leaves.of(cookies, path, at)
    assert leaves.of(cookies, path, at + timedelta(seconds=29)) is first
    town.accounts["lena"].grants.all().delete()
    with pytest.raises(Denied):
        leaves.of(cookies, path, at + timedelta(seconds=30))


def test_one_persons_leave_is_no_one_elses_nor_for_other_footage(town, segment):
    leaves, at = Leaves(leave_for), datetime.now(UTC)
    path = f"/play/segments/{segment.id}"
    for username in ("lena", "ruth"):
        leaves.of(f"sessionid={session_cookie(town.accounts[username])['sessionid']}", path, at)
    stranger = f"sessionid={session_cookie(town.accounts['tom'])['sessionid']}"
    with pytest.raises(Denied):
        leaves.of(stranger, path, at)
