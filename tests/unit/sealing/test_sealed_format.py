"""Where the bytes of a sealed object lie."""

import struct
from uuid import UUID

import pytest

from tabard.kernel.errors import Invalid
from tabard.sealing.errors import NotSealed, Truncated, UnknownVersion
from tabard.sealing.format import (
    HEADER_BYTES,
    MAX_CHUNK_BYTES,
    TRAILER_NONCE,
    Header,
    Layout,
    chunk_nonce,
    parse_header,
    sealed_size_bytes,
)

OBJECT_ID = UUID("00112233-4455-6677-8899-aabbccddeeff")
HEADER = Header(OBJECT_ID, "local-1", 4096)


def test_a_header_is_64_bytes_and_reads_back():
    packed = HEADER.pack()
    assert len(packed) == HEADER_BYTES
    assert parse_header(packed) == HEADER


def test_each_header_field_stands_where_the_reference_says():
    packed = HEADER.pack()
    assert packed[:8] == b"\x89TABARD\n"
    assert struct.unpack_from(">HHI", packed, 8) == (1, 0, 4096)
    assert packed[16:32] == OBJECT_ID.bytes
    assert packed[32:] == b"local-1".ljust(32, b"\0")


@pytest.mark.parametrize(
    ("offset", "value", "error"),
    [
        (0, b"\x88", NotSealed),
        (9, b"\x02", UnknownVersion),
        (11, b"\x01", NotSealed),  # reserved
        (12, b"\0\0\0\0", NotSealed),  # chunk size zero
        (12, b"\xff\xff\xff\xff", NotSealed),  # chunk size out of bounds
        (32, b"\0" * 32, NotSealed),  # no key reference
        (32, b"\xff", NotSealed),  # key reference not ASCII
        (40, b"\0x", NotSealed),  # text after the padding began
    ],
)
def test_a_header_no_sealer_writes_is_refused(offset, value, error):
    packed = bytearray(HEADER.pack())
    packed[offset : offset + len(value)] = value
    with pytest.raises(error):
        parse_header(bytes(packed))


def test_a_header_cut_short_is_truncated():
    with pytest.raises(Truncated):
        parse_header(HEADER.pack()[:63])


@pytest.mark.parametrize("chunk_size", [0, -1, MAX_CHUNK_BYTES + 1])
def test_a_chunk_size_out_of_bounds_is_invalid(chunk_size):
    with pytest.raises(Invalid, match="chunk size"):
        Header(OBJECT_ID, "local-1", chunk_size)


@pytest.mark.parametrize("reference", ["", "x" * 33, "clé", "a\nb"])
def test_a_key_reference_must_fit_its_field(reference):
    with pytest.raises(Invalid, match="key reference"):
        Header(OBJECT_ID, reference, 4096)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 31, 32, 33, 1000])
def test_the_layout_finds_the_plain_size_from_the_sealed_one(size):
    layout = Layout(16, sealed_size_bytes(size, 16))
    assert layout.size_bytes == size
    assert layout.chunk_count == max(1, (size + 15) // 16)
    assert layout.chunks_at(0, layout.chunk_count) == (HEADER_BYTES, layout.trailer_at)


def test_one_chunk_lies_after_those_before_it():
    assert Layout(16, sealed_size_bytes(40, 16)).chunks_at(1, 2) == (64 + 32, 64 + 64)


@pytest.mark.parametrize(
    "sealed",
    [
        0,
        HEADER_BYTES,
        sealed_size_bytes(0, 16) - 1,
        sealed_size_bytes(16, 16) + 1,  # a second chunk shorter than its tag
        sealed_size_bytes(16, 16) + 16,  # a second, empty chunk, which no sealer writes
    ],
)
def test_a_size_that_no_object_has_is_truncated(sealed):
    with pytest.raises(Truncated):
        Layout(16, sealed)


def test_no_two_parts_share_a_nonce():
    nonces = {chunk_nonce(number) for number in (0, 1, 2, 2**32 - 2)} | {TRAILER_NONCE}
    assert len(nonces) == 5
    assert {len(nonce) for nonce in nonces} == {12}
