"""A time-stamping authority over HTTP (RFC 3161 section 3.4). Nothing that it does can hold us up for long."""

import time
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx

from tabard.custody.errors import TsaUnavailable
from tabard.custody.timestamping.tokens import MOST_TOKEN_BYTES

STEP_WITHIN_S = 5.0
ANSWER_WITHIN_S = 15.0
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"


class HttpAuthority:
    """One authority at its address. A user name and password in the address are sent to it, and shown to nobody.

    Raises:
        TsaUnavailable: when it is not an http or https address.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise TsaUnavailable("TABARD_TSA_URL is not an http or https address.")
        self._url = url
        port = f":{parts.port}" if parts.port else ""
        self.name = f"{parts.scheme}://{parts.hostname}{port}{parts.path}"[:255]

    def stamp(self, query: bytes) -> bytes:
        """See `TimestampAuthority`."""
        try:
            return self._post(query)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TsaUnavailable(
                f"The time-stamping authority does not answer: {type(error).__name__}.", authority=self.name
            ) from error

    def _post(self, query: bytes) -> bytes:
        """The answer's bytes, which must be whole in time and short."""
        give_up = time.monotonic() + ANSWER_WITHIN_S
        answer = bytearray()
        with httpx.stream(
            "POST",
            self._url,
            content=query,
            headers={"Content-Type": QUERY, "Accept": REPLY},
            timeout=STEP_WITHIN_S,
            follow_redirects=False,
        ) as response:
            self._check(response)
            for piece in response.iter_raw():
                answer += piece
                if len(answer) > MOST_TOKEN_BYTES or time.monotonic() > give_up:
                    raise TsaUnavailable(
                        "The time-stamping authority's answer is too long, or takes too long.",
                        authority=self.name,
                    )
        return bytes(answer)

    def _check(self, response: httpx.Response) -> None:
        said = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if response.status_code != HTTPStatus.OK or said != REPLY:
            raise TsaUnavailable(
                f"The time-stamping authority answers with status {response.status_code} and {said or 'nothing'}.",
                authority=self.name,
                status=response.status_code,
            )
