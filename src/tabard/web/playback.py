"""How does footage reach a browser? Decrypted on the fly, range by range, as raw ASGI beside Django.

A request costs one step in a worker thread (who is asking, may they, the log, the first bytes), then as many as there
are mebibytes to send. The next piece is read while the last is on its way, and never more than that: a slow reader
holds two pieces of memory and no thread. A damaged chunk ends the answer before any of its bytes, short of the length
that was announced, so that no player takes it for the whole.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from django.db import close_old_connections
from django.utils.http import content_disposition_header

from tabard.custody.actors import Subject
from tabard.kernel.clock import now
from tabard.kernel.errors import TabardError
from tabard.people.access_reasons import HEADER, ReasonNeeded
from tabard.vault.errors import KeyDestroyed
from tabard.web.middleware import STATUS
from tabard.web.playback_access import Leave, NotSignedIn, leave_for
from tabard.web.playback_leaves import LeaveFor, Leaves
from tabard.web.playback_ranges import ByteRange, RangeUnsatisfiable, asked_range
from tabard.web.reasons import asking_url, header_text

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
_Given = TypeVar("_Given")

_THREADS = 8
_PIECE_BYTES = 1024 * 1024
_ALWAYS: Headers = [
    (b"accept-ranges", b"bytes"),
    (b"cache-control", b"private, no-store"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status with its fields and the first piece of its body; `rest` is read as it is sent, None if that was all."""

    status: int
    headers: Headers
    body: bytes = b""
    rest: Iterator[bytes] | None = None


class Playback:
    """The ASGI application for a path of sealed bytes, such as `/play/`; `leave_for` decides who may have which.

    Call `close` when the server stops; another may start afterwards.
    """

    def __init__(self, leave_for: LeaveFor = leave_for, *, threads: int = _THREADS) -> None:
        self._leaves = Leaves(leave_for)
        self._most_threads = threads
        self._threads: ThreadPoolExecutor | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request; raises only where an answer that has begun cannot be ended honestly."""
        try:
            answer = await self._in_thread(_answer, scope, self._leaves)
        except Exception as error:  # noqa: BLE001 - the edge: every error becomes an answer, and is logged there
            answer = _error_answer(error, scope)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        if answer.rest is None:
            await send({"type": "http.response.body", "body": answer.body})
        else:
            await self._stream(answer.body, answer.rest, receive, send)

    def close(self) -> None:
        """No thread of this application runs when this returns."""
        if self._threads is not None:
            self._threads.shutdown(wait=True)
            self._threads = None

    async def _stream(self, piece: bytes, rest: Iterator[bytes], receive: Receive, send: Send) -> None:
        """Every piece is sent in order, unless the browser hangs up: then nothing more is read for it."""
        hung_up = asyncio.ensure_future(_hang_up(receive))
        try:
            while piece and not hung_up.done():
                following = asyncio.ensure_future(self._in_thread(_take, rest))
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                piece = await following
        except TabardError as error:
            logger.exception("%s: %s", error.code, error.message, extra={"fields": error.fields})
            raise
        finally:
            hung_up.cancel()
        await send({"type": "http.response.body", "body": b""})

    async def _in_thread(self, step: Callable[..., _Given], *arguments: Any) -> _Given:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._most_threads, "playback")
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(step, *arguments))


def _answer(scope: Scope, leaves: Leaves) -> Answer:
    """The answer to a request, its first piece read already, so that damage there is still an error with a status."""
    method = scope["method"]
    if method not in {"GET", "HEAD"}:
        return _short(405, "Only GET and HEAD.", [(b"allow", b"GET, HEAD")])
    close_old_connections()
    try:
        at = now()
        said = header_text(_field(scope, HEADER.lower().encode()))
        held = leaves.of(_field(scope, b"cookie"), scope["path"], at, said)
        wanted = asked_range(_range_field(scope, held.leave), held.leave.obj.size_bytes)
        headers = _headers(held.leave, wanted)
        status = 206 if wanted.is_partial else 200
        if method == "HEAD":
            return Answer(status, headers)
        reader = held.read()
    finally:
        close_old_connections()
    plain = reader.read(wanted.start, wanted.stop)
    first = _take(plain)
    return Answer(status, headers, first, plain if len(first) < wanted.length else None)


def _headers(leave: Leave, wanted: ByteRange) -> Headers:
    headers = [
        *_ALWAYS,
        (b"content-type", leave.content_type.encode()),
        (b"content-length", str(wanted.length).encode()),
        (b"etag", leave.etag.encode()),
    ]
    if wanted.is_partial:
        headers.append((b"content-range", wanted.content_range.encode()))
    if leave.filename:
        disposition = content_disposition_header(as_attachment=True, filename=leave.filename)
        headers.append((b"content-disposition", str(disposition).encode()))
    return headers


def _range_field(scope: Scope, leave: Leave) -> str:
    """The `Range` field; ignored where `If-Range` names other bytes than these (RFC 9110 13.1.5)."""
    condition = _field(scope, b"if-range")
    return _field(scope, b"range") if condition in {"", leave.etag} else ""


def _field(scope: Scope, name: bytes) -> str:
    return "; ".join(value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name)


def _take(plain: Iterator[bytes]) -> bytes:
    """The next mebibyte or so, fewer at the end, where it is empty."""
    taken: list[bytes] = []
    size = 0
    while size < _PIECE_BYTES and (chunk := next(plain, b"")):
        taken.append(chunk)
        size += len(chunk)
    return taken[0] if len(taken) == 1 else b"".join(taken)


async def _hang_up(receive: Receive) -> None:
    """Returns when the browser has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _error_answer(error: Exception, scope: Scope) -> Answer:
    """The status and sentence of an error; a browser that must say why first is led to the page that asks."""
    if not isinstance(error, TabardError):
        logger.error("Playback failed.", exc_info=error)
        return _short(500, "Something went wrong. It has been recorded.")
    if isinstance(error, ReasonNeeded) and "text/html" in _field(scope, b"accept"):
        item = Subject(str(error.fields["item_type"]), UUID(str(error.fields["item_id"])))
        return _short(302, error.message, [(b"location", asking_url(item, scope["path"]).encode())])
    status = _status(error)
    if status >= 500:
        logger.error("%s: %s", error.code, error.message, extra={"fields": error.fields}, exc_info=error)
    more: Headers = []
    if isinstance(error, RangeUnsatisfiable):
        more = [(b"content-range", f"bytes */{error.fields['size_bytes']}".encode())]
    if isinstance(error, NotSignedIn):
        more = [(b"www-authenticate", b'Session realm="Tabard"')]
    return _short(status, error.message, more)


def _status(error: TabardError) -> int:
    special = {KeyDestroyed: 410, RangeUnsatisfiable: 416, NotSignedIn: 401, ReasonNeeded: 422}
    return special.get(type(error)) or next(
        (status for family, status in STATUS.items() if isinstance(error, family)), 500
    )


def _short(status: int, words: str, more: Headers | None = None) -> Answer:
    body = f"{words}\n".encode()
    headers: Headers = [
        *_ALWAYS,
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    return Answer(status, [*headers, *(more or [])], body=body)


playback = Playback()
