"""How does a bag become one file, and is that file exactly what was written? A strict zip64, written and read.

Nothing is compressed, so sizes cannot lie. Everything but the members' own bytes (local headers, directory, end
records) follows from their names, sizes, CRC-32s and one time for all. The reader rebuilds those bytes and compares
every one; there is no place in the file where a byte could be changed, added or hidden. PKWARE APPNOTE 6.3.10,
sections 4.3 and 4.5.3.
"""

import re
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from tabard.disclosure.errors import ContainerBroken

PIECE_BYTES = 1024 * 1024
MOST_MEMBERS = 100_000
MOST_DIRECTORY_BYTES = 64 * 1024 * 1024
MOST_NAME_BYTES = 255

_VERSION = 45  # zip64
_MADE_BY = 3 << 8 | _VERSION  # Unix, so that the mode below is read as one
_MODE = 0o100644 << 16  # a plain file; a link cannot be written, so none can be read
_UTF8 = 0x0800
_STORED = 0
_IN_EXTRA16, _IN_EXTRA32 = 0xFFFF, 0xFFFFFFFF
_ZIP64 = 0x0001

_LOCAL = struct.Struct("<4s5H3I2H")
_LOCAL_EXTRA = struct.Struct("<2H2Q")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_CENTRAL_EXTRA = struct.Struct("<2H3Q")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_END = struct.Struct("<4s4H2IH")
_TAIL_BYTES = _END64.size + _LOCATOR.size + _END.size

_SEGMENT = re.compile(r"[A-Za-z0-9_-]([A-Za-z0-9._-]*[A-Za-z0-9_-])?")


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the zip."""

    name: str
    size_bytes: int
    crc32: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A member and where its own bytes begin."""

    member: Member
    offset: int


Stamp = tuple[int, int]


def stamp_of(at: datetime) -> Stamp:
    """The instant in UTC as zip writes it: date and time in two numbers, to two seconds."""
    utc = at.astimezone(UTC)
    return (
        (utc.year - 1980) << 9 | utc.month << 5 | utc.day,
        utc.hour << 11 | utc.minute << 5 | utc.second // 2,
    )


def day_of(stamp: Stamp) -> str:
    """The date of a stamp as ISO 8601 writes it."""
    date, _ = stamp
    return f"{1980 + (date >> 9):04d}-{date >> 5 & 15:02d}-{date & 31:02d}"


def write_container(
    members: Sequence[tuple[Member, Callable[[], Iterable[bytes]]]],
    at: datetime,
    sink: Callable[[bytes], object],
) -> None:
    """Every byte of the zip went to `sink`, members by name; of the members' bytes only a piece is held at a time.

    Raises:
        ContainerBroken: a member's name cannot be written, or its bytes are not as many as it said.
    """
    ordered = sorted(members, key=lambda pair: pair[0].name.encode())
    listed = [member for member, _ in ordered]
    _check_names([member.name for member in listed])
    stamp = stamp_of(at)
    for member, pieces in ordered:
        sink(_local_header(member, stamp))
        sent = 0
        for piece in pieces():
            sink(piece)
            sent += len(piece)
        if sent != member.size_bytes:
            raise ContainerBroken(f"{member.name} is not as long as it was.", name=member.name)
    sink(_directory(place(listed), stamp))


def place(members: Sequence[Member]) -> list[Placed]:
    """Where each member's bytes begin when they follow one another without a gap."""
    placed, offset = [], 0
    for member in members:
        offset += _LOCAL.size + len(member.name.encode()) + _LOCAL_EXTRA.size
        placed.append(Placed(member, offset))
        offset += member.size_bytes
    return placed


class Container:
    """An open zip whose every byte outside its members has been compared with what must stand there.

    Raises:
        ContainerBroken: something else stands there.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        size_bytes = file.seek(0, 2)
        start, length, count = self._end_records(size_bytes)
        directory = self._read(start, length)
        members, self.stamp = _parse_directory(directory, count)
        _check_names([member.name for member in members])
        self.members = place(members)
        self._compare(directory, start, size_bytes)

    def pieces(self, placed: Placed) -> Iterator[bytes]:
        """The member's own bytes, a piece at a time; their CRC-32 is for the caller to compare."""
        at, left = placed.offset, placed.member.size_bytes
        while left:
            piece = self._read(at, min(left, PIECE_BYTES))
            yield piece
            at, left = at + len(piece), left - len(piece)

    def read(self, placed: Placed, start: int, stop: int) -> bytes:
        """Bytes [start, stop) of the member.

        Raises:
            ContainerBroken: it does not have them.
        """
        if not 0 <= start <= stop <= placed.member.size_bytes:
            raise ContainerBroken(f"{placed.member.name} does not have the bytes that are asked for.")
        return self._read(placed.offset + start, stop - start)

    def _end_records(self, size_bytes: int) -> tuple[int, int, int]:
        """Where the directory begins, how long it is, and how many members it lists; still to be compared."""
        if size_bytes < _TAIL_BYTES:
            raise ContainerBroken("The file is too short to be a pack.")
        tail = self._read(size_bytes - _TAIL_BYTES, _TAIL_BYTES)
        *_, count, length, start = _END64.unpack_from(tail)
        if start + length + _TAIL_BYTES != size_bytes or not 0 < count <= MOST_MEMBERS:
            raise ContainerBroken("The zip's end records do not fit the file.")
        if length > MOST_DIRECTORY_BYTES:
            raise ContainerBroken("The zip's directory is too large.")
        return start, length, count

    def _compare(self, directory: bytes, start: int, size_bytes: int) -> None:
        """Return only if headers, directory and end records are those that these members must have."""
        last = self.members[-1]
        if last.offset + last.member.size_bytes != start:
            raise ContainerBroken("The zip's files do not follow one another without a gap.")
        tail = self._read(size_bytes - _TAIL_BYTES, _TAIL_BYTES)
        if directory + tail != _directory(self.members, self.stamp):
            raise ContainerBroken("The zip's directory is not as it was written.")
        for placed in self.members:
            header = _local_header(placed.member, self.stamp)
            if self._read(placed.offset - len(header), len(header)) != header:
                raise ContainerBroken(
                    f"The zip's header of {placed.member.name} does not agree with its directory.",
                    name=placed.member.name,
                )

    def _read(self, start: int, length: int) -> bytes:
        self._file.seek(start)
        data = self._file.read(length)
        if len(data) != length:
            raise ContainerBroken("The file ends too early.")
        return data


