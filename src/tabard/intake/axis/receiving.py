"""How does a body become a sealed object while it arrives, in little memory?

The event loop gathers a batch while a thread hashes, encrypts and writes the one before; when the thread is behind,
the loop stops reading and the sender's connection fills up. An upload therefore never holds more than two batches,
and all batches together keep to a budget, however slow their senders are. A batch is valid until the next but one is
asked for.
"""

import asyncio
import contextlib
import hashlib
import threading
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from concurrent.futures import Executor
from typing import Any, Protocol, Self

from tabard.intake.axis.direct import EXTENSION, SLOWEST_BYTES_S, DirectBody
from tabard.intake.errors import BodyIncomplete, ChecksumDiffers, SenderGone, SenderStalled
from tabard.intake.space import check_room
from tabard.vault import services as vault
from tabard.vault.errors import AlreadyRecorded
from tabard.vault.services import PendingObject

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

LARGEST_BATCH_BYTES = 8 * 1024 * 1024
SMALLEST_BATCH_BYTES = 128 * 1024
ALL_BATCHES_BYTES = 32 * 1024 * 1024
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


class Budget:
    """The memory of all batches: large ones cost less, many large ones too much. Used by the event loop alone.

    Each upload gets half of what is left, for its two batches; the smallest size is never refused.
    """

    def __init__(self) -> None:
        self._taken = 0

    def take(self) -> int:
        """How many bytes a new upload may gather at a time; to be given back when it ends."""
        share = (ALL_BATCHES_BYTES - self._taken) // 4
        size = max(SMALLEST_BATCH_BYTES, min(LARGEST_BATCH_BYTES, share))
        self._taken += 2 * size
        return size

    def give_back(self, size: int) -> None:
        """An upload that had been given this size has ended."""
        self._taken -= 2 * size


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
    async def start(cls, threads: Executor, md5: str = "", expected_bytes: int = 0) -> Self:
        """An upload into a new object of the vault; `md5` is what the body will be checked against, if anything.

        Args:
            threads: Where its steps run.
            md5: In hexadecimal, or empty.
            expected_bytes: What is still to come, of this upload and of all others.

        Raises:
            StoreLow: the store would fall below its low-water mark.
            Unavailable: the vault is full, or cannot serve now.
        """
        pending = await asyncio.get_running_loop().run_in_executor(threads, _start, expected_bytes)
        return cls(threads, pending, md5)

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


def _start(expected_bytes: int) -> PendingObject:
    check_room(expected_bytes)
    return vault.start()


class ReceivedBody:
    """A body as any ASGI server hands it on, gathered into batches of at least `size` bytes."""

    def __init__(self, receive: Receive, size: int) -> None:
        self._receive = receive
        self._size = size
        self._is_more = True

    async def batch(self) -> Batch:
        """The next pieces, in order; none once the body has ended."""
        batch: list[bytes] = []
        gathered = judged = 0
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(SILENCE_S) as silence:
                while self._is_more and gathered < self._size:
                    batch.append(await self._piece())
                    gathered += len(batch[-1])
                    if gathered - judged >= SLOWEST_BYTES_S * SILENCE_S:
                        judged = gathered
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
