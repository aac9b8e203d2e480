"""The docks' side of the door's process: plain ASGI, `/tus/` for bytes and `/dock/v1/` for the rest."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tabard.intake.axis.answers import Answer
from tabard.intake.axis.handlers import Request
from tabard.intake.docks import requests
from tabard.intake.errors import BodyIncomplete, SenderGone
from tabard.intake.threads import DatabaseThreads
from tabard.intake.tus import uploads
from tabard.intake.tus.answers import problem
from tabard.intake.tus.door import Bytes, TusDoor
from tabard.intake.tus.errors import UploadTooLarge
from tabard.intake.tus.protocol import PREFIX, VERSION
from tabard.kernel import clock

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

TIDY_EVERY_S = 600.0
_DATABASE_THREADS = 4  # more of them wait for the interpreter rather than for the database
_SLOW_THREADS = 4
_VAULT_THREADS = 4
_log = logging.getLogger(__name__)


class DockDoor:
    """The ASGI application. One per process; it begins with its first request and ends with `close`."""

    def __init__(self) -> None:
        self._database = DatabaseThreads(_DATABASE_THREADS, "dock-database")
        self._slow = DatabaseThreads(_SLOW_THREADS, "dock-slow")
        self._vault: ThreadPoolExecutor | None = None
        self._tus: TusDoor | None = None
        self._tidying: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; never raises for what a sender did."""
        answer = await self._answer(scope, receive)
        if answer is not None:
            headers = answer.raw_headers()
            if scope["raw_path"].startswith(PREFIX.rstrip(b"/")):
                headers.append((b"tus-resumable", VERSION.encode()))
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": answer.body, "more_body": False})

    def close(self) -> None:
        """No thread runs, nothing is held, and no connection is open any more; it can be started again."""
        if self._tidying is not None:
            with contextlib.suppress(RuntimeError):  # its loop is closed already, and so it is over
                self._tidying.cancel()
        if self._tus is not None:
            self._tus.close()
        if self._vault is not None:
            self._vault.shutdown(wait=True)
        self._tus, self._vault, self._tidying = None, None, None
        self._database.close()
        self._slow.close()

    async def _answer(self, scope: Scope, receive: Receive) -> Answer | None:
        """The answer; None where nobody is left to hear it."""
        try:
            request = _request(scope)
            if request.raw_path.startswith(requests.PREFIX):
                body = await _small_body(request, receive)
                run = self._slow.run if requests.takes_long(request) else self._database.run
                return await run(requests.answer, request, body)
            return await self._begun().answer(request, Bytes(scope, receive, _length(request)))
        except SenderGone:
            return None
        except Exception as error:  # noqa: BLE001 - the edge: every error becomes an answer, and is logged there
            return problem(error)

    def _begun(self) -> TusDoor:
        if self._tus is None:
            self._vault = ThreadPoolExecutor(_VAULT_THREADS, "dock-vault")
            self._tus = TusDoor(in_database=self._database.run, slowly=self._slow.run, vault=self._vault)
            self._tidying = asyncio.get_running_loop().create_task(self._tidy())
        return self._tus

    async def _tidy(self) -> None:
        """What nobody goes on with is given up; a round that fails is followed by the next."""
        while True:
            try:
                await self._slow.run(_tidy_now)
            except Exception:  # noqa: BLE001 - whatever it was, the next round may do better
                _log.exception("Uploads could not be tidied up; trying again.")
            await asyncio.sleep(TIDY_EVERY_S)


def _tidy_now() -> None:
    uploads.tidy(at=clock.now())


def _request(scope: Scope) -> Request:
    return Request(scope["method"], scope["raw_path"], tuple(scope["headers"]), "", clock.now())


def _length(request: Request) -> int | None:
    """The announced length of the body; None if it comes in chunks.

    Raises:
        BodyIncomplete: what is announced is no length.
    """
    announced = request.header(b"content-length")
    if not announced:
        return None if request.header(b"transfer-encoding") else 0
    if not announced.isdecimal():
        raise BodyIncomplete("Content-Length is not a number.", field="content-length")
    return int(announced)


async def _small_body(request: Request, receive: Receive) -> bytes:
    """A body of JSON.

    Raises:
        UploadTooLarge: longer than any that the protocol has.
        SenderGone.
    """
    if (_length(request) or 0) > requests.MOST_BODY_BYTES:
        raise UploadTooLarge("The request is too long.", field="content-length")
    body, is_more = b"", True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise SenderGone("The sender hung up in the middle of a body.")
        body += message.get("body", b"")
        is_more = message.get("more_body", False)
        if len(body) > requests.MOST_BODY_BYTES:
            raise UploadTooLarge("The request is too long.", field="content-length")
    return body


dock_door = DockDoor()
