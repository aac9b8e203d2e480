"""An evidence pack leaves by a real server: byte-exact, to who may have it, and every download is in the log."""

import os
from uuid import UUID

import httpx
import pytest
from tests.integration.web.serving import serving, session_cookie
from tests.integration.web.staged import FILMED_AT, events, seal, stage

from tabard.config.asgi import Origin, health
from tabard.disclosure import packs
from tabard.disclosure.models import Pack
from tabard.people.rules import Role
from tabard.web.pack_download import download

pytestmark = pytest.mark.django_db(transaction=True)

ZIP = os.urandom(700_001)


@pytest.fixture
def staged():
    return stage()


@pytest.fixture
def pack(staged):
    exhibit = staged.exhibit(staged.record())
    pack = packs.request(exhibit=exhibit, viewer=staged.viewer(Role.DISCLOSURE_OFFICER), at=FILMED_AT)
    pack.state, pack.object, pack.built_at = Pack.State.BUILT, seal(ZIP), FILMED_AT
    pack.save()
    return pack


@pytest.fixture
def server():
    with serving(Origin({"/download/packs/": download}, health, download.close)) as address:
        yield address
    download.close()


def ask(server, pack_id, account=None, **headers):
    cookies = session_cookie(account) if account else {}
    return httpx.get(f"{server}/download/packs/{pack_id}", cookies=cookies, headers=headers)


def test_the_zip_comes_whole_under_its_name_and_the_download_is_logged_once(staged, pack, server):
    account = staged.account(Role.DISCLOSURE_OFFICER)
    answer = ask(server, pack.id, account)
    assert answer.status_code == 200
    assert answer.content == ZIP
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{pack.file_name}"'
    rest = ask(server, pack.id, account, Range="bytes=700000-")
    assert (rest.status_code, rest.content) == (206, ZIP[700_000:])
    (event,) = events("pack.downloaded", pack.id)
    assert event.particulars.actor_name == account.display_name
    assert bytes(pack.object.sha256).hex() in bytes(event.leaf).decode()


def test_a_download_that_begins_in_the_middle_is_logged_too(staged, pack, server):
    answer = ask(server, pack.id, staged.account(Role.DISCLOSURE_OFFICER), Range="bytes=5-9")
    assert answer.content == ZIP[5:10]
    assert len(events("pack.downloaded", pack.id)) == 1


def test_two_people_are_two_downloads(staged, pack, server):
    for officer in (None, staged.okafor):
        ask(server, pack.id, staged.account(Role.DISCLOSURE_OFFICER, officer))
    assert len(events("pack.downloaded", pack.id)) == 2


def test_looking_at_the_head_alone_is_no_download(staged, pack, server):
    cookies = session_cookie(staged.account(Role.DISCLOSURE_OFFICER))
    answer = httpx.head(f"{server}/download/packs/{pack.id}", cookies=cookies)
    assert answer.headers["Content-Length"] == str(len(ZIP))
    assert events("pack.downloaded") == []


def test_nobody_signed_in_gets_nothing(pack, server):
    assert ask(server, pack.id).status_code == 401
    assert events("pack.downloaded") == []


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.OFFICER])
def test_who_may_see_the_exhibit_but_not_download_is_refused_in_the_log(staged, pack, server, role):
    answer = ask(server, pack.id, staged.account(role, staged.barrow if role is Role.OFFICER else None))
    assert answer.status_code == 403
    assert ZIP[:16] not in answer.content
    assert len(events("access.refused", pack.id)) == 1
    assert events("pack.downloaded") == []


def test_a_pack_that_is_not_built_says_so(staged, server):
    exhibit = staged.exhibit(staged.record())
    pack = packs.request(exhibit=exhibit, viewer=staged.viewer(Role.DISCLOSURE_OFFICER), at=FILMED_AT)
    answer = ask(server, pack.id, staged.account(Role.DISCLOSURE_OFFICER))
    assert (answer.status_code, answer.text) == (409, "The pack is still being built.\n")


@pytest.mark.parametrize("wanted", ["", "LB-1.zip", str(UUID(int=7))])
def test_what_is_no_pack_is_not_found(staged, server, wanted):
    assert ask(server, wanted, staged.account(Role.DISCLOSURE_OFFICER)).status_code == 404
