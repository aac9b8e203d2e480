"""How does a file get to the server? By tus 1.0, in chunks that carry their SHA-256, from its last durable byte on.

A broken line costs at most the chunk on the way. The last answer must name the hash that we computed; a file whose
bytes arrived otherwise was not sent.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any

from tabard.dock.answers import Answer
from tabard.dock.door import Door
from tabard.dock.errors import ChecksumDiffers, DoorAway, DoorBusy, FileChanged, OffsetDiffers
from tabard.dock.line import steady_s
from tabard.dock.pace import Pace
from tabard.dock.reading import Stopped
from tabard.dock.rules import ServerState

MOST_CHUNK_BYTES = 8 * 1024 * 1024
MOST_FOUND_AT_ONCE = 1000
_LEAST_CHUNK_BYTES = 64 * 1024
_CHUNK_S = 5
_PIECE_BYTES = 64 * 1024
_PATIENCE = 3
_TUS = {"Tus-Resumable": "1.0.0"}

Read = Callable[[int, int], bytes]
"""The bytes of a file from an offset to another, all of them or an error."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A file that is to be sent: what is said of it, and its bytes."""

    size_bytes: int
    sha256: str
    metadata: Mapping[str, str]
    read: Read


@dataclass(frozen=True, slots=True)
class UploadStatus:
    """What the server says of an upload."""

    state: ServerState
    offset: int = 0
    object_id: str = ""
    sha256: str = ""
    waits_for: tuple[str, ...] = ()


