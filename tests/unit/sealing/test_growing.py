"""An object that grows in pieces is, byte for byte, the one that a `Sealer` writes in one go."""

import hashlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.sealing import Sealer
from tabard.sealing.errors import ChunkDamaged, SealerClosed, SealingParameter, Truncated, WrongObject
from tabard.sealing.growing import GrowingSealer, read_whole_chunks

OBJECT, OTHER = UUID(int=1), UUID(int=2)
KEY = bytes(range(32))
CHUNK = 8


def growing(size, sink, key=KEY):
    return GrowingSealer(OBJECT, key=key, key_reference="k", size_bytes=size, sink=sink, chunk_size=CHUNK)


def sealed_at_once(data):
    out = bytearray()
    sealer = Sealer(OBJECT, KEY, "k", out.extend, CHUNK)
    sealer.update(data)
    return out, sealer.finish()


@given(st.binary(max_size=100), st.lists(st.integers(0, 30), max_size=12))
def test_it_writes_what_a_sealer_writes_and_every_full_chunk_at_once(data, sizes):
    out, taken = bytearray(), 0
    sealer = growing(len(data), out.extend)
    for size in [*sizes, len(data)]:
        piece = data[taken : taken + size]
        sealer.update(piece)
        taken += len(piece)
        whole = taken - len(sealer.tail)
        assert (sealer.taken_bytes, sealer.tail) == (taken, data[whole:taken])
        assert sealer.digest() == hashlib.sha256(data[:taken]).digest()
        assert whole % CHUNK == 0
        assert len(sealer.tail) < CHUNK or taken == len(data)
        if whole:
            read = read_whole_chunks(lambda start, stop: bytes(out[start:stop]), OBJECT, KEY, whole)
            assert b"".join(read) == data[:whole]
    facts = sealer.finish()
    assert (out, facts) == sealed_at_once(data)


def test_more_than_was_said_or_less_is_refused():
    sealer = growing(10, bytearray().extend)
    with pytest.raises(SealingParameter):
        sealer.update(bytes(11))
    with pytest.raises(SealerClosed):
        sealer.update(b"")
    with pytest.raises(Truncated):
        growing(10, bytearray().extend).finish()


def test_after_a_failure_it_never_goes_on():
    def full(_):
        raise OSError(28, "full")

    sealer = growing(100, full)
    with pytest.raises(OSError, match="full"):
        sealer.update(bytes(20))
    with pytest.raises(SealerClosed):
        sealer.update(b"x")


def test_a_key_that_is_none_is_refused():
    with pytest.raises(SealingParameter):
        growing(1, bytearray().extend, key=b"short")


@pytest.mark.parametrize(
    ("change", "object_id", "error"),
    [
        (lambda out: out.__setitem__(70, out[70] ^ 1), OBJECT, ChunkDamaged),
        (lambda out: out.__delitem__(slice(90, None)), OBJECT, ChunkDamaged),
        (lambda out: None, OTHER, WrongObject),
    ],
)
def test_what_is_read_back_is_what_was_written_or_nothing(change, object_id, error):
    out = bytearray()
    growing(100, out.extend).update(bytes(40))
    change(out)
    with pytest.raises(error):
        list(read_whole_chunks(lambda start, stop: bytes(out[start:stop]), object_id, KEY, 40))
