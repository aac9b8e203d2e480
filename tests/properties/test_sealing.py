"""For any bytes, cut any way, sealed with any chunk size: every range opens, and no rearrangement does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sealing.sealed_bytes import seal

from tabard.kernel.errors import Integrity
from tabard.sealing.format import HEADER_BYTES, TAG_BYTES, TRAILER_BYTES

CHUNK_SIZES = st.integers(min_value=1, max_value=40)
PIECES = st.lists(st.binary(max_size=100), max_size=6)


@given(pieces=PIECES, chunk_size=CHUNK_SIZES, data=st.data())
def test_any_range_of_any_bytes_opens_as_it_was_written(pieces, chunk_size, data):
    plain = b"".join(pieces)
    reader = seal(pieces, chunk_size=chunk_size).reader()
    start = data.draw(st.integers(0, len(plain)))
    stop = data.draw(st.integers(start, len(plain)))
    assert b"".join(reader.read(start, stop)) == plain[start:stop]
    assert reader.verify() == reader.sha256


@given(pieces=PIECES, chunk_size=CHUNK_SIZES)
def test_how_the_bytes_came_does_not_change_the_object(pieces, chunk_size):
    whole = seal([b"".join(pieces)], chunk_size=chunk_size)
    assert seal(pieces, chunk_size=chunk_size).data == whole.data


@given(plain=st.binary(max_size=200), chunk_size=CHUNK_SIZES, data=st.data())
def test_any_changed_byte_anywhere_is_an_integrity_error(plain, chunk_size, data):
    sealed = seal([plain], chunk_size=chunk_size)
    damaged = bytearray(sealed.data)
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Integrity):
        sealed.reader(bytes(damaged)).verify()


@given(plain=st.binary(max_size=200), chunk_size=CHUNK_SIZES, data=st.data())
def test_any_shortened_or_lengthened_object_is_an_integrity_error(plain, chunk_size, data):
    sealed = seal([plain], chunk_size=chunk_size)
    kept = data.draw(st.integers(0, len(sealed.data)))
    tail = data.draw(st.binary(min_size=1 if kept == len(sealed.data) else 0, max_size=50))
    changed = sealed.data[:kept] + tail
    if changed != sealed.data:
        with pytest.raises(Integrity):
            sealed.reader(changed).verify()


@given(plain=st.binary(min_size=1, max_size=120), chunk_size=st.integers(1, 16), data=st.data())
def test_any_other_sequence_of_its_own_chunks_is_an_integrity_error(plain, chunk_size, data):
    sealed = seal([plain], chunk_size=chunk_size)
    body, step = sealed.data[HEADER_BYTES:-TRAILER_BYTES], chunk_size + TAG_BYTES
    chunks = [body[at : at + step] for at in range(0, len(body), step)]
    other = data.draw(st.lists(st.sampled_from(chunks), max_size=len(chunks) + 1))
    if other != chunks:
        rearranged = sealed.data[:HEADER_BYTES] + b"".join(other) + sealed.data[-TRAILER_BYTES:]
        with pytest.raises(Integrity):
            sealed.reader(rearranged).verify()
