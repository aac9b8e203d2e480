"""The door's process: plain ASGI, beside Django. It reads a request, makes one domain call, and answers.

Bodies never pass through Django. Whatever needs the database runs in threads that each hold one connection; whatever
needs the vault runs in others, so that a slow disk does not keep a camera from signing in.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

from django.conf import settings
from django.db import close_old_connections, connections

from tabard.intake.axis import handlers
from tabard.intake.axis.answers import Answer, answer_for
from tabard.intake.axis.handlers import Request, Slot
from tabard.intake.axis.protocol import AUTH_PATH, HEALTH_PATH, STORAGE_PATH
from tabard.intake.axis.receiving import Body, Budget, Message, Receive, Upload, body_of
from tabard.intake.errors import BodyIncomplete, DoorBusy, RequestUnknown, SenderGone
from tabard.kernel import clock
from tabard.vault import services as vault

Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Bodies = Callable[[int], Body]  # given the size of a batch
_Given = TypeVar("_Given")

MOST_UPLOADS = 256
_DATABASE_THREADS = 8
_VAULT_THREADS = 8
_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


class AxisDoor:
    """The ASGI application. One per process; `most_uploads` bodies at a time, the next is told to try again soon."""

    def __init__(self, *, most_uploads: int = MOST_UPLOADS) -> None:
        self._most_uploads = most_uploads
        self._expected: dict[Slot, tuple[int, Upload | None]] = {}
        self._budget = Budget()
        self._open()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, or starts and stops with the server; never raises for what a sender did."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            answer = await self._answer(scope, receive)
            if answer is not None:
                await _send(answer, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer | None:
        """The answer; None where nobody is left to hear it."""
        try:
            return await self._route(_request(scope), lambda size: body_of(scope, receive, size))
        except SenderGone:
            return None
        except Exception as error:  # noqa: BLE001 - the edge: every error becomes an answer, and is logged there
            return answer_for(error)

    async def _route(self, request: Request, body: Bodies) -> Answer:
        path = request.raw_path
        if path == HEALTH_PATH:
            return await self._in_database(handlers.health)
        if path == AUTH_PATH:
            return await self._in_database(handlers.sign_in, request)
        if not path.startswith(STORAGE_PATH):
            raise RequestUnknown("There is no such place at this door.", field="path")
        if request.method == "PUT" and path.count(b"/") == 4:
            return await self._put_object(request, body)
        return await self._in_database(handlers.storage, request)

    async def _put_object(self, request: Request, body: Bodies) -> Answer:
        """201 only once the body is sealed, durable, logged and committed; else nothing of it is visible."""
        slot = await self._in_database(handlers.find_slot, request)
        if len(self._expected) >= self._most_uploads:
            raise DoorBusy("The door takes no more uploads just now.", most=self._most_uploads)
        length, size = _length(request) or 0, self._budget.take()
        self._expected[slot] = length, None
        try:
            md5 = request.header(b"etag").strip('"').lower()
            upload = await Upload.start(self._vault, md5, self._to_come())
            self._expected[slot] = length, upload
            return await self._take(upload, request, slot, body(size))
        finally:
            del self._expected[slot]
            self._budget.give_back(size)

    def _to_come(self) -> int:
        """How many bytes all uploads under way have announced and not written yet."""
        under_way = self._expected.values()
        return sum(max(0, length - (upload.size_bytes if upload else 0)) for length, upload in under_way)

    async def _take(self, upload: Upload, request: Request, slot: Slot, body: Body) -> Answer:
        try:
            await upload.take(body)
            pending = await upload.seal(_length(request))
            return await self._in_database(handlers.keep, slot, pending, clock.now())
        except BaseException:
            await upload.abandon()
            raise

    async def _in_database(self, step: Callable[..., _Given], *arguments: Any) -> _Given:
        return await asyncio.get_running_loop().run_in_executor(self._database, _fresh, step, *arguments)

    def _open(self) -> None:
        """Threads, which start as they are needed; a door that was stopped can be started again."""
        self._database = ThreadPoolExecutor(_DATABASE_THREADS, "door-database")
        self._vault = ThreadPoolExecutor(_VAULT_THREADS, "door-vault")

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._open()
                # What a killed door left half-written is of no use: its sender was never told that it was stored.
                await asyncio.get_running_loop().run_in_executor(self._vault, vault.clean)
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await asyncio.to_thread(self._stop)
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _stop(self) -> None:
        """No thread runs and no connection is open any more; uploads have ended by now."""
        together = Barrier(_DATABASE_THREADS)

        def close() -> None:
            connections.close_all()
            together.wait()  # so that each of the threads gets exactly one of these

        for _ in range(_DATABASE_THREADS):
            self._database.submit(close)
        self._database.shutdown(wait=True)
        self._vault.shutdown(wait=True)


def _fresh(step: Callable[..., _Given], *arguments: Any) -> _Given:
    """Runs a step as Django runs a request: with a connection that works, and none kept too long."""
    close_old_connections()
    try:
        return step(*arguments)
    finally:
        close_old_connections()


def _request(scope: Scope) -> Request:
    request = Request(
        method=scope["method"],
        raw_path=scope["raw_path"],
        raw_headers=tuple(scope["headers"]),
        base_url="",
        at=clock.now(),
    )
    host = request.header(b"host")
    # The sender comes back to the address it came by: of several doors, this one.
    base_url = f"{scope['scheme']}://{host}" if _HOST.fullmatch(host) else _own_url()
    return Request(request.method, request.raw_path, request.raw_headers, base_url, request.at)


def _own_url() -> str:
    """The first of the door's addresses."""
    url: str = settings.TABARD_DOOR_URL.partition(",")[0].strip()
    return url.rstrip("/")


def _length(request: Request) -> int | None:
    """The announced length of the body; None if it comes in chunks.

    Raises:
        BodyIncomplete: what is announced is no length.
    """
    announced = request.header(b"content-length")
    if not announced:
        return None
    if not announced.isdecimal():
        raise BodyIncomplete("Content-Length is not a number.", field="content-length")
    return int(announced)


async def _send(answer: Answer, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.raw_headers()})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


axis_door = AxisDoor()
