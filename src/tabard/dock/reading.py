"""What are the bytes of a file on a card?

Read beneath the card's root, never through a link, and only while it is the file that was found: the same size and
time, on the same card.
"""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

from tabard.dock.cards import Card, Found
from tabard.dock.errors import CannotRead, CardGone, FileChanged

PIECE_BYTES = 1024 * 1024
_GLANCED_BYTES = 64 * 1024
_GONE = {errno.ENODEV, errno.ENXIO, errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ESHUTDOWN}


class Stopped(Exception):
    """The agent was asked to stop in the middle of a file."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file on a card, open for reading, and the folder it lies in, both until the block is left."""

    descriptor: int
    folder: int
    name: str

    def facts(self) -> os.stat_result:
        """What the open file is now."""
        return os.fstat(self.descriptor)


@contextmanager
def opened(card: Card, found: Found) -> Iterator[Opened]:
    """The very file that was found, opened beneath the card's root without following a link.

    Raises:
        CardGone: the card was pulled, or another lies in its place.
        FileChanged: it is not there, is no plain file, or has another size or time by now.
        CannotRead: the card does not give it out.
    """
    *folders, name = found.path.split("/")
    with _errors_of(card, found):
        folder = _beneath(card, folders)
        try:
            descriptor = os.open(
                name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder
            )
            try:
                file = Opened(descriptor, folder, name)
                check_unchanged(file, found)
                yield file
            finally:
                os.close(descriptor)
        finally:
            os.close(folder)


def check_unchanged(file: Opened, found: Found) -> None:
    """The open file is plain, and of the size and time that were found.

    Raises:
        FileChanged: it is not.
    """
    facts = file.facts()
    is_plain = (facts.st_mode & 0o170000) == 0o100000
    if not is_plain or (facts.st_size, facts.st_mtime_ns) != (found.size_bytes, found.modified_ns):
        raise FileChanged(f"{found.path} is not the file that was found there.", path=found.path)


def read_span(file: Opened, start: int, end: int) -> bytes:
    """The bytes from `start` up to `end`; fewer only where the file ends before."""
    found = bytearray()
    while start + len(found) < end:
        read = os.pread(file.descriptor, end - start - len(found), start + len(found))
        if not read:
            break
        found += read
    return bytes(found)


def pieces(file: Opened, stop: Event) -> Iterator[memoryview]:
    """All of the bytes, in pieces of at most a mebibyte, in one memory: each is valid until the next is asked for.

    Raises:
        Stopped: between two pieces, once the agent is asked to stop.
    """
    memory, start = memoryview(bytearray(PIECE_BYTES)), 0
    while True:
        if stop.is_set():
            raise Stopped
        read = os.preadv(file.descriptor, [memory], start)
        if not read:
            return
        start += read
        yield memory[:read]


def hash_open(file: Opened, found: Found, stop: Event) -> str:
    """The SHA-256 of the whole open file, in hexadecimal; the file did not change meanwhile.

    Raises:
        FileChanged: it did.
    """
    digest, size_bytes = hashlib.sha256(), 0
    for piece in pieces(file, stop):
        digest.update(piece)
        size_bytes += len(piece)
    check_unchanged(file, found)
    if size_bytes != found.size_bytes:
        raise FileChanged(f"{found.path} gave {size_bytes} bytes.", path=found.path)
    return digest.hexdigest()


def hash_file(card: Card, found: Found, stop: Event) -> str:
    """The SHA-256 of the file, read from the card itself and not from what this machine remembers of it.

    Raises:
        CardGone, FileChanged, CannotRead: as `opened`.
    """
    with opened(card, found) as file:
        forget_pages(file)
        return hash_open(file, found, stop)


def forget_pages(file: Opened) -> None:
    """The next read asks the card: what the kernel keeps of the file in memory is dropped, as far as it lets us."""
    os.posix_fadvise(file.descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def glance(card: Card, found: Found) -> str:
    """A short digest of the file's beginning and end; with path, size and time it tells a known file from a new one."""
    with opened(card, found) as file:
        head = os.pread(file.descriptor, _GLANCED_BYTES, 0)
        tail = os.pread(file.descriptor, _GLANCED_BYTES, max(0, found.size_bytes - _GLANCED_BYTES))
    return hashlib.sha256(head + tail).hexdigest()[:32]


def _root(card: Card) -> int:
    root = os.open(card.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    facts = os.fstat(root)
    if (facts.st_dev, facts.st_ino) != card.identity:
        os.close(root)
        raise CardGone(f"Another card lies in {card.root} now.", path=str(card.root))
    return root


def _beneath(card: Card, folders: list[str]) -> int:
    """The folder at that path from the card's root, no part of which is a link."""
    folder = _root(card)
    for name in folders:
        try:
            inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        finally:
            os.close(folder)
        folder = inner
    return folder


@contextmanager
def _errors_of(card: Card, found: Found) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        if not card.root.exists():
            raise CardGone(f"{card.root} is gone.", path=str(card.root)) from error
        raise FileChanged(f"{found.path} is not there any more.", path=found.path) from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise FileChanged(f"{found.path} is a link.", path=found.path) from error
        if error.errno in _GONE and not _is_there(card):
            raise CardGone(f"{card.root} was pulled.", path=str(card.root)) from error
        raise CannotRead(f"{found.path} cannot be read: {error.strerror}.", path=found.path) from error


def _is_there(card: Card) -> bool:
    try:
        facts = card.root.stat()
    except OSError:
        return False
    return (facts.st_dev, facts.st_ino) == card.identity