class Sender:
    """Sends files of one dock; for many threads, each with a file of its own.

    Args:
        door: Where to.
        pace: The bandwidth limit that all share.
        stop: Set when the agent is asked to stop.
        may_send: Whether sending is allowed just now; asked before each chunk.
    """

    def __init__(self, door: Door, pace: Pace, stop: Event, may_send: Callable[[], bool]) -> None:
        self._door, self._pace, self._stop, self._may_send = door, pace, stop, may_send
        rate = pace.bytes_per_s
        self._chunk_bytes = MOST_CHUNK_BYTES
        self._piece_bytes = _PIECE_BYTES
        if rate is not None:  # a chunk takes seconds, not minutes, and goes evenly
            self._chunk_bytes = max(_LEAST_CHUNK_BYTES, min(MOST_CHUNK_BYTES, rate * _CHUNK_S))
            self._piece_bytes = max(1024, min(_PIECE_BYTES, rate // 8))

    def find(self, outgoing: Outgoing) -> str:
        """The upload in which the server has this file, or is receiving it; empty where it has not.

        By name and camera too: two cameras may hold the same bytes, as of an empty file, and each has its own upload.
        """
        asked = {
            "sha256": [outgoing.sha256],
            "filename": outgoing.metadata.get("filename", ""),
            "camera": outgoing.metadata.get("camera", ""),
        }
        found = self._door.ask("/dock/v1/status/find", asked).json().get("found")
        upload = found.get(outgoing.sha256) if isinstance(found, dict) else None
        return upload if isinstance(upload, str) else ""

    def create(self, outgoing: Outgoing) -> str:
        """The id of a new upload for the file, of which nothing is sent yet."""
        metadata = {**outgoing.metadata, "sha256": outgoing.sha256}
        headers = {
            **_TUS,
            "Upload-Length": str(outgoing.size_bytes),
            "Upload-Metadata": ",".join(
                f"{key} {b64encode(value.encode()).decode('ascii')}"
                for key, value in metadata.items()
                if value
            ),
            "Content-Length": "0",
        }
        answer = self._door.request("POST", "/tus/", headers=headers)
        upload = answer.headers.get("location", "").rstrip("/").rpartition("/")[2]
        if not upload:
            raise DoorAway("The server made an upload and did not say which.")
        return upload

    def status(self, upload: str) -> UploadStatus:
        """What became of the upload."""
        said = self._door.request("GET", f"/dock/v1/uploads/{upload}").json()
        try:
            return _status(said)
        except (ValueError, TypeError) as error:
            raise DoorAway("The server says of an upload what nobody understands.") from error

    def give_up(self, upload: str) -> None:
        """The server need not keep what came of the upload."""
        self._door.request("DELETE", f"/tus/{upload}", headers=_TUS)

    def send(
        self, outgoing: Outgoing, upload: str, *, is_new: bool = False, on_sent: Callable[[int], None]
    ) -> UploadStatus:
        """The server has sealed the file, with the hash that we computed.

        Args:
            outgoing: The file.
            upload: The upload it goes into, from whatever byte the server has last.
            is_new: Whether it was made just now, so that nothing is in it.
            on_sent: Told how many bytes of the file have left so far; what is durable of them the answers say.

        Raises:
            ChecksumDiffers: the server computes another hash, again and again.
            DoorAway, DoorBusy, DoorRefuses, UploadGone: go on later, or with a new upload.
            Stopped: the agent was asked to.
        """
        fresh = UploadStatus(ServerState.RECEIVING)
        status, troubles = fresh if is_new and outgoing.size_bytes else self.status(upload), 0
        while status.state is ServerState.RECEIVING:
            on_sent(status.offset)
            sealed = None
            try:
                sealed = self._send_from(status.offset, outgoing, upload, on_sent)
            except (OffsetDiffers, ChecksumDiffers) as error:
                troubles += 1
                if troubles > _PATIENCE:
                    raise ChecksumDiffers(f"{error.message} That was tried {troubles} times.") from error
            was, status = status, sealed or self.status(upload)
            troubles = 0 if status.offset > was.offset else troubles
            if status == was and not troubles:
                raise DoorBusy("The server has all of it and has not sealed it yet.", retry_after_s=5.0)
        if status.state is not ServerState.EXPIRED and status.sha256 != outgoing.sha256:
            raise ChecksumDiffers("The server sealed other bytes than were sent.", upload=upload)
        return status

    def _send_from(
        self, offset: int, outgoing: Outgoing, upload: str, on_sent: Callable[[int], None]
    ) -> UploadStatus | None:
        """Everything from the offset on was sent, in at least one request, as only that lets the server seal.

        Returns:
            What the last answer says was sealed; None where it says nothing of that.
        """
        while True:
            self._check_may_send()
            end = min(offset + self._chunk_bytes, outgoing.size_bytes)
            chunk = outgoing.read(offset, end)
            if len(chunk) != end - offset:
                raise FileChanged("The file gives fewer bytes than it had.")
            answer = self._patch(upload, offset, chunk, on_sent)
            offset = _offset(answer)
            on_sent(offset)
            if offset >= outgoing.size_bytes:
                return _sealed(answer, offset)

    def _patch(self, upload: str, offset: int, chunk: bytes, on_sent: Callable[[int], None]) -> Answer:
        digest = b64encode(hashlib.sha256(chunk).digest()).decode("ascii")
        headers = {
            **_TUS,
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(len(chunk)),
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {digest}",
        }
        return self._door.request(
            "PATCH",
            f"/tus/{upload}",
            headers=headers,
            body=lambda: self._paced(chunk, lambda sent: on_sent(offset + sent)),
        )

    def _paced(self, chunk: bytes, on_sent: Callable[[int], None]) -> Iterator[bytes]:
        """The chunk in pieces, none before its time."""
        for start in range(0, len(chunk), self._piece_bytes):
            piece = chunk[start : start + self._piece_bytes]
            if self._stop.wait(self._pace.take(len(piece), at_s=steady_s())):
                raise Stopped
            yield piece
            on_sent(start + len(piece))

    def _check_may_send(self) -> None:
        if self._stop.is_set():
            raise Stopped
        if not self._may_send():
            raise DoorBusy("Nothing is sent now.", retry_after_s=1.0)


def _offset(answer: Answer) -> int:
    text = answer.headers.get("upload-offset", "")
    if not text.isdecimal():
        raise DoorAway("The server does not say how much it has.")
    return int(text)


def _sealed(answer: Answer, offset: int) -> UploadStatus | None:
    object_id, sha256 = (answer.headers.get(name, "") for name in ("tabard-object", "tabard-sha256"))
    return UploadStatus(ServerState.SEALED, offset, object_id, sha256) if object_id and sha256 else None


def _status(said: Mapping[str, Any]) -> UploadStatus:
    waits_for = said.get("waits_for") or ()
    return UploadStatus(
        ServerState(said.get("state", "")),
        int(said.get("offset") or 0),
        str(said.get("object") or ""),
        str(said.get("sha256") or ""),
        tuple(map(str, waits_for)) if isinstance(waits_for, list) else (),
    )
