"""What is sealed opens again, in whole or in part; what was tampered with does not open at all."""

import hashlib
import tracemalloc
from uuid import UUID

import pytest
from tests.unit.sealing.sealed_bytes import KEY, OBJECT_ID, seal

from tabard.sealing import Sealer
from tabard.sealing.errors import (
    ChunkDamaged,
    DigestMismatch,
    NotSealed,
    SealerClosed,
    SealingParameter,
    TrailerDamaged,
    Truncated,
    UnknownVersion,
    WrongObject,
)
from tabard.sealing.format import HEADER_BYTES, TAG_BYTES, TRAILER_BYTES
from tabard.sealing.open import RangeOutside

PLAIN = bytes(range(100))  # seven chunks of 16, the last of 4
CHUNK = 16 + TAG_BYTES


def chunks_of(data):
    body = data[HEADER_BYTES:-TRAILER_BYTES]
    return [body[at : at + CHUNK] for at in range(0, len(body), CHUNK)]


def with_chunks(data, chunks):
    return data[:HEADER_BYTES] + b"".join(chunks) + data[-TRAILER_BYTES:]


def read_all(reader):
    return b"".join(reader.read())


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 32, 100])
def test_what_is_sealed_opens_again(size):
    sealed = seal([PLAIN[:size]])
    reader = sealed.reader()
    assert read_all(reader) == PLAIN[:size]
    assert reader.size_bytes == sealed.facts.size_bytes == size
    assert reader.sha256 == sealed.facts.sha256 == hashlib.sha256(PLAIN[:size]).digest()
    assert reader.verify() == reader.sha256
    assert reader.chunk_size == 16
    assert sealed.facts.sealed_size_bytes == len(sealed.data)


def test_nothing_written_at_all_is_sealed_too():
    sealed = seal([])
    assert read_all(sealed.reader()) == b""
    assert sealed.reader().verify() == hashlib.sha256().digest()


def test_large_pieces_are_hashed_on_another_thread_to_the_same_result():
    plain = bytes(range(256)) * 2048  # 512 KiB
    sealed = seal([memoryview(plain), plain[:7], bytearray(plain)], chunk_size=4096)
    assert sealed.facts.sha256 == hashlib.sha256(plain + plain[:7] + plain).digest()
    assert sealed.reader().verify() == sealed.facts.sha256


def test_the_memory_of_a_piece_is_free_to_reuse_after_update():
    buffer = bytearray(b"a" * 200_000)
    out = bytearray()
    sealer = Sealer(OBJECT_ID, KEY, "example-1", out.extend, 4096)
    sealer.update(buffer)
    buffer[:] = b"b" * 200_000
    sealer.update(buffer)
    assert sealer.finish().sha256 == hashlib.sha256(b"a" * 200_000 + b"b" * 200_000).digest()


def test_sealing_holds_about_one_chunk_in_memory():
    piece = bytes(1024 * 1024)
    sealer = Sealer(OBJECT_ID, KEY, "example-1", lambda _: None)
    tracemalloc.start()
    try:
        for _ in range(16):
            sealer.update(piece)
        sealer.finish()
        assert tracemalloc.get_traced_memory()[1] < 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("start", "stop"), [(0, 0), (0, 1), (15, 17), (16, 32), (40, 41), (99, 100), (100, 100)]
)
def test_a_range_is_exactly_the_plain_bytes(start, stop):
    assert b"".join(seal([PLAIN]).reader().read(start, stop)) == PLAIN[start:stop]


@pytest.mark.parametrize(("start", "stop"), [(-1, 2), (5, 4), (0, 101), (101, 101)])
def test_a_range_outside_the_bytes_is_refused_at_once(start, stop):
    with pytest.raises(RangeOutside):
        seal([PLAIN]).reader().read(start, stop)


def test_one_byte_costs_one_chunk():
    sealed = seal([PLAIN])
    reader = sealed.reader()
    sealed.reads.clear()
    assert b"".join(reader.read(50, 51)) == PLAIN[50:51]
    assert sealed.reads == [(HEADER_BYTES + 3 * CHUNK, HEADER_BYTES + 4 * CHUNK)]


def test_long_ranges_are_read_in_growing_steps_of_at_most_4_mib():
    sealed = seal([bytes(12 * 1024 * 1024)], chunk_size=256 * 1024)
    reader = sealed.reader()
    sealed.reads.clear()
    assert sum(len(piece) for piece in reader.read()) == 12 * 1024 * 1024
    chunks = [round((stop - start) / (256 * 1024)) for start, stop in sealed.reads]
    assert chunks == [1, 2, 4, 8, 16, 16, 1]


@pytest.mark.parametrize("offset", range(0, len(seal([PLAIN]).data), 7))
def test_no_flipped_bit_goes_unnoticed(offset):
    sealed = seal([PLAIN])
    damaged = bytearray(sealed.data)
    damaged[offset] ^= 1
    with pytest.raises((NotSealed, UnknownVersion, WrongObject, ChunkDamaged, TrailerDamaged, Truncated)):
        sealed.reader(bytes(damaged)).verify()


