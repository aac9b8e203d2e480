"""What does the door answer a dock? The one place where our errors become statuses and problems (RFC 9457)."""

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError

from tabard.fleet.errors import ClockOff, DockNotSignedIn
from tabard.intake.axis.answers import Answer
from tabard.intake.errors import NotSignedIn
from tabard.intake.tus.errors import (
    ChecksumWrong,
    MediaTypeWrong,
    MethodUnknown,
    TooManyUploads,
    UploadGone,
    UploadInUse,
    UploadTooLarge,
    VersionUnknown,
)
from tabard.intake.tus.protocol import VERSION
from tabard.kernel.errors import Conflict, Denied, Invalid, NotFound, TabardError, Unavailable
from tabard.vault.errors import PartialInUse, PartialOvertaken, StoreFull, StoreUrlInvalid

CHECKSUM_STATUS = 460  # tus 1.0.0, "Checksum"
RETRY_AFTER_S = 5
_PLAIN = (str, int, float, bool, list, type(None))
_log = logging.getLogger(__name__)

_STATUS_OF: tuple[tuple[type[Exception], int], ...] = (
    (NotSignedIn, 401),
    (DockNotSignedIn, 401),
    (ClockOff, 401),
    (MethodUnknown, 405),
    (UploadGone, 410),
    (VersionUnknown, 412),
    (UploadTooLarge, 413),
    (MediaTypeWrong, 415),
    (UploadInUse, 423),
    (PartialInUse, 423),
    (PartialOvertaken, 423),
    (TooManyUploads, 429),
    (ChecksumWrong, CHECKSUM_STATUS),
    (StoreFull, 507),
    (StoreUrlInvalid, 503),  # nothing that the sender could mend
    (Invalid, 400),
    (Denied, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Unavailable, 503),
    (DatabaseError, 503),
    (InterfaceError, 503),
)


def json_answer(status: int, said: Mapping[str, Any]) -> Answer:
    """An answer of JSON."""
    return Answer(status, (), json.dumps(said).encode(), "application/json")


def problem(error: Exception) -> Answer:
    """The answer to a request that failed, with a sentence and a code but nothing about our inside."""
    status = next((status for family, status in _STATUS_OF if isinstance(error, family)), 500)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("The door answers %d.", status, exc_info=error)
    known = isinstance(error, TabardError) and status != HTTPStatus.INTERNAL_SERVER_ERROR
    code = (
        error.code
        if isinstance(error, TabardError) and known
        else "unavailable"
        if status == 503
        else "error"
    )
    words = error.message if isinstance(error, TabardError) and known else "The door cannot serve this now."
    said = {
        "type": f"urn:tabard:problem:{code}",
        "title": "Checksum mismatch" if status == CHECKSUM_STATUS else HTTPStatus(status).phrase,
        "status": status,
        "detail": words,
        "code": code,
        **(_told(error.fields) if isinstance(error, TabardError) and known else {}),
    }
    return Answer(status, _headers(status, error), json.dumps(said).encode(), "application/problem+json")


def _headers(status: int, error: Exception) -> tuple[tuple[bytes, bytes], ...]:
    headers: list[tuple[bytes, bytes]] = []
    if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.LOCKED}:
        headers.append((b"retry-after", str(RETRY_AFTER_S).encode()))
    if status == HTTPStatus.PRECONDITION_FAILED:
        headers.append((b"tus-version", VERSION.encode()))
    if isinstance(error, TabardError) and "offset" in error.fields:
        headers.append((b"upload-offset", str(error.fields["offset"]).encode()))
    return tuple(headers)


def _told(fields: Mapping[str, object]) -> dict[str, Any]:
    told: dict[str, Any] = {name: value for name, value in fields.items() if isinstance(value, _PLAIN)}
    return told | {name: str(value) for name, value in fields.items() if isinstance(value, UUID | datetime)}
