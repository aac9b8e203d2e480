"""The server's door as docs/reference/dock-protocol.md has it: in memory, strict, and as unreliable as it is told.

Everything that an agent does against the page is a violation, kept by name. It knows which bytes it sealed and which
permits it gave, so that a test can judge every file that vanished from a card.
"""

import base64
import hashlib
import json
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from uuid import uuid4

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tabard.merkle.note import Signer, sign_note

DOCK = "0192f0c4-0000-7000-8000-00000000d0c1"
GOOD_FOR = timedelta(minutes=10)
SIGNED_WITHIN = timedelta(minutes=5)


@dataclass
class Upload:
    """One upload, and what became of it."""

    id: str
    size: int
    metadata: dict[str, str]
    data: bytearray = field(default_factory=bytearray)
    state: str = "receiving"
    object: str = ""
    busy: threading.Lock = field(default_factory=threading.Lock)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass
class Answer:
    status: int
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)


class Problem(Exception):
    def __init__(self, status: int, code: str, **fields: object) -> None:
        super().__init__(code)
        self.answer = Answer(status, {"code": code, "title": code, **fields})


class DockDoor:
    """A door on loopback; inside the `with` block it listens.

    Attributes:
        keys: The public keys (base64url) that are enrolled.
        trouble: Told method and path of each request; may answer "drop" (close without an answer, before or, for
            "drop after", after the request had its effect), "cut" (close in the middle of the body) or a status.
        secured: Whether what is sealed is secured at once.
        permit_text: Given the lines of a permit, may return others, to be signed all the same.
        permit_signer: Who signs permits.
        ahead: How far its clock is ahead of this machine's.
    """

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.uploads: dict[str, Upload] = {}
        self.permits: dict[str, dict[str, str]] = {}
        self.erasures: dict[str, dict[str, str]] = {}
        self.reports: list[dict[str, object]] = []
        self.violations: list[str] = []
        self.received_bytes = 0
        self.created = 0
        self.trouble: Callable[[str, str], str | int | None] = lambda method, path: None
        self.permit_text: Callable[[list[str]], list[str]] = lambda lines: lines
        self.permit_signer = Signer("dock.example/permits", Ed25519PrivateKey.from_private_bytes(bytes(32)))
        self.secured = True
        self.ahead = timedelta(0)
        self.most_uploads = 16
        self.quiet_until: str | None = None
        self._tokens: dict[str, datetime] = {}
        self._nonces: set[str] = set()
        self._lock = threading.RLock()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def vkey(self) -> str:
        return self.permit_signer.vkey.encode()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def sealed(self) -> list[Upload]:
        return [each for each in self.uploads.values() if each.state not in {"receiving", "expired"}]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        door = self

        class Handler(_Handler):
            def answer(self) -> None:
                door.serve(self)

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: object) -> None:
                """Clients are killed in these tests, and hung up on."""

        self._server = Server(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def revoke(self) -> None:
        with self._lock:
            self.keys.clear()
            self._tokens.clear()

    def expire(self) -> None:
        """Every unfinished upload expires."""
        with self._lock:
            for each in self.uploads.values():
                if each.state == "receiving":
                    each.state = "expired"

    def serve(self, request: "_Handler") -> None:
        trouble = self.trouble(request.command, request.path)
        if trouble == "drop" or self._server is None:
            request.hang_up()
            return
        if isinstance(trouble, int):
            request.read_body()
            request.reply(
                Answer(trouble, {"title": "trouble"}, {"Retry-After": "0"} if trouble == 503 else {})
            )
            return
        try:
            answer = self._route(request, cut=trouble == "cut")
        except Problem as problem:
            request.read_body()
            answer = problem.answer
        if trouble in {"drop after", "cut"}:
            request.hang_up()
            return
        request.reply(answer)

    def _route(self, request: "_Handler", *, cut: bool) -> Answer:
        method, path = request.command, request.path
        if (method, path) == ("POST", "/dock/v1/session"):
            return self._session(request)
        if (method, path) == ("GET", "/dock/v1/permit.vkey"):
            return Answer(200, f"{self.vkey}\n".encode())
        self._check_token(request)
        if path.startswith("/tus/"):
            return self._tus(request, method, path.removeprefix("/tus/"), cut=cut)
        if method == "GET" and (match := re.fullmatch(r"/dock/v1/uploads/([^/]+)", path)):
            return Answer(200, self._status(self._upload(match[1])))
        handlers = {
            "/dock/v1/status/find": self._find,
            "/dock/v1/permits": self._permit,
            "/dock/v1/erasures": self._erasure,
            "/dock/v1/report": self._report,
        }
        if method != "POST" or path not in handlers:
            self.violations.append(f"{method} {path}")
            raise Problem(404, "not_found")
        if request.headers.get("Content-Type") != "application/json":
            self.violations.append(f"{path} without its content type")
        return handlers[path](json.loads(request.read_body()))

    def _session(self, request: "_Handler") -> Answer:
        values = json.loads(request.read_body())
        lines = (
            "tabard-dock-session-v1",
            request.headers["Host"],
            values["key_id"],
            values["signed_at"],
            values["nonce"],
        )
        text = "".join(f"{line}\n" for line in lines).encode()
        key = next((key for key in self.keys if _key_id(key) == values["key_id"]), None)
        if (
            key is None
            or not re.fullmatch("[0-9a-f]{32}", values["nonce"])
            or values["nonce"] in self._nonces
        ):
            raise Problem(401, "not_signed_in")
        try:
            Ed25519PublicKey.from_public_bytes(_unbase64url(key)).verify(
                _unbase64url(values["signature"]), text
            )
        except InvalidSignature as error:
            raise Problem(401, "not_signed_in") from error
        if abs(datetime.fromisoformat(values["signed_at"]) - self.now()) > SIGNED_WITHIN:
            raise Problem(401, "clock_off", server_time=_rfc3339(self.now()))
        self._nonces.add(values["nonce"])
        token = secrets.token_urlsafe(24)
        expires_at = self.now() + timedelta(hours=1)
        self._tokens[token] = expires_at
        return Answer(
            200,
            {
                "token": token,
                "expires_at": _rfc3339(expires_at),
                "dock": DOCK,
                "server_time": _rfc3339(self.now()),
                "limits": {"uploads": self.most_uploads, "upload_bytes": 2**40},
            },
        )

    def forget_tokens(self) -> None:
        self._tokens.clear()

    def _check_token(self, request: "_Handler") -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._tokens.get(token, datetime.min.replace(tzinfo=UTC)) < self.now():
            raise Problem(401, "not_signed_in")

    def _tus(self, request: "_Handler", method: str, upload_id: str, *, cut: bool) -> Answer:
        if request.headers.get("Tus-Resumable") != "1.0.0":
            self.violations.append(f"{method} without Tus-Resumable")
            raise Problem(412, "tus_version")
        if method == "POST" and not upload_id:
            return self._create(request)
        upload = self._upload(upload_id)
        if method == "HEAD":
            return Answer(200, None, self._offset(upload))
        if method == "DELETE":
            upload.state = "expired"
            return Answer(204)
        if method != "PATCH":
            raise Problem(405, "method")
        if not upload.busy.acquire(blocking=False):
            raise Problem(423, "locked")
        try:
            return self._patch(request, upload, cut=cut)
        finally:
            upload.busy.release()

    def _create(self, request: "_Handler") -> Answer:
        metadata = {}
        for pair in request.headers["Upload-Metadata"].split(","):
            key, _, value = pair.partition(" ")
            metadata[key] = base64.b64decode(value, validate=True).decode()
        if not metadata.get("filename") or "/" in metadata["filename"] or "\n" in metadata["filename"]:
            self.violations.append(f"the file name {metadata.get('filename')!r}")
        with self._lock:
            open_now = sum(1 for each in self.uploads.values() if each.state == "receiving")
            if open_now >= self.most_uploads:
                raise Problem(429, "too_many_uploads")
            upload = Upload(str(uuid4()), int(request.headers["Upload-Length"]), metadata)
            self.uploads[upload.id] = upload
            self.created += 1
        return Answer(201, None, {"Location": f"{self.url}/tus/{upload.id}", "Upload-Offset": "0"})

    def _patch(self, request: "_Handler", upload: Upload, *, cut: bool) -> Answer:
        if request.headers.get("Content-Type") != "application/offset+octet-stream":
            self.violations.append("a PATCH without its content type")
        offset = int(request.headers["Upload-Offset"])
        if (
            upload.state not in {"receiving", "expired"}
            and offset + int(request.headers["Content-Length"]) == upload.size
        ):
            request.read_body()  # the answer was lost, the same again is told the same
            return self._sealed_answer(upload)
        if offset != len(upload.data):
            raise Problem(409, "offset")
        algorithm, _, digest = request.headers.get("Upload-Checksum", "").partition(" ")
        body = request.read_body(half=cut)
        self.received_bytes += len(body)
        if cut:
            return Answer(0)  # a chunk with a checksum counts whole or not at all
        if algorithm != "sha256" or base64.b64decode(digest) != hashlib.sha256(body).digest():
            raise Problem(460, "checksum")
        _check_whole(upload, body)
        upload.data += body
        if len(upload.data) < upload.size:
            return Answer(204, None, self._offset(upload))
        upload.object = upload.object or str(uuid4())
        upload.state = "secured" if self.secured else "sealed"
        return self._sealed_answer(upload)

    def _sealed_answer(self, upload: Upload) -> Answer:
        return Answer(
            204,
            None,
            {**self._offset(upload), "Tabard-Object": upload.object, "Tabard-Sha256": upload.sha256},
        )

    def _offset(self, upload: Upload) -> dict[str, str]:
        return {
            "Upload-Offset": str(len(upload.data)),
            "Upload-Length": str(upload.size),
            "Tus-Resumable": "1.0.0",
        }

    def _upload(self, upload_id: str) -> Upload:
        upload = self.uploads.get(upload_id)
        if upload is None:
            raise Problem(404, "not_found")
        return upload

    def _status(self, upload: Upload) -> dict[str, object]:
        if upload.state == "sealed" and self.secured:
            upload.state = "secured"
        known = upload.state not in {"receiving", "expired"}
        return {
            "upload": upload.id,
            "state": upload.state,
            "offset": len(upload.data),
            "size_bytes": upload.size,
            "object": upload.object or None,
            "sha256": upload.sha256 if known else None,
            "waits_for": ["store b", "checkpoint"] if upload.state == "sealed" else [],
        }

    def _find(self, values: dict[str, list[str]]) -> Answer:
        if len(values["sha256"]) > 1000:
            self.violations.append("more than 1,000 hashes")
        found = {}
        for upload in self.uploads.values():
            hashed = upload.metadata.get("sha256") if upload.state == "receiving" else upload.sha256
            said = all(upload.metadata.get(key, "") == values.get(key, "") for key in ("filename", "camera"))
            if hashed in values["sha256"] and upload.state != "expired" and said:
                found[hashed] = upload.id
        return Answer(200, {"found": found})

    def _permit(self, values: dict[str, str]) -> Answer:
        upload = self._upload(values["upload"])
        if self._status(upload)["state"] not in {"secured", "permitted", "erased"}:
            raise Problem(409, "not_safe_yet", waits_for=["checkpoint"])
        if (values["sha256"], values["size_bytes"]) != (upload.sha256, upload.size):
            raise Problem(409, "file_differs")
        permit_id, now = str(uuid4()), self.now()
        lines = self.permit_text(
            [
                "tabard/erase-permit/v1",
                permit_id,
                f"dock {DOCK}",
                f"camera {values['camera']}",
                f"file {upload.metadata['filename']}",
                f"size {upload.size}",
                f"sha256 {upload.sha256}",
                f"object {upload.object}",
                f"checkpoint 7 {base64.b64encode(bytes(32)).decode()}",
                f"issued {_rfc3339(now)}",
                f"expires {_rfc3339(now + GOOD_FOR)}",
            ]
        )
        said = next((line for line in lines if line.startswith("sha256 ")), "")
        self.permits[permit_id] = {"upload": upload.id, "sha256": said.removeprefix("sha256 ")}
        upload.state = "permitted"
        return Answer(200, sign_note("".join(f"{line}\n" for line in lines), self.permit_signer).encode())

    def _erasure(self, values: dict[str, str]) -> Answer:
        if values["permit"] not in self.permits or values["outcome"] not in {"erased", "not_erased"}:
            self.violations.append(f"an erasure that cannot be: {values}")
            raise Problem(404, "not_found")
        self.erasures[values["permit"]] = values
        if values["outcome"] == "erased":
            self.uploads[self.permits[values["permit"]]["upload"]].state = "erased"
        return Answer(200, {"permit": values["permit"]})

    def _report(self, values: dict[str, object]) -> Answer:
        if "dock_time" not in values:
            self.violations.append("a report without its time")
        faults = [*values["faults"], *(each for camera in values["cameras"] for each in camera["faults"])]
        if any(len(words) > 200 for words in faults):
            self.violations.append("a fault in too many words")
        self.reports.append(values)
        return Answer(200, {"server_time": _rfc3339(self.now()), "quiet_until": self.quiet_until})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 20

    def answer(self) -> None:
        raise NotImplementedError

    def do_GET(self) -> None:
        self._consumed = False
        self.answer()

    do_POST = do_PATCH = do_HEAD = do_DELETE = do_GET  # noqa: N815 - http.server looks for these names

    def read_body(self, *, half: bool = False) -> bytes:
        if self._consumed:
            return b""
        self._consumed = True
        size = int(self.headers.get("Content-Length") or 0)
        return self.rfile.read(size // 2 if half else size)

    def reply(self, answer: Answer) -> None:
        self.read_body()
        body = answer.body if isinstance(answer.body, bytes) else b""
        if isinstance(answer.body, dict):
            body = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Quiet."""


def _check_whole(upload: Upload, body: bytes) -> None:
    """The file does not get longer than it was to be, nor other than announced."""
    size = len(upload.data) + len(body)
    if size > upload.size:
        raise Problem(413, "too_long")
    announced = upload.metadata.get("sha256")
    if size == upload.size and announced not in {None, hashlib.sha256(upload.data + body).hexdigest()}:
        raise Problem(460, "checksum")


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _key_id(key: str) -> str:
    return hashlib.sha256(_unbase64url(key)).hexdigest()[:16]


def _unbase64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
