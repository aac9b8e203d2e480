"""When is a file on the server? When the server says that it sealed the bytes that we hashed.

The same for a file on a card and one in the spool. An upload is noted as soon as it exists, so that a crash goes on
with it; where that too was lost, the server is asked for the hash before anything is sent.
"""

from collections.abc import Callable

from tabard.dock.errors import DoorBusy, UploadGone
from tabard.dock.memory import Known
from tabard.dock.rules import ServerState
from tabard.dock.sending import Outgoing, UploadStatus
from tabard.dock.station import Station

_ATTEMPTS = 3


def deliver(station: Station, known: Known, outgoing: Outgoing, *, on_sent: Callable[[int], None]) -> Known:
    """The server has sealed the file, and that is noted.

    Args:
        station: The agent's parts.
        known: The file, as it is remembered.
        outgoing: Its bytes, and what is said of it.
        on_sent: Told how many bytes of it have left so far.

    Raises:
        As `Sender.send`; DoorBusy also where somebody else is sending this very file.
    """
    lock = station.delivering(known)
    if not lock.acquire(blocking=False):
        raise DoorBusy("It is being sent already.", retry_after_s=1.0)
    try:
        return _deliver(station, station.memory.get(known.id), outgoing, on_sent)
    finally:
        lock.release()


def _deliver(station: Station, known: Known, outgoing: Outgoing, on_sent: Callable[[int], None]) -> Known:
    """Once more with a new upload where the noted one expired."""
    for _ in range(_ATTEMPTS):
        is_new = False
        if not known.upload:
            known, is_new = _with_upload(station, known, outgoing)
        try:
            status = station.sender.send(outgoing, known.upload, is_new=is_new, on_sent=on_sent)
        except UploadGone:
            status = UploadStatus(ServerState.EXPIRED)
        if status.state is not ServerState.EXPIRED:
            return note_status(station, known, status)
        known = station.memory.note(known, at=station.now(), upload="", state="")
    raise DoorBusy("The server forgets uploads as soon as they are made.", retry_after_s=60.0)


def _with_upload(station: Station, known: Known, outgoing: Outgoing) -> tuple[Known, bool]:
    """The file with the upload that the server has for it, or a new one, noted; and whether it is new."""
    found = station.sender.find(outgoing)
    upload = found or station.sender.create(outgoing)
    return station.memory.note(known, at=station.now(), upload=upload), not found


def note_status(station: Station, known: Known, status: UploadStatus) -> Known:
    """What the server said of the file's upload is remembered."""
    return station.memory.note(known, at=station.now(), state=status.state.value, object_id=status.object_id)
