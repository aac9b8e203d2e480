"""Not one byte of footage leaves unlogged: every path of sealed bytes leaves its event, and without it gives nothing.

A module of its own: each answer is given in a thread with a connection of its own, so what is asked for must be
committed.
"""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.db import connections
from tests.integration.api.access_world import World, build
from tests.integration.api.test_access_walk_of_bytes import BYTES
from tests.integration.logged.watching import broken_log, known, new_since, objects, rows
from tests.integration.web.serving import session_cookie

from tabard.custody.kinds import EventKind as E
from tabard.people.rules import Role
from tabard.web.pack_download import download
from tabard.web.playback import playback

LEAVES: Mapping[str, E | None] = {
    "/play/segments/": E.RECORDING_PLAYED,
    "/play/renditions/": E.RECORDING_PLAYED,
    "/play/posters/": None,  # how footage is found in a list; see docs/adr/0015
    "/play/strips/": E.RECORDING_VIEWED,
    "/play/originals/": E.RECORDING_DOWNLOADED,
    "/play/clips/": E.CLIP_PLAYED,
    "/download/packs/": E.PACK_DOWNLOADED,
}


@pytest.fixture
def world(transactional_db, settings, tmp_path) -> Iterator[World]:
    settings.TABARD_HOME, settings.TABARD_STORE_URL = tmp_path, ""
    connections["default"].settings_dict["CONN_MAX_AGE"] = 0
    yield build()
    playback.close()
    download.close()


def test_every_path_says_what_it_leaves():
    assert set(LEAVES) == set(BYTES), "a new path of bytes: say in LEAVES which event it leaves"


def test_each_leaves_its_event_once_and_nothing_without_it(world):
    cookies = session_cookie(world.become(*Role))
    refused = {}
    for path, kind in LEAVES.items():
        before = rows(), objects()
        with broken_log():
            status, refused[path] = asked(world, path, cookies)
        assert status in ({500, 503} if kind else {200}), path
        assert (rows(), objects()) == before, path
    for path, kind in LEAVES.items():
        seen = known()
        status, given = asked(world, path, cookies)
        assert (status, given) == asked(world, path, cookies) == (200, given)
        assert given, path
        assert kind is None or given not in refused[path], (
            f"{path} gave footage although it could not be logged"
        )
        told = (
            [] if path == "/play/renditions/" else [kind.value] if kind else []
        )  # covered by playing the segment
        assert [event.kind for event in new_since(seen)] == told, path


def asked(world: World, path: str, cookies: Mapping[str, str]) -> tuple[int, bytes]:
    """The status of one request, and what came."""
    app, noun, _ = BYTES[path]
    sent: list[Any] = []
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"{path}{getattr(world.own, noun).id}",
        "headers": [(b"cookie", cookie)],
    }

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError("nobody hangs up")

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(bytes(message.get("body", b"")) for message in sent)
