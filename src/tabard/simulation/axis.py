"""How does an Axis body-worn system talk to us? Its side of the published protocol, over real HTTP.

A system controller logs in, registers itself, its users and cameras, and sends recordings: container,
segments, keys, bookmarks, track, and `Complete` last. It logs in again when its token has expired, and tries
again when the door is busy or the network fails. Source: "Axis Body worn integration API" 1.6.10 (Apache-2.0,
Axis Communications).
"""

import base64
import hashlib
import io
import json
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, ClassVar, Final, Self
from urllib.parse import quote, unquote
from uuid import UUID

import httpx

from tabard.kernel.errors import Conflict, Denied, Integrity, Invalid, NotFound, TabardError, Unavailable
from tabard.simulation.upload import BookmarkUpload, RecordingUpload, SegmentUpload

_ATTEMPTS: Final = 6
_TIMEOUT_S: Final = 60.0
_BUSY: Final = 503
_EXPIRED: Final = 401


class Rejected(Invalid):
    """The content destination says that it can never store this (400)."""

    code: ClassVar[str] = "axis.rejected"


_REFUSALS: Final[dict[int, type[TabardError]]] = {
    400: Rejected,
    401: Denied,
    402: Denied,
    403: Denied,
    404: NotFound,
    409: Conflict,
    422: Integrity,
}


@dataclass(frozen=True, slots=True)
class _Session:
    token: str
    storage: str


@dataclass(frozen=True, slots=True)
class Answered:
    """One request that the door answered, and how long that took; a body that was broken off is none."""

    method: str
    path: str
    status: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Sent:
    """What arrived: the container, how many objects in it, and how many bytes they hold."""

    container: str
    objects: int
    size_bytes: int


