"""How is one file erased, and nothing else?

Open it beneath the card's root without following a link; see that it is the file that was found; read all of it again,
from the card; check the permit against what was read, at the server's time; see that the name still leads to the open
file; unlink; sync the folder. Whatever does not fit on the way leaves the file where it is. A read-only card, or one
that was pulled, is reported, never forced.
"""

import errno
import fcntl
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Event

from tabard.dock import durable
from tabard.dock.cards import Card, Found
from tabard.dock.errors import NotErased
from tabard.dock.permits import FileAtHand, Permit, check_permit
from tabard.dock.reading import Opened, check_unchanged, forget_pages, hash_open, opened


def erase(
    card: Card,
    found: Found,
    permit: Permit,
    *,
    dock: str,
    object_id: str,
    latest: Callable[[], datetime | None],
    stop: Event,
) -> None:
    """The file is gone from the card, durably; it was exactly the file that the permit is for.

    Args:
        card: Where it is.
        found: What was found there.
        permit: Opened with the permit key.
        dock: What the server calls this dock.
        object_id: What the server calls what it sealed of the file.
        latest: The latest that it can be at the server now; None where it never said.
        stop: Set when the agent is asked to stop.

    Raises:
        PermitWrong, NotErased, FileChanged, CardGone, CannotRead, Stopped: it is still there.
    """
    with opened(card, found) as file, _nobody_writes(file):
        forget_pages(file)
        sha256 = hash_open(file, found, stop)
        at_hand = FileAtHand(dock, card.serial, found.name, found.size_bytes, sha256, object_id)
        at = latest()
        if at is None:
            raise NotErased("The server's time is not known.")
        check_permit(permit, at_hand, at=at)
        check_unchanged(file, found)
        _unlink(file)


def _unlink(file: Opened) -> None:
    """The name is gone from its folder, durably; it led to the open file a moment before."""
    ours, named = file.facts(), os.stat(file.name, dir_fd=file.folder, follow_symlinks=False)
    if (named.st_dev, named.st_ino) != (ours.st_dev, ours.st_ino):
        raise NotErased("Another file has its name by now.")
    try:
        os.unlink(file.name, dir_fd=file.folder)
    except OSError as error:
        if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
            raise NotErased(f"The card does not let it go: {error.strerror}.") from error
        raise
    durable.sync_folder(file.folder)


@contextmanager
def _nobody_writes(file: Opened) -> Iterator[None]:
    """While the block runs no process has the file open for writing, where the system can tell (a lease).

    Raises:
        NotErased: somebody has.
    """
    has_lease = False
    try:
        # A broken lease is told by a signal; this one does nothing by itself, the default would end the process.
        fcntl.fcntl(file.descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(file.descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        has_lease = True
    except OSError as error:
        if error.errno == errno.EAGAIN:
            raise NotErased("Another program has it open for writing.") from error
    try:
        yield

    finally:
        if has_lease:
            with suppress(OSError):
                fcntl.fcntl(file.descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
