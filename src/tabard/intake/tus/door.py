"""What does the door do for each tus request? Signs the dock in, looks how far its upload is, and lets bytes arrive.

Whoever writes to an upload has it alone: in this process by a set of names, among processes by a lock on its file.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import Executor
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any
from uuid import UUID

from tabard.fleet.docks import dock_actor
from tabard.fleet.models import DockKey
from tabard.intake.axis.answers import Answer
from tabard.intake.axis.handlers import Request
from tabard.intake.docks import sessions
from tabard.intake.errors import DoorBusy
from tabard.intake.models import Upload
from tabard.intake.tus import uploads
from tabard.intake.tus.arriving import BREAKS, Arrival, Threads
from tabard.intake.tus.body import BufferPool, Receive, source_of
from tabard.intake.tus.errors import ChecksumWrong, MethodUnknown, OffsetDiffers, UploadInUse, UploadSealed
from tabard.intake.tus.held import HeldUploads
from tabard.intake.tus.protocol import (
    ALGORITHMS,
    EXTENSIONS,
    MEDIA_TYPE,
    PREFIX,
    VERSION,
    Checksum,
    check_body,
    check_media_type,
    check_version,
    parse_announcement,
    parse_checksum,
    parse_number,
    upload_id,
)
from tabard.intake.tus.uploads import Limits, Standing
from tabard.kernel import clock
from tabard.vault import partials
from tabard.vault.errors import PartialDamaged, PartialLost, PartialUnknown
from tabard.vault.partials import GrowingObject, GrownObject, Mark

MOST_BODIES = 256
Headers = list[tuple[bytes, bytes]]
InThread = Callable[..., "asyncio.Future[Any]"]


@dataclass(frozen=True, slots=True)
class Admitted:
    """A signed-in sender, the upload that a body is for, and where the body begins."""

    key: DockKey
    standing: Standing
    offset: int
    checksum: Checksum | None

    @property
    def upload(self) -> Upload:
        """The upload."""
        return self.standing.upload


@dataclass(frozen=True, slots=True)
class Bytes:
    """The body of a request: where it comes from, and how long it was announced to be, if it was."""

    scope: MutableMapping[str, Any]
    receive: Receive
    length: int | None


class TusDoor:
    """The tus side of a process.

    Steps run in threads: `in_database` and `slowly` (what reads back an upload) with a connection, `vault` without.
    """

    def __init__(self, *, in_database: InThread, slowly: InThread, vault: Executor) -> None:
        self._in_database = in_database
        self._slowly = slowly
        self._vault = vault
        self._held = HeldUploads()
        self._buffers = BufferPool()
        self._bodies = 0
        self._watch = sessions.KeyWatch(lambda keys: in_database(sessions.revoked_among, keys))

    async def answer(self, request: Request, body: Bytes) -> Answer:
        """The answer to one request below `/tus/`.

        Raises:
            TabardError: what `answers.problem` maps.
            SenderGone: nobody is left to hear it.
        """
        method = request.header(b"x-http-method-override").upper() or request.method
        if method == "OPTIONS":
            return Answer(204, tuple(_offers()))
        check_version(request.header(b"tus-resumable"))
        is_collection = request.raw_path in {PREFIX, PREFIX.rstrip(b"/")}
        step = _STEPS.get((method, is_collection))
        if step is None:
            raise MethodUnknown("There is no such request here.", field="method")
        return await step(self, request, body)

    def close(self) -> None:
        """Nothing is held any more."""
        self._held.close()

    async def _create(self, request: Request, body: Bytes) -> Answer:
        opened = await self._in_database(_open, request)
        growing: GrowingObject = opened.growing
        admitted = Admitted(opened.key, opened.standing, 0, opened.checksum)
        location = (b"location", PREFIX + str(admitted.upload.pk).encode())
        if admitted.upload.size_bytes and not (opened.has_body and body.length != 0):
            self._held.keep(growing)
            return Answer(201, (location, *_progress(admitted.standing)))
        self._held.claim(admitted.upload.pk)
        standing = await self._arrive(admitted, growing, body)
        return Answer(201, (location, *_progress(standing)))

    async def _head(self, request: Request, body: Bytes) -> Answer:  # noqa: ARG002 - every step has the same shape
        standing: Standing = await self._in_database(_look, request)
        upload = standing.upload
        headers = [
            (b"upload-length", str(upload.size_bytes).encode()),
            (b"content-length", b"0"),
            *_progress(standing),
        ]
        if upload.raw_metadata:
            headers.append((b"upload-metadata", upload.raw_metadata.encode("latin-1")))
        return Answer(200, tuple(headers))

    async def _patch(self, request: Request, body: Bytes) -> Answer:
        admitted: Admitted = await self._in_database(_admit, request, body.length)
        if admitted.upload.sealed_at is not None:  # the same again: its sender never heard the answer
            return Answer(204, tuple(_progress(admitted.standing)))
        self._held.claim(admitted.upload.pk)
        try:
            growing = await self._grip(admitted)
        except BaseException:
            self._held.release(admitted.upload.pk)
            raise
        return Answer(204, tuple(_progress(await self._arrive(admitted, growing, body))))

    async def _delete(self, request: Request, body: Bytes) -> Answer:  # noqa: ARG002 - every step has the same shape
        wanted = upload_id(request.raw_path)
        self._held.claim(wanted)
        try:
            await self._in_database(_check_mine, request, wanted)
            self._held.forget(wanted)
            await self._in_database(_terminate, request, wanted)
        finally:
            self._held.release(wanted)
        return Answer(204)

    async def _grip(self, admitted: Admitted) -> GrowingObject:
        """The growing object at the offset of its row, ours alone: as we still hold it, else read back."""
        standing = admitted.standing
        held = self._held.take(admitted.upload.pk, standing.growing_as, standing.offset_bytes)
        if held is not None:
            return held
        growing: GrowingObject = await self._slowly(_resume, admitted.upload)
        if growing.offset_bytes != admitted.offset:
            self._held.keep(growing)
            raise OffsetDiffers(
                "These bytes do not follow the last durable one.", offset=growing.offset_bytes
            )
        return growing

    async def _arrive(self, admitted: Admitted, growing: GrowingObject, body: Bytes) -> Standing:
        """How far the upload is once the body is over; all that came of it counts, also where its sender hung up."""
        arrival = Arrival(growing, self._threads_of(admitted.key))
        try:
            return await self._take(arrival, admitted, growing, body)
        finally:
            await arrival.end()
            if arrival.is_settled and not arrival.is_whole:
                self._held.keep(growing)
            else:
                growing.close()
            self._held.release(admitted.upload.pk)

    async def _take(
        self, arrival: Arrival, admitted: Admitted, growing: GrowingObject, body: Bytes
    ) -> Standing:
        if self._bodies >= MOST_BODIES:
            raise DoorBusy("The door takes no more uploads just now.", most=MOST_BODIES)
        self._bodies += 1
        try:
            await self._take_body(arrival, admitted, body)
        except BREAKS:
            if arrival.is_whole:
                return await self._complete(arrival, admitted, growing)
            await arrival.settle()
            raise
        finally:
            self._bodies -= 1
        if arrival.is_whole:
            return await self._complete(arrival, admitted, growing)
        await arrival.settle()
        expires_at = clock.now() + Limits.configured().keep_for
        return Standing(admitted.upload, growing.offset_bytes, growing.object_id, expires_at)

    async def _take_body(self, arrival: Arrival, admitted: Admitted, body: Bytes) -> None:
        buffers = await self._buffers.lend(offset_bytes=admitted.offset, length=body.length)
        try:
            source = source_of(body.scope, body.receive)
            await self._watch.guard(admitted.key.pk, arrival.take(source, buffers, admitted.checksum))
        finally:
            await arrival.end()  # no thread reads them any more
            self._buffers.take_back(buffers)

    async def _complete(self, arrival: Arrival, admitted: Admitted, growing: GrowingObject) -> Standing:
        upload = admitted.upload
        if upload.sha256 is not None and bytes(upload.sha256) != growing.sha256:
            await arrival.end()
            growing.close()
            raise await self._in_database(_refuse_different, upload)
        grown = await arrival.seal()
        sealed: Upload = await self._in_database(_complete, upload, grown, admitted.key.pk)
        growing.remove()
        return Standing(sealed, sealed.size_bytes)

    def _threads_of(self, key: DockKey) -> Threads:
        def acknowledge(growing: GrowingObject, mark: Mark) -> "asyncio.Future[None]":
            return self._in_database(_acknowledge, growing, mark, key.pk)

        return Threads(self._vault, acknowledge)


@dataclass(frozen=True, slots=True)
class Opened:
    """A new upload of a signed-in sender, ours to write to."""

    key: DockKey
    standing: Standing
    growing: GrowingObject
    checksum: Checksum | None
    has_body: bool


_Step = Callable[[TusDoor, Request, Bytes], Awaitable[Answer]]
_STEPS: Mapping[tuple[str, bool], _Step] = {
    ("POST", True): TusDoor._create,  # noqa: SLF001 - our own class's table of steps
    ("HEAD", False): TusDoor._head,  # noqa: SLF001
    ("PATCH", False): TusDoor._patch,  # noqa: SLF001
    ("DELETE", False): TusDoor._delete,  # noqa: SLF001
}


def _open(request: Request) -> Opened:
    key = _sender(request)
    has_body = request.header(b"content-type").partition(";")[0].strip().lower() == MEDIA_TYPE
    checksum = parse_checksum(request.header(b"upload-checksum"))
    announced = parse_announcement(
        request.header(b"upload-length"),
        request.header(b"upload-metadata"),
        {"defer": request.header(b"upload-defer-length"), "concat": request.header(b"upload-concat")},
    )
    upload, growing = uploads.open_upload(key=key, announced=announced, at=request.at)
    expires_at = request.at + Limits.configured().keep_for
    return Opened(key, Standing(upload, 0, growing.object_id, expires_at), growing, checksum, has_body)


def _look(request: Request) -> Standing:
    key = _sender(request)
    return uploads.look(upload_id=upload_id(request.raw_path), dock=key.dock, at=request.at)


def _admit(request: Request, length: int | None) -> Admitted:
    """Who sends what to which upload, if it may arrive."""
    key = _sender(request)
    check_media_type(request.header(b"content-type"))
    offset = parse_number(request.header(b"upload-offset"), "Upload-Offset")
    checksum = parse_checksum(request.header(b"upload-checksum"))
    standing = uploads.look(upload_id=upload_id(request.raw_path), dock=key.dock, at=request.at)
    size_bytes = standing.upload.size_bytes
    if standing.upload.sealed_at is not None:
        if length is not None and offset + length != size_bytes:
            raise OffsetDiffers("All of the file is here.", offset=size_bytes)
    else:
        check_body(offset=offset, durable=standing.offset_bytes, length=length, size_bytes=size_bytes)
        uploads.check_room(size_bytes - offset)
    return Admitted(key, standing, offset, checksum)


def _check_mine(request: Request, wanted: UUID) -> None:
    """Return only if it is the sender's own unfinished upload."""
    standing = uploads.look(upload_id=wanted, dock=_sender(request).dock, at=request.at)
    if standing.upload.sealed_at is not None:
        raise UploadSealed("The file is sealed; only a disposal can end it.", upload=wanted)


