"""Reading an object back whole: batch by batch, threads at it, and no damage hides at a batch's edge."""

import hashlib
import threading
import tracemalloc

import pytest
from tests.unit.sealing.sealed_bytes import seal

from tabard.sealing import open as opening
from tabard.sealing.errors import ChunkDamaged, DigestMismatch, Truncated
from tabard.sealing.format import HEADER_BYTES, TAG_BYTES, TRAILER_BYTES
from tabard.vault.errors import StoreFailed

PLAIN = bytes(range(256)) * 2
CHUNK = 16 + TAG_BYTES


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    """Three chunks of 16 bytes to a batch, hashed in a piece of two and one of one."""
    monkeypatch.setattr(opening, "COALESCED_BYTES", 48)
    monkeypatch.setattr(opening, "HASHED_BYTES", 32)


def hashing_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith(("hashing", "read-ahead"))]


@pytest.mark.parametrize("size", [0, 1, 16, 47, 48, 49, 95, 96, 97, 143, 144, 145, 512])
def test_every_byte_is_hashed_once_and_in_order(size):
    sealed = seal([PLAIN[:size]])
    assert sealed.reader().verify() == hashlib.sha256(PLAIN[:size]).digest()
    assert hashing_threads() == []


def into_memory(sealed):
    def read_into(start, view):
        data = sealed.data[start : start + len(view)]
        view[: len(data)] = data
        return len(data)

    return read_into


def near(sealed):
    """A reader of a store that fills our memory."""
    reader = sealed.reader()
    reader._read_into = into_memory(sealed)
    return reader


@pytest.mark.parametrize("size", [48, 49, 96, 97, 512])
def test_a_store_that_fills_our_memory_is_hashed_the_same(size):
    sealed = seal([PLAIN[:size]])
    copy = bytearray()
    assert near(sealed).verify(copy.extend) == hashlib.sha256(PLAIN[:size]).digest()
    assert bytes(copy) == sealed.data


@pytest.mark.parametrize("number", [0, 1, 2, 3, 17, 31])
def test_a_damaged_chunk_of_a_store_that_fills_our_memory_is_named_and_never_copied(number):
    sealed = seal([PLAIN])
    data = bytearray(sealed.data)
    at = HEADER_BYTES + number * CHUNK
    data[at] ^= 1
    sealed.data = bytes(data)
    copy = bytearray()
    with pytest.raises(ChunkDamaged) as caught:
        near(sealed).verify(copy.extend)
    assert caught.value.fields["chunk"] == number
    assert len(copy) <= at
    assert bytes(copy) == sealed.data[: len(copy)]
    assert hashing_threads() == []


def test_only_a_store_that_is_far_has_a_thread_that_fetches_ahead(monkeypatch):
    sealed, seen = seal([PLAIN]), set()
    monkeypatch.setattr(opening, "ThreadPoolExecutor", lambda *_, **__: pytest.fail("a thread was started"))
    near(sealed).verify(lambda _: seen.update(thread.name for thread in hashing_threads()))
    assert seen == {"hashing"}
    with pytest.raises(pytest.fail.Exception, match="a thread was started"):
        sealed.reader().verify()


@pytest.mark.parametrize("size", [0, 48, 49, 512])
def test_the_sealed_object_goes_whole_to_who_wants_a_copy(size):
    sealed = seal([PLAIN[:size]])
    copy = bytearray()
    sealed.reader().verify(copy.extend)
    assert bytes(copy) == sealed.data


@pytest.mark.parametrize("number", range(32))
def test_a_damaged_chunk_is_named_wherever_it_lies_and_never_copied(number):
    sealed = seal([PLAIN])
    data = bytearray(sealed.data)
    at = HEADER_BYTES + number * CHUNK
    data[at] ^= 1
    copy = bytearray()
    with pytest.raises(ChunkDamaged) as caught:
        sealed.reader(bytes(data)).verify(copy.extend)
    assert caught.value.fields["chunk"] == number
    assert len(copy) <= at
    assert bytes(copy) == sealed.data[: len(copy)]
    assert hashing_threads() == []


def test_the_trailer_is_copied_only_once_the_hash_is_right(monkeypatch):
    sealed = seal([PLAIN])
    reader = sealed.reader()
    monkeypatch.setattr(reader, "_sha256", bytes(32))
    copy = bytearray()
    with pytest.raises(DigestMismatch):
        reader.verify(copy.extend)
    assert len(copy) == len(sealed.data) - TRAILER_BYTES


def test_a_store_that_ends_early_is_noticed_in_any_batch():
    sealed = seal([PLAIN])
    reader = sealed.reader()
    reader._read_at = lambda start, stop: sealed.data[start : min(stop, 400)]
    with pytest.raises(Truncated):
        reader.verify()
    sealed.data = sealed.data[:400]
    reader._read_into = into_memory(sealed)
    with pytest.raises(Truncated):
        reader.verify()
    assert hashing_threads() == []


def test_a_failure_of_store_or_copy_ends_the_threads_and_is_told():
    sealed = seal([PLAIN])
    reader = sealed.reader()

    def full(_):
        raise StoreFailed("full")

    with pytest.raises(StoreFailed):
        reader.verify(full)

    def broken(start, stop):
        if start > 200:
            raise StoreFailed("gone")
        return sealed.data[start:stop]

    reader._read_at = broken
    with pytest.raises(StoreFailed):
        reader.verify()
    assert hashing_threads() == []


def test_memory_is_bounded_whatever_the_size(monkeypatch):
    monkeypatch.setattr(opening, "COALESCED_BYTES", 4 * 1024 * 1024)
    monkeypatch.setattr(opening, "HASHED_BYTES", 1024 * 1024)
    size = 64 * 1024 * 1024
    sealed = seal([bytes(size)], chunk_size=256 * 1024)
    reader = sealed.reader()
    tracemalloc.start()
    try:
        assert reader.verify() == sealed.facts.sha256
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 32 * 1024 * 1024
