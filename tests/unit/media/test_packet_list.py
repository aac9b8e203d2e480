"""The leaves of a packet tree have exactly the bytes that the reference gives, and a damaged list is refused."""

import pytest

from tabard.media.packet_list import (
    Header,
    PacketList,
    PacketListBroken,
    Record,
    StreamHead,
    in_batches,
    write_list,
)
from tabard.merkle.runs import root_of_stream
from tabard.merkle.tree import leaf_hash

# The worked example of docs/reference/packet-tree.md.
HEAD = Header(
    truncated=False,
    streams=(StreamHead(0, "video", "h264", 1, 90000, 2), StreamHead(1, "audio", "aac", 1, 48000, 1)),
)
RECORDS = [
    Record(0, True, 5, 0, -3000, bytes(range(32))),
    Record(0, False, 4, 3000, 0, bytes(32)),
    Record(1, True, 3, 1024, None, b"\xff" * 32),
]
WRITTEN = b"".join(write_list(HEAD, [record.pack() for record in RECORDS]))


def opened(data: bytes, piece_bytes: int = 7) -> PacketList:
    def read(start, stop):
        return [data[at : min(at + piece_bytes, stop)] for at in range(start, stop, piece_bytes)]

    return PacketList(read, len(data))


def test_the_worked_example():
    assert HEAD.encode() == (
        b'{"streams":[{"codec":"h264","index":0,"kind":"video","packets":2,"tick_denominator":90000,"tick_numerator":1},'
        b'{"codec":"aac","index":1,"kind":"audio","packets":1,"tick_denominator":48000,"tick_numerator":1}],'
        b'"truncated":false,"v":1}'
    )
    assert RECORDS[0].pack().hex() == (
        "01010000000000050000000000000000fffffffffffff448" + bytes(range(32)).hex()
    )
    assert RECORDS[2].pack().hex() == "010100010000000300000000000004008000000000000000" + "ff" * 32
    assert root_of_stream(map(leaf_hash, opened(WRITTEN).leaves())).hex() == (
        "9798d894cf037e2682635d18b8200f9e584c7466f5565a94206edf5c72940096"
    )


def test_a_list_is_read_back_in_parts():
    packets = opened(WRITTEN)
    assert packets.header == HEAD
    assert (HEAD.packets, HEAD.leaves, HEAD.first_leaves) == (3, 4, [1, 3])
    assert [Record.unpack(leaf) for leaf in packets.leaves(1)] == RECORDS
    assert [Record.unpack(leaf) for leaf in packets.leaves(2, 3)] == RECORDS[1:2]
    assert list(packets.leaves(0, 1)) == [HEAD.encode()]
    assert list(packets.leaves(2, 2)) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        WRITTEN[:3],
        WRITTEN[:50],
        WRITTEN[:-1],
        WRITTEN + b"\0",
        WRITTEN.replace(b'"v":1', b'"v":2'),
        WRITTEN.replace(b'"index":0', b'"index":2'),
        WRITTEN.replace(b"false", b"False"),
        WRITTEN.replace(b'":90000', b'": 9000'),
        b"\xff" * 4 + WRITTEN[4:],
    ],
)
def test_a_damaged_list_is_refused(data):
    with pytest.raises(PacketListBroken):
        opened(data)


@pytest.mark.parametrize(
    "data", [b"", RECORDS[0].pack()[:-1], b"\2" + RECORDS[0].pack()[1:], b"\1\2" + bytes(54)]
)
def test_what_is_no_record_is_refused(data):
    with pytest.raises(PacketListBroken):
        Record.unpack(data)


def test_a_record_that_does_not_fit_is_refused():
    with pytest.raises(PacketListBroken):
        RECORDS[0]._replace(size_bytes=2**32).pack()


def test_batches_hold_whole_things_whatever_the_pieces():
    pieces = [b"abc", b"", b"defgh", b"i"]
    assert b"".join(in_batches(pieces, 3)) == b"abcdefghi"
    assert all(len(batch) % 3 == 0 for batch in in_batches(pieces, 3))
    with pytest.raises(PacketListBroken):
        list(in_batches(pieces, 4))
