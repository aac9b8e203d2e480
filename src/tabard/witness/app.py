"""The witness over HTTP: C2SP tlog-witness `POST /add-checkpoint`, and `GET /latest?origin=`, which is ours.

A plain ASGI application. Work that waits for the disk runs in threads, so that one log does not hold up another.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from tabard.kernel.clock import now
from tabard.kernel.errors import TabardError
from tabard.witness.rules import MAX_BODY_BYTES, Reason
from tabard.witness.service import Witness

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"
BODY_WITHIN_S = 10.0
logger = logging.getLogger(__name__)

_STATUS: Mapping[Reason, HTTPStatus] = {
    Reason.MALFORMED: HTTPStatus.BAD_REQUEST,
    Reason.SHRUNK: HTTPStatus.BAD_REQUEST,
    Reason.NOT_SIGNED: HTTPStatus.FORBIDDEN,
    Reason.UNKNOWN_LOG: HTTPStatus.NOT_FOUND,
    Reason.OTHER_SIZE: HTTPStatus.CONFLICT,
    Reason.FORKED: HTTPStatus.CONFLICT,
    Reason.NOT_CONSISTENT: HTTPStatus.UNPROCESSABLE_ENTITY,
}


class Answer(NamedTuple):
    """What goes back over HTTP."""

    status: HTTPStatus
    body: bytes
    content_type: str = TEXT


class WitnessApp:
    """The ASGI application of one witness."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            answer = await self._answer(scope, receive)
        except TabardError as error:
            logger.exception("The witness cannot answer.")
            answer = Answer(HTTPStatus.SERVICE_UNAVAILABLE, f"{error.code}\n".encode())
        headers = [
            (b"content-type", answer.content_type.encode()),
            (b"content-length", str(len(answer.body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": int(answer.status), "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, scope: MutableMapping[str, Any], receive: Receive) -> Answer:
        handlers: Mapping[tuple[str, str], Callable[[], Awaitable[Answer]]] = {
            ("POST", "/add-checkpoint"): lambda: self._add_checkpoint(receive),
            ("GET", "/latest"): lambda: self._latest(scope["query_string"]),
        }
        handler = handlers.get((scope["method"], scope["path"]))
        if handler is not None:
            return await handler()
        if any(path == scope["path"] for _, path in handlers):
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED, b"")
        return Answer(HTTPStatus.NOT_FOUND, b"")

    async def _add_checkpoint(self, receive: Receive) -> Answer:
        try:
            async with asyncio.timeout(BODY_WITHIN_S):
                body = await _body(receive)
        except TimeoutError:
            return Answer(HTTPStatus.REQUEST_TIMEOUT, b"")
        if body is None:
            return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {MAX_BODY_BYTES} bytes.\n".encode())
        verdict = await asyncio.to_thread(self._witness.add_checkpoint, body, at=now())
        if isinstance(verdict, bytes):
            return Answer(HTTPStatus.OK, verdict)
        if verdict.size is not None:
            return Answer(_STATUS[verdict.reason], f"{verdict.size}\n".encode(), SIZE)
        return Answer(_STATUS[verdict.reason], f"{verdict.words}\n".encode())

    async def _latest(self, query: bytes) -> Answer:
        asked = parse_qs(query.decode("latin-1")).get("origin", [])
        if len(asked) != 1:
            return Answer(HTTPStatus.BAD_REQUEST, b"Ask for one origin.\n")
        note = await asyncio.to_thread(self._witness.latest, asked[0])
        if note is None:
            return Answer(HTTPStatus.NOT_FOUND, b"Nothing was cosigned for that origin.\n")
        return Answer(HTTPStatus.OK, note)


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None where it is longer than any request can be, or its sender went away."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def serve(witness: Witness, *, host: str, port: int, on_ready: Callable[[], None] = lambda: None) -> None:
    """Answers until SIGINT or SIGTERM; requests in hand are finished first, for at most five seconds."""
    import uvicorn

    class _Server(uvicorn.Server):
        async def startup(self, sockets: list[Any] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                on_ready()

    _Server(
        uvicorn.Config(
            WitnessApp(witness),
            host=host,
            port=port,
            http="httptools",
            lifespan="off",
            access_log=False,
            log_level="warning",
            limit_concurrency=256,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=5,
            server_header=False,
        )
    ).run()