def _check_names(names: Sequence[str]) -> None:
    """One folder holds everything; names are plain on every system, in order, and none is there twice."""
    if names != sorted(names, key=str.encode):
        raise ContainerBroken("The zip's files are not in order.")
    if len({name.casefold() for name in names}) != len(names):
        raise ContainerBroken("The zip names a file twice.")
    if len({name.split("/")[0] for name in names}) != 1:
        raise ContainerBroken("The zip does not hold exactly one folder.")
    for name in names:
        segments = name.split("/")
        if len(segments) < 2 or len(name) > MOST_NAME_BYTES or not all(map(_SEGMENT.fullmatch, segments)):
            raise ContainerBroken("The zip holds a name that a pack never has.", name=name)


def _local_header(member: Member, stamp: Stamp) -> bytes:
    name, (date, time) = member.name.encode(), stamp
    fixed = (_VERSION, _UTF8, _STORED, time, date, member.crc32, _IN_EXTRA32, _IN_EXTRA32)
    extra = _LOCAL_EXTRA.pack(_ZIP64, _LOCAL_EXTRA.size - 4, member.size_bytes, member.size_bytes)
    return _LOCAL.pack(b"PK\x03\x04", *fixed, len(name), len(extra)) + name + extra


def _central_header(placed: Placed, stamp: Stamp) -> bytes:
    member, (date, time) = placed.member, stamp
    name = member.name.encode()
    header_at = placed.offset - _LOCAL.size - len(name) - _LOCAL_EXTRA.size
    fixed = (_MADE_BY, _VERSION, _UTF8, _STORED, time, date, member.crc32, _IN_EXTRA32, _IN_EXTRA32)
    extra = _CENTRAL_EXTRA.pack(
        _ZIP64, _CENTRAL_EXTRA.size - 4, member.size_bytes, member.size_bytes, header_at
    )
    lengths = (len(name), len(extra), 0, 0, 0)
    return _CENTRAL.pack(b"PK\x01\x02", *fixed, *lengths, _MODE, _IN_EXTRA32) + name + extra


def _directory(placed: Sequence[Placed], stamp: Stamp) -> bytes:
    """The central directory and the three end records after it."""
    central = b"".join(_central_header(one, stamp) for one in placed)
    count, start = len(placed), placed[-1].offset + placed[-1].member.size_bytes
    end64 = _END64.pack(
        b"PK\x06\x06", _END64.size - 12, _MADE_BY, _VERSION, 0, 0, count, count, len(central), start
    )
    locator = _LOCATOR.pack(b"PK\x06\x07", 0, start + len(central), 1)
    end = _END.pack(b"PK\x05\x06", 0, 0, _IN_EXTRA16, _IN_EXTRA16, _IN_EXTRA32, _IN_EXTRA32, 0)
    return central + end64 + locator + end


def _parse_directory(directory: bytes, count: int) -> tuple[list[Member], Stamp]:
    """The members that the directory lists, and the time of the first; the caller compares every byte."""
    members, stamp, at = [], (0, 0), 0
    try:
        for _ in range(count):
            fields = _CENTRAL.unpack_from(directory, at)
            time, date, crc32, name_bytes = fields[5], fields[6], fields[7], fields[10]
            at += _CENTRAL.size
            name = directory[at : at + name_bytes].decode("ascii")
            at += name_bytes
            _, _, size_bytes, _, _ = _CENTRAL_EXTRA.unpack_from(directory, at)
            at += _CENTRAL_EXTRA.size
            members.append(Member(name, size_bytes, crc32))
            stamp = stamp if len(members) > 1 else (date, time)
    except (struct.error, UnicodeDecodeError) as error:
        raise ContainerBroken("The zip's directory cannot be read.") from error
    return members, stamp
