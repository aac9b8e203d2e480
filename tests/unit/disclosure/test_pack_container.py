"""The zip is exactly what its contents demand: no byte outside the members can be anything else."""

import io
import stat
import zipfile
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabard.disclosure.container import Container, Member, day_of, stamp_of, write_container
from tabard.disclosure.errors import ContainerBroken

AT = datetime(2026, 11, 21, 9, 30, 7, tzinfo=UTC)
FILES = {
    "LB-1/bagit.txt": b"BagIt",
    "LB-1/data/exhibits/LB-1/a.mp4": bytes(range(256)) * 3,
    "LB-1/empty": b"",
}


def zipped(files: dict[str, bytes], at: datetime = AT) -> bytes:
    out = io.BytesIO()
    members = [
        (Member(name, len(data), zlib.crc32(data)), lambda data=data: [data]) for name, data in files.items()
    ]
    write_container(members, at, out.write)
    return out.getvalue()


def opened(data: bytes) -> Container:
    return Container(io.BytesIO(data))


def is_as_written(data: bytes) -> bool:
    """Whether the zip opens and each member has the CRC-32 that the zip says."""
    try:
        container = opened(data)
        return all(
            zlib.crc32(b"".join(container.pieces(placed))) == placed.member.crc32
            for placed in container.members
        )
    except ContainerBroken:
        return False


def test_another_program_reads_what_we_write():
    with zipfile.ZipFile(io.BytesIO(zipped(FILES))) as other:
        assert other.testzip() is None
        assert {info.filename: other.read(info) for info in other.infolist()} == FILES
        assert [info.filename for info in other.infolist()] == sorted(FILES)
        assert {info.date_time for info in other.infolist()} == {(2026, 11, 21, 9, 30, 6)}
        assert all(info.compress_type == zipfile.ZIP_STORED for info in other.infolist())
        assert all(stat.S_ISREG(info.external_attr >> 16) for info in other.infolist())


def test_what_we_write_we_read():
    container = opened(zipped(FILES))
    found = {one.member.name: b"".join(container.pieces(one)) for one in container.members}
    assert found == FILES
    assert day_of(container.stamp) == "2026-11-21"


def test_the_same_files_and_time_give_the_same_bytes_in_any_order():
    assert zipped(FILES) == zipped(dict(reversed(FILES.items())))
    assert zipped(FILES) != zipped(FILES, AT.replace(hour=10))


def test_the_stamp_is_utc_whatever_the_zone():
    summer = datetime.fromisoformat("2026-07-01T00:30:00+01:00")
    assert day_of(stamp_of(summer)) == "2026-06-30"


def test_every_byte_of_the_file_is_checked():
    good = zipped(FILES)
    assert is_as_written(good)
    for at in range(len(good)):
        for mask in (0x01, 0x20, 0x80):
            changed = bytearray(good)
            changed[at] ^= mask
            assert not is_as_written(bytes(changed)), f"byte {at} xor {mask:#x} was not noticed"


def test_no_byte_can_be_added_or_taken_away_anywhere():
    good = zipped(FILES)
    for at in range(len(good) + 1):
        assert not is_as_written(good[:at] + b"\0" + good[at:]), f"a byte before {at} was not noticed"
        assert at == len(good) or not is_as_written(good[:at] + good[at + 1 :]), f"byte {at} was not missed"


@given(st.binary(max_size=400))
def test_any_other_bytes_are_refused_and_nothing_else_happens(data):
    assert not is_as_written(data)


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_directory_is_refused_and_nothing_else_happens(data):
    good = zipped(FILES)
    at = data.draw(st.integers(0, len(good) - 1))
    put = data.draw(st.binary(min_size=1, max_size=40))
    changed = good[:at] + put + good[at + len(put) :]
    assert changed == good or not is_as_written(changed)


def test_a_local_header_that_names_another_file_than_the_directory_is_refused():
    good = zipped(FILES)
    changed = good.replace(
        b"a.mp4", b"b.mp4", 1
    )  # the local header comes first; the directory keeps its name
    with pytest.raises(ContainerBroken, match=r"header of LB-1/data/exhibits/LB-1/a\.mp4"):
        opened(changed)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "LB-1/../../etc/passwd",
        "LB-1/.hidden",
        "LB-1/a\\b",
        "LB-1//b",
        "LB-1/C:",
        "LB-1/b.",
        "LB-1/folder/",
        "LB-1",
        "LB-1/a b",
        f"LB-1/{'x' * 260}",
    ],
)
def test_a_name_that_could_escape_or_confuse_is_neither_written_nor_read(name):
    with pytest.raises(ContainerBroken):
        zipped({"LB-1/z": b"", name: b"x"})
    with pytest.raises(ContainerBroken):
        opened(_forged([("LB-1/z", b""), (name, b"x")]))


@pytest.mark.parametrize(
    "files",
    [
        [("LB-1/a", b"1"), ("LB-1/a", b"2")],
        [("LB-1/A", b"1"), ("LB-1/a", b"2")],
        [("LB-1/a", b"1"), ("LB-2/a", b"2")],
        [("LB-1/b", b"1"), ("LB-1/a", b"2")],
    ],
)
def test_duplicates_a_second_folder_and_disorder_are_refused(files):
    with pytest.raises(ContainerBroken):
        opened(_forged(files))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_packed_by_another_program_is_refused_even_with_the_same_files(method):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as other:
        for name in sorted(FILES):
            other.writestr(name, FILES[name])
    with pytest.raises(ContainerBroken):
        opened(out.getvalue())


def test_a_member_that_became_longer_or_shorter_while_it_was_written_stops_the_writing():
    member = Member("LB-1/a", 3, zlib.crc32(b"abc"))
    with pytest.raises(ContainerBroken):
        write_container([(member, lambda: [b"abcd"])], AT, io.BytesIO().write)


def test_a_member_of_more_than_four_gigabytes_and_those_after_it_are_found(tmp_path):
    from tabard.disclosure import container

    members = [Member("LB-1/a", 5 * 1024**3, 0), Member("LB-1/b", 3, zlib.crc32(b"abc"))]
    first, second = container.place(members)
    path, stamp = tmp_path / "large.zip", stamp_of(AT)
    with path.open("wb") as file:  # sparse: the five gigabytes are a hole
        file.write(container._local_header(first.member, stamp))
        file.seek(first.offset + first.member.size_bytes)
        file.write(
            container._local_header(second.member, stamp)
            + b"abc"
            + container._directory([first, second], stamp)
        )
    with path.open("rb") as file:
        assert b"".join(Container(file).pieces(second)) == b"abc"
    with zipfile.ZipFile(path) as other:
        assert [info.file_size for info in other.infolist()] == [5 * 1024**3, 3]
        assert other.read("LB-1/b") == b"abc"


def _forged(files: list[tuple[str, bytes]]) -> bytes:
    """A zip of exactly our form, with names that our writer refuses."""
    from tabard.disclosure import container

    placed = container.place([Member(name, len(data), zlib.crc32(data)) for name, data in files])
    stamp = stamp_of(AT)
    out = b"".join(
        container._local_header(one.member, stamp) + data
        for one, (_, data) in zip(placed, files, strict=True)
    )
    return out + container._directory(placed, stamp)
