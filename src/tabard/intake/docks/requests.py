"""What does the door do for each of a dock's requests in JSON? One function each, in a database thread."""

import re
from collections.abc import Callable, Mapping
from uuid import UUID

from tabard.fleet import docks
from tabard.fleet.docks import SignIn, dock_actor
from tabard.fleet.models import DockKey
from tabard.intake.axis.answers import Answer
from tabard.intake.axis.handlers import Request
from tabard.intake.docks import messages, permit_key, permits, sessions, status
from tabard.intake.docks.messages import Fields
from tabard.intake.errors import RequestUnknown
from tabard.intake.tus import uploads
from tabard.intake.tus.answers import json_answer
from tabard.intake.tus.errors import MethodUnknown

PREFIX = b"/dock/v1/"
MOST_BODY_BYTES = 512 * 1024
_UPLOAD = re.compile(r"uploads/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_TEXT = "text/plain; charset=utf-8"
_LONGEST_NAME = 64 * 1024


def answer(request: Request, body: bytes) -> Answer:
    """The answer to one request below `/dock/v1/`.

    Raises:
        RequestUnknown, MethodUnknown: there is no such request.
        TabardError: what `answers.problem` maps.
    """
    place = request.raw_path.removeprefix(PREFIX).decode("latin-1")
    if place == "permit.vkey":
        return _permit_keys(request)
    if place == "session":
        return _sign_in(_of("POST", request), body)
    key = sessions.admitted(request.header(b"authorization"), request.at)
    found = _UPLOAD.fullmatch(place)
    if found is not None:
        return _upload(_of("GET", request), key, UUID(found[1]))
    step = _STEPS.get(place)
    if step is None:
        raise RequestUnknown("There is no such place at this door.", field="path")
    return step(_of("POST", request), key, body)


def takes_long(request: Request) -> bool:
    """Whether the answer asks stores, which may be far away."""
    return request.raw_path == PREFIX + b"permits"


def _sign_in(request: Request, body: bytes) -> Answer:
    said = Fields.parse(body)
    asked = SignIn(
        key_id=said.needed("key_id", 16),
        signed_at=said.needed("signed_at", 64),
        nonce=said.needed("nonce", 64),
        signature=said.needed("signature", 128),
        host=request.header(b"host"),
    )
    key = docks.sign_in(asked=asked, at=request.at)
    return json_answer(
        200,
        {
            "token": sessions.issue(key, request.at),
            "expires_at": (request.at + sessions.LIFETIME).isoformat(),
            "dock": str(key.dock_id),
            "server_time": request.at.isoformat(),
            "limits": status.limits(),
        },
    )


def _permit_keys(request: Request) -> Answer:
    _of("GET", request)
    lines = "".join(f"{vkey.encode()}\n" for vkey in permit_key.verifier_keys())
    return Answer(200, (), lines.encode(), _TEXT)


def _upload(request: Request, key: DockKey, upload_id: UUID) -> Answer:
    return json_answer(200, status.status(upload_id=upload_id, dock=key.dock, at=request.at).as_json())


def _find(request: Request, key: DockKey, body: bytes) -> Answer:  # noqa: ARG001 - every step has the same shape
    said = Fields.parse(body)
    found = status.find(
        sha256s=said.hashes("sha256"),
        dock=key.dock,
        filename=said.text_if_any("filename", _LONGEST_NAME),
        camera=said.text_if_any("camera", _LONGEST_NAME),
    )
    return json_answer(200, {"found": found})


def _complete(request: Request, key: DockKey, body: bytes) -> Answer:
    name = Fields.parse(body).needed("recording", 1_000)
    container = uploads.complete_recording(dock=key.dock, recording=name, at=request.at)
    return json_answer(200, status.completed(container))


def _permit(request: Request, key: DockKey, body: bytes) -> Answer:
    note = permits.issue(asked=messages.permit_asked(body), key=key, at=request.at)
    return Answer(200, ((b"cache-control", b"no-store"),), note.encode(), _TEXT)


def _erasure(request: Request, key: DockKey, body: bytes) -> Answer:
    told = permits.tell(told=messages.erasure_told(body), dock=key.dock, at=request.at)
    return json_answer(200, {"permit": str(told.pk), "outcome": told.outcome})


def _report(request: Request, key: DockKey, body: bytes) -> Answer:
    told = messages.report(body)
    docks.report(dock=key.dock, told=told, by=dock_actor(key.dock), at=request.at)
    return json_answer(200, {"server_time": request.at.isoformat(), "quiet_until": None})


def _of(method: str, request: Request) -> Request:
    if request.method != method:
        raise MethodUnknown(f"This is a {method}.", field="method")
    return request


_STEPS: Mapping[str, Callable[[Request, DockKey, bytes], Answer]] = {
    "status/find": _find,
    "recordings/complete": _complete,
    "permits": _permit,
    "erasures": _erasure,
    "report": _report,
}
