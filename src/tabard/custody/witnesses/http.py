"""A witness over HTTP, as C2SP tlog-witness says. Nothing that it sends, or does not send, can hold us up for long."""

import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx

from tabard.custody.errors import WitnessDisagrees, WitnessRefused, WitnessUnavailable
from tabard.custody.ports import SawSize
from tabard.merkle.checkpoint import InvalidCheckpoint, parse_decimal
from tabard.merkle.note import encode_base64

STEP_WITHIN_S = 5.0
ANSWER_WITHIN_S = 10.0
MAX_ANSWER_BYTES = 64 * 1024

_REFUSALS: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "it says that our request is malformed",
    HTTPStatus.FORBIDDEN: "it does not know our log's key; give its operator `tabard log checkpoint`'s verifier key",
    HTTPStatus.NOT_FOUND: "it does not watch our log; give its operator `tabard log checkpoint`'s verifier key",
}


class HttpWitness:
    """One witness at its submission prefix; keeps its connection between calls. For one thread.

    Raises:
        WitnessUnavailable: when the prefix is not an http or https address.
    """

    def __init__(self, url: str) -> None:
        if not _is_web_address(url):
            raise WitnessUnavailable(f"{url} is not an http or https address.", url=url)
        self._url = f"{url.rstrip('/')}/add-checkpoint"
        self._client = httpx.Client(timeout=STEP_WITHIN_S, follow_redirects=False)

    def add_checkpoint(self, *, old_size: int, proof: Sequence[bytes], note: str) -> str | SawSize:
        """See `WitnessClient`."""
        lines = [f"old {old_size}", *map(encode_base64, proof), "", note]
        try:
            status, body = self._post("\n".join(lines).encode())
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise WitnessUnavailable(
                f"It does not answer: {type(error).__name__}{f', {error}' if str(error) else ''}.",
                url=self._url,
            ) from error
        if status == HTTPStatus.OK:
            return body
        if status == HTTPStatus.CONFLICT:
            return self._size_in(body)
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            raise WitnessDisagrees(
                "It does not accept that the log only grew: what it cosigned is not the beginning of this log.",
                seen=old_size,
            )
        if status in _REFUSALS:
            raise WitnessRefused(f"Status {status}: {_REFUSALS[status]}.", status=status)
        raise WitnessUnavailable(f"It answers with status {status}.", status=status, url=self._url)

    def close(self) -> None:
        """See `WitnessClient`."""
        self._client.close()

    def _post(self, body: bytes) -> tuple[int, str]:
        """Status and text of the answer, which must be whole in time and short."""
        give_up = time.monotonic() + ANSWER_WITHIN_S
        answer = bytearray()
        with self._client.stream(
            "POST", self._url, content=body, headers={"Content-Type": "text/plain"}
        ) as response:
            for piece in response.iter_raw():
                answer += piece
                if len(answer) > MAX_ANSWER_BYTES or time.monotonic() > give_up:
                    raise WitnessUnavailable("Its answer is too long, or takes too long.", url=self._url)
        return response.status_code, answer.decode(errors="replace")

    def _size_in(self, body: str) -> SawSize:
        try:
            return SawSize(parse_decimal(body.removesuffix("\n")))
        except InvalidCheckpoint as error:
            raise WitnessUnavailable("It says 409 without the size it saw.", url=self._url) from error


def _is_web_address(url: str) -> bool:
    try:
        return urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        return False
