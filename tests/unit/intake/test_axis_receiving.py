"""A body on its way into the vault: little memory, and nothing left of one that does not end well."""

import asyncio
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tabard.intake.axis import receiving
from tabard.intake.axis.receiving import (
    ALL_BATCHES_BYTES,
    LARGEST_BATCH_BYTES,
    SMALLEST_BATCH_BYTES,
    Budget,
    ReceivedBody,
    Upload,
)
from tabard.intake.errors import BodyIncomplete, ChecksumDiffers, SenderGone, SenderStalled
from tabard.vault.errors import AlreadyRecorded, StoreFull


class Pending:
    """What the vault hands out, for a test to look into."""

    def __init__(self, fails_at=None):
        self.body = b""
        self.state = "open"
        self.fails_at = fails_at
        self.gate = threading.Event()
        self.gate.set()

    def write(self, data):
        self.gate.wait(10)
        assert self.state == "open"
        if self.fails_at is not None and len(self.body) + len(data) > self.fails_at:
            raise StoreFull("The store is full.")
        self.body += data

    def seal(self):
        self.state = "sealed"

    def abort(self):
        if self.state == "recorded":
            raise AlreadyRecorded("It was recorded.")
        self.state = "aborted"


@pytest.fixture
def threads():
    with ThreadPoolExecutor(2) as pool:
        yield pool


def told(*messages):
    rest = iter(messages)

    async def receive():
        return next(rest)

    return receive


def piece(body, *, more=True):
    return {"type": "http.request", "body": body, "more_body": more}


GONE = {"type": "http.disconnect"}


def test_every_byte_is_written_in_order(threads):
    pending = Pending()
    pieces = [bytes([n]) * 1000 for n in range(100)]

    async def story():
        upload = Upload(threads, pending, hashlib.md5(b"".join(pieces)).hexdigest())  # noqa: S324 - as the protocol
        await upload.take(ReceivedBody(told(*map(piece, pieces), piece(b"", more=False)), 2500))
        assert await upload.seal(100_000) is pending

    asyncio.run(story())
    assert (pending.body, pending.state) == (b"".join(pieces), "sealed")


def test_an_empty_body_is_a_body(threads):
    pending = Pending()

    async def story():
        upload = Upload(threads, pending, "")
        await upload.take(ReceivedBody(told(piece(b"", more=False)), 1))
        await upload.seal(0)

    asyncio.run(story())
    assert pending.state == "sealed"


@pytest.mark.parametrize("length", [2, 4])
def test_a_body_that_is_not_as_long_as_announced_is_not_sealed(threads, length):
    pending = Pending()

    async def story():
        upload = Upload(threads, pending, "")
        await upload.take(ReceivedBody(told(piece(b"abc", more=False)), 10))
        with pytest.raises(BodyIncomplete):
            await upload.seal(length)
        await upload.abandon()

    asyncio.run(story())
    assert pending.state == "aborted"


def test_a_body_with_another_checksum_is_not_sealed(threads):
    pending = Pending()

    async def story():
        upload = Upload(threads, pending, "0" * 32)
        await upload.take(ReceivedBody(told(piece(b"abc", more=False)), 10))
        with pytest.raises(ChecksumDiffers):
            await upload.seal(3)

    asyncio.run(story())
    assert pending.state == "open"


def test_a_sender_that_hangs_up_leaves_nothing(threads):
    pending = Pending()

    async def story():
        upload = Upload(threads, pending, "")
        with pytest.raises(SenderGone):
            await upload.take(ReceivedBody(told(piece(b"abc"), GONE), 1))
        await upload.abandon()

    asyncio.run(story())
    assert pending.state == "aborted"


def test_a_sender_that_falls_silent_is_given_up(threads, monkeypatch):
    monkeypatch.setattr(receiving, "SILENCE_S", 0.02)

    async def never():
        await asyncio.Event().wait()

    async def story():
        with pytest.raises(SenderStalled):
            await Upload(threads, Pending(), "").take(ReceivedBody(never, 1))

    asyncio.run(story())


def test_a_full_store_ends_the_upload_even_if_the_sender_goes_at_the_same_time(threads):
    async def story(last):
        upload = Upload(threads, Pending(fails_at=5), "")
        with pytest.raises((StoreFull, SenderGone)):
            await upload.take(ReceivedBody(told(piece(b"abc"), piece(b"def"), last), 1))
        await upload.abandon()

    asyncio.run(story(piece(b"", more=False)))
    asyncio.run(story(GONE))


def test_a_slow_store_stops_the_reading(threads):
    pending = Pending()
    read = []

    async def receive():
        read.append(1)
        return piece(b"x" * 10, more=len(read) < 50)

    async def story():
        pending.gate.clear()
        taking = asyncio.create_task(Upload(threads, pending, "").take(ReceivedBody(receive, 10)))
        for _ in range(100):
            await asyncio.sleep(0)
        held = len(read)
        pending.gate.set()
        await taking
        return held

    # The empty first write occupies the thread; one batch waits for it, and no more is read.
    assert asyncio.run(story()) == 1
    assert len(pending.body) == 500


def test_a_cancelled_upload_is_abandoned_only_after_the_write_it_was_in(threads):
    pending = Pending()

    async def story():
        pending.gate.clear()
        upload = Upload(threads, pending, "")
        taking = asyncio.create_task(
            upload.take(ReceivedBody(told(piece(b"abc"), piece(b"def", more=False)), 1))
        )
        await asyncio.sleep(0.05)
        taking.cancel()
        abandoning = asyncio.create_task(upload.abandon())
        await asyncio.sleep(0.05)
        assert pending.state == "open"
        pending.gate.set()
        await abandoning
        with pytest.raises(asyncio.CancelledError):
            await taking

    asyncio.run(story())
    assert pending.state == "aborted"


def test_what_was_recorded_is_never_taken_back(threads):
    pending = Pending()
    pending.state = "recorded"
    asyncio.run(Upload(threads, pending, "").abandon())
    assert pending.state == "recorded"


def test_many_uploads_share_the_memory_of_a_few():
    budget = Budget()
    sizes = [budget.take() for _ in range(256)]
    assert sizes[0] == LARGEST_BATCH_BYTES
    assert (sorted(sizes, reverse=True), sizes[-1]) == (sizes, SMALLEST_BATCH_BYTES)
    assert 2 * sum(sizes) <= ALL_BATCHES_BYTES + 2 * len(sizes) * SMALLEST_BATCH_BYTES
    for size in sizes:
        budget.give_back(size)
    assert budget.take() == sizes[0]
