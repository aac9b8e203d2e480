"""What does the door answer? The one place where our errors become the protocol's statuses.

The sender acts on them: 400 makes it give up on a file for ever, 503 makes it try again soon, 507 makes it wait for
space. So 400 is only for what can never be stored, and whatever may pass is 503. 402 is for who registers a user or a
camera and has no licence left for it; it is never sent, as Tabard has no licences to run out of.
"""

import json
import logging
from dataclasses import dataclass

from django.db import IntegrityError, InterfaceError, OperationalError

from tabard.intake.errors import ChecksumDiffers, NotSignedIn, StoreLow
from tabard.kernel.errors import Conflict, Denied, Invalid, NotFound, TabardError, Unavailable
from tabard.vault.errors import StoreFull

BUSY_RETRY_S = 5
LOW_RETRY_S = 60  # space is not made in seconds
_log = logging.getLogger(__name__)

RawHeaders = list[tuple[bytes, bytes]]

_STATUS_OF: tuple[tuple[type[Exception], int], ...] = (
    (ChecksumDiffers, 422),
    (NotSignedIn, 401),
    (StoreFull, 507),
    (Invalid, 400),
    (Denied, 403),
    (NotFound, 404),
    (Conflict, 503),
    (Unavailable, 503),
    (OperationalError, 503),
    (InterfaceError, 503),
    (IntegrityError, 503),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One response, whole."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"

    def raw_headers(self) -> RawHeaders:
        """The headers as ASGI wants them; a 204 has no body and says nothing about one."""
        if self.status == 204 or any(name == b"content-length" for name, _ in self.headers):
            return list(self.headers)
        about_body = [
            (b"content-type", self.media_type.encode("ascii")),
            (b"content-length", str(len(self.body)).encode("ascii")),
        ]
        return [*about_body, *self.headers]


def status_of(error: Exception) -> int:
    """The status for an error; 500 for what should not happen, damaged evidence included."""
    return next((status for family, status in _STATUS_OF if isinstance(error, family)), 500)


def answer_for(error: Exception) -> Answer:
    """The answer to a request that failed, with a sentence and a code but nothing about our inside."""
    status = status_of(error)
    if status in {503, 507} and isinstance(error, TabardError):
        _log.warning("The door answers %d: %s %s", status, error.message, error.fields)
    elif status >= 500:
        _log.error("The door answers %d.", status, exc_info=error)
    known = isinstance(error, TabardError) and status != 500
    said = {
        "code": error.code
        if known and isinstance(error, TabardError)
        else "unavailable"
        if status == 503
        else "error",
        "message": error.message
        if known and isinstance(error, TabardError)
        else "The door cannot serve this now.",
    }
    wait_s = LOW_RETRY_S if isinstance(error, StoreLow) else BUSY_RETRY_S
    retry = ((b"retry-after", str(wait_s).encode("ascii")),) if status == 503 else ()
    return Answer(status, retry, json.dumps(said).encode(), "application/json")
