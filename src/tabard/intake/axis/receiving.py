"""How does a body become a sealed object while it arrives, in little memory?

The event loop gathers a batch while a thread hashes, encrypts and writes the one before; when the thread is behind,
the loop stops reading and the sender's connection fills up. An upload therefore never holds more than two batches,
and batches shrink as uploads become many. A batch is valid until the next but one is asked for.
"""

import asyncio
import contextlib
import hashlib
import threading
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from concurrent.futures import Executor
from typing import Any, Protocol, Self

from tabard.intake.axis.direct import EXTENSION, DirectBody
from tabard.intake.errors import BodyIncomplete, ChecksumDiffers, SenderGone, SenderStalled
from tabard.vault import services as vault
from tabard.vault.errors import AlreadyRecorded
from tabard.vault.services import PendingObject

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

LARGEST_BATCH_BYTES = 8 * 1024 * 1024
SMALLEST_BATCH_BYTES = 128 * 1024
ALL_BATCHES_BYTES = 64 * 1024 * 1024
SILENCE_S = 120.0

Batch = Sequence[bytes | memoryview]


class Body(Protocol):
    """Where a body comes from."""

    async def batch(self) -> Batch:
        """The next pieces, in order; none once the body has ended.

        Raises:
            SenderGone, SenderStalled: the body did not end.
        """
        ...


def batch_bytes(uploads: int) -> int:
    """How much one of so many uploads gathers at a time: large batches cost less, many large ones too much memory."""
    share = ALL_BATCHES_BYTES // (2 * max(1, uploads))
    return max(SMALLEST_BATCH_BYTES, min(LARGEST_BATCH_BYTES, share))


class Upload:
    """One body on its way into the vault.

    Its steps run in threads, one at a time even if the event loop was cancelled in the middle of one.
    """

    def __init__(self, threads: Executor, pending: PendingObject, md5: str) -> None:
        self.size_bytes = 0
        self._threads = threads
        self._pending = pending
        self._md5 = md5
        self._digest = hashlib.md5(usedforsecurity=False) if md5 else None
        self._one_at_a_time = threading.Lock()

    @classmethod
    async def start(cls, threads: Executor, md5: str = "") -> Self:
        """An upload into a new object of the vault; `md5` is what the body will be checked against, if anything.

        Raises:
            Unavailable: the vault is full, or cannot serve now.
        """
        return cls(threads, await asyncio.get_running_loop().run_in_executor(threads, vault.start), md5)

    async def take(self, body: Body) -> None:
        """The whole body went into the vault.

        Raises:
            SenderGone, SenderStalled: the body did not end.
            Unavailable: the vault is full, or cannot serve now.
        """
        writing = self._in_thread(self._write, ())
        try:
            while batch := await body.batch():
                await writing
                writing = self._in_thread(self._write, batch)
            await writing
        finally:
            # The error that ended the loop is the one to report; a second one here would only be logged as lost.
            await asyncio.gather(writing, return_exceptions=True)

    async def seal(self, length: int | None) -> PendingObject:
        """The sealed object, durable in the store, if the body was as long as announced and hashes as announced.

        Raises:
            BodyIncomplete, ChecksumDiffers.
            Unavailable: the vault is full, or cannot serve now.
        """
        if length is not None and self.size_bytes != length:
            raise BodyIncomplete(
                "The body is not as long as announced.", expected=length, got=self.size_bytes
            )
        if self._digest is not None and self._digest.hexdigest() != self._md5:
            raise ChecksumDiffers("The body does not have the announced MD5.", field="etag")
        await self._in_thread(self._pending.seal)
        return self._pending

    async def abandon(self) -> None:
        """Nothing of the body remains, unless it was recorded: then a row may stand for it, and it is not ours."""
        with contextlib.suppress(AlreadyRecorded):
            await self._in_thread(self._pending.abort)

    def _in_thread(self, step: Callable[..., object], *arguments: Any) -> asyncio.Future[None]:
        return asyncio.get_running_loop().run_in_executor(self._threads, self._step, step, *arguments)

    def _step(self, step: Callable[..., object], *arguments: Any) -> None:
        with self._one_at_a_time:
            step(*arguments)

    def _write(self, batch: Batch) -> None:
        body = batch[0] if len(batch) == 1 else b"".join(batch)
        self.size_bytes += len(body)
        if self._digest is not None:
            self._digest.update(body)
        self._pending.write(body)


class ReceivedBody:
    """A body as any ASGI server hands it on, gathered into batches of at least `size` bytes."""

    def __init__(self, receive: Receive, size: int) -> None:
        self._receive = receive
        self._size = size
        self._is_more = True

    async def batch(self) -> Batch:
        """The next pieces, in order; none once the body has ended."""
        batch: list[bytes] = []
        gathered = 0
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(SILENCE_S) as silence:
                while self._is_more and gathered < self._size:
                    batch.append(await self._piece())
                    gathered += len(batch[-1])
                    silence.reschedule(loop.time() + SILENCE_S)
        except TimeoutError as error:
            raise SenderStalled("The sender fell silent in the middle of a body.") from error
        return batch

    async def _piece(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise SenderGone("The sender hung up in the middle of a body.")
        self._is_more = message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        return piece


class DirectlyReadBody:
    """A body that `DoorProtocol` reads from the socket into one of two buffers while the other is being written."""

    def __init__(self, direct: DirectBody, size: int) -> None:
        self._direct = direct
        self._size = min(size, direct.rest_bytes)
        self._buffers: list[memoryview] = []

    async def batch(self) -> Batch:
        """The next pieces, in order; none once the body has ended."""
        buffer = self._buffers.pop(0) if len(self._buffers) == 2 else memoryview(bytearray(self._size))
        self._buffers.append(buffer)
        filled = await self._direct.read_into(buffer, SILENCE_S)
        return (buffer[:filled],) if filled else ()


def body_of(scope: MutableMapping[str, Any], receive: Receive, size: int) -> Body:
    """The body of a request: read directly where the server can, else received."""
    offered = scope.get("extensions", {}).get(EXTENSION)
    return DirectlyReadBody(offered["body"], size) if offered else ReceivedBody(receive, size)
