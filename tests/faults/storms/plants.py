"""Defects put in on purpose, each a way to lose, double or wrongly erase footage: does the judge see them?"""

import contextlib
import os
import threading
from collections.abc import Callable
from typing import Any
from unittest import mock

from django.db import connection, transaction

from tabard.custody.kinds import EventKind
from tabard.intake import services as intake
from tabard.intake.axis import handlers, receiving
from tabard.intake.axis.answers import Answer
from tabard.intake.docks import safety
from tabard.intake.errors import SenderGone
from tabard.intake.models import ReceivedObject
from tabard.intake.services import Receipt
from tabard.intake.tus import arriving, uploads
from tabard.vault import services as vault
from tabard.vault.adapters import local


def answered_before_commit() -> None:
    """The Axis door says 201 a moment before the row is committed."""
    honest = handlers.keep

    def later(*arguments: Any) -> None:
        try:
            honest(*arguments)
        finally:
            connection.close()

    def hasty(*arguments: Any) -> Answer:
        threading.Timer(0.15, later, arguments).start()
        return Answer(201)

    _replace(handlers, "keep", hasty)


def same_by_name() -> None:
    """A file is taken for one that is there already if it has its name."""
    honest = intake._keep

    def keep(container: Any, **received: Any) -> Receipt:
        if container.received.filter(name=received["name"]).exists():
            return Receipt.REPEATED
        return honest(container, **received)

    _replace(intake, "_keep", keep)


def never_the_same() -> None:
    """A file that comes again is kept again, beside itself."""
    honest = intake._keep

    def keep(container: Any, **received: Any) -> Receipt:
        first = container.received.filter(name=received["name"], conflicts_with__isnull=True).first()
        if first is None:
            return honest(container, **received)
        again = ReceivedObject.objects.create(
            container=container,
            name=received["name"],
            metadata=received["metadata"],
            object=vault.record(pending=received["pending"], at=received["at"]),
            received_at=received["at"],
            conflicts_with=first,
        )
        intake._append_received(container, again, received["by"], received["at"])
        return Receipt.SEALED

    _replace(intake, "_keep", keep)


def checksum_not_compared() -> None:
    """The MD5 that an Axis system names is never looked at."""
    honest = receiving.Upload.seal

    async def seal(self: receiving.Upload, length: int | None) -> Any:
        self._digest = None
        return await honest(self, length)

    _replace(receiving.Upload, "seal", seal)


def half_a_body_is_a_body() -> None:
    """Where a sender hangs up in the middle, what came is kept as if it were all."""
    honest_take, honest_seal = receiving.Upload.take, receiving.Upload.seal

    async def take(self: receiving.Upload, body: Any) -> None:
        with contextlib.suppress(SenderGone):
            await honest_take(self, body)

    async def seal(self: receiving.Upload, length: int | None) -> Any:
        self._digest = None
        return await honest_seal(self, None)

    _replace(receiving.Upload, "take", take)
    _replace(receiving.Upload, "seal", seal)


def full_disk_ignored() -> None:
    """A write that failed is taken for one that did not."""

    def write(self: local.LocalWriter, data: Any) -> None:
        rest = memoryview(data).cast("B")
        while rest:
            try:
                rest = rest[local.os.write(self._descriptor, rest) :]
            except OSError:
                return

    _replace(local.LocalWriter, "write", write)


def event_apart() -> None:
    """What was received is committed first, and its event in a transaction of its own half a second later."""
    honest = intake.append

    def alone(event: dict[str, Any]) -> None:
        with transaction.atomic():
            honest(**event)
        connection.close()

    def later(**event: Any) -> None:
        if event["kind"] is EventKind.OBJECT_SEALED:
            transaction.on_commit(lambda: threading.Timer(0.5, alone, [event]).start())
        else:
            honest(**event)

    _replace(intake, "append", later)


def offset_ahead() -> None:
    """The tus door tells an offset that was never written down."""
    _replace(arriving.Arrival, "settle", _settle_without_writing_down)


async def _settle_without_writing_down(self: arriving.Arrival) -> None:
    await self._marks_end()
    self._settled_bytes = self._growing.offset_bytes


def permit_without_reading_back() -> None:
    """A permit is given as soon as a file is sealed."""
    _replace(safety, "_stores_by_record", lambda obj: ())
    _replace(safety, "_stands_there", lambda obj, name: True)


def permit_before_checkpoint() -> None:
    """A permit is given under whatever checkpoint there is."""
    honest = safety._checkpoint

    def checkpoint(obj: Any) -> Any:
        found, _ = honest(obj)
        return (found or safety.Covering(1, bytes(32)), ())

    _replace(safety, "_checkpoint", checkpoint)


def upload_ends_before_it_is_kept() -> None:
    """The upload is marked sealed, but what was received is rolled back one time in three."""
    honest = uploads._receive

    def receive(upload: Any, grown: Any, by: Any, at: Any) -> None:
        honest(upload, grown, by, at)
        if os.urandom(1)[0] < 85:
            ReceivedObject.objects.filter(object=upload.object).delete()

    _replace(uploads, "_receive", receive)


PLANTS: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (
        answered_before_commit,
        same_by_name,
        never_the_same,
        checksum_not_compared,
        half_a_body_is_a_body,
        full_disk_ignored,
        event_apart,
        offset_ahead,
        permit_without_reading_back,
        permit_before_checkpoint,
        upload_ends_before_it_is_kept,
    )
}


def plant(name: str) -> None:
    """Break the product in the way that `name` says; an empty name breaks nothing."""
    if name:
        PLANTS[name]()


def _replace(owner: Any, name: str, value: Any) -> None:
    assert hasattr(owner, name), f"{owner} has no {name} to break any more"
    mock.patch.object(owner, name, value).start()