class AxisSystem:
    """One body-worn system with its credentials. May be used by several threads at once; close it after use.

    Args:
        auth_url: the whole AuthenticationTokenURI, for example `https://127.0.0.1:8443/auth/v1.0`.
        user: BlobAPIUserName of the connection file.
        key: BlobAPIKey of the connection file.
        ca_pem: certificates in PEM that the door's certificate must chain to; None trusts the machine's store.
        pause: waits that many seconds before another try.
        observe: is told of every answer, from whichever thread asked.
        checksums: name the MD5 of each object, which the door then checks; without TLS nothing else would.
    """

    def __init__(
        self,
        auth_url: str,
        user: str,
        key: str,
        *,
        ca_pem: str | None = None,
        pause: Callable[[float], None] = time.sleep,
        observe: Callable[[Answered], None] = lambda _: None,
        checksums: bool = False,
    ) -> None:
        self._auth_url, self._user, self._key = auth_url, user, key
        self._pause, self._observe, self._checksums = pause, observe, checksums
        # A server of this machine is reached directly, whatever proxy the environment names.
        self._http = httpx.Client(
            verify=ssl.create_default_context(cadata=ca_pem), timeout=_TIMEOUT_S, trust_env=False
        )
        self._lock = Lock()
        self._session: _Session | None = None

    @classmethod
    def from_connection_file(cls, content: bytes, *, pause: Callable[[float], None] = time.sleep) -> Self:
        """The system that an administrator gets by uploading our connection file to a controller.

        Raises:
            Invalid: the content is not a connection file.
        """
        try:
            facts = json.loads(content)
            certificates = "".join(_pem(text) for text in facts.get("HTTPSCertificate", []))
            return cls(
                facts["AuthenticationTokenURI"][0],
                facts["BlobAPIUserName"],
                facts["BlobAPIKey"],
                ca_pem=certificates or None,
                pause=pause,
            )
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise Invalid("This is not a connection file.", field="connection_file") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def log_in(self) -> None:
        """Fetches a token and the storage address; later requests use them.

        Raises:
            Denied: wrong user or key.
            Unavailable: nobody answers at the address, or not in this protocol.
        """
        with self._lock:
            self._session = self._new_session()

    def _new_session(self) -> _Session:
        headers = {"X-Auth-User": self._user, "X-Auth-Key": self._key}
        answer = self._tried(lambda: self._http.get(self._auth_url, headers=headers))
        if answer.status_code == _EXPIRED:
            raise Denied("The content destination does not accept this user and key.", user=self._user)
        _expect(answer, {200, 204})
        token, storage = answer.headers.get("X-Auth-Token"), answer.headers.get("X-Storage-Url")
        if not token or not storage:
            raise Unavailable("The answer to the log-in carries no token.", url=self._auth_url)
        return _Session(token, storage.rstrip("/"))

    def _session_after(self, expired: _Session | None) -> _Session:
        """A session that is not the expired one. Of many threads that find it expired, one logs in for all."""
        with self._lock:
            if self._session is None or self._session is expired:
                self._session = self._new_session()
            return self._session

    def capabilities(self) -> dict[str, Any]:
        """What the content destination says it supports; nothing if it says nothing."""
        facts = self._read_json("Capabilities.json")
        return facts if isinstance(facts, dict) else {}

    def categories(self) -> list[dict[str, str]]:
        """The categories that officers may choose from."""
        facts = self._read_json("Categories.json")
        return facts if isinstance(facts, list) else []

    def put_system(self, system_id: UUID, *, connection_id: str, name: str) -> None:
        """Registers this body-worn system."""
        self._put_registered("System", str(system_id), {"ConnectionId": connection_id, "SystemName": name})

    def put_user(self, user_id: UUID, *, name: str, given_id: str = "", active: bool = True) -> None:
        """Registers a user. `given_id` is the force's own number for the person, empty or unique."""
        self._put_registered("Users", str(user_id), {"Active": str(active), "Name": name, "UserID": given_id})

    def put_device(self, serial: str, *, name: str, model: str, active: bool = True) -> None:
        """Registers a camera."""
        self._put_registered("Devices", serial, {"Active": str(active), "Name": name, "Model": model})

    def send_recording(self, upload: RecordingUpload) -> Sent:
        """Sends a whole recording; when this returns, every object was acknowledged and the container is `Complete`."""
        container = upload.container
        self._send(
            "PUT", container, _meta("Container", {**upload.metadata(), "Status": "Transferring"}), {201, 202}
        )
        sizes = [self._send_segment(upload, segment) for segment in upload.segments]
        sizes += [self._send_bookmark(container, bookmark) for bookmark in upload.bookmarks]
        if upload.track is not None:
            sizes.append(self._send_bytes(container, upload.track_name, upload.track, {"FileType": "json"}))
        self._send("POST", _path(container), _meta("Container", {"Status": "Complete"}), {204})
        keys = sum(segment.key is not None for segment in upload.segments)
        return Sent(container, len(sizes) + keys, sum(sizes))

    def read_back(self, container: str, name: str | None = None) -> dict[str, str]:
        """The metadata that the content destination keeps for a container or object; keys in lower case.

        Raises:
            NotFound: it keeps no such container or object.
        """
        answer = self._send("HEAD", _path(container, name), {}, {200, 204})
        kind = "x-object-meta-" if name else "x-container-meta-"
        return {
            key.removeprefix(kind): unquote(value)
            for key, value in answer.headers.items()
            if key.startswith(kind)
        }

    def _put_registered(self, container: str, name: str, facts: Mapping[str, str]) -> None:
        self._send("PUT", _path(container), {}, {201, 202})
        self._send_bytes(container, name, b"", facts)

    def _send_segment(self, upload: RecordingUpload, segment: SegmentUpload) -> int:
        name = upload.segment_name(segment)
        headers = _meta("Object", segment.metadata())
        self._send("PUT", _path(upload.container, name), headers, {201}, segment.content)
        key_bytes = 0
        if segment.key is not None:
            key_bytes = self._send_bytes(
                upload.container, upload.key_name(segment), segment.key, {"FileType": "key"}
            )
        return segment.content.stat().st_size + key_bytes

    def _send_bookmark(self, container: str, bookmark: BookmarkUpload) -> int:
        return self._send_bytes(container, bookmark.name, bookmark.text.encode(), bookmark.metadata())

    def _send_bytes(self, container: str, name: str, content: bytes, facts: Mapping[str, str]) -> int:
        self._send("PUT", _path(container, name), _meta("Object", facts), {201}, content)
        return len(content)

    def _read_json(self, name: str) -> object:
        try:
            answer = self._send("GET", _path("System", name), {}, {200})
        except NotFound:
            return None
        digest = hashlib.md5(answer.content, usedforsecurity=False).hexdigest()
        if answer.headers.get("ETag", "").strip('"') != digest:
            raise Integrity("The ETag is not the MD5 of the object: object corrupt.", name=name)
        return json.loads(answer.content)

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], good: set[int], content: bytes | Path = b""
    ) -> httpx.Response:
        session = self._session_after(None)
        answer = self._tried(lambda: self._once(session, method, path, headers, content))
        if answer.status_code == _EXPIRED:
            renewed = self._session_after(session)
            answer = self._tried(lambda: self._once(renewed, method, path, headers, content))
        return _expect(answer, good)

    def _once(
        self, session: _Session, method: str, path: str, headers: Mapping[str, str], content: bytes | Path
    ) -> httpx.Response:
        with ExitStack() as stack:
            body = stack.enter_context(content.open("rb")) if isinstance(content, Path) else content
            # With a length rather than in chunks, as a controller sends it.
            length = content.stat().st_size if isinstance(content, Path) else len(content)
            about = {} if method in {"GET", "HEAD"} else {"Content-Length": str(length)}
            if self._checksums and length:
                about["ETag"] = _md5(content)
            began = time.monotonic()
            answer = self._http.request(
                method,
                f"{session.storage}/{path}",
                headers={**headers, **about, "X-Auth-Token": session.token},
                content=body or None,
            )
            self._observe(Answered(method, path, answer.status_code, time.monotonic() - began))
            return answer

    def _tried(self, request: Callable[[], httpx.Response]) -> httpx.Response:
        """Repeats a request while the door is busy or unreachable; what is sent is idempotent."""
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._pause(0.2 * 2 ** (attempt - 1))
            try:
                answer = request()
            except httpx.TransportError as error:
                failure: Exception | None = error
                continue
            failure = None
            if answer.status_code != _BUSY:
                return answer
        raise Unavailable(
            "The content destination stayed busy or out of reach.", attempts=_ATTEMPTS
        ) from failure


def _md5(content: bytes | Path) -> str:
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as body:
        return hashlib.file_digest(body, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _path(container: str, name: str | None = None) -> str:
    parts = (container,) if name is None else (container, name)
    return "/".join(quote(part, safe="") for part in parts)


def _meta(kind: str, facts: Mapping[str, str]) -> dict[str, str]:
    """Metadata headers: keys in Title-Case, values as percent-encoded UTF-8."""
    return {f"X-{kind}-Meta-{key.capitalize()}": quote(value, safe=":;,+") for key, value in facts.items()}


def _expect(answer: httpx.Response, good: set[int]) -> httpx.Response:
    if answer.status_code in good:
        return answer
    refusal = _REFUSALS.get(answer.status_code, Unavailable)
    place = f"{answer.request.method} {answer.request.url.path}"
    raise refusal(
        f"{place} was answered {answer.status_code}.", status=answer.status_code, url=str(answer.request.url)
    )


def _pem(text: str) -> str:
    """A certificate of the connection file as PEM; it may hold base64 of DER or of PEM."""
    raw = base64.b64decode(text)
    return raw.decode() if raw.startswith(b"-----BEGIN") else ssl.DER_cert_to_PEM_cert(raw)
