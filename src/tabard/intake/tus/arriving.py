"""How does one body become durable bytes of a growing object, at the speed of the disk and within a little memory?

The event loop fills one buffer while a thread seals another. Every few megabytes a mark is made durable beside the
stream, so that after the death of this process little is sent again; when the body ends, or breaks off, all that came
is. A body that comes with a checksum waits in a file without a name until it is known to be right.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, TypeVar

from tabard.intake.errors import SenderGone, SenderStalled
from tabard.intake.tus.body import Buffers, Source
from tabard.intake.tus.errors import ChecksumWrong, UploadTooLarge
from tabard.intake.tus.protocol import Checksum
from tabard.vault.partials import GrowingObject, GrownObject, Mark
from tabard.vault.staging import Staging
from tabard.vault.stores import configured_spool

MARK_EVERY_BYTES = 8 * 1024 * 1024
_Given = TypeVar("_Given")


@dataclass(frozen=True, slots=True)
class Threads:
    """Where work is done that would hold up the event loop, and how an acknowledged mark is written down."""

    vault: Executor
    acknowledge: Callable[[GrowingObject, Mark], "asyncio.Future[None]"]

    def run(self, step: Callable[..., _Given], *arguments: Any) -> "asyncio.Future[_Given]":
        """The step, in a thread of the vault's."""
        return asyncio.get_running_loop().run_in_executor(self.vault, step, *arguments)


class Arrival:
    """One body on its way into a growing object. Its steps run in threads, one at a time."""

    def __init__(self, growing: GrowingObject, threads: Threads) -> None:
        self._growing = growing
        self._threads = threads
        self._marked_bytes = self._settled_bytes = growing.offset_bytes
        self._is_broken = False
        self._one_at_a_time = threading.Lock()
        self._marking: asyncio.Future[None] | None = None

    @property
    def is_settled(self) -> bool:
        """Whether the growing object is at just the state that its row tells, so that it can be gone on with."""
        return not self._is_broken and self._growing.offset_bytes == self._settled_bytes

    @property
    def is_whole(self) -> bool:
        """Whether the last byte has come."""
        return self._growing.offset_bytes == self._growing.size_bytes

    async def take(self, source: Source, buffers: Buffers, checksum: Checksum | None) -> None:
        """All that came of the body is in the growing object.

        Raises:
            SenderGone, SenderStalled: the body did not end; what came before counts, but where there is a checksum.
            ChecksumWrong: none of it counts.
            UploadTooLarge: it went on past the end of the file.
            StoreFull, StoreFailed: the growing object is of no use any more.
        """
        if checksum is None:
            await self._pump(source, buffers, self._write)
            return
        with Staging(configured_spool(), checksum.algorithm) as staging:
            await self._pump(source, buffers, staging.write)
            if staging.digest() != checksum.digest:
                raise ChecksumWrong("The bytes do not hash to what was announced.", field="upload-checksum")
            await self._threads.run(self._step, staging.move_to, self._write)

    async def settle(self) -> None:
        """All that the growing object was given is durable, acknowledged, and may be told."""
        await self._marks_end()
        await self._threads.run(self._step, self._growing.sync)
        mark = self._growing.mark()
        await self._threads.acknowledge(self._growing, mark)
        self._settled_bytes = mark.offset_bytes

    async def seal(self) -> GrownObject:
        """The object, whole and durable in the store."""
        await self._marks_end()
        return await self._threads.run(self._step, self._growing.seal)

    async def end(self) -> None:
        """No thread works on the growing object any more."""
        if self._marking is not None:
            await asyncio.gather(self._marking, return_exceptions=True)
        await self._threads.run(self._step, lambda: None)

    async def _pump(self, source: Source, buffers: Buffers, write: Callable[[memoryview], object]) -> None:
        writing = self._threads.run(self._step, write, memoryview(b""))
        try:
            while True:
                if buffers.is_one:
                    await writing
                buffer = buffers.next()
                filled = await source.read_into(buffer)
                await writing
                if not filled:
                    return
                writing = self._threads.run(self._step, write, buffer[:filled])
                self._mark_sometimes()
        finally:
            # The error that ended the loop is the one to report; a second one here would only be logged as lost.
            await _finished(writing)

    def _write(self, data: bytes | memoryview) -> None:
        if self._growing.offset_bytes + len(data) > self._growing.size_bytes:
            raise UploadTooLarge("That is more than the file was said to have.", field="content-length")
        self._is_broken = True  # until it is written
        self._growing.write(data)
        self._is_broken = False

    def _mark_sometimes(self) -> None:
        """Begins to make durable what came, if enough did and the last time is over."""
        if self._marking is not None and not self._marking.done():
            return
        if self._growing.offset_bytes - self._marked_bytes < MARK_EVERY_BYTES:
            return
        if self._marking is not None:
            self._marking.result()  # a mark that failed ends the upload
        self._marking = asyncio.ensure_future(self._mark())

    async def _mark(self) -> None:
        mark = await self._threads.run(self._step, lambda: self._growing.mark(whole_chunks=True))
        await self._threads.run(self._growing.sync)
        await self._threads.acknowledge(self._growing, mark)
        self._marked_bytes = mark.offset_bytes

    async def _marks_end(self) -> None:
        if self._marking is not None:
            await self._marking

    def _step(self, step: Callable[..., _Given], *arguments: Any) -> _Given:
        with self._one_at_a_time:
            return step(*arguments)


async def _finished(future: "asyncio.Future[Any]") -> None:
    """It is over, however; also when we are being cancelled, for it uses memory that is about to be reused."""
    while not future.done():
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await asyncio.shield(future)
    if not future.cancelled():
        future.exception()  # seen


BREAKS = (SenderGone, SenderStalled)
