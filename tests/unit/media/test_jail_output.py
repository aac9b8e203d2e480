import os
import tempfile

import pytest

from tabard.media.jail.output import OutputFile


@pytest.fixture
def output():
    with tempfile.TemporaryFile() as file:
        yield OutputFile(file.fileno())


def test_a_view_reads_what_was_written_without_moving_the_writer(output):
    output.write(b"moov and mdat")
    view = output.view()
    assert view.read(4) == b"moov"
    assert (output.tell(), view.tell()) == (13, 4)
    assert view.seek(-4, os.SEEK_END) == 9
    assert view.read(100) == b"mdat"


def test_writing_back_at_the_start_does_not_shorten_the_file(output):
    output.write(b"0123456789")
    output.seek(2)
    output.write(b"xx")
    output.seek(0)
    assert (output.read(100), output.size_bytes) == (b"01xx456789", 10)
    with pytest.raises(ValueError, match="before the start"):
        output.seek(-1)


def test_a_failed_write_is_remembered():
    read_only = os.open("/dev/null", os.O_RDONLY)
    try:
        output = OutputFile(read_only)
        with pytest.raises(OSError, match="Bad file descriptor"):
            output.write(b"x")
        assert isinstance(output.failure, OSError)
    finally:
        os.close(read_only)
