"""How does the agent talk with the server? As `docs/reference/dock-protocol.md` says, and in no other way.

Every request has a time limit, every answer a largest size; TLS is verified; redirects are not followed. Whatever goes
wrong becomes one of our errors. The line is told of each success and failure, so that nobody hammers on a closed door.
"""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

from tabard.dock.answers import Answer, expected, instant, word
from tabard.dock.errors import BadConfiguration, DoorAway, DoorBusy, DoorRefuses
from tabard.dock.keys import DockKey
from tabard.dock.line import Line, ServerClock, steady_s

MOST_ANSWER_BYTES = 4 * 1024 * 1024
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_AFTER_REFUSAL_S = 60.0
_SESSION = "/dock/v1/session"
_JSON = {"Content-Type": "application/json"}

Body = bytes | Callable[[], Iterator[bytes]]


class Door:
    """The server's door, as one dock sees it; for many threads.

    Raises:
        BadConfiguration: the certificates cannot be read.
    """

    def __init__(self, url: str, key: DockKey, *, ca_file: Path | None = None) -> None:
        self.line, self.clock = Line(), ServerClock()
        self.dock = ""
        self._key = key
        self._http = httpx.Client(
            base_url=url,
            verify=_trust(ca_file),
            timeout=_TIMEOUT,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=16),
        )
        self._host = httpx.URL(url).netloc.decode("ascii")
        self._token = ""
        self._signing_in = threading.Lock()

    def close(self) -> None:
        """No connection is open any more."""
        self._http.close()

    def ask(self, path: str, values: Mapping[str, Any]) -> Answer:
        """The answer to a request in JSON, of this dock."""
        body = json.dumps(values).encode()
        return self.request("POST", path, headers=_JSON, body=body)

    def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: Body | None = None
    ) -> Answer:
        """The answer to a request of this dock, which signs in where it has to.

        Args:
            method: Of the request.
            path: Of the request, from the server's address on.
            headers: Those beside the token; with a body in pieces, its `Content-Length` too.
            body: The body, or what makes it piece by piece, anew where the request has to be sent again.

        Raises:
            DoorAway, DoorRefuses, UploadGone, OffsetDiffers, ChecksumDiffers: as the status says.
        """
        with _Telling(self.line):
            answer = self._signed(method, path, headers or {}, body)
            if answer.status == HTTPStatus.UNAUTHORIZED:
                self._token = ""
                answer = self._signed(method, path, headers or {}, body)
            return expected(answer, path)

    def public(self, path: str) -> bytes:
        """What the server shows to anyone."""
        with _Telling(self.line):
            return expected(self._send("GET", path, {}, None), path).body

    def sign_in(self) -> None:
        """The dock is signed in, and knows what it is called and how late it is at the server.

        Raises:
            DoorAway, DoorRefuses.
        """
        with _Telling(self.line):
            self._sign_in()

    def _signed(self, method: str, path: str, headers: Mapping[str, str], body: Body | None) -> Answer:
        with self._signing_in:
            if not self._token:
                self._sign_in()
            token = self._token
        return self._send(method, path, {**headers, "Authorization": f"Bearer {token}"}, body)

    def _sign_in(self) -> None:
        """Once more where our clock was off and the server has told us the time."""
        said = self._ask_in()
        if said.get("code") == "clock_off":
            said = self._ask_in()
        if "token" not in said:
            raise DoorRefuses(
                "The server does not know this dock's key, or has revoked it. "
                f"A BWV administrator enrols it: {self._key.public}",
                status=HTTPStatus.UNAUTHORIZED,
            )
        self._token, self.dock = word(said, "token"), word(said, "dock")

    def _ask_in(self) -> dict[str, Any]:
        """What the server says to this dock's signature: a token, or why not."""
        asked_at_s = steady_s()
        request = self._key.session_request(host=self._host, at=self.clock.best())
        answer = self._send("POST", _SESSION, _JSON, json.dumps(request).encode())
        if answer.status != HTTPStatus.UNAUTHORIZED:
            expected(answer, _SESSION)
        said = answer.json()
        self._heard(said, asked_at_s)
        return said

    def _heard(self, values: Mapping[str, Any], asked_at_s: float) -> None:
        if said := values.get("server_time"):
            self.clock.heard(instant(said), asked_at_s=asked_at_s, answered_at_s=steady_s())

    def report(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What the server says to a report; from then on we know its time anew."""
        asked_at_s = steady_s()
        said = self.ask("/dock/v1/report", values).json()
        self._heard(said, asked_at_s)
        return said

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: Body | None) -> Answer:
        try:
            with self._http.stream(
                method, path, headers=dict(headers), content=body() if callable(body) else body
            ) as response:
                return Answer(response.status_code, response.headers, _bounded(response))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            said = str(error)
            raise DoorAway(
                f"The server does not answer: {type(error).__name__}{f', {said}' if said else ''}."
            ) from error


class _Telling:
    """Tells the line how a request ended."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is None or isinstance(error, DoorBusy):
            self._line.worked()
        elif isinstance(error, DoorAway):
            self._line.failed(error.message, retry_after_s=error.retry_after_s)
        elif isinstance(error, DoorRefuses) and error.fields.get("status") == HTTPStatus.UNAUTHORIZED:
            self._line.failed(error.message, retry_after_s=_AFTER_REFUSAL_S)


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """The certificates of the file alone, else those that the system trusts."""
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise BadConfiguration(
            f"{ca_file} holds no certificates: {error}.", field="server.ca_file"
        ) from error


def _bounded(response: httpx.Response) -> bytes:
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > MOST_ANSWER_BYTES:
            raise DoorAway("The server's answer is too long.")
    return bytes(body)