def test_swapped_chunks_are_named():
    sealed = seal([PLAIN])
    chunks = chunks_of(sealed.data)
    chunks[1], chunks[2] = chunks[2], chunks[1]
    reader = sealed.reader(with_chunks(sealed.data, chunks))
    assert b"".join(reader.read(0, 16)) == PLAIN[:16]
    with pytest.raises(ChunkDamaged) as caught:
        read_all(reader)
    assert caught.value.fields["chunk"] == 1
    assert caught.value.code == "sealed_chunk"


@pytest.mark.parametrize("number", range(7))
def test_a_dropped_chunk_is_noticed_on_opening(number):
    sealed = seal([PLAIN])
    chunks = chunks_of(sealed.data)
    del chunks[number]
    with pytest.raises(TrailerDamaged):
        sealed.reader(with_chunks(sealed.data, chunks))


def test_a_repeated_chunk_is_noticed_on_opening():
    sealed = seal([PLAIN])
    chunks = chunks_of(sealed.data)
    with pytest.raises(TrailerDamaged):
        sealed.reader(with_chunks(sealed.data, [chunks[0], *chunks]))


def test_a_chunk_spliced_in_from_an_object_under_the_same_key_is_noticed():
    sealed = seal([PLAIN])
    other = seal([PLAIN], object_id=UUID(int=7))
    chunks = chunks_of(sealed.data)
    chunks[3] = chunks_of(other.data)[3]
    with pytest.raises(ChunkDamaged):
        sealed.reader(with_chunks(sealed.data, chunks)).verify()


def test_a_shorter_object_cannot_lend_its_end():
    long, short = seal([PLAIN]), seal([PLAIN[:48]])
    passed_off = long.data[: HEADER_BYTES + 3 * CHUNK] + short.data[-TRAILER_BYTES:]
    with pytest.raises(ChunkDamaged) as caught:  # chunk 2 was sealed as one that more follow
        long.reader(passed_off).verify()
    assert caught.value.fields["chunk"] == 2


@pytest.mark.parametrize("cut", [1, TAG_BYTES, TRAILER_BYTES, TRAILER_BYTES + CHUNK, len(seal([PLAIN]).data)])
def test_a_truncated_object_does_not_open(cut):
    sealed = seal([PLAIN])
    with pytest.raises((Truncated, TrailerDamaged)):
        sealed.reader(sealed.data[:-cut])


def test_a_store_that_returns_too_little_is_noticed():
    sealed = seal([PLAIN])
    reader = sealed.reader()
    reader._read_at = lambda start, stop: sealed.data[start : stop - 1]
    with pytest.raises(Truncated):
        read_all(reader)


def test_another_object_under_the_asked_name_is_noticed():
    sealed = seal([PLAIN])
    with pytest.raises(WrongObject) as caught:
        sealed.reader(object_id=UUID(int=7))
    assert caught.value.fields["found"] == OBJECT_ID


def test_another_key_does_not_open_it():
    with pytest.raises(TrailerDamaged):
        seal([PLAIN]).reader(key=bytes(32))


def test_a_digest_that_does_not_fit_the_bytes_is_noticed():
    out = bytearray()
    sealer = Sealer(OBJECT_ID, KEY, "example-1", out.extend, 16)
    sealer._digest.update(b"a byte the camera never wrote")
    sealer.update(PLAIN)
    facts = sealer.finish()
    sealed = seal([PLAIN])
    assert facts.sealed_size_bytes == len(out)
    with pytest.raises(DigestMismatch):
        sealed.reader(bytes(out)).verify()


def test_the_same_plain_bytes_seal_differently_under_another_key():
    assert chunks_of(seal([PLAIN]).data)[0] != chunks_of(seal([PLAIN], key=bytes(32)).data)[0]


def test_a_finished_sealer_seals_nothing_more():
    sealer = Sealer(OBJECT_ID, KEY, "example-1", lambda _: None)
    sealer.finish()
    with pytest.raises(SealerClosed):
        sealer.update(b"more")
    with pytest.raises(SealerClosed):
        sealer.finish()


def test_a_sealer_whose_sink_failed_never_calls_the_object_whole():
    def full(_):
        raise OSError("no space")

    sealer = Sealer(OBJECT_ID, KEY, "example-1", full, 16)
    with pytest.raises(OSError, match="no space"):
        sealer.update(bytes(200_000))
    with pytest.raises(SealerClosed):
        sealer.finish()


@pytest.mark.parametrize("key", [b"", bytes(16), bytes(33)])
def test_a_data_key_has_32_bytes(key):
    with pytest.raises(SealingParameter):
        Sealer(OBJECT_ID, key, "example-1", lambda _: None)
    with pytest.raises(SealingParameter):
        seal([PLAIN]).reader(key=key)
