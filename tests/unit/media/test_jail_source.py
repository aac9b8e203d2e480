import os
import random
import socket
import threading

import pytest

from tabard.media.jail import wire
from tabard.media.jail.source import BLOCK_BYTES, SourceFile

FOOTAGE = random.Random(7).randbytes(3 * BLOCK_BYTES + 1234)  # noqa: S311 - test bytes, the same every time


@pytest.fixture
def source():
    """A source file whose other end serves FOOTAGE and notes what was asked."""
    ours, theirs = socket.socketpair()
    asked = []

    def serve():
        while ask := ours.recv(wire.ASK.size, socket.MSG_WAITALL):
            start, stop = wire.ASK.unpack(ask)
            asked.append((start, stop))
            ours.sendall(FOOTAGE[start:stop])

    server = threading.Thread(target=serve)
    server.start()
    file = SourceFile(theirs.fileno(), len(FOOTAGE))
    yield file, asked
    theirs.close()
    server.join()
    ours.close()


def read_exactly(file, count):
    pieces = []
    while count and (piece := file.read(count)):
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def test_reading_from_anywhere_gives_the_footage(source):
    file, _ = source
    chance = random.Random(11)  # noqa: S311 - test positions, the same every time
    for _ in range(200):
        at, count = chance.randrange(len(FOOTAGE)), chance.randrange(1, 100_000)
        assert file.seek(at) == at
        assert read_exactly(file, count) == FOOTAGE[at : at + count]
        assert file.tell() == min(at + count, len(FOOTAGE))


def test_reading_on_and_on_gives_all_of_it_and_then_nothing(source):
    file, asked = source
    assert b"".join(iter(lambda: file.read(-1), b"")) == FOOTAGE
    assert file.read(1) == b""
    assert asked == [
        (0, BLOCK_BYTES),
        *((n * BLOCK_BYTES, min((n + 1) * BLOCK_BYTES, len(FOOTAGE))) for n in (1, 2, 3)),
    ]


def test_going_back_and_forth_between_two_places_asks_for_each_once(source):
    file, asked = source
    for _ in range(50):
        for at in (100, 2 * BLOCK_BYTES + 5):
            file.seek(at)
            file.read(10)
    assert len(asked) == 2


def test_seeking_counts_from_start_here_and_end(source):
    file, _ = source
    assert file.seek(10) == 10
    assert file.seek(5, os.SEEK_CUR) == 15
    assert file.seek(-4, os.SEEK_END) == len(FOOTAGE) - 4
    assert file.read(10) == FOOTAGE[-4:]
    assert file.seek(99, os.SEEK_END) == len(FOOTAGE) + 99
    assert file.read(10) == b""
    with pytest.raises(ValueError, match="before the start"):
        file.seek(-1)