def _terminate(request: Request, wanted: UUID) -> None:
    upload = Upload.objects.select_related("dock").get(pk=wanted)
    uploads.give_up(upload=upload, why=Upload.End.TERMINATED, by=dock_actor(upload.dock), at=request.at)


def _resume(upload: Upload) -> GrowingObject:
    try:
        return partials.resume(partial_id=upload.pk)
    except (PartialLost, PartialDamaged):
        raise uploads.lost(upload, clock.now()) from None
    except PartialUnknown as error:  # it ended this moment; whoever asks again learns how
        raise UploadInUse("Somebody else has just ended this upload.", upload=upload.pk) from error


def _acknowledge(growing: GrowingObject, mark: Mark, key_id: UUID) -> None:
    uploads.acknowledge(growing=growing, mark=mark, key_id=key_id, at=clock.now())


def _complete(upload: Upload, grown: GrownObject, key_id: UUID) -> Upload:
    return uploads.complete_upload(upload=upload, grown=grown, key_id=key_id, at=clock.now())


def _refuse_different(upload: Upload) -> ChecksumWrong:
    return uploads.refuse_different(upload=upload, at=clock.now())


def _sender(request: Request) -> DockKey:
    return sessions.admitted(request.header(b"authorization"), request.at)


def _progress(standing: Standing) -> Headers:
    """How far the upload is, until when it is kept, and what it became."""
    headers = [(b"upload-offset", str(standing.offset_bytes).encode()), (b"cache-control", b"no-store")]
    if standing.expires_at is not None:
        headers.append((b"upload-expires", format_datetime(standing.expires_at, usegmt=True).encode()))
    if standing.upload.object is not None:
        sealed = standing.upload.object
        headers.append((b"tabard-object", str(sealed.pk).encode()))
        headers.append((b"tabard-sha256", bytes(sealed.sha256).hex().encode()))
    return headers


def _offers() -> Headers:
    return [
        (b"tus-version", VERSION.encode()),
        (b"tus-extension", EXTENSIONS.encode()),
        (b"tus-checksum-algorithm", ",".join(ALGORITHMS).encode()),
        (b"tus-max-size", str(Limits.configured().upload_bytes).encode()),
    ]
