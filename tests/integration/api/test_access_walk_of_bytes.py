"""Every path of sealed bytes, asked for by everyone: each answers as the rules say, and logs whom it turns away.

A module of its own: each answer is given in a thread with a connection of its own, as in the web process, so what is
asked for must be committed.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connections
from tests.integration.api.access_world import WHERE, World, build, count_events
from tests.integration.web.serving import session_cookie

from tabard.custody.kinds import EventKind
from tabard.people.rules import Action, Role, judge
from tabard.web import playback_access
from tabard.web.pack_download import download
from tabard.web.playback import playback

BYTES: Mapping[str, tuple[Any, str, Action]] = {
    "/play/segments/": (playback, "segment", Action.RECORDING_PLAY),
    "/play/renditions/": (playback, "segment", Action.RECORDING_PLAY),
    "/play/posters/": (playback, "segment", Action.RECORDING_VIEW),
    "/play/strips/": (playback, "segment", Action.RECORDING_VIEW),
    "/play/originals/": (playback, "segment", Action.RECORDING_DOWNLOAD),
    "/play/clips/": (playback, "clip", Action.RECORDING_PLAY),
    "/download/packs/": (download, "pack", Action.PACK_DOWNLOAD),
}
"""Every path of sealed bytes: the application that serves it, what it names, and the action it takes."""


def test_every_path_of_bytes_is_walked():
    from tabard.config import asgi  # loads Django's pages as well

    played = {f"/play/{kind}/" for kind in playback_access._KINDS}
    assert {path for path in BYTES if path.startswith("/play/")} == played
    assert all(any(path.startswith(start) for path in BYTES) for start in asgi._BYTES)


@pytest.mark.django_db(transaction=True)
def test_bytes_are_given_as_the_rules_say(settings, tmp_path):
    """Over ASGI, each answer in a thread with a connection of its own, as in the web process."""
    settings.TABARD_HOME, settings.TABARD_STORE_URL = tmp_path, ""
    connections["default"].settings_dict["CONN_MAX_AGE"] = 0
    world = build()
    try:
        wrong = [
            words
            for role in Role
            for cookies in [session_cookie(world.become(role))]
            for path in BYTES
            for where in WHERE
            for words in _wrong_bytes(world, role, path, where, cookies)
        ]
        unsigned = [_asked(world, path, "own", {}) for path in BYTES]
    finally:
        playback.close()
        download.close()
    assert wrong == []
    assert unsigned == [401] * len(BYTES)


def _wrong_bytes(world: World, role: Role, path: str, where: str, cookies: Mapping[str, str]) -> list[str]:
    before = count_events(EventKind.ACCESS_REFUSED)
    status = _asked(world, path, where, cookies)
    refusals = count_events(EventKind.ACCESS_REFUSED) - before
    allowed = judge([role], BYTES[path][2], WHERE[where]).allowed
    expected = (200, 0) if allowed else (403, 1)
    return (
        [] if (status, refusals) == expected else [f"{role} {path} ({where}): {status}, {refusals} refusals"]
    )


def _asked(world: World, path: str, where: str, cookies: Mapping[str, str]) -> int:
    """The status of one request, its body read to the end."""
    app, noun, _ = BYTES[path]
    sent: list[Any] = []
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()
    item = getattr(world.places[where], noun)
    scope = {"type": "http", "method": "GET", "path": f"{path}{item.id}", "headers": [(b"cookie", cookie)]}

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError("nobody hangs up")

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent[0]["status"]
