"""How does a station send? By tus, with the dock agent's own sender; its cards are the files of simulated cameras.

A camera of no Axis system has no bookmark and no track of its own: what the wearer chose goes with the file.
"""

import hashlib
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from threading import Event, Lock
from typing import Final, Self

from tabard.dock.door import Door
from tabard.dock.errors import DoorAway
from tabard.dock.keys import DockKey
from tabard.dock.pace import Pace
from tabard.dock.sending import Outgoing, Sender
from tabard.kernel.errors import Unavailable
from tabard.simulation.axis import Answered, Sent
from tabard.simulation.upload import RecordingUpload, SegmentUpload, iso

_ATTEMPTS: Final = 8
_BUSY: Final = 503


class Station:
    """One dock with its key, enrolled at the door. May be used by several threads at once; close it after use.

    Args:
        url: The door's address.
        key: The dock's key.
        observe: Is told of every file that was sent, and of every time that the door was busy or away.
    """

    def __init__(self, url: str, key: DockKey, *, observe: Callable[[Answered], None]) -> None:
        self._door = Door(url, key)
        self._sender = Sender(self._door, Pace(None), Event(), lambda: True)
        self._observe = observe

    def close(self) -> None:
        """Closes the connections."""
        self._door.close()

    def send_recording(self, upload: RecordingUpload) -> Sent:
        """Sends every file of the recording; when this returns, all of them are sealed.

        Raises:
            Unavailable: the door stayed busy or away.
        """
        for segment in upload.segments:
            self._send(upload, segment)
        size_bytes = sum(segment.content.stat().st_size for segment in upload.segments)
        return Sent(upload.container, len(upload.segments), size_bytes)

    def _send(self, upload: RecordingUpload, segment: SegmentUpload) -> None:
        outgoing = _outgoing(upload, segment)
        began = time.monotonic()
        for attempt in range(_ATTEMPTS):
            try:
                tus = self._sender.find(outgoing) or self._sender.create(outgoing)
                self._sender.send(outgoing, tus, on_sent=lambda _offset: None)
            except DoorAway:
                self._observe(Answered("PATCH", segment.content.name, _BUSY, 0.0))
                time.sleep(0.2 * 2**attempt)
                continue
            self._observe(Answered("PATCH", segment.content.name, 204, time.monotonic() - began))
            return
        raise Unavailable("The door stayed busy or out of reach.", attempts=_ATTEMPTS)


class Stations:
    """Several docks, among which cameras are spread. A context manager: leaving it closes their connections."""

    def __init__(self, stations: list[Station]) -> None:
        self._stations = stations
        self._next = count()
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for station in self._stations:
            station.close()

    def send_recording(self, upload: RecordingUpload) -> Sent:
        """Sends the recording by the dock that its turn it is."""
        with self._lock:
            number = next(self._next)
        return self._stations[number % len(self._stations)].send_recording(upload)


def _outgoing(upload: RecordingUpload, segment: SegmentUpload) -> Outgoing:
    path = segment.content
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    metadata = {
        "filename": upload.segment_name(segment),
        "recording": upload.container,
        "files": str(len(upload.segments)),
        "camera": upload.camera_serial,
        "model": upload.camera_model,
        "firmware": upload.firmware,
        "started_at": iso(segment.started_at),
        "stopped_at": iso(segment.stopped_at),
        "category": next((each.category_id for each in upload.bookmarks if each.category_id), ""),
    }
    said = {name: value for name, value in metadata.items() if value}
    return Outgoing(path.stat().st_size, sha256, said, lambda start, stop: _read(path, start, stop))


def _read(path: Path, start: int, stop: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(stop - start)
