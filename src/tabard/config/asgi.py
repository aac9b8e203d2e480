"""What do the web and door processes serve? One origin each: bytes by raw ASGI, the rest by what it stands beside.

`application` is all a browser needs: pages by Django (WSGI in threads), footage beside it. `door` is what docks and
cameras' systems talk to, and gives out the same bytes, so that a reverse proxy may send `/play/` there and keep pages
quick.
Run them with `uvicorn tabard.config.asgi:application` and `uvicorn tabard.config.asgi:door`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from django.db import DatabaseError, close_old_connections, connection

from tabard.config.loading import load_for_good
from tabard.config.wsgi import application as pages

# Django must be set up, as the line above does, before anything that has models is imported.
from tabard.intake.axis.asgi import axis_door  # isort: skip
from tabard.intake.docks.asgi import dock_door  # isort: skip
from tabard.web.pack_download import download  # isort: skip
from tabard.web.playback import playback  # isort: skip

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_PAGE_THREADS = 8


class Origin:
    """One address for several applications: the first whose path the request begins with, else the rest.

    The rest starts and stops with the server; `open_` is called before it starts, `close` once it has stopped.
    """

    def __init__(
        self,
        places: Mapping[str, App],
        rest: App,
        close: Callable[[], None],
        open_: Callable[[], None] = lambda: None,
    ) -> None:
        self._places = places
        self._rest = rest
        self._close = close
        self._open = open_

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on."""
        if scope["type"] == "http":
            await self._app_for(scope["path"])(scope, receive, send)
            return
        if scope["type"] == "lifespan":
            self._open()
        await self._rest(scope, receive, send)
        if scope["type"] == "lifespan":
            self._close()

    def _app_for(self, path: str) -> App:
        return next((app for start, app in self._places.items() if path.startswith(start)), self._rest)


async def health(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - the shape of an ASGI application
    """200 while the database answers, else 503."""
    well = await asyncio.to_thread(_database_answers)
    body = b"ok\n" if well else b"The database does not answer.\n"
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200 if well else 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _database_answers() -> bool:
    close_old_connections()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    finally:
        close_old_connections()
    return True


def _close_bytes() -> None:
    playback.close()
    download.close()


def _close_door() -> None:
    dock_door.close()
    _close_bytes()


_BYTES: Mapping[str, App] = {"/play/": playback, "/download/": download}
# Both sides speak plain WSGI and ASGI; their typings name the same messages differently.
_pages: Any = WSGIMiddleware(cast("Any", pages), workers=_PAGE_THREADS)
application = Origin({"/healthz": health, **_BYTES}, _pages, _close_bytes, load_for_good)
door = Origin({"/tus": dock_door, "/dock/": dock_door, **_BYTES}, axis_door, _close_door)
