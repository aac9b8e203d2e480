"""What does an answer of the server mean? Each status becomes a value or one of our errors, in one place."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from tabard.dock.errors import (
    ChecksumDiffers,
    DoorAway,
    DoorBusy,
    DoorRefuses,
    FileDiffers,
    NotSafeYet,
    OffsetDiffers,
    UploadGone,
)
from tabard.kernel.errors import TabardError

_AFTER_FULL_S = 60.0
_AFTER_TOO_MANY_S = 3.0
_AFTER_LOCKED_S = 2.0
_OF_UPLOADS = ("/tus/", "/dock/v1/uploads/")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers, and all of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The object in the body.

        Raises:
            DoorAway: it holds none; whatever answers there is not our server.
        """
        try:
            values = json.loads(self.body)
        except ValueError as error:
            raise DoorAway("What answers there does not speak as Tabard does.") from error
        if not isinstance(values, dict):
            raise DoorAway("What answers there does not speak as Tabard does.")
        return values


def instant(text: object) -> datetime:
    """A time of the server's, in UTC.

    Raises:
        DoorAway: it is none.
    """
    try:
        said = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise DoorAway(f"The server says a time that is none: {text}.") from error
    if said.tzinfo is None:
        raise DoorAway(f"The server says a time without an offset: {text}.")
    return said.astimezone(UTC)


def word(values: Mapping[str, Any], key: str) -> str:
    """The text at the key.

    Raises:
        DoorAway: there is none.
    """
    value = values.get(key)
    if not isinstance(value, str) or not value:
        raise DoorAway(f"The server's answer lacks `{key}`.")
    return value


def expected(answer: Answer, path: str) -> Answer:
    """The answer, if the request was granted.

    Args:
        answer: As it came.
        path: What was asked for: a missing upload is another matter than a missing address.

    Raises:
        DoorAway, DoorBusy, DoorRefuses, UploadGone, OffsetDiffers, ChecksumDiffers, NotSafeYet, FileDiffers.
    """
    status = answer.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return answer
    raise _error(status, answer, path)


def _error(status: int, answer: Answer, path: str) -> TabardError:
    said = _said(answer)
    if status == HTTPStatus.CONFLICT:
        return _conflict(said)
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE} and _is_of_an_upload(path):
        return UploadGone("The server does not have that upload any more.", status=status)
    if made := _ERRORS.get(status):
        return made()
    words = _words(said, status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return DoorAway(f"The server is busy: {words}", retry_after_s=_retry_after_s(answer))
    return DoorRefuses(f"The server refuses: {words}", status=status)


def _is_of_an_upload(path: str) -> bool:
    return path.startswith(_OF_UPLOADS) and path not in _OF_UPLOADS


_ERRORS: Mapping[int, Callable[[], TabardError]] = {
    460: lambda: ChecksumDiffers("What arrived is not what was sent."),
    HTTPStatus.LOCKED: lambda: DoorBusy(
        "Somebody else writes to that upload.", retry_after_s=_AFTER_LOCKED_S
    ),
    HTTPStatus.TOO_MANY_REQUESTS: lambda: DoorBusy(
        "This dock has as many uploads open as it may.", retry_after_s=_AFTER_TOO_MANY_S
    ),
    HTTPStatus.INSUFFICIENT_STORAGE: lambda: DoorAway("The server is full.", retry_after_s=_AFTER_FULL_S),
}


def _conflict(said: Mapping[str, Any]) -> TabardError:
    match said.get("code"):
        case "not_safe_yet":
            waits_for = said.get("waits_for")
            return NotSafeYet(tuple(map(str, waits_for)) if isinstance(waits_for, list) else ())
        case "file_differs":
            return FileDiffers("The server sealed other bytes under that name; the file is kept.")
        case _:
            return OffsetDiffers(_words(said, HTTPStatus.CONFLICT))


def _words(said: Mapping[str, Any], status: int) -> str:
    return str(said.get("detail") or said.get("title") or f"status {status}.")


def _said(answer: Answer) -> dict[str, Any]:
    try:
        return answer.json()
    except DoorAway:
        return {}


def _retry_after_s(answer: Answer) -> float | None:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else None
